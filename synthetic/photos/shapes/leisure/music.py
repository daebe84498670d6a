"""Musical instruments."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import spline
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


def _plucked(k: Kit, neck: float, strings: int, waist: float) -> None:
    k.pose = "front"
    half = [(0.0, 0.0), (0.3, 0.03), (0.42, 0.25), (0.36, 0.45), (waist, 0.6), (0.3, 0.78), (0.24, 0.95), (0, 1.0)]
    outline = spline([*half, *((-x, y) for x, y in reversed(half[1:-1]))], 80, closed=True).tolist()
    k.slab("darkwood", outline, 0.2, (0, 0, 0), "y")
    k.slab("body", [(x * 0.97, y * 0.97 + 0.015) for x, y in outline], 0.02, (0, -0.012, 0), "y")
    k.disc("dark", 0.115, (0, -0.014, 0.64))
    k.torus("darkwood", 0.122, 0.01, (0, -0.014, 0.64), "y")
    k.box("darkwood", (0.3, 0.04, 0.05), (0, -0.03, 0.28), 0.01)
    k.box("darkwood", (0.12, 0.06, neck + 0.2), (0, -0.035, 0.9 + neck / 2))
    k.box("body", (0.17, 0.05, 0.28), (0, 0, 1.0 + neck + 0.12), 0.02)
    for s in (1, -1):
        for z in (0.04, 0.12, 0.2):
            k.ball("steel", (0.035, 0.02, 0.022), (s * 0.115, 0, 1.0 + neck + z), 8)
    for x in np.linspace(-0.045, 0.045, strings):
        k.tube("steel", [(x, -0.06, 0.28), (x, -0.075, 1.05 + neck)], 0.004, smooth=0, n=5)
    for z in np.linspace(1.05, 0.95 + neck, 9):
        k.box("steel", (0.12, 0.012, 0.008), (0, -0.067, z))
    k.turn(0, "y", k.u(-30, 30))
    k.turn(0, "x", -6)
    k.turn(0, "z", k.u(-25, 25))


@shape
def guitar(k: Kit, variant: str) -> None:
    """An acoustic guitar."""
    _plucked(k, k.u(0.85, 0.95), 6, 0.25)


@shape
def ukulele(k: Kit, variant: str) -> None:
    """An ukulele."""
    _plucked(k, k.u(0.5, 0.6), 4, 0.26)


@shape
def drum(k: Kit, variant: str) -> None:
    """A drum."""
    h = k.u(0.45, 0.7)
    k.cyl("body", 0.5, h, n=48)
    k.disc("drumhead", 0.5, (0, 0, h + 0.012), "z")
    for z in (0.03, h - 0.02):
        k.torus("chrome", 0.52, 0.035, (0, 0, z))
    for a in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        k.tube(
            "chrome",
            [(0.54 * np.cos(a), 0.54 * np.sin(a), 0.04), (0.54 * np.cos(a), 0.54 * np.sin(a), h - 0.03)],
            0.014,
            smooth=0,
        )
        k.box("chrome", (0.06, 0.06, 0.12), (0.53 * np.cos(a), 0.53 * np.sin(a), h / 2), 0.015)
    for s in (1, -1):
        k.tube("wood", [(-0.55, -0.1 * s, h + 0.05), (0.5, 0.25 * s, h + 0.05)], 0.024, smooth=0)
        k.ball("wood", 0.042, (0.5, 0.25 * s, h + 0.055), 10)
    k.turn(0, "z", k.u(-60, 60))


@shape
def xylophone(k: Kit, variant: str) -> None:
    """A xylophone."""
    colors = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink")
    for y, w in ((0.2, 0.0), (-0.2, 0.0)):
        k.tube("wood", [(-0.72, y * 1.3, 0.05), (0.72, y * 0.75 + w, 0.05)], 0.045, smooth=0)
    for i in range(8):
        length = 0.95 - i * 0.065
        k.box(colors[i], (0.14, length, 0.05), (-0.6 + i * 0.171, 0, 0.12), 0.02)
        for y in (-1, 1):
            k.ball("steel", 0.02, (-0.6 + i * 0.171, y * length * 0.32, 0.15), 8)
    for s in (1, -1):
        k.tube("wood", [(-0.3, -0.7 - 0.08 * s, 0.06), (0.55, -0.62 + 0.12 * s, 0.06)], 0.018, smooth=0)
        k.ball("red", 0.06, (0.55, -0.62 + 0.12 * s, 0.07), 12)


@shape
def maracas(k: Kit, variant: str) -> None:
    """Maracas."""
    k.pose = "flat"
    for i in range(2):
        start = k.mark()
        k.lathe("body", [(0, 0.65), (0.22, 0.58), (0.3, 0.3), (0.24, 0.05), (0.1, -0.1), (0.06, -0.15)], smooth=40)
        k.lathe("second", [(0.302, 0.24), (0.308, 0.3), (0.3, 0.36)])
        k.lathe("wood", [(0.06, -0.13), (0.05, -0.4), (0.07, -0.75), (0, -0.78)], smooth=20)
        k.turn(start, "x", -90)
        k.turn(start, "z", -28 + i * 56)
        k.move(start, (-0.35 + i * 0.7, 0, 0.3))


@shape
def piano_keyboard(k: Kit, variant: str) -> None:
    """A keyboard piano."""
    k.box("body", (1.7, 0.5, 0.11), (0, 0, 0.06), 0.02)
    white = 22
    step = 1.56 / white
    for i in range(white):
        k.box("white", (step * 0.93, 0.3, 0.05), (-0.78 + step * (i + 0.5), -0.09, 0.115), 0.006)
        if i % 7 not in (2, 6):
            k.box("black", (step * 0.55, 0.18, 0.05), (-0.78 + step * (i + 1), -0.03, 0.15), 0.006)
    k.quad("img:digits", 0.3, 0.09, (0, 0.16, 0.117), "z")
    for x in (-0.7, -0.62, -0.54, 0.54, 0.62, 0.7):
        k.cyl("steel", 0.025, 0.03, (x, 0.16, 0.115))
    k.turn(0, "x", k.pick(0, 25))
    k.turn(0, "z", k.u(-25, 25))
