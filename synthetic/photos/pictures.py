"""Pictures on products by name: faces, screens, patterns, and those with words; arrays [h, w, 3] of sRGB in [0, 1]."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from synthetic.photos.drawing import Drawing, Print, ink, rgb, write
from synthetic.photos.labels import LABELS

PICTURE_SIZE = 224


def _star(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    points = [
        (n / 2 + r * np.sin(a), n / 2 - r * np.cos(a))
        for a, r in zip(np.linspace(0, 6.283, 10, endpoint=False), (n * 0.42, n * 0.18) * 5, strict=True)
    ]
    d.polygon(points, fill=rgb(p.second))


def _clock(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    light = rng.random() < 0.75
    face, hands = ((250, 249, 244), (25, 25, 30)) if light else ((28, 30, 36), (240, 240, 236))
    d.rectangle((0, 0, n, n), fill=face)
    for i in range(12):
        a = i * np.pi / 6
        inner = 0.36 if i % 3 == 0 else 0.4
        d.line(
            [(n / 2 + n * r * np.sin(a), n / 2 - n * r * np.cos(a)) for r in (inner, 0.46)],
            fill=hands,
            width=8 if i % 3 == 0 else 4,
        )
    for a, r, w in ((-0.95, 0.24, 9), (1.0, 0.36, 6)):
        d.line([(n / 2, n / 2), (n / 2 + n * r * np.sin(a), n / 2 - n * r * np.cos(a))], fill=hands, width=w)
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
    write(d, str(int(rng.integers(1000, 99999))), (n * 0.3, n * 0.1, n * 0.95, n * 0.9), (30, 40, 30))


def _art(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    for i in range(9):
        x, y, r = rng.uniform(0, n), rng.uniform(0, n), rng.uniform(n * 0.08, n * 0.35)
        color = rgb(p.second) if i % 3 == 0 else tuple(int(c) for c in rng.integers(30, 255, 3))
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


def _map(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
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


def _plain_marks(name: str) -> Drawing:
    """Small pictures: a scale, a paw, a panel of dials, a note, a ruler, a shipping label, a spine."""

    def draw(d: ImageDraw.ImageDraw, p: Print, rng: np.random.Generator, n: int) -> None:
        paper = name in ("shipping", "spine", "note")
        d.rectangle((0, 0, n, n), fill=(250, 248, 242) if paper else rgb(p.main))
        if name == "scale":
            d.rectangle((0, 0, n, n), fill=(238, 238, 236))
            for i in range(8):
                d.rectangle(
                    (n * 0.3, n * (0.08 + i * 0.12), n * (0.8 if i % 2 else 0.6), n * (0.11 + i * 0.12)),
                    fill=rgb(p.second),
                )
        elif name == "paw":
            for x, y, r in (
                (0.5, 0.64, 0.17),
                (0.25, 0.42, 0.09),
                (0.42, 0.26, 0.09),
                (0.6, 0.26, 0.09),
                (0.77, 0.42, 0.09),
            ):
                d.ellipse((n * (x - r), n * (y - r), n * (x + r), n * (y + r)), fill=ink(p.main))
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
                write(d, p.brand.split()[0], (n * x, n * 0.3, n * (x + 0.3), n * 0.6), (30, 30, 30))
                d.rectangle((n * x, n * 0.62, n * (x + 0.3), n * 0.74), fill=rgb(p.main))
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
    d.rectangle((0, 0, n, n), fill=rgb(p.main))
    for i in range(3):
        d.line(
            [(n * 0.1, n * (0.3 + i * 0.22)), (n * (0.9 - i * 0.15), n * (0.3 + i * 0.22))], fill=(50, 60, 110), width=9
        )


PICTURES: dict[str, Drawing] = {
    **LABELS,
    "star": _star,
    "clock": _clock,
    "screen": _screen,
    "apps": _apps,
    "keys": _keys,
    "digits": _digits,
    "art": _art,
    "photo": _photo,
    "map": _map,
    "dart": _dart,
    "citrus": _citrus,
    "swirl": _swirl,
    **{name: _plain_marks(name) for name in ("scale", "paw", "panel", "note", "ruler", "shipping", "spine", "paint")},
}


def picture(name: str, printed: Print, rng: np.random.Generator) -> np.ndarray:
    """The picture "img:name" of a shape, [h, w, 3]."""
    image = Image.new("RGB", (PICTURE_SIZE, PICTURE_SIZE))
    PICTURES[name](ImageDraw.Draw(image), printed, rng, PICTURE_SIZE)
    return np.asarray(image, dtype=np.float32) / 255
