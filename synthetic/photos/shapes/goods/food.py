"""Food and its packaging."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import ellipse
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit

_APPLE = [(0, 0.13), (0.12, 0.02), (0.3, 0.05), (0.5, 0.45), (0.42, 0.78), (0.22, 0.9), (0.08, 0.84), (0, 0.74)]


@shape
def apple(k: Kit, variant: str) -> None:
    """Apples."""
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.lathe("body", _APPLE, smooth=50)
        k.tube("darkwood", [(0, 0, 0.74), (0.02, 0, 0.9), (0.07, 0, 1.02)], 0.025, n=8)
        if k.rng.random() < 0.6:
            k.ball("leaf", (0.16, 0.08, 0.015), (0.2, 0, 0.98), 12)
        k.turn(start, "y", k.u(-14, 14))
        k.move(start, ((0, 1.02, 0.5)[i], (0, 0.1, -0.85)[i], 0))


@shape
def citrus(k: Kit, variant: str) -> None:
    """Oranges."""
    k.ball("body", (0.5, 0.5, 0.47), (0, 0, 0.47))
    k.ball("leaf", 0.05, (0, 0, 0.94), 8)
    start = k.mark()
    k.ball("body", (0.5, 0.5, 0.47), (0, 0, 0))
    part = k.parts[-1]
    part.vertices[:, 1] = np.maximum(part.vertices[:, 1], 0.0)
    k.disc("img:citrus", 0.475, (0, -0.002, 0))
    k.turn(start, "x", -k.u(10, 25))
    k.move(start, (0.95, -0.3, 0.46))


@shape
def lemon(k: Kit, variant: str) -> None:
    """Lemons."""
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.lathe(
            "body",
            [
                (0, -0.68),
                (0.07, -0.62),
                (0.12, -0.54),
                (0.34, -0.35),
                (0.43, 0),
                (0.34, 0.35),
                (0.12, 0.54),
                (0.08, 0.64),
                (0, 0.68),
            ],
            axis="x",
            smooth=50,
        )
        k.turn(start, "z", k.u(-40, 40))
        k.move(start, ((0, 0.55, -0.5)[i], (0, 0.9, 0.85)[i], 0.43))
    k.disc("img:citrus", 0.42, (-0.1, -0.75, 0.03), "z")
    k.cyl("body", 0.43, 0.025, (-0.1, -0.75, 0))


@shape
def banana(k: Kit, variant: str) -> None:
    """Bananas."""
    for i in range(int(k.rng.integers(3, 6))):
        start = k.mark()
        k.tube(
            "body",
            [(-0.75, 0, 0.42), (-0.45, 0, 0.12), (0, 0, 0), (0.45, 0, 0.14), (0.7, 0, 0.4), (0.82, 0, 0.62)],
            [0.05, 0.14, 0.17, 0.16, 0.09, 0.05],
            n=7,
        )
        k.ball("darkwood", 0.05, (-0.76, 0, 0.43), 8)
        k.turn(start, "x", -34 + i * 17)
        k.move(start, (0, -0.36 + i * 0.22, 0.17))
    k.ball("darkwood", (0.09, 0.3, 0.08), (0.84, 0.08, 0.78), 10)


@shape
def carrot(k: Kit, variant: str) -> None:
    """Carrots."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(2, 6))):
        start = k.mark()
        k.lathe(
            "body",
            [(0, 0), (0.02, 0.1), (0.07, 0.6), (0.12, 1.1), (0.13, 1.25), (0.06, 1.33), (0, 1.33)],
            axis="y",
            smooth=30,
        )
        for _ in range(5):
            k.tube(
                "leaf",
                [(0, 1.3, 0), (k.u(-0.12, 0.12), 1.6, k.u(0, 0.1)), (k.u(-0.3, 0.3), k.u(1.8, 2.0), k.u(0, 0.15))],
                [0.025, 0.02, 0.05],
                n=6,
            )
        k.turn(start, "z", k.u(-9, 9))
        k.move(start, (i * 0.3, k.u(-0.1, 0.1), 0.13))
    k.turn(0, "z", k.u(-50, 50))


@shape
def bread(k: Kit, variant: str) -> None:
    """A bread."""
    long = k.rng.random() < 0.5
    a, b = (0.95, 0.42) if long else (0.62, 0.55)
    k.ball("crust", (a, b, 0.4), (0, 0, 0.3))
    part = k.parts[-1]
    part.vertices[:, 2] = np.maximum(part.vertices[:, 2], 0)
    for x in (-0.45, -0.15, 0.15, 0.45):
        start = k.mark()
        k.ball("crumb", (0.05, b * 0.55, 0.04), (0, 0, 0), 12)
        k.turn(start, "z", 25)
        k.move(start, (x * a, -0.02, 0.69 - 0.45 * x * x))
    if long:
        for i in range(2):
            start = k.mark()
            k.slab("crumb", ellipse(0.36, 0.3), 0.08)
            k.slab("crust", ellipse(0.38, 0.33), 0.075)
            k.turn(start, "x", 8)
            k.move(start, (0.3 - i * 0.5, -0.75 - i * 0.06, 0.02 + i * 0.09))


@shape
def cheese(k: Kit, variant: str) -> None:
    """A cheese."""
    angle = k.u(0.32, 0.5)
    arc = [(1.1 * np.cos(t), 1.1 * np.sin(t)) for t in np.linspace(-angle, angle, 14)]
    k.slab("body", [(0, 0), *arc], 0.5)
    k.turn(0, "z", 62)
    for _ in range(9):
        t = k.u(0.25, 0.95)
        side = k.pick(-angle, angle)
        start = k.mark()
        k.ball("cheese-hole", (0.07, 0.012, 0.07), (0, 0, 0), 12)
        k.turn(start, "z", np.degrees(side))
        k.move(start, (1.1 * t * np.cos(side), 1.1 * t * np.sin(side), k.u(0.12, 0.4)))
        k.turn(start, "z", 62)
    for _ in range(5):
        t, s = k.u(0.35, 0.9), k.u(-0.5, 0.5)
        start = k.mark()
        k.ball("cheese-hole", (0.07, 0.06, 0.008), (1.1 * t * np.cos(s * angle), 1.1 * t * np.sin(s * angle), 0.5), 12)
        k.turn(start, "z", 62)


@shape
def doughnut(k: Kit, variant: str) -> None:
    """A doughnut."""
    k.torus("crust", 0.5, 0.27, (0, 0, 0.27))
    t = np.linspace(-0.1, np.pi + 0.1, 14)
    k.lathe("body", np.stack([0.5 + 0.285 * np.cos(t), 0.285 * np.sin(t)], -1).tolist(), (0, 0, 0.285), n=56)
    for _ in range(40):
        a, s = k.u(0, 6.28), k.u(0.6, 2.5)
        r = 0.5 + 0.29 * np.cos(s)
        start = k.mark()
        k.ball(k.pick("red", "yellow", "blue", "green", "white"), (0.05, 0.016, 0.016), (0, 0, 0), 6)
        k.turn(start, "z", k.u(0, 180))
        k.move(start, (r * np.cos(a), r * np.sin(a), 0.285 + 0.29 * np.sin(s)))


@shape
def eggs(k: Kit, variant: str) -> None:
    """Eggs."""
    k.box("carton", (1.5, 1.0, 0.22), (0, 0, 0.11), 0.05)
    egg = [(0, -0.3), (0.15, -0.26), (0.23, -0.05), (0.19, 0.16), (0.1, 0.28), (0, 0.31)]
    for x in (-0.48, 0, 0.48):
        for y in (-0.24, 0.24):
            k.cyl("carton", 0.2, 0.16, (x, y, 0.15), top=0.23)
            k.lathe("body", egg, (x, y, 0.42), smooth=24, n=24)
    if k.rng.random() < 0.6:
        start = k.mark()
        k.box("carton", (1.5, 0.08, 0.9), (0, 0, 0.45), 0.03)
        k.turn(start, "x", -15)
        k.move(start, (0, 0.52, 0.15))


@shape
def choco_bar(k: Kit, variant: str) -> None:
    """A chocolate bar."""
    k.pose = "flat"
    k.box("body", (0.8, 1.5, 0.08), (0, 0, 0.04))
    for i in range(3):
        for j in range(6):
            k.box("body", (0.22, 0.2, 0.07), (-0.26 + i * 0.26, -0.62 + j * 0.25, 0.1), 0.03)
    k.box("second", (0.84, 0.75, 0.17), (0, -0.4, 0.08), 0.02)
    k.quad("img:label", 0.8, 0.6, (0, -0.4, 0.168), "z")
    k.box("foil", (0.86, 0.12, 0.18), (0, 0.03, 0.08), 0.02)
    k.turn(0, "z", k.u(-40, 40))


@shape
def food_box(k: Kit, variant: str) -> None:
    """A pasta or breakfast cereal."""
    w, d, h = k.u(0.6, 0.75), k.u(0.18, 0.28), k.u(0.95, 1.15)
    k.pose = "front"
    k.box("body", (w, d, h), (0, 0, h / 2))
    k.quad("img:food", w, h, (0, -d / 2 - 0.002, h / 2))


@shape
def pouch(k: Kit, variant: str) -> None:
    """Coffee beans."""
    k.pose = "front"
    w, h = 0.62, k.u(0.95, 1.1)
    outline = [(-w / 2, 0), (w / 2, 0), (w / 2 + 0.02, h / 2), (w / 2, h), (-w / 2, h), (-w / 2 - 0.02, h / 2)]
    k.puff("body", outline, 0.17, 0.25, 0.01)
    k.turn(0, "x", 84)
    start = k.mark()
    k.quad("img:coffee", 0.44, 0.5, (0, -0.182, h * 0.5))
    k.turn(start, "x", -6)
    k.box("body", (w, 0.1, 0.05), (0, 0.06, h + 0.01), 0.01)
    k.box("body", (w, 0.25, h * 0.93), (0, 0.17, h / 2 + 0.02), 0.05)


@shape
def lollipop(k: Kit, variant: str) -> None:
    """A lollipop."""
    k.pose = "flat"
    k.cyl("white", 0.035, 1.1, (0, -1.45, 0.1), "y")
    k.lathe("candy", [(0, 0), (0.4, 0.01), (0.46, 0.1), (0.4, 0.19), (0, 0.2)], smooth=16)
    k.disc("img:swirl", 0.42, (0, 0, 0.205), "z")
    k.turn(0, "z", k.u(-40, 40))
