"""Pictures with words: what is printed on packaging, covers and cards."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from synthetic.photos.drawing import Drawing, Print, ink, rgb, write


def _label(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(248, 245, 236))
    d.rectangle((0, 0, n, n * 0.34), fill=rgb(p.second))
    write(d, p.brand.upper(), (8, n * 0.05, n - 8, n * 0.3), ink(p.second))
    write(d, p.noun, (8, n * 0.4, n - 8, n * 0.6), (30, 30, 30))
    d.ellipse((n * 0.36, n * 0.64, n * 0.64, n * 0.92), fill=rgb(p.main))


def _food(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    d.rectangle((0, n * 0.08, n, n * 0.3), fill=(250, 248, 240))
    write(d, p.brand.upper(), (10, n * 0.1, n - 10, n * 0.28), (30, 30, 30))
    d.ellipse((n * 0.14, n * 0.4, n * 0.86, n * 0.96), fill=(250, 244, 226))
    for _ in range(60):
        a, r = rng.uniform(0, 6.28), n * 0.25 * np.sqrt(rng.random())
        x, y = n / 2 + 1.2 * r * np.cos(a), n * 0.68 + r * 0.9 * np.sin(a)
        tone = rng.uniform(0.7, 1)
        d.ellipse((x - 9, y - 6, x + 9, y + 6), fill=(int(226 * tone), int(160 * tone), int(60 * tone)))
    write(d, p.noun, (10, n * 0.3, n - 10, n * 0.42), ink(p.main))


def _can(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    d.polygon([(0, n * 0.75), (n, n * 0.35), (n, n * 0.5), (0, n * 0.9)], fill=(248, 248, 248))
    for x in (0.1, 0.5):
        write(d, p.brand.split()[0], (n * x, n * 0.15, n * (x + 0.4), n * 0.4), ink(p.main))


def _logo(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    write(d, p.brand.split()[0], (6, n * 0.3, n - 6, n * 0.7), ink(p.main))


def _cover(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    d.ellipse((n * 0.2, n * 0.42, n * 0.8, n * 0.95), fill=rgb(p.second))
    d.polygon([(n * 0.2, n * 0.9), (n * 0.5, n * 0.5), (n * 0.8, n * 0.9)], fill=ink(p.second))
    words = (
        ("THE QUIET", "LATE", "NORTH", "PAPER", "SALT", "A SMALL"),
        ("HARBOUR", "GARDEN", "WINTER", "KITCHEN", "LETTERS", "ISLAND"),
    )
    write(d, words[0][int(rng.integers(6))], (n * 0.1, n * 0.06, n * 0.9, n * 0.2), ink(p.main))
    write(d, words[1][int(rng.integers(6))], (n * 0.1, n * 0.2, n * 0.9, n * 0.38), ink(p.main))


def _giftcard(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    d.rectangle((n * 0.68, 0, n * 0.76, n), fill=rgb(p.second))
    d.rectangle((0, n * 0.62, n, n * 0.72), fill=rgb(p.second))
    for s in (-1, 1):
        d.ellipse(
            (n * (0.72 + 0.1 * s - 0.09), n * 0.5, n * (0.72 + 0.1 * s + 0.09), n * 0.66),
            outline=rgb(p.second),
            width=9,
        )
    write(d, "GIFT CARD", (n * 0.04, n * 0.12, n * 0.64, n * 0.36), ink(p.main))
    write(d, p.brand, (n * 0.04, n * 0.38, n * 0.64, n * 0.54), ink(p.main))


def _software(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    _cover_band(d, p, n)
    write(d, "OFFICE", (n * 0.1, n * 0.12, n * 0.9, n * 0.34), ink(p.main))
    for i, h in enumerate((0.3, 0.5, 0.4, 0.65)):
        d.rectangle((n * (0.2 + i * 0.16), n * (0.9 - h * 0.55), n * (0.31 + i * 0.16), n * 0.9), fill=rgb(p.second))


def _cover_band(d: ImageDraw.ImageDraw, p: Print, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    d.rectangle((n * 0.08, n * 0.42, n * 0.92, n * 0.94), fill=(245, 246, 248))


def _game(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    for i in range(6):
        for j in range(4):
            d.rectangle(
                (n * (0.08 + i * 0.14), n * (0.4 + j * 0.14), n * (0.22 + i * 0.14), n * (0.54 + j * 0.14)),
                fill=rgb(p.second) if (i + j) % 2 else (250, 246, 235),
            )
    write(d, p.brand.split()[0].upper(), (n * 0.08, n * 0.06, n * 0.92, n * 0.34), ink(p.main))


def _coffee(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(245, 238, 225))
    write(d, "COFFEE", (n * 0.1, n * 0.06, n * 0.9, n * 0.3), (60, 38, 25))
    for x, y in ((0.35, 0.55), (0.6, 0.5), (0.48, 0.75)):
        d.ellipse((n * (x - 0.12), n * (y - 0.09), n * (x + 0.12), n * (y + 0.09)), fill=(96, 58, 34))
        d.line([(n * (x - 0.1), n * y), (n * (x + 0.1), n * y)], fill=(50, 28, 16), width=5)


LABELS: dict[str, Drawing] = {
    "label": _label,
    "food": _food,
    "can": _can,
    "logo": _logo,
    "cover": _cover,
    "giftcard": _giftcard,
    "software": _software,
    "game": _game,
    "coffee": _coffee,
}
