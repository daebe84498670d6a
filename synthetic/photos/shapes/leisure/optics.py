"""Optics: cameras and their lenses, binoculars, telescopes, tripods."""

from __future__ import annotations

import numpy as np

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def camera(k: Kit, variant: str) -> None:
    """A digital camera."""
    k.box("body", (1.1, 0.42, 0.66), (0, 0, 0.33), 0.07)
    k.box("black", (1.11, 0.43, 0.34), (0, 0, 0.33), 0.03)
    k.box("body", (0.34, 0.36, 0.16), (0, 0, 0.7), 0.05)
    k.cyl("black", 0.28, 0.4, (0, -0.55, 0.33), "y")
    k.torus("dark", 0.27, 0.03, (0, -0.55, 0.33), "y")
    k.torus("steel", 0.285, 0.012, (0, -0.38, 0.33), "y")
    k.disc("lens", 0.21, (0, -0.555, 0.33))
    k.cyl("steel", 0.1, 0.08, (0.38, 0, 0.65))
    k.cyl("steel", 0.06, 0.06, (-0.36, 0, 0.65))
    k.turn(0, "z", k.u(-35, 35))


@shape
def lens(k: Kit, variant: str) -> None:
    """Camera lens."""
    h = k.u(0.7, 1.1)
    k.lathe(
        "body",
        [
            (0, 0),
            (0.32, 0),
            (0.32, h * 0.3),
            (0.36, h * 0.35),
            (0.36, h * 0.8),
            (0.39, h * 0.85),
            (0.39, h),
            (0.33, h),
            (0.28, h - 0.08),
            (0, h - 0.08),
        ],
        n=48,
    )
    k.disc("lens", 0.29, (0, 0, h - 0.07), "z")
    for z in np.linspace(h * 0.42, h * 0.72, 8):
        k.torus("dark", 0.362, 0.008, (0, 0, z))
    k.torus("second", 0.362, 0.008, (0, 0, h * 0.87))
    k.turn(0, "x", k.u(40, 72))
    k.turn(0, "z", k.u(-40, 40))


@shape
def binoculars(k: Kit, variant: str) -> None:
    """Binoculars."""
    for s in (1, -1):
        k.lathe(
            "body",
            [
                (0, 0),
                (0.27, 0),
                (0.27, 0.3),
                (0.2, 0.55),
                (0.17, 0.75),
                (0.15, 1.0),
                (0.17, 1.02),
                (0.17, 1.12),
                (0, 1.12),
            ],
            (0.29 * s, 0, 0),
        )
        k.disc("lens", 0.14, (0.29 * s, 0, 1.122), "z")
        k.torus("dark", 0.275, 0.02, (0.29 * s, 0, 0.02))
    k.box("body", (0.3, 0.12, 0.45), (0, 0.05, 0.58), 0.04)
    k.cyl("black", 0.07, 0.2, (0, 0, 0.78))
    if k.rng.random() < 0.6:
        k.turn(0, "x", 62)
    k.turn(0, "z", k.u(-30, 30))


@shape
def tripod(k: Kit, variant: str) -> None:
    """A tripod."""
    for a in (-90, 30, 150):
        start = k.mark()
        k.tube("body", [(0.06, 0, 1.2), (0.3, 0, 0.6)], 0.035, smooth=0)
        k.tube("black", [(0.28, 0, 0.65), (0.52, 0, 0.0)], 0.024, smooth=0)
        k.turn(start, "z", a + 12)
    k.cyl("black", 0.08, 0.2, (0, 0, 1.12))
    k.cyl("body", 0.03, 0.2, (0, 0, 1.3))
    k.box("black", (0.2, 0.24, 0.06), (0, 0, 1.52), 0.02)
    k.tube("black", [(0, 0, 1.46), (0.2, 0.25, 1.38)], 0.02, smooth=0)


@shape
def telescope(k: Kit, variant: str) -> None:
    """A telescope."""
    start = k.mark()
    k.lathe(
        "body",
        [(0, -0.5), (0.06, -0.5), (0.06, -0.35), (0.1, -0.33), (0.1, 0.5), (0.14, 0.52), (0.14, 0.75), (0, 0.75)],
    )
    k.cyl("black", 0.05, 0.18, (0, 0, -0.66))
    k.cyl("dark", 0.13, 0.01, (0, 0, 0.745))
    k.turn(start, "y", 62)
    k.move(start, (0, 0, 1.05))
    for a in (-90, 30, 150):
        start = k.mark()
        k.tube("darkwood", [(0.03, 0, 0.98), (0.42, 0, 0.0)], 0.03, smooth=0)
        k.turn(start, "z", a)
    k.turn(0, "z", k.u(-30, 30))
