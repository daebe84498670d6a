"""Pictures on products: labels, faces, covers, screens; arrays [h, w, 3] of sRGB in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.demo.textures import Color

PICTURE_SIZE = 224


@dataclass(frozen=True)
class Print:
    """What a printed picture is made of: two colours, a brand, the product's noun."""

    main: Color
    second: Color
    brand: str
    noun: str


def _rgb(color: Color) -> tuple[int, int, int]:
    red, green, blue = (round(255 * x) for x in color)
    return red, green, blue


def _ink(color: Color) -> tuple[int, int, int]:
    return (25, 25, 28) if np.dot(color, (0.3, 0.6, 0.1)) > 0.45 else (248, 246, 240)


def _write(
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


def _label(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(248, 245, 236))
    d.rectangle((0, 0, n, n * 0.34), fill=_rgb(p.second))
    _write(d, p.brand.upper(), (8, n * 0.05, n - 8, n * 0.3), _ink(p.second))
    _write(d, p.noun, (8, n * 0.4, n - 8, n * 0.6), (30, 30, 30))
    d.ellipse((n * 0.36, n * 0.64, n * 0.64, n * 0.92), fill=_rgb(p.main))


def _food(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    d.rectangle((0, n * 0.08, n, n * 0.3), fill=(250, 248, 240))
    _write(d, p.brand.upper(), (10, n * 0.1, n - 10, n * 0.28), (30, 30, 30))
    d.ellipse((n * 0.14, n * 0.4, n * 0.86, n * 0.96), fill=(250, 244, 226))
    for _ in range(60):
        a, r = rng.uniform(0, 6.28), n * 0.25 * np.sqrt(rng.random())
        x, y = n / 2 + 1.2 * r * np.cos(a), n * 0.68 + r * 0.9 * np.sin(a)
        tone = rng.uniform(0.7, 1)
        d.ellipse((x - 9, y - 6, x + 9, y + 6), fill=(int(226 * tone), int(160 * tone), int(60 * tone)))
    _write(d, p.noun, (10, n * 0.3, n - 10, n * 0.42), _ink(p.main))


def _can(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    d.polygon([(0, n * 0.75), (n, n * 0.35), (n, n * 0.5), (0, n * 0.9)], fill=(248, 248, 248))
    for x in (0.1, 0.5):
        _write(d, p.brand.split()[0], (n * x, n * 0.15, n * (x + 0.4), n * 0.4), _ink(p.main))


def _logo(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    _write(d, p.brand.split()[0], (6, n * 0.3, n - 6, n * 0.7), _ink(p.main))


def _star(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    points = [
        (n / 2 + r * np.sin(a), n / 2 - r * np.cos(a))
        for a, r in zip(np.linspace(0, 6.283, 10, endpoint=False), (n * 0.42, n * 0.18) * 5, strict=True)
    ]
    d.polygon(points, fill=_rgb(p.second))


def _clock(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    light = rng.random() < 0.75
    face, ink = ((250, 249, 244), (25, 25, 30)) if light else ((28, 30, 36), (240, 240, 236))
    d.rectangle((0, 0, n, n), fill=face)
    for i in range(12):
        a = i * np.pi / 6
        inner = 0.36 if i % 3 == 0 else 0.4
        d.line(
            [(n / 2 + n * r * np.sin(a), n / 2 - n * r * np.cos(a)) for r in (inner, 0.46)],
            fill=ink,
            width=8 if i % 3 == 0 else 4,
        )
    for a, r, w in ((-0.95, 0.24, 9), (1.0, 0.36, 6)):
        d.line([(n / 2, n / 2), (n / 2 + n * r * np.sin(a), n / 2 - n * r * np.cos(a))], fill=ink, width=w)
    d.line([(n / 2, n / 2), (n / 2, n * 0.88)], fill=(200, 40, 40), width=3)


def _screen(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    for y in range(n):
        t = y / n
        d.line(
            [(0, y), (n, y)],
            fill=tuple(int(255 * (a * (1 - t) + b * t) * 0.9) for a, b in zip(p.second, (0.1, 0.2, 0.45), strict=True)),
        )
    d.polygon(
        [(0, n), (n * 0.3, n * 0.5), (n * 0.5, n * 0.75), (n * 0.75, n * 0.4), (n, n * 0.8), (n, n)], fill=(20, 40, 60)
    )


def _apps(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    _screen(d, p, rng, n)
    for i in range(4):
        for j in range(5):
            tone = tuple(int(x) for x in rng.integers(90, 255, 3))
            d.rounded_rectangle(
                (n * (0.08 + i * 0.22), n * (0.12 + j * 0.15), n * (0.24 + i * 0.22), n * (0.21 + j * 0.15)),
                8,
                fill=tone,
            )


def _keys(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(190, 192, 196))
    for j in range(5):
        for i in range(13):
            d.rectangle(
                (n * (0.012 + i * 0.076), n * (0.03 + j * 0.19), n * (0.07 + i * 0.076), n * (0.19 + j * 0.19)),
                fill=(28, 28, 32),
            )


def _digits(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(176, 196, 168))
    _write(d, str(int(rng.integers(1000, 99999))), (n * 0.3, n * 0.1, n * 0.95, n * 0.9), (30, 40, 30))


def _art(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    for i in range(9):
        x, y, r = rng.uniform(0, n), rng.uniform(0, n), rng.uniform(n * 0.08, n * 0.35)
        color = _rgb(p.second) if i % 3 == 0 else tuple(int(c) for c in rng.integers(30, 255, 3))
        if rng.random() < 0.5:
            d.ellipse((x - r, y - r, x + r, y + r), fill=color)
        else:
            d.polygon([(x + rng.uniform(-r, r), y + rng.uniform(-r, r)) for _ in range(4)], fill=color)


def _photo(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    for y in range(n):
        t = y / n
        d.line([(0, y), (n, y)], fill=(int(130 + 100 * t), int(170 + 50 * t), int(225 - 20 * t)))
    d.ellipse((n * 0.62, n * 0.12, n * 0.8, n * 0.3), fill=(255, 240, 190))
    d.polygon(
        [(0, n), (0, n * 0.7), (n * 0.35, n * 0.4), (n * 0.6, n * 0.7), (n * 0.8, n * 0.55), (n, n * 0.75), (n, n)],
        fill=(70, 110, 80),
    )


def _cover(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    d.ellipse((n * 0.2, n * 0.42, n * 0.8, n * 0.95), fill=_rgb(p.second))
    d.polygon([(n * 0.2, n * 0.9), (n * 0.5, n * 0.5), (n * 0.8, n * 0.9)], fill=_ink(p.second))
    words = (
        ("THE QUIET", "LATE", "NORTH", "PAPER", "SALT", "A SMALL"),
        ("HARBOUR", "GARDEN", "WINTER", "KITCHEN", "LETTERS", "ISLAND"),
    )
    _write(d, words[0][int(rng.integers(6))], (n * 0.1, n * 0.06, n * 0.9, n * 0.2), _ink(p.main))
    _write(d, words[1][int(rng.integers(6))], (n * 0.1, n * 0.2, n * 0.9, n * 0.38), _ink(p.main))


def _map(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    for x, y, w, h in (
        (0.15, 0.3, 0.12, 0.2),
        (0.24, 0.6, 0.07, 0.22),
        (0.5, 0.3, 0.08, 0.1),
        (0.53, 0.52, 0.09, 0.2),
        (0.7, 0.3, 0.2, 0.16),
        (0.84, 0.66, 0.07, 0.07),
        (0.34, 0.12, 0.05, 0.05),
    ):
        points = [
            (n * (x + w * rng.uniform(0.6, 1.1) * np.cos(a)), n * (y + h * rng.uniform(0.6, 1.1) * np.sin(a)))
            for a in np.linspace(0, 6.28, 14)
        ]
        d.polygon(
            points, fill=tuple(int(c) for c in (rng.integers(90, 220), rng.integers(150, 210), rng.integers(60, 120)))
        )
    for i in range(1, 6):
        d.line([(0, n * i / 6), (n, n * i / 6)], fill=(255, 255, 255), width=1)


def _dart(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(20, 20, 22))
    for radius, colors in (
        (0.4, ((200, 30, 40), (20, 120, 60))),
        (0.375, ((20, 20, 22), (240, 228, 200))),
        (0.24, ((200, 30, 40), (20, 120, 60))),
        (0.215, ((20, 20, 22), (240, 228, 200))),
    ):
        for i in range(20):
            box = (n * (0.5 - radius), n * (0.5 - radius), n * (0.5 + radius), n * (0.5 + radius))
            d.pieslice(box, i * 18 - 9, i * 18 + 9, fill=colors[i % 2])
    for r, c in ((0.04, (20, 120, 60)), (0.018, (200, 30, 40))):
        d.ellipse((n * (0.5 - r), n * (0.5 - r), n * (0.5 + r), n * (0.5 + r)), fill=c)


def _citrus(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(250, 240, 205))
    light = tuple(int(255 * min(1, c * 0.9 + 0.12)) for c in p.main)
    for i in range(9):
        a = i * 40
        d.pieslice((n * 0.06, n * 0.06, n * 0.94, n * 0.94), a + 3, a + 37, fill=light)
    d.ellipse((n * 0.45, n * 0.45, n * 0.55, n * 0.55), fill=(250, 240, 205))


def _swirl(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    colors = [tuple(int(c) for c in rng.integers(60, 255, 3)), (250, 245, 240)]
    d.rectangle((0, 0, n, n), fill=colors[1])
    for arm in range(5):
        a = np.linspace(0, 3.5, 40)
        r = n * 0.5 * a / 3.5
        points = [
            (n / 2 + q * np.cos(x + arm * 1.2566), n / 2 + q * np.sin(x + arm * 1.2566))
            for x, q in zip(a, r, strict=True)
        ]
        d.line(points, fill=colors[0], width=22)


def _giftcard(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    d.rectangle((n * 0.68, 0, n * 0.76, n), fill=_rgb(p.second))
    d.rectangle((0, n * 0.62, n, n * 0.72), fill=_rgb(p.second))
    for s in (-1, 1):
        d.ellipse(
            (n * (0.72 + 0.1 * s - 0.09), n * 0.5, n * (0.72 + 0.1 * s + 0.09), n * 0.66),
            outline=_rgb(p.second),
            width=9,
        )
    _write(d, "GIFT CARD", (n * 0.04, n * 0.12, n * 0.64, n * 0.36), _ink(p.main))
    _write(d, p.brand, (n * 0.04, n * 0.38, n * 0.64, n * 0.54), _ink(p.main))


def _software(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    _cover_band(d, p, n)
    _write(d, "OFFICE", (n * 0.1, n * 0.12, n * 0.9, n * 0.34), _ink(p.main))
    for i, h in enumerate((0.3, 0.5, 0.4, 0.65)):
        d.rectangle((n * (0.2 + i * 0.16), n * (0.9 - h * 0.55), n * (0.31 + i * 0.16), n * 0.9), fill=_rgb(p.second))


def _cover_band(d: ImageDraw.ImageDraw, p: Print, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    d.rectangle((n * 0.08, n * 0.42, n * 0.92, n * 0.94), fill=(245, 246, 248))


def _game(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    for i in range(6):
        for j in range(4):
            d.rectangle(
                (n * (0.08 + i * 0.14), n * (0.4 + j * 0.14), n * (0.22 + i * 0.14), n * (0.54 + j * 0.14)),
                fill=_rgb(p.second) if (i + j) % 2 else (250, 246, 235),
            )
    _write(d, p.brand.split()[0].upper(), (n * 0.08, n * 0.06, n * 0.92, n * 0.34), _ink(p.main))


def _coffee(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=(245, 238, 225))
    _write(d, "COFFEE", (n * 0.1, n * 0.06, n * 0.9, n * 0.3), (60, 38, 25))
    for x, y in ((0.35, 0.55), (0.6, 0.5), (0.48, 0.75)):
        d.ellipse((n * (x - 0.12), n * (y - 0.09), n * (x + 0.12), n * (y + 0.09)), fill=(96, 58, 34))
        d.line([(n * (x - 0.1), n * y), (n * (x + 0.1), n * y)], fill=(50, 28, 16), width=5)


def _plain_marks(name: str) -> Callable[[ImageDraw.ImageDraw, Print, np.random.Generator, int], None]:
    """Small pictures: a scale, a paw, a panel of dials, a note, a ruler, a shipping label, a spine."""

    def draw(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
        paper = name in ("shipping", "spine", "note")
        d.rectangle((0, 0, n, n), fill=(250, 248, 242) if paper else _rgb(p.main))
        if name == "scale":
            d.rectangle((0, 0, n, n), fill=(238, 238, 236))
            for i in range(8):
                d.rectangle(
                    (n * 0.3, n * (0.08 + i * 0.12), n * (0.8 if i % 2 else 0.6), n * (0.11 + i * 0.12)),
                    fill=_rgb(p.second),
                )
        elif name == "paw":
            for x, y, r in (
                (0.5, 0.64, 0.17),
                (0.25, 0.42, 0.09),
                (0.42, 0.26, 0.09),
                (0.6, 0.26, 0.09),
                (0.77, 0.42, 0.09),
            ):
                d.ellipse((n * (x - r), n * (y - r), n * (x + r), n * (y + r)), fill=_ink(p.main))
        elif name == "panel":
            d.rectangle((0, 0, n, n), fill=(40, 44, 52))
            for i, c in enumerate(((220, 50, 50), (240, 200, 60), (80, 200, 110))):
                d.ellipse((n * (0.1 + i * 0.3), n * 0.12, n * (0.3 + i * 0.3), n * 0.4), fill=c)
            d.rectangle((n * 0.1, n * 0.55, n * 0.9, n * 0.85), fill=(150, 220, 230))
        elif name == "ruler":
            d.rectangle((0, 0, n, n), fill=(245, 210, 60))
            for i in range(20):
                d.line([(n * i / 20, 0), (n * i / 20, n * (0.6 if i % 5 == 0 else 0.35))], fill=(20, 20, 20), width=3)
        elif name == "paint":
            d.rectangle((0, n * 0.2, n, n * 0.8), fill=(250, 250, 248))
            for x in (0.02, 0.36, 0.69):
                _write(d, p.brand.split()[0], (n * x, n * 0.3, n * (x + 0.3), n * 0.6), (30, 30, 30))
                d.rectangle((n * x, n * 0.62, n * (x + 0.3), n * 0.74), fill=_rgb(p.main))
        else:
            for i in range(5):
                d.line(
                    [(n * 0.12, n * (0.2 + i * 0.15)), (n * rng.uniform(0.5, 0.9), n * (0.2 + i * 0.15))],
                    fill=(60, 60, 70),
                    width=7,
                )
        if name == "note":
            _note(d, p, n)

    return draw


def _note(d: ImageDraw.ImageDraw, p: Print, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=_rgb(p.main))
    for i in range(3):
        d.line(
            [(n * 0.1, n * (0.3 + i * 0.22)), (n * (0.9 - i * 0.15), n * (0.3 + i * 0.22))], fill=(50, 60, 110), width=9
        )


PICTURES: dict[str, Callable[[ImageDraw.ImageDraw, Print, np.random.Generator, int], None]] = {
    "label": _label,
    "food": _food,
    "can": _can,
    "logo": _logo,
    "star": _star,
    "clock": _clock,
    "screen": _screen,
    "apps": _apps,
    "keys": _keys,
    "digits": _digits,
    "art": _art,
    "photo": _photo,
    "cover": _cover,
    "map": _map,
    "dart": _dart,
    "citrus": _citrus,
    "swirl": _swirl,
    "giftcard": _giftcard,
    "software": _software,
    "game": _game,
    "coffee": _coffee,
    **{name: _plain_marks(name) for name in ("scale", "paw", "panel", "note", "ruler", "shipping", "spine", "paint")},
}


def picture(name: str, printed: Print, rng: np.random.Generator) -> np.ndarray:
    """The picture "img:name" of a shape, [h, w, 3]."""
    image = Image.new("RGB", (PICTURE_SIZE, PICTURE_SIZE))
    PICTURES[name](ImageDraw.Draw(image), printed, rng, PICTURE_SIZE)
    return np.asarray(image, dtype=np.float32) / 255
