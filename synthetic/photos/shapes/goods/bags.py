"""Bags, boxes, books and other flat or box-like packaging."""

from __future__ import annotations

import numpy as np

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def suitcase(k: Kit, variant: str) -> None:
    """A suitcase."""
    h = k.u(1.0, 1.3)
    k.box("body", (0.8, 0.4, h), (0, 0, h / 2 + 0.1), 0.09)
    for x in np.linspace(-0.28, 0.28, 6):
        k.box("body", (0.05, 0.43, h * 0.85), (x, 0, h / 2 + 0.1), 0.02)
    k.box("black", (0.82, 0.03, h * 0.98), (0, 0, h / 2 + 0.1), 0.01)
    for x in (-0.3, 0.3):
        for y in (-0.14, 0.14):
            k.cyl("black", 0.06, 0.05, (x - 0.025, y, 0.05), "x")
    k.tube("steel", [(-0.2, 0.1, h), (-0.2, 0.1, h + 0.42)], 0.022, smooth=0)
    k.tube("steel", [(0.2, 0.1, h), (0.2, 0.1, h + 0.42)], 0.022, smooth=0)
    k.box("black", (0.48, 0.08, 0.07), (0, 0.1, h + 0.44), 0.03)
    k.tube("black", [(-0.14, 0, h + 0.1), (-0.1, 0, h + 0.17), (0.1, 0, h + 0.17), (0.14, 0, h + 0.1)], 0.03)


@shape
def backpack(k: Kit, variant: str) -> None:
    """A backpack."""
    k.box("body", (0.78, 0.4, 1.1), (0, 0, 0.55), 0.19)
    k.box("body", (0.6, 0.2, 0.5), (0, -0.24, 0.33), 0.09)
    k.box("second", (0.62, 0.05, 0.03), (0, -0.33, 0.5), 0.01)
    k.tube(
        "black",
        [(-0.38, -0.1, 0.4), (-0.37, -0.18, 0.9), (0, -0.19, 1.07), (0.37, -0.18, 0.9), (0.38, -0.1, 0.4)],
        0.02,
    )
    k.tube("black", [(-0.1, 0.1, 1.08), (-0.07, 0.1, 1.22), (0.07, 0.1, 1.22), (0.1, 0.1, 1.08)], 0.03)
    for s in (1, -1):
        k.tube("body", [(0.2 * s, 0.18, 1.0), (0.32 * s, 0.42, 0.8), (0.34 * s, 0.4, 0.4), (0.3 * s, 0.2, 0.12)], 0.05)
    k.quad("img:logo", 0.24, 0.16, (0, -0.342, 0.33))
    k.turn(0, "z", k.u(-35, 35))


@shape
def tote(k: Kit, variant: str) -> None:
    """A tote bag."""
    k.pose = "front"
    k.puff("body", [(-0.42, 0), (0.42, 0), (0.48, 0.9), (-0.48, 0.9)], 0.12, 0.2, 0.015)
    for z in (0.03, -0.06):
        k.tube(
            "body", [(-0.22, 0.86, z), (-0.2, 1.15, z), (0, 1.38 + z, z), (0.2, 1.15, z), (0.22, 0.86, z)], 0.032, n=8
        )
    if k.rng.random() < 0.6:
        k.disc(k.pick("img:logo", "img:star"), 0.24, (0, 0.45, 0.155), "z")
    k.turn(0, "x", 86)


@shape
def handbag(k: Kit, variant: str) -> None:
    """A handbag."""
    k.slab(
        "body", [(-0.55, 0), (0.55, 0), (0.6, 0.1), (0.45, 0.72), (-0.45, 0.72), (-0.6, 0.1)], 0.34, (0, -0.17, 0), "y"
    )
    k.slab(
        "body",
        [(-0.5, 0.38), (-0.3, 0.32), (0.3, 0.32), (0.5, 0.38), (0.46, 0.74), (-0.46, 0.74)],
        0.03,
        (0, -0.2, 0),
        "y",
    )
    k.box("gold", (0.14, 0.04, 0.1), (0, -0.205, 0.36), 0.015)
    for y in (-0.1, 0.1):
        k.tube("body", [(-0.26, y, 0.7), (-0.24, y, 1.0), (0, y, 1.17), (0.24, y, 1.0), (0.26, y, 0.7)], 0.035)
    for x in (-0.26, 0.26):
        k.torus("gold", 0.05, 0.015, (x, -0.1, 0.72), "y")


@shape
def duffel(k: Kit, variant: str) -> None:
    """A duffel bag."""
    k.lathe("body", [(0, 0), (0.3, 0), (0.36, 0.05), (0.36, 1.15), (0.3, 1.2), (0, 1.2)], (-0.6, 0, 0.36), "x")
    for x in (-0.3, 0.3):
        k.torus("second", 0.365, 0.025, (x, 0, 0.36), "x")
    for y in (-0.12, 0.12):
        k.tube(
            "second",
            [(-0.3, y * 2, 0.62), (-0.25, y, 0.95), (0, y * 0.6, 1.05), (0.25, y, 0.95), (0.3, y * 2, 0.62)],
            0.03,
        )
    k.box("black", (0.9, 0.03, 0.02), (0, 0, 0.72), 0.005)


@shape
def wallet(k: Kit, variant: str) -> None:
    """A wallet."""
    k.pose = k.pick("flat", "stand")
    if k.pose == "flat":
        k.box("body", (1.1, 0.85, 0.12), (0, 0, 0.06), 0.05)
        k.box("body", (1.1, 0.85, 0.08), (0.02, 0.0, 0.16), 0.035)
        k.quad("img:logo", 0.3, 0.2, (0.3, -0.22, 0.202), "z")
        k.box("second", (0.9, 0.1, 0.02), (0, 0.44, 0.12), 0.005)
        k.turn(0, "z", k.u(-30, 30))
        return
    for s in (1, -1):
        start = k.mark()
        k.box("body", (1.0, 0.07, 0.8), (0.5, 0, 0.4), 0.03)
        for i in range(3):
            k.box("body", (0.75, 0.02, 0.5 - i * 0.12), (0.5, -0.04 - i * 0.012, 0.27 - i * 0.06), 0.008)
        k.box(k.pick("red", "blue", "gold"), (0.7, 0.015, 0.1), (0.5, -0.04, 0.55))
        k.turn(start, "z", 25 if s > 0 else 155)
        if s < 0:
            k.move(start, (0, 0.0, 0))
