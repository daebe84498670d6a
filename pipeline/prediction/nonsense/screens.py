"""Pictures of screens and papers: tables, windows, charts, pages of text; drawn with Pillow alone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

_WIDTH, _HEIGHT = 320, 240
_WORD_LIST = "total date name revenue growth error user settings open file region week north south average note"
_WORDS = _WORD_LIST.split()
Color = tuple[int, int, int]


def table(rng: np.random.Generator) -> Image.Image:
    """A spreadsheet."""
    image, draw, ink = _sheet(rng)
    columns, rows = int(rng.integers(3, 7)), int(rng.integers(6, 14))
    wide, high = _WIDTH / columns, _HEIGHT / rows
    draw.rectangle((0, 0, _WIDTH, high), fill=_color(rng, 60, 230))
    for row in range(rows):
        draw.line((0, row * high, _WIDTH, row * high), fill=(170, 170, 170))
        for column in range(columns):
            text = _word(rng) if row == 0 or column == 0 else f"{rng.uniform(0, 9999):.1f}"
            draw.text((column * wide + 4, row * high + 2), text, fill=ink)
    for column in range(columns):
        draw.line((column * wide, 0, column * wide, _HEIGHT), fill=(170, 170, 170))
    return image


def window(rng: np.random.Generator) -> Image.Image:
    """A program: title bar, menu, side bar, lines of text, buttons."""
    image, draw, ink = _sheet(rng)
    draw.rectangle((0, 0, _WIDTH, 18), fill=_color(rng, 40, 200))
    for button in range(3):
        draw.ellipse((6 + 14 * button, 5, 14 + 14 * button, 13), fill=_color(rng, 80, 255))
    draw.text((60, 3), f"{_word(rng)} - {_word(rng)}", fill=(255, 255, 255))
    side = int(rng.integers(0, 90))
    draw.rectangle((0, 18, side, _HEIGHT), fill=_color(rng, 190, 245))
    for line in range(int(rng.integers(8, 17))):
        indent = side + 8 + 12 * int(rng.integers(0, 4))
        draw.text((indent, 24 + 13 * line), " ".join(_word(rng) for _ in range(int(rng.integers(1, 8)))), fill=ink)
    for number in range(int(rng.integers(0, 4))):
        draw.rounded_rectangle(
            (_WIDTH - 70, 60 + 40 * number, _WIDTH - 10, 82 + 40 * number), 4, fill=_color(rng, 40, 230)
        )
    return image


def document(rng: np.random.Generator) -> Image.Image:
    """A page of text, as scanned."""
    image = Image.new("RGB", (_HEIGHT, _WIDTH), _color(rng, 225, 256))
    draw = ImageDraw.Draw(image)
    draw.text((60, 14), " ".join(_word(rng).upper() for _ in range(3)), fill=(20, 20, 20))
    for line in range(int(rng.integers(15, 24))):
        draw.text((18, 36 + 12 * line), " ".join(_word(rng) for _ in range(int(rng.integers(3, 7)))), fill=(40, 40, 40))
    return image.rotate(rng.uniform(-3, 3), fillcolor=(200, 200, 200), resample=Image.Resampling.BICUBIC)


def line_chart(rng: np.random.Generator) -> Image.Image:
    """Some lines over two axes."""
    image, draw, ink = _axes(rng)
    steps = int(rng.integers(5, 60))
    x = np.linspace(40, _WIDTH - 12, steps)
    for _ in range(int(rng.integers(1, 5))):
        walk = np.cumsum(rng.normal(0, 1, steps))
        y = 30 + 160 * (walk - walk.min()) / max(float(np.ptp(walk)), 1e-6)
        draw.line(
            list(zip(x.tolist(), y.tolist(), strict=True)), fill=_color(rng, 0, 220), width=int(rng.integers(1, 4))
        )
    draw.text((_WIDTH // 3, 6), f"{_word(rng)} by {_word(rng)}", fill=ink)
    return image


def bar_chart(rng: np.random.Generator) -> Image.Image:
    """Bars over two axes."""
    image, draw, ink = _axes(rng)
    count, color = int(rng.integers(3, 13)), _color(rng, 20, 220)
    wide = (_WIDTH - 60) / count
    for number, height in enumerate(rng.uniform(10, 165, count)):
        fill = color if rng.random() < 0.7 else _color(rng, 20, 220)
        draw.rectangle((44 + number * wide, 204 - height, 44 + (number + 0.75) * wide, 204), fill=fill)
    draw.text((_WIDTH // 3, 6), f"{_word(rng)} by {_word(rng)}", fill=ink)
    return image


def pie_chart(rng: np.random.Generator) -> Image.Image:
    """A pie with its legend."""
    image, draw, ink = _sheet(rng)
    shares = rng.dirichlet(np.ones(int(rng.integers(3, 8)))) * 360
    angle = 0.0
    for number, share in enumerate(shares):
        color = _color(rng, 30, 240)
        draw.pieslice((20, 30, 200, 210), angle, angle + share, fill=color, outline=(255, 255, 255))
        draw.rectangle((220, 40 + 20 * number, 232, 52 + 20 * number), fill=color)
        draw.text((238, 40 + 20 * number), f"{_word(rng)} {share / 3.6:.0f}%", fill=ink)
        angle += share
    return image


def _axes(rng: np.random.Generator) -> tuple[Image.Image, ImageDraw.ImageDraw, Color]:
    image, draw, ink = _sheet(rng)
    for number in range(6):
        height = 30 + 35 * number
        draw.line((40, height, _WIDTH - 10, height), fill=(200, 200, 200))
        draw.text((8, height - 6), f"{int(rng.integers(0, 900))}", fill=ink)
    draw.line((40, 22, 40, 205, _WIDTH - 10, 205), fill=ink, width=2)
    for number in range(5):
        draw.text((50 + 52 * number, 212), _word(rng)[:6], fill=ink)
    return image, draw, ink


def _sheet(rng: np.random.Generator) -> tuple[Image.Image, ImageDraw.ImageDraw, Color]:
    """A light or a dark page, what draws on it, and the color of its text."""
    dark = rng.random() < 0.3
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _color(rng, 15, 50) if dark else _color(rng, 235, 256))
    return image, ImageDraw.Draw(image), (220, 220, 220) if dark else (30, 30, 30)


def _word(rng: np.random.Generator) -> str:
    return _WORDS[int(rng.integers(len(_WORDS)))]


def _color(rng: np.random.Generator, low: int, high: int) -> Color:
    red, green, blue = rng.integers(low, high, 3).tolist()
    return red, green, blue
