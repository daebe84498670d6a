"""Worn small things, jewelry, beauty and baby care."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import ellipse, rounded
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def ring(k: Kit, variant: str) -> None:
    """A ring."""
    k.torus("body", 0.5, 0.06, (0, 0, 0.56), "y")
    gem = k.pick("diamond", "diamond", "ruby", "sapphire", "emerald")
    k.lathe("body", [(0.06, 1.06), (0.13, 1.2), (0.1, 1.2)])
    k.lathe(gem, [(0, 1.05), (0.19, 1.22), (0.12, 1.3), (0, 1.3)], n=8)
    k.turn(0, "z", k.u(20, 60))


@shape
def necklace(k: Kit, variant: str) -> None:
    """A pendant necklace."""
    k.pose = "flat"
    t = np.linspace(-np.pi / 2 + 0.02, 1.5 * np.pi - 0.02, 60)
    chain = [(0.55 * np.cos(x) * (1 + 0.2 * np.sin(x)), 0.75 * np.sin(x), 0.03) for x in t]
    for x, y, z in chain:
        k.ball("body", 0.026, (x, y, z), 8)
    k.tube("body", chain, 0.012, smooth=0, n=5)
    k.torus("body", 0.05, 0.014, (0, -0.8, 0.03), "z")
    form = k.pick("drop", "disc", "heart")
    if form == "drop":
        k.ball(k.pick("ruby", "sapphire", "emerald", "diamond"), (0.13, 0.18, 0.08), (0, -1.0, 0.06), 14)
        k.torus("body", 0.15, 0.03, (0, -1.0, 0.03))
    elif form == "disc":
        k.cyl("body", 0.17, 0.04, (0, -1.0, 0.01))
    else:
        k.slab(
            "body",
            [
                (0.2 * np.sin(a) ** 3, -1.0 + 0.0125 * (13 * np.cos(a) - 5 * np.cos(2 * a) - 2 * np.cos(3 * a)))
                for a in np.linspace(0, 6.28, 40, endpoint=False)
            ],
            0.06,
        )


@shape
def hoops(k: Kit, variant: str) -> None:
    """Hoop earrings."""
    r, w = k.u(0.4, 0.5), k.u(0.035, 0.07)
    for x, a in ((-0.52, 20), (0.52, -25)):
        start = k.mark()
        k.torus("body", r, w, (0, 0, r + w), "y")
        k.tube("body", [(0, 0, 2 * r + w), (0.0, 0.1, 2 * r + 0.12)], 0.02, smooth=0)
        k.turn(start, "z", a + k.u(-15, 15))
        k.move(start, (x, k.u(-0.1, 0.1), 0))


@shape
def watch(k: Kit, variant: str) -> None:
    """A watch."""
    k.pose = "flat"
    for s in (1, -1):
        k.puff(
            "body", [(-0.19, 0.3 * s), (0.19, 0.3 * s), (0.16, 1.2 * s), (0, 1.26 * s), (-0.16, 1.2 * s)], 0.06, 0.04
        )
        for i in range(4):
            if s < 0:
                k.disc("dark", 0.022, (0, -0.75 - i * 0.12, 0.064), "z")
    k.tube(
        "chrome",
        [(-0.2, 1.2, 0.06), (0.2, 1.2, 0.06), (0.2, 1.36, 0.06), (-0.2, 1.36, 0.06)],
        0.025,
        closed=True,
        smooth=0,
    )
    k.cyl(k.pick("chrome", "gold"), 0.4, 0.13)
    k.disc("img:clock", 0.34, (0, 0, 0.134), "z")
    k.cyl("chrome", 0.045, 0.09, (0.39, 0, 0.07), "x")
    k.turn(0, "z", k.u(-25, 25))


@shape
def headphones(k: Kit, variant: str) -> None:
    """Headphones."""
    t = np.linspace(0, np.pi, 30)
    k.tube("body", [(0.52 * np.cos(x), 0, 0.55 + 0.58 * np.sin(x)) for x in t], 0.045, smooth=0)
    k.tube(
        "black",
        [(0.46 * np.cos(x), 0, 0.55 + 0.52 * np.sin(x)) for x in np.linspace(0.7, np.pi - 0.7, 20)],
        0.055,
        smooth=0,
    )
    for s in (1, -1):
        start = k.mark()
        k.cyl("body", 0.27, 0.12, (0.5, 0, 0.38), "x")
        k.torus("black", 0.19, 0.09, (0.46, 0, 0.38), "x")
        k.cyl("chrome", 0.12, 0.02, (0.615, 0, 0.38), "x")
        if s < 0:
            k.move(start, (0, 0, 0), (-1, 1, 1))
    k.turn(0, "z", k.pick(-1, 1) * k.u(20, 50))


@shape
def lipstick(k: Kit, variant: str) -> None:
    """A lipstick."""
    case = k.pick("gold", "black", "chrome")
    k.cyl(case, 0.17, 0.5)
    k.cyl("gold", 0.145, 0.22, (0, 0, 0.5))
    k.lathe("body", [(0.115, 0.7), (0.115, 0.95), (0.1, 1.05), (0.05, 1.13), (0, 1.14)])
    part = k.parts[-1]
    part.vertices[:, 2] += np.where(part.vertices[:, 2] > 0.9, 0.5 * part.vertices[:, 0], 0)
    if k.rng.random() < 0.7:
        start = k.mark()
        k.cyl(case, 0.18, 0.6, axis="x")
        k.turn(start, "z", k.u(-30, 30))
        k.move(start, (0.3, -0.15, 0.18))


@shape
def soap(k: Kit, variant: str) -> None:
    """A bar soap."""
    for i in range(int(k.rng.integers(1, 3))):
        start = k.mark()
        k.box("body", (1.0, 0.62, 0.3), (0, 0, 0.15), 0.12)
        k.box("body", (0.7, 0.36, 0.05), (0, 0, 0.29), 0.02)
        k.turn(start, "z", i * 35)
        k.move(start, (0, 0, i * 0.32))


@shape
def toothbrush(k: Kit, variant: str) -> None:
    """A toothbrush."""
    k.pose = "flat"
    k.tube(
        "body",
        [(0, -0.95, 0.05), (0, -0.5, 0.06), (0, 0, 0.06), (0, 0.35, 0.05), (0, 0.62, 0.05)],
        [0.05, 0.075, 0.06, 0.035, 0.03],
    )
    k.box("body", (0.16, 0.4, 0.06), (0, 0.78, 0.05), 0.028)
    for i in range(3):
        for j in range(8):
            k.cyl(k.pick("white", "white", "second"), 0.024, 0.17, ((i - 1) * 0.048, 0.62 + j * 0.046, 0.07), n=8)
    k.turn(0, "y", 55)
    k.turn(0, "z", k.u(20, 60))


@shape
def hair_brush(k: Kit, variant: str) -> None:
    """A hair brush."""
    k.pose = "flat"
    k.puff("body", rounded(0.62, 0.9, 0.24), 0.1, 0.1)
    k.puff("black", rounded(0.48, 0.74, 0.18), 0.05, 0.1, 0, (0, 0, 0.095))
    for x in np.linspace(-0.17, 0.17, 6):
        for y in np.linspace(-0.28, 0.28, 9):
            k.cyl("white", 0.011, 0.12, (x, y, 0.14), n=6)
    k.tube("body", [(0, -0.42, 0.05), (0, -0.7, 0.06), (0, -1.15, 0.05)], [0.08, 0.065, 0.085])
    k.turn(0, "z", k.u(-45, 45))


@shape
def eyeshadow(k: Kit, variant: str) -> None:
    """An eyeshadow palette."""
    k.box("body", (1.2, 0.9, 0.08), (0, 0, 0.04), 0.03)
    shades = ["#c88f7a", "#8d4f43", "#e5c3ae", "#5b3a3f", "#b36a86", "#d9a05f", "#7a6a9c", "#a77d58", "#3f3a44"]
    for i in range(3):
        for j in range(3):
            k.cyl(
                shades[(i * 3 + j + int(k.rng.integers(2))) % 9], 0.12, 0.02, (-0.36 + i * 0.36, -0.27 + j * 0.27, 0.07)
            )
    start = k.mark()
    k.box("body", (1.2, 0.06, 0.9), (0, 0, 0.45), 0.02)
    k.quad("mirror", 1.05, 0.75, (0, -0.035, 0.45))
    k.turn(start, "x", -18)
    k.move(start, (0, 0.45, 0.06))


@shape
def pacifier(k: Kit, variant: str) -> None:
    """A pacifier."""
    k.slab(
        "body",
        [
            (0.5 * np.cos(t) * (1 - 0.15 * np.cos(2 * t)), 0.36 * np.sin(t) * (1 + 0.1 * np.cos(2 * t)))
            for t in np.linspace(0, 6.28, 40, endpoint=False)
        ],
        0.07,
        (0, 0, 0.28),
        holes=[ellipse(0.06, 0.06, (0.32, 0), 14), ellipse(0.06, 0.06, (-0.32, 0), 14)],
    )
    k.lathe("teat", [(0.13, 0), (0.12, 0.12), (0.19, 0.3), (0.15, 0.46), (0, 0.52)], (0, 0, 0.34), smooth=30)
    k.cyl("second", 0.14, 0.06, (0, 0, 0.24))
    k.torus("second", 0.22, 0.035, (0, 0, 0.07), "x")
    k.turn(0, "y", k.pick(-1, 1) * k.u(72, 100))
    k.turn(0, "z", k.u(-35, 35))


@shape
def rattle(k: Kit, variant: str) -> None:
    """A baby rattle."""
    k.ball("body", 0.34, (0, 0, 1.1))
    k.torus("second", 0.345, 0.03, (0, 0, 1.1))
    k.cyl("second", 0.06, 0.6, (0, 0, 0.25))
    k.torus("body", 0.2, 0.06, (0, 0, 0.16), "y")
    for z in (0.5, 0.62):
        k.torus("body", 0.1, 0.05, (0, 0, z))
    k.turn(0, "y", k.u(-60, 60))


@shape
def hard_hat(k: Kit, variant: str) -> None:
    """A hard hat."""
    t = np.linspace(0, np.pi / 2, 16)
    k.lathe("body", np.stack([0.5 * np.cos(t), 0.08 + 0.44 * np.sin(t)], -1).tolist())
    k.move(0, (0, 0, 0), (1, 1.15, 1))
    brim = [(x * 1.0, y * 1.17 - (0.14 if y < 0 else 0)) for x, y in ellipse(0.54, 0.53)]
    k.slab("body", brim, 0.03, (0, 0, 0.06))
    for x in (-0.14, 0, 0.14):
        k.tube(
            "body",
            [(x, -0.55 * np.cos(a), 0.1 + (0.455 - abs(x) * 0.25) * np.sin(a)) for a in np.linspace(0.25, 2.9, 20)],
            0.035,
            smooth=0,
        )
    k.turn(0, "z", k.u(-60, 60))


@shape
def bead_loop(k: Kit, variant: str) -> None:
    """Prayer beads."""
    k.pose = "flat"
    count = 40
    for i in range(count):
        t = i / count * 2 * np.pi + np.pi / 2
        r = 0.6 * (1 + 0.08 * np.sin(3 * t))
        k.ball("body", 0.055, (r * np.cos(t), r * np.sin(t) * 1.15, 0.055), 10)
    k.ball("second", 0.08, (0, -0.76, 0.08), 12)
    k.cyl("second", 0.03, 0.14, (0, -0.92, 0.06), "y")
    for _ in range(14):
        k.tube(
            "second", [(0, -0.92, 0.05), (k.u(-0.06, 0.06), -1.1, 0.04), (k.u(-0.14, 0.14), -1.32, 0.02)], 0.011, n=5
        )
