"""Vessels: cups, kettles, cans, pots, vases, buckets."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.photos.outlines import Point, spline
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


def hollow(outer: Sequence[Point], wall: float, smooth: int = 0) -> list[Point]:
    """Profile of an open vessel: up along `outer`, down inside it."""
    outside = [tuple(p) for p in (spline(outer, smooth) if smooth else outer)]
    inside = [(max(r - wall, 0), max(z, wall)) for r, z in reversed(outside)]
    return [(0, 0), *outside, *inside, (0, wall)]


@shape
def mug(k: Kit, variant: str) -> None:
    """A mug."""
    r, h, bulge = k.u(0.4, 0.48), k.u(0.85, 1.1), k.u(-0.04, 0.06)
    k.lathe("body", hollow([(r * 0.9, 0), (r, 0.05), (r + bulge, h * 0.5), (r, h)], 0.045, 24))
    k.disc("coffee" if k.rng.random() < 0.4 else "body", r - 0.05, (0, 0, h * 0.8), "z")
    k.tube(
        "body",
        [
            (r - 0.02, 0, h * 0.8),
            (r + 0.25, 0, h * 0.78),
            (r + 0.32, 0, h * 0.5),
            (r + 0.2, 0, h * 0.25),
            (r - 0.02, 0, h * 0.2),
        ],
        0.05,
    )


@shape
def teapot(k: Kit, variant: str) -> None:
    """A teapot."""
    w = k.u(0.55, 0.65)
    k.lathe("body", [(0, 0), (w * 0.6, 0), (w, 0.35), (w * 0.85, 0.65), (0.3, 0.82), (0, 0.82)], smooth=40)
    k.lathe("body", [(0.32, 0.8), (0.25, 0.87), (0.07, 0.92), (0.05, 0.95), (0.09, 1.0), (0.06, 1.05), (0, 1.06)])
    k.tube(
        "body",
        [(-w * 0.85, 0, 0.25), (-w - 0.2, 0, 0.4), (-w - 0.28, 0, 0.65), (-w - 0.42, 0, 0.78)],
        [0.13, 0.09, 0.06, 0.05],
    )
    k.tube("body", [(w * 0.85, 0, 0.65), (w + 0.3, 0, 0.65), (w + 0.3, 0, 0.3), (w * 0.95, 0, 0.25)], 0.05)


@shape
def kettle(k: Kit, variant: str) -> None:
    """An electric kettle."""
    k.lathe("black", [(0, 0), (0.5, 0), (0.5, 0.07), (0, 0.08)])
    k.lathe("body", [(0, 0.08), (0.47, 0.08), (0.44, 0.6), (0.34, 1.05), (0, 1.06)])
    k.lathe("black", [(0.34, 1.05), (0.3, 1.1), (0.05, 1.12), (0.05, 1.18), (0, 1.19)])
    k.tube("black", [(0.35, 0, 1.0), (0.72, 0, 1.0), (0.78, 0, 0.7), (0.7, 0, 0.35), (0.44, 0, 0.28)], 0.055)
    k.tube("body", [(-0.3, 0, 0.85), (-0.42, 0, 0.95), (-0.52, 0, 1.05)], [0.14, 0.1, 0.05])


@shape
def can(k: Kit, variant: str) -> None:
    """A cola."""
    k.lathe("body", [(0, 0), (0.27, 0), (0.33, 0.08), (0.33, 1.05), (0.28, 1.14), (0.28, 1.17)], n=48)
    k.lathe("steel", [(0.28, 1.17), (0.28, 1.19), (0.26, 1.16), (0, 1.16)])
    k.ball("steel", (0.07, 0.11, 0.015), (0, -0.04, 1.17))
    k.wrap("img:can", 0.333, 0.1, 1.04, 300)


@shape
def tin(k: Kit, variant: str) -> None:
    """Canned vegetables."""
    r, h = k.u(0.36, 0.42), k.u(0.85, 1.0)
    k.lathe(
        "steel",
        [
            (0, 0),
            (r, 0),
            (r + 0.015, 0.02),
            (r, 0.05),
            (r, h - 0.05),
            (r + 0.015, h - 0.02),
            (r, h),
            (r - 0.03, h - 0.03),
            (0, h - 0.03),
        ],
        n=48,
    )
    k.wrap("img:food", r + 0.005, 0.06, h - 0.06, 350)


@shape
def vase(k: Kit, variant: str) -> None:
    """A vase."""
    profile = k.pick(
        [(0.2, 0), (0.42, 0.35), (0.35, 0.7), (0.13, 0.95), (0.17, 1.1)],
        [(0.26, 0), (0.3, 0.3), (0.36, 0.7), (0.25, 1.0), (0.3, 1.12)],
        [(0.3, 0), (0.48, 0.25), (0.2, 0.6), (0.12, 0.9), (0.22, 1.1)],
        [(0.16, 0), (0.2, 0.4), (0.4, 0.85), (0.22, 1.05), (0.24, 1.1)],
    )
    k.lathe("body", hollow(profile, 0.03, 36))
    if k.rng.random() < 0.4:
        for _ in range(5):
            x, y = k.u(-0.35, 0.35), k.u(-0.3, 0.3)
            top = (x, y, k.u(1.5, 1.85))
            k.tube("leaf", [(x * 0.2, y * 0.2, 0.8), (x * 0.5, y * 0.5, 1.3), top], 0.015, n=6)
            k.ball(k.pick("red", "yellow", "pink", "white"), (0.1, 0.1, 0.08), top, 10)


@shape
def plant_pot(k: Kit, variant: str) -> None:
    """A plant pot."""
    r = k.u(0.36, 0.44)
    k.lathe(
        "body",
        [(0, 0), (r * 0.72, 0), (r, 0.62), (r + 0.04, 0.62), (r + 0.04, 0.74), (r - 0.03, 0.74), (r - 0.05, 0.6)],
    )
    k.disc("soil", r - 0.02, (0, 0, 0.66), "z")
    for i in range(16):
        start = k.mark()
        k.ball("leaf", (0.09, 0.3, 0.02), (0, 0.3, 0), 10)
        k.turn(start, "x", k.u(25, 75))
        k.turn(start, "z", i * 137.5)
        k.move(start, (0, 0, 0.68 + i * 0.018))


@shape
def cactus(k: Kit, variant: str) -> None:
    """Cactus."""
    k.lathe("body", [(0, 0), (0.26, 0), (0.34, 0.42), (0.37, 0.42), (0.37, 0.52), (0.31, 0.52), (0.3, 0.42)])
    k.disc("soil", 0.32, (0, 0, 0.47), "z")
    h = k.u(0.4, 0.6)
    for i in range(11):
        start = k.mark()
        k.ball("leaf", (0.07, 0.2, h), (0, 0.07, 0.5 + h * 0.75), 14)
        k.turn(start, "z", i * 360 / 11)
    if k.rng.random() < 0.7:
        k.tube("leaf", [(0.2, 0, 0.85), (0.45, 0, 0.9), (0.48, 0, 1.2)], 0.09)
        k.ball("leaf", 0.09, (0.48, 0, 1.2), 12)
    if k.rng.random() < 0.5:
        k.ball("pink", (0.09, 0.09, 0.07), (0, 0.05, 0.52 + h * 1.72), 10)


@shape
def bucket(k: Kit, variant: str) -> None:
    """A bucket."""
    k.lathe("body", hollow([(0.38, 0), (0.5, 0.8), (0.54, 0.8), (0.54, 0.86), (0.5, 0.86)], 0.02))
    k.tube(
        "steel",
        [(-0.53, 0, 0.8), (-0.5, -0.3, 0.95 + k.u(0, 0.2)), (0, -0.45, 1.15), (0.5, -0.3, 1.0), (0.53, 0, 0.8)],
        0.015,
    )
    k.cyl("black", 0.04, 0.24, (-0.12, -0.45, 1.15), "x")


@shape
def paint_can(k: Kit, variant: str) -> None:
    """A wall paint."""
    k.lathe("steel", [(0, 0), (0.42, 0), (0.42, 0.8), (0.44, 0.82), (0.4, 0.84), (0.34, 0.8)], n=48)
    k.disc("plain", 0.36, (0, 0, 0.79), "z")
    k.wrap("img:paint", 0.424, 0.05, 0.77, 350)
    k.tube("steel", [(-0.43, 0, 0.6), (-0.48, -0.2, 0.85), (0, -0.3, 1.15), (0.48, -0.2, 0.85), (0.43, 0, 0.6)], 0.014)
    k.wrap("plain", 0.43, 0.5, 0.82, 40)


@shape
def trash_can(k: Kit, variant: str) -> None:
    """A trash can."""
    h = k.u(0.95, 1.3)
    k.cyl("body", 0.42, h, n=48)
    k.lathe("black", [(0.43, h), (0.43, h + 0.04), (0, h + 0.04)])
    k.lathe("body", [(0.42, h + 0.04), (0.38, h + 0.12), (0.2, h + 0.18), (0, h + 0.19)], smooth=16)
    k.lathe("black", [(0, -0.05), (0.43, -0.05), (0.43, 0.02), (0, 0.02)])
    k.box("black", (0.2, 0.16, 0.03), (0, -0.5, 0.0), 0.01)


@shape
def watering_can(k: Kit, variant: str) -> None:
    """A watering can."""
    k.lathe("body", [(0, 0), (0.4, 0), (0.36, 0.65), (0.3, 0.68), (0, 0.68)])
    k.tube("body", [(-0.3, 0, 0.15), (-0.65, 0, 0.45), (-0.95, 0, 0.85)], [0.09, 0.06, 0.045])
    start = k.mark()
    k.cyl("second", 0.05, 0.12, top=0.15)
    k.turn(start, "y", -40)
    k.move(start, (-0.93, 0, 0.82))
    k.tube(
        "body",
        [(0.32, 0, 0.15), (0.68, 0, 0.3), (0.66, 0, 0.7), (0.3, 0, 0.95), (-0.1, 0, 0.9), (-0.22, 0, 0.68)],
        0.04,
    )
