"""Writing, cutting, painting and other desk tools."""

from __future__ import annotations

import numpy as np

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def pencils(k: Kit, variant: str) -> None:
    """Pencils."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(2, 6))):
        start = k.mark()
        k.lathe("body" if i % 2 == 0 else "second", [(0, -0.7), (0.06, -0.7), (0.06, 0.62)], n=6)
        k.lathe("wood", [(0.06, 0.62), (0.02, 0.78)], n=16)
        k.lathe("dark", [(0.02, 0.78), (0, 0.84)], n=12)
        k.cyl("steel", 0.062, 0.12, (0, 0, -0.8))
        k.cyl("pink", 0.058, 0.09, (0, 0, -0.88))
        k.turn(start, "x", -90)
        k.turn(start, "z", k.u(-8, 8) + (i - 2) * 4)
        k.move(start, (i * 0.17, k.u(-0.08, 0.08), 0.06))
    k.turn(0, "z", k.u(-60, 60))


@shape
def pen(k: Kit, variant: str) -> None:
    """A ballpoint pen."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.lathe("body", [(0.05, -0.55), (0.065, -0.4), (0.065, 0.6), (0.05, 0.65), (0, 0.65)])
        k.lathe("chrome", [(0, -0.76), (0.012, -0.74), (0.05, -0.55)])
        k.cyl("chrome", 0.067, 0.04, (0, 0, 0.05))
        k.cyl("chrome", 0.03, 0.1, (0, 0, 0.64))
        k.box("chrome", (0.03, 0.02, 0.4), (0, -0.08, 0.42), 0.009)
        k.turn(start, "x", -90)
        k.turn(start, "z", k.u(-6, 6) + i * 9)
        k.move(start, (i * 0.22, 0, 0.07))
    k.turn(0, "z", k.u(-60, 60))


@shape
def scissors(k: Kit, variant: str) -> None:
    """Scissors."""
    k.pose = "flat"
    spread = k.u(8, 22)
    for s in (1, -1):
        start = k.mark()
        k.slab("chrome", [(-0.06 * s, -0.1), (0.07 * s, -0.1), (0.07 * s, 0.1), (0.0, 0.95), (-0.05 * s, 0.4)], 0.025)
        t = np.linspace(0, 2 * np.pi, 30, endpoint=False)
        k.tube(
            "body",
            [(-0.2 * s + 0.15 * np.cos(x), -0.5 + 0.23 * np.sin(x), 0.02) for x in t],
            0.05,
            closed=True,
            smooth=0,
        )
        k.tube("body", [(-0.0 * s, -0.05, 0.02), (-0.06 * s, -0.18, 0.02), (-0.12 * s, -0.3, 0.02)], 0.06)
        k.turn(start, "z", -spread * s)
        k.move(start, (0, 0, 0.03 if s > 0 else 0.0))
    k.cyl("steel", 0.04, 0.07)
    k.turn(0, "z", k.u(-60, 60))


@shape
def paint_brush(k: Kit, variant: str) -> None:
    """A paint brush."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.tube("body", [(0, -1.0, 0), (0, -0.4, 0), (0, 0.05, 0), (0, 0.25, 0)], [0.018, 0.05, 0.06, 0.04])
        k.tube("chrome", [(0, 0.2, 0), (0, 0.45, 0)], [0.04, 0.06], smooth=0)
        k.tube("bristle", [(0, 0.44, 0), (0, 0.62, 0), (0, 0.78, 0)], [0.062, 0.08, 0.02])
        k.ball("second", (0.05, 0.09, 0.05), (0, 0.74, 0), 12)
        k.turn(start, "z", k.u(-6, 6) + i * 10)
        k.move(start, (i * 0.25, 0, 0.07))
    k.turn(0, "z", k.u(-60, 60))


@shape
def tape_measure(k: Kit, variant: str) -> None:
    """A tape measure."""
    k.slab(
        "body",
        [(-0.4, 0), (0.38, 0), (0.4, 0.1), (0.4, 0.4), (0.25, 0.7), (-0.15, 0.75), (-0.4, 0.55)],
        0.32,
        (0, -0.16, 0),
        "y",
    )
    k.disc("black", 0.24, (-0.02, -0.163, 0.36))
    k.disc("img:logo", 0.2, (-0.02, -0.165, 0.36))
    k.box("black", (0.2, 0.34, 0.12), (-0.3, 0, 0.06), 0.03)
    length = k.u(0.5, 1.0)
    start = k.mark()
    k.box("yellow", (length, 0.2, 0.012), (0.4 + length / 2, 0, 0.03))
    k.quad("img:ruler", length, 0.2, (0.4 + length / 2, 0, 0.037), "z")
    k.box("steel", (0.02, 0.22, 0.09), (0.4 + length, 0, 0.01))
    k.turn(start, "y", 0)
    k.turn(0, "z", k.u(-30, 30))
