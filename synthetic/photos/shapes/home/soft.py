"""Soft things and covers."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import rounded
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def cushion(k: Kit, variant: str) -> None:
    """A cushion."""
    k.pose = k.pick("flat", "front")
    outline = [(-0.5, -0.5), (0, -0.46), (0.5, -0.5), (0.46, 0), (0.5, 0.5), (0, 0.46), (-0.5, 0.5), (-0.46, 0)]
    k.puff("body", outline, 0.24, 0.45, 0.012, smooth=0)
    k.copy(0, (0, 0, 0), (1, 1, -1))
    if k.pose == "front":
        k.turn(0, "x", 78)
        k.turn(0, "z", k.u(-25, 25))
    else:
        k.turn(0, "z", k.u(-30, 30))


@shape
def towel(k: Kit, variant: str) -> None:
    """A bath towel."""
    if k.rng.random() < 0.5:
        for i in range(3):
            k.box("body", (1.0, 0.7, 0.19), (k.u(-0.02, 0.02), 0, 0.1 + i * 0.2), 0.09)
            k.box("second", (1.005, 0.04, 0.05), (0, -0.34, 0.1 + i * 0.2), 0.02)
        k.turn(0, "z", k.u(-35, 35))
        return
    t = np.linspace(0, 2 * np.pi * 4, 140)
    r = 0.05 + 0.0135 * t
    for x in np.linspace(-0.55, 0.55, 23):
        k.tube(
            "body" if abs(abs(x) - 0.35) > 0.06 else "second",
            np.stack([np.full_like(r, x), r * np.cos(t), 0.4 + r * np.sin(t)], -1).tolist(),
            0.028,
            smooth=0,
            n=6,
        )
    k.turn(0, "z", k.u(30, 60))


@shape
def pet_bed(k: Kit, variant: str) -> None:
    """A dog bed."""
    k.torus("body", 0.75, 0.24, (0, 0, 0.24))
    k.move(0, (0, 0, 0), (1, 0.85, 1))
    k.ball("second", (0.68, 0.58, 0.12), (0, 0, 0.14))
    k.ball("second", (0.62, 0.5, 0.16), (0, 0, 0.16))


@shape
def phone_case(k: Kit, variant: str) -> None:
    """A phone case."""
    k.pose = "flat"
    k.slab("body", rounded(0.62, 1.26, 0.12), 0.06, holes=[rounded(0.01, 0.01, 0.001)])
    k.slab("dark", [(x - 0.15, y + 0.42) for x, y in rounded(0.24, 0.3, 0.07)], 0.066)
    for x, y in ((-0.2, 0.48), (-0.1, 0.42), (-0.2, 0.36)):
        k.cyl("lens", 0.042, 0.08, (x, y, 0))
    if k.rng.random() < 0.4:
        k.disc(k.pick("img:star", "img:logo"), 0.2, (0, -0.15, 0.062), "z")
    k.turn(0, "z", k.u(-30, 30))
