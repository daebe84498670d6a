"""Hardware and garages."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import ellipse
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def hammer(k: Kit, variant: str) -> None:
    """A claw hammer."""
    k.pose = "flat"
    k.tube(k.pick("wood", "wood", "second"), [(0, -0.85, 0), (0, -0.3, 0), (0, 0.5, 0)], [0.075, 0.06, 0.05])
    if k.rng.random() < 0.5:
        k.tube("black", [(0, -0.87, 0), (0, -0.6, 0), (0, -0.35, 0)], [0.085, 0.08, 0.072])
    k.box("body", (0.24, 0.18, 0.17), (0.02, 0.55, 0), 0.03)
    k.cyl("body", 0.075, 0.18, (0.13, 0.55, 0), "x")
    k.cyl("body", 0.105, 0.13, (0.29, 0.55, 0), "x")
    for z in (-0.045, 0.045):
        k.tube(
            "body",
            [(-0.05, 0.56, z), (-0.2, 0.57, z), (-0.36, 0.5, z * 1.3), (-0.45, 0.38, z * 1.3)],
            [0.07, 0.06, 0.04, 0.012],
        )
    k.turn(0, "z", k.u(-60, 60))


@shape
def screwdriver(k: Kit, variant: str) -> None:
    """A screwdriver."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.lathe(
            "body",
            [(0, -0.6), (0.1, -0.58), (0.13, -0.4), (0.11, -0.15), (0.08, -0.02), (0.1, 0.05), (0.05, 0.08)],
            n=10,
        )
        k.lathe("black", [(0.132, -0.42), (0.136, -0.36), (0.128, -0.28)], n=10)
        k.cyl("chrome", 0.032, 0.68, (0, 0, 0.05))
        k.box("chrome", (0.09, 0.022, 0.12), (0, 0, 0.78))
        k.turn(start, "x", -90)
        k.turn(start, "z", i * 12)
        k.move(start, (i * 0.34, 0, 0.12))
    k.turn(0, "z", k.u(-60, 60))


@shape
def wrench(k: Kit, variant: str) -> None:
    """A wrench."""
    k.pose = "flat"
    k.slab("body", [(-0.08, -0.62), (0.08, -0.62), (0.09, 0.55), (-0.09, 0.55)], 0.06)
    jaw = [(0.26 * np.sin(t), 0.7 + 0.26 * np.cos(t)) for t in np.linspace(0.55, 2 * np.pi - 0.55, 30)]
    k.slab("body", [*jaw, (-0.11, 0.66), (0.11, 0.66)], 0.08)
    k.slab("body", ellipse(0.2, 0.2, (0, -0.72)), 0.08, holes=[ellipse(0.11, 0.11, (0, -0.72), 12)])
    k.turn(0, "z", k.u(-60, 60))


@shape
def saw(k: Kit, variant: str) -> None:
    """A hand saw."""
    k.pose = "flat"
    teeth = [(x, -0.22 - (0.035 if i % 2 else 0)) for i, x in enumerate(np.linspace(-0.2, 1.35, 63))]
    k.slab("chrome", [*teeth, (1.38, -0.1), (1.36, 0.02), (-0.2, 0.24)], 0.012)
    hole = ellipse(0.1, 0.15, (-0.42, 0.0), 24)
    k.slab(
        "body",
        [
            (-0.12, 0.28),
            (-0.08, 0.12),
            (-0.2, -0.05),
            (-0.1, -0.26),
            (-0.3, -0.3),
            (-0.55, -0.22),
            (-0.62, 0),
            (-0.58, 0.22),
            (-0.4, 0.3),
        ],
        0.08,
        (0, 0, -0.034),
        holes=[hole],
    )
    for x, y in ((-0.17, 0.18), (-0.17, -0.18)):
        k.cyl("brass", 0.03, 0.1, (x, y, -0.04))
    k.turn(0, "z", k.u(-40, 40))


@shape
def drill(k: Kit, variant: str) -> None:
    """A cordless drill."""
    k.lathe("body", [(0, 0), (0.17, 0.02), (0.2, 0.15), (0.2, 0.55), (0.15, 0.65)], (-0.42, 0, 0.92), "x")
    k.lathe("black", [(0.15, 0), (0.15, 0.1), (0.12, 0.25), (0.07, 0.28)], (0.22, 0, 0.92), "x")
    k.cyl("chrome", 0.022, 0.45, (0.48, 0, 0.92), "x")
    start = k.mark()
    k.box("body", (0.22, 0.19, 0.62), (0, 0, 0), 0.07)
    k.box("black", (0.1, 0.2, 0.4), (0.09, 0, 0.0), 0.04)
    k.turn(start, "y", 12)
    k.move(start, (-0.22, 0, 0.5))
    k.box("black", (0.46, 0.27, 0.2), (-0.24, 0, 0.12), 0.04)
    k.box("body", (0.42, 0.23, 0.08), (-0.24, 0, 0.25), 0.03)
    k.box("red", (0.06, 0.08, 0.14), (-0.03, 0, 0.68), 0.02)
    for x in (-0.3, -0.22, -0.14):
        k.box("black", (0.03, 0.42, 0.14), (x, 0, 0.93))
    k.turn(0, "z", k.pick(0, 180) + k.u(-30, 30))


@shape
def toolbox(k: Kit, variant: str) -> None:
    """A toolbox."""
    k.box("body", (1.2, 0.6, 0.42), (0, 0, 0.21), 0.03)
    k.slab(
        "second",
        [(-0.61, 0.42), (0.61, 0.42), (0.58, 0.55), (0.4, 0.62), (-0.4, 0.62), (-0.58, 0.55)],
        0.62,
        (0, -0.31, 0),
        "y",
    )
    for x in (-0.35, 0.35):
        k.box("steel", (0.13, 0.04, 0.2), (x, -0.32, 0.4), 0.015)
    k.tube("black", [(-0.3, 0, 0.6), (-0.28, 0, 0.78), (0.28, 0, 0.78), (0.3, 0, 0.6)], 0.045)
    k.quad("img:logo", 0.3, 0.16, (0, -0.303, 0.2))
    k.turn(0, "z", k.u(-40, 40))


@shape
def padlock(k: Kit, variant: str) -> None:
    """A padlock."""
    k.pose = "front"
    k.box("body", (0.8, 0.32, 0.68), (0, 0, 0.34), 0.08)
    k.tube(
        "steel",
        [
            (-0.25, 0, 0.6),
            (-0.25, 0, 0.95),
            (-0.16, 0, 1.14),
            (0, 0, 1.2),
            (0.16, 0, 1.14),
            (0.25, 0, 0.95),
            (0.25, 0, 0.6),
        ],
        0.065,
    )
    k.disc("dark", 0.07, (0, -0.162, 0.38))
    k.box("dark", (0.045, 0.01, 0.17), (0, -0.16, 0.28))
    k.turn(0, "z", k.u(-35, 35))


@shape
def bolt(k: Kit, variant: str) -> None:
    """A hex bolt."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.lathe("body", [(0, 0.7), (0.22, 0.7), (0.24, 0.73), (0.24, 0.87), (0.21, 0.9), (0, 0.9)], n=6)
        k.cyl("body", 0.11, 0.35, (0, 0, 0.36))
        thread = [(0.1 + 0.025 * (j % 2), -0.6 + j * 0.03) for j in range(34)]
        k.lathe("body", [(0, -0.6), *thread])
        k.lathe("body", [(0.1, -0.3), (0.22, -0.3), (0.22, -0.14), (0.1, -0.14)], n=6)
        k.turn(start, "x", -90)
        k.turn(start, "z", k.u(-20, 20) + i * 25)
        k.move(start, (i * 0.6, k.u(-0.1, 0.1), 0.22))
    k.turn(0, "z", k.u(-60, 60))


@shape
def ladder(k: Kit, variant: str) -> None:
    """A step ladder."""
    steps = int(k.rng.integers(3, 6))
    h = 0.3 * steps + 0.15
    for x in (-0.27, 0.27):
        k.tube("body", [(x * 1.25, -0.42, 0), (x, 0, h)], 0.032, smooth=0)
        k.tube("body", [(x * 1.2, 0.45, 0), (x, 0.02, h)], 0.026, smooth=0)
        k.box("black", (0.08, 0.1, 0.05), (x * 1.25, -0.42, 0.02), 0.01)
    for i in range(1, steps + 1):
        z = i * h / (steps + 0.25)
        k.box("body", (0.58 * (1.2 - 0.2 * z / h), 0.2, 0.035), (0, -0.42 * (1 - z / h) - 0.02, z), 0.01)
    k.box("second", (0.62, 0.22, 0.05), (0, 0.0, h), 0.02)
    for z in (0.3, 0.7):
        k.tube("body", [(-0.3, 0.45 * (1 - z / h), z), (0.3, 0.45 * (1 - z / h), z)], 0.018, smooth=0)
    k.turn(0, "z", k.pick(-1, 1) * k.u(20, 60))


@shape
def flashlight(k: Kit, variant: str) -> None:
    """A flashlight."""
    k.lathe(
        "body",
        [(0, -0.7), (0.13, -0.7), (0.14, -0.65), (0.13, -0.6), (0.13, 0.25), (0.22, 0.45), (0.23, 0.68), (0.2, 0.7)],
    )
    for z in np.linspace(-0.45, 0.05, 9):
        k.torus("body", 0.13, 0.013, (0, 0, z))
    k.disc("chrome", 0.2, (0, 0, 0.68), "z")
    k.ball("glow", (0.1, 0.1, 0.03), (0, 0, 0.68), 12)
    k.ball("black", (0.05, 0.025, 0.07), (0, -0.13, 0.16), 10)
    k.turn(0, "x", 90)
    k.turn(0, "z", k.u(20, 70))
    k.move(0, (0, 0, 0.2))
