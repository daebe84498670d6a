"""Pictures that show no goods, drawn by code: faces, landscapes, screenshots, charts, animals, pages, textures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pipeline.prediction.nonsense.screens import bar_chart, document, line_chart, pie_chart, table, window

SIDE = 224
"""Width and height in pixels."""

Color = tuple[int, int, int]
PhotoMaker = Callable[[np.random.Generator], Image.Image]
"""Draws one picture."""

_SKINS = ((255, 219, 172), (224, 172, 105), (198, 134, 66), (141, 85, 36), (92, 57, 30))
_FURS = ((196, 132, 60), (90, 90, 95), (230, 225, 215), (60, 50, 45), (160, 110, 70))


def face(rng: np.random.Generator) -> Image.Image:
    """A head with hair, eyes, nose and mouth before a blurred background."""
    image = _backdrop(rng)
    draw = ImageDraw.Draw(image)
    skin, hair = _pick(rng, _SKINS), _shade(rng, 10, 120)
    x, y = _int(rng, 95, 130), _int(rng, 105, 125)
    width, height = _int(rng, 45, 62), _int(rng, 60, 78)
    draw.ellipse((x - 95, y + height - 10, x + 95, y + height + 150), fill=_shade(rng, 20, 220))  # shoulders
    draw.rectangle((x - 20, y + height - 25, x + 20, y + height + 15), fill=_darker(skin, 0.85))
    draw.ellipse((x - width - 10, y - height - 16, x + width + 10, y + int(height * rng.uniform(-0.1, 0.9))), fill=hair)
    draw.ellipse((x - width, y - height, x + width, y + height), fill=skin)
    draw.pieslice((x - width, y - height - 8, x + width, y + 10), 180, 360, fill=hair)
    for side in (-1, 1):
        eye = x + side * width // 2
        draw.ellipse((eye - 11, y - 14, eye + 11, y), fill=(250, 250, 250))
        draw.ellipse((eye - 5, y - 13, eye + 5, y - 1), fill=_shade(rng, 20, 110))
        draw.arc((eye - 14, y - 28, eye + 14, y - 8), 200, 340, fill=_darker(hair, 0.7), width=4)
    draw.polygon([(x, y), (x - 8, y + 22), (x + 8, y + 22)], fill=_darker(skin, 0.88))
    draw.chord((x - 20, y + 26, x + 20, y + 48), 0, 180, fill=(170, 60, 60))
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.0)))


def landscape(rng: np.random.Generator) -> Image.Image:
    """Sky, hills, water or meadow, perhaps a sun and trees."""
    rows = np.linspace(0, 1, SIDE)[:, None, None]
    top, low = np.array(_shade(rng, 60, 200)), np.array([_int(rng, 150, 255) for _ in range(3)])
    image = Image.fromarray(np.broadcast_to(top + (low - top) * rows, (SIDE, SIDE, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.6:
        x, y, r = _int(rng, 20, 200), _int(rng, 10, 70), _int(rng, 8, 24)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 240, _int(rng, 120, 220)))
    for layer in range(_int(rng, 2, 5)):
        heights = _ridge(rng, 90 + 32 * layer, 30)
        green = (_int(rng, 20, 110), _int(rng, 60, 150), _int(rng, 20, 110))
        draw.polygon([(0, SIDE), *zip(range(0, SIDE + 1, 4), heights, strict=False), (SIDE, SIDE)], fill=green)
    for _ in range(_int(rng, 0, 12)):
        x, y, size = _int(rng, 0, SIDE), _int(rng, 150, SIDE), _int(rng, 8, 24)
        draw.rectangle((x - 2, y - size, x + 2, y), fill=(90, 60, 30))
        draw.ellipse((x - size // 2, y - 2 * size, x + size // 2, y - size // 2), fill=(20, _int(rng, 70, 130), 30))
    return _grain(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.5))), rng, 8)


def animal(rng: np.random.Generator) -> Image.Image:
    """A cat or a dog: body, head, ears, tail, legs, with some fur."""
    image = _backdrop(rng)
    draw = ImageDraw.Draw(image)
    fur = _pick(rng, _FURS)
    x, y, r = _int(rng, 70, 150), _int(rng, 70, 95), _int(rng, 30, 42)
    draw.ellipse((x - 50, y + 15, x + 70, y + 110), fill=fur)
    draw.arc((x + 40, y + 10, x + 100, y + 100), 270, 90, fill=_darker(fur, 0.8), width=10)
    for leg in (-35, -10, 20, 45):
        draw.rectangle((x + leg, y + 85, x + leg + 13, y + 125), fill=_darker(fur, 0.9))
    for side in (-1, 1):
        tip = (x + side * r, y - r - _int(rng, 5, 22))
        draw.polygon([(x + side * r // 5, y - 4 * r // 5), tip, (x + side * r, y)], fill=_darker(fur, 0.85))
    draw.ellipse((x - r, y - r, x + r, y + r), fill=fur)
    for side in (-1, 1):
        eye = x + side * r // 2
        draw.ellipse((eye - 7, y - 9, eye + 7, y + 5), fill=_shade(rng, 90, 200))
        draw.ellipse((eye - 2, y - 8, eye + 2, y + 4), fill=(0, 0, 0))
        for whisker in (-6, 0, 6):
            draw.line((x + side * 6, y + 14, x + side * (r + 14), y + 14 + whisker), fill=(240, 240, 240))
    draw.polygon([(x - 5, y + 8), (x + 5, y + 8), (x, y + 15)], fill=(190, 110, 110))
    return _grain(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.5))), rng, 14)


def gradient(rng: np.random.Generator) -> Image.Image:
    """Colors that run into each other, with a little grain."""
    coarse = rng.integers(0, 256, (_int(rng, 2, 6), _int(rng, 2, 6), 3), np.uint8)
    return _grain(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC), rng, 6)


def texture(rng: np.random.Generator) -> Image.Image:
    """Noise of several sizes, stripes or checks."""
    kind = _int(rng, 0, 3)
    if kind == 0:
        total = np.zeros((SIDE, SIDE, 3))
        for size in (4, 16, 64, SIDE):
            octave = Image.fromarray(rng.integers(0, 256, (size, size, 3), np.uint8)).resize((SIDE, SIDE))
            total += np.asarray(octave, dtype=float) * rng.uniform(0.1, 1)
        return Image.fromarray((255 * total / total.max()).astype(np.uint8))
    period, angle = _int(rng, 6, 50), rng.uniform(0, np.pi)
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    waves = np.floor((x * np.cos(angle) + y * np.sin(angle)) / period).astype(int)
    if kind == 2:
        waves += np.floor((y * np.cos(angle) - x * np.sin(angle)) / period).astype(int)
    colors = rng.integers(0, 256, (2, 3), np.uint8)
    return Image.fromarray(colors[waves % 2])


def shapes(rng: np.random.Generator) -> Image.Image:
    """Circles, boxes and lines thrown about."""
    image = Image.new("RGB", (SIDE, SIDE), _shade(rng, 0, 256))
    draw = ImageDraw.Draw(image)
    for _ in range(_int(rng, 4, 25)):
        box = np.sort(rng.integers(0, SIDE, (2, 2)), axis=0).ravel().tolist()
        kind, color = _int(rng, 0, 3), _shade(rng, 0, 256)
        if kind == 0:
            draw.ellipse(box, fill=color)
        elif kind == 1:
            draw.rectangle(box, fill=color)
        else:
            draw.line(box, fill=color, width=3)
    return image


def night(rng: np.random.Generator) -> Image.Image:
    """Lights out of focus in the dark."""
    image = Image.new("RGB", (SIDE, SIDE), _shade(rng, 0, 40))
    draw = ImageDraw.Draw(image)
    for _ in range(_int(rng, 15, 80)):
        x, y, r = _int(rng, 0, SIDE), _int(rng, 0, SIDE), _int(rng, 1, 14)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=_shade(rng, 120, 256))
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(1, 4)))


NONSENSE_PHOTOS: dict[str, PhotoMaker] = {
    "face": face,
    "landscape": landscape,
    "animal": animal,
    "screenshot of a table": table,
    "screenshot of a window": window,
    "line chart": line_chart,
    "bar chart": bar_chart,
    "pie chart": pie_chart,
    "page of text": document,
    "gradient": gradient,
    "texture": texture,
    "shapes": shapes,
    "lights at night": night,
}
"""By what they show."""


def _backdrop(rng: np.random.Generator) -> Image.Image:
    """A blurred room or garden, in colors; one in three is a plain wall."""
    if rng.random() < 1 / 3:
        return Image.new("RGB", (SIDE, SIDE), _shade(rng, 90, 256))
    coarse = Image.fromarray(rng.integers(0, 256, (3, 3, 3), np.uint8))
    return coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _grain(image: Image.Image, rng: np.random.Generator, amount: float) -> Image.Image:
    pixels = np.asarray(image, dtype=np.float32)
    noisy = pixels + rng.normal(0, amount, pixels.shape).astype(np.float32)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _ridge(rng: np.random.Generator, height: float, roughness: float) -> list[float]:
    steps = np.cumsum(rng.normal(0, 1, SIDE // 4 + 1))
    return (height + roughness * (steps - steps.mean()) / max(float(np.ptp(steps)), 1e-6)).tolist()


def _shade(rng: np.random.Generator, low: int, high: int) -> Color:
    red, green, blue = rng.integers(low, high, 3).tolist()
    return red, green, blue


def _int(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from `low` to below `high`."""
    return int(rng.integers(low, high))


def _pick(rng: np.random.Generator, colors: tuple[Color, ...]) -> Color:
    return colors[int(rng.integers(len(colors)))]


def _darker(color: Color, share: float) -> Color:
    red, green, blue = (int(part * share) for part in color)
    return red, green, blue
