"""Drawing of the pictures on products: their inputs, colors and writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw, ImageFont

from synthetic.photos.textures import Color


@dataclass(frozen=True)
class Print:
    """Inputs of a printed picture: two colors, a brand, the product's noun."""

    main: Color
    second: Color
    brand: str
    noun: str


Drawing = Callable[[ImageDraw.ImageDraw, Print, np.random.Generator, int], None]
"""Draws a picture n x n, n the last argument."""


def rgb(color: Color) -> tuple[int, int, int]:
    """A color as Pillow takes it, 0 to 255."""
    red, green, blue = (round(255 * x) for x in color)
    return red, green, blue


def ink(color: Color) -> tuple[int, int, int]:
    """Dark or light ink, the one that contrasts with a color."""
    return (25, 25, 28) if np.dot(color, (0.3, 0.6, 0.1)) > 0.45 else (248, 246, 240)


def write(
    draw: ImageDraw.ImageDraw, text: str, box: tuple[float, float, float, float], fill: tuple[int, int, int]
) -> None:
    """Text as large as fits into a box (left, top, right, bottom)."""
    size = int(box[3] - box[1])
    while size > 7:
        font = ImageFont.load_default(size)
        left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
        if right - left <= box[2] - box[0]:
            draw.text(
                ((box[0] + box[2] - right - left) / 2, (box[1] + box[3] - bottom - top) / 2), text, fill=fill, font=font
            )
            return
        size -= 2
