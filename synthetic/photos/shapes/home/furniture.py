"""Furniture."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import ellipse, rounded
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


def _legs(k: Kit, slot: str, w: float, d: float, h: float, r: float = 0.035, splay: float = 0.0) -> None:
    for x in (-w / 2, w / 2):
        for y in (-d / 2, d / 2):
            k.tube(slot, [(x, y, h), (x * (1 + splay), y * (1 + splay), 0)], [r * 1.1, r * 0.8], smooth=0)


@shape
def chair(k: Kit, variant: str) -> None:
    """A dining chair."""
    k.box("body", (0.62, 0.6, 0.05), (0, 0, 0.6), 0.02)
    _legs(k, "body", 0.52, 0.5, 0.6, splay=0.08)
    for x in (-0.26, 0.26):
        k.tube("body", [(x, 0.26, 0.6), (x, 0.3, 1.0), (x, 0.37, 1.3)], 0.033)
    if k.rng.random() < 0.5:
        for z in (0.85, 1.05, 1.25):
            k.box("body", (0.52, 0.03, 0.1), (0, 0.27 + (z - 0.6) * 0.13, z), 0.012)
    else:
        k.box("body", (0.56, 0.03, 0.1), (0, 0.36, 1.26), 0.012)
        for x in (-0.16, -0.05, 0.05, 0.16):
            k.tube("body", [(x, 0.27, 0.62), (x, 0.35, 1.24)], 0.016, smooth=0)
    k.turn(0, "z", k.pick(-1, 1) * k.u(15, 55))


@shape
def office_chair(k: Kit, variant: str) -> None:
    """An office chair."""
    k.box("body", (0.72, 0.68, 0.14), (0, 0, 0.72), 0.06)
    start = k.mark()
    k.box("body", (0.64, 0.12, 0.85), (0, 0, 0.45), 0.055)
    k.turn(start, "x", -8)
    k.move(start, (0, 0.36, 0.82))
    k.cyl("steel", 0.04, 0.5, (0, 0, 0.18))
    for a in range(5):
        start = k.mark()
        k.tube("black", [(0, 0, 0.2), (0.4, 0, 0.11)], [0.045, 0.03], smooth=0)
        k.cyl("black", 0.055, 0.06, (0.38, -0.03, 0.055), "y")
        k.turn(start, "z", a * 72 + 18)
    for s in (1, -1):
        k.tube("black", [(0.36 * s, 0.1, 0.7), (0.44 * s, 0.1, 0.8), (0.44 * s, 0.1, 0.96)], 0.03)
        k.box("black", (0.08, 0.4, 0.05), (0.44 * s, 0.02, 0.99), 0.02)
    k.turn(0, "z", k.u(-45, 45))


@shape
def stool(k: Kit, variant: str) -> None:
    """A bar stool."""
    k.lathe("body", [(0, 1.0), (0.3, 1.0), (0.32, 1.03), (0.3, 1.07), (0, 1.07)])
    _legs(k, "body", 0.34, 0.34, 1.0, 0.03, 0.35)
    k.torus("steel", 0.31, 0.018, (0, 0, 0.38))
    k.turn(0, "z", k.u(0, 90))


@shape
def table(k: Kit, variant: str) -> None:
    """A dining table or coffee table, by variant."""
    if variant == "round":
        k.lathe("body", [(0, 0.5), (0.62, 0.5), (0.64, 0.53), (0.62, 0.56), (0, 0.56)], n=56)
        for a in (90, 210, 330):
            t = np.radians(a)
            k.tube(
                "wood",
                [(0.35 * np.cos(t), 0.35 * np.sin(t), 0.5), (0.5 * np.cos(t), 0.5 * np.sin(t), 0)],
                [0.04, 0.025],
                smooth=0,
            )
        return
    k.box("body", (1.5, 0.8, 0.06), (0, 0, 0.75), 0.015)
    k.box("body", (1.3, 0.6, 0.1), (0, 0, 0.68))
    for x in (-0.66, 0.66):
        for y in (-0.32, 0.32):
            k.box("body", (0.08, 0.08, 0.72), (x, y, 0.36), 0.01)
    k.turn(0, "z", k.pick(-1, 1) * k.u(15, 45))


@shape
def desk(k: Kit, variant: str) -> None:
    """A desk."""
    k.box("body", (1.4, 0.65, 0.05), (0, 0, 0.75), 0.01)
    k.box("body", (0.4, 0.58, 0.55), (0.46, 0, 0.46), 0.01)
    for z in (0.6, 0.42, 0.26):
        k.box("body", (0.36, 0.02, 0.14), (0.46, -0.3, z), 0.005)
        k.box("steel", (0.12, 0.03, 0.02), (0.46, -0.32, z))
    for x, y in ((-0.64, -0.26), (-0.64, 0.26), (0.64, -0.26), (0.64, 0.26)):
        k.box("black", (0.05, 0.05, 0.74), (x, y, 0.37))
    k.turn(0, "z", k.u(-35, 35))


@shape
def sofa(k: Kit, variant: str) -> None:
    """A sofa or armchair, by variant."""
    seats = int(variant)
    w = 0.62 * seats
    k.box("body", (w + 0.3, 0.8, 0.24), (0, 0, 0.24), 0.05)
    k.box("body", (w + 0.3, 0.22, 0.6), (0, 0.32, 0.55), 0.09)
    for s in (1, -1):
        k.box("body", (0.2, 0.82, 0.5), (s * (w / 2 + 0.12), 0, 0.36), 0.08)
    for i in range(seats):
        x = (i - (seats - 1) / 2) * 0.62
        k.box("body", (0.6, 0.62, 0.18), (x, -0.08, 0.43), 0.07)
        k.box("body", (0.58, 0.18, 0.42), (x, 0.2, 0.68), 0.08)
    if k.rng.random() < 0.4:
        start = k.mark()
        k.box("second", (0.34, 0.14, 0.34), (0, 0, 0), 0.065)
        k.turn(start, "x", -15)
        k.turn(start, "y", 20)
        k.move(start, (w / 2 - 0.25, 0.02, 0.68))
    _legs(k, "darkwood", w + 0.1, 0.6, 0.13, 0.03)
    k.turn(0, "z", k.u(-35, 35))


@shape
def bed(k: Kit, variant: str) -> None:
    """A bed frame."""
    w = k.u(0.75, 1.15)
    k.box("body", (w, 1.5, 0.16), (0, 0, 0.26), 0.02)
    k.box("body", (w, 0.06, 0.75), (0, 0.76, 0.45), 0.02)
    k.box("body", (w, 0.05, 0.36), (0, -0.76, 0.22), 0.02)
    k.box("white", (w - 0.06, 1.44, 0.2), (0, 0, 0.42), 0.08)
    k.box("second", (w - 0.02, 0.9, 0.2), (0, -0.26, 0.44), 0.08)
    for x in (-w / 4, w / 4):
        k.box("white", (w * 0.4, 0.3, 0.14), (x, 0.54, 0.56), 0.065)
    _legs(k, "body", w - 0.1, 1.4, 0.2, 0.04)
    k.turn(0, "z", k.pick(-1, 1) * k.u(25, 50))


@shape
def crib(k: Kit, variant: str) -> None:
    """A crib."""
    for y in (-0.4, 0.4):
        for z in (0.25, 0.95):
            k.box("body", (1.3, 0.05, 0.06), (0, y, z), 0.01)
        for x in np.linspace(-0.58, 0.58, 11):
            k.cyl("body", 0.018, 0.7, (x, y, 0.25), n=10)
    for x in (-0.64, 0.64):
        k.box("body", (0.05, 0.84, 0.85), (x, 0, 0.6), 0.02)
        for y in (-0.4, 0.4):
            k.box("body", (0.06, 0.06, 1.05), (x, y, 0.52), 0.01)
    k.box("white", (1.24, 0.76, 0.14), (0, 0, 0.38), 0.05)
    k.turn(0, "z", k.u(-45, 45))


@shape
def bookcase(k: Kit, variant: str) -> None:
    """A bookcase."""
    w, h, n = k.u(0.7, 0.9), 1.5, 4
    for x in (-w / 2, w / 2):
        k.box("body", (0.04, 0.36, h), (x, 0, h / 2))
    k.box("body", (w, 0.02, h), (0, 0.17, h / 2))
    colors = ("red", "blue", "green", "mustard", "white", "black", "orange", "navy")
    for i in range(n + 1):
        z = 0.05 + i * (h - 0.07) / n
        k.box("body", (w, 0.36, 0.035), (0, 0, z))
        x = -w / 2 + 0.05
        while i < n and x < w / 2 - k.u(0.12, 0.5):
            t, tall = k.u(0.03, 0.06), k.u(0.2, 0.29)
            k.box(k.pick(*colors), (t, 0.24, tall), (x + t / 2, -0.02, z + 0.02 + tall / 2))
            x += t + 0.004
    k.turn(0, "z", k.u(-35, 35))


@shape
def cabinet(k: Kit, variant: str) -> None:
    """A wardrobe or chest of drawers, by variant."""
    if variant == "wardrobe":
        k.box("body", (0.95, 0.55, 1.7), (0, 0, 0.88), 0.015)
        for s in (1, -1):
            k.box("body", (0.45, 0.03, 1.55), (0.232 * s, -0.285, 0.92), 0.01)
            k.box("body", (0.34, 0.02, 0.62), (0.232 * s, -0.303, 1.25), 0.01)
            k.box("body", (0.34, 0.02, 0.62), (0.232 * s, -0.303, 0.55), 0.01)
            k.cyl("steel", 0.015, 0.18, (0.04 * s, -0.33, 0.85))
        _legs(k, "body", 0.8, 0.4, 0.1, 0.035)
    else:
        k.box("body", (1.0, 0.5, 0.85), (0, 0, 0.53), 0.015)
        for i in range(3 if k.rng.random() < 0.5 else 4):
            z = 0.24 + i * 0.21
            if z > 0.95:
                continue
            k.box("body", (0.92, 0.03, 0.185), (0, -0.26, z), 0.01)
            for x in (-0.25, 0.25):
                k.ball("brass", 0.028, (x, -0.295, z), 10)
        _legs(k, "darkwood", 0.85, 0.4, 0.12, 0.03)
    k.turn(0, "z", k.u(-40, 40))


@shape
def bench(k: Kit, variant: str) -> None:
    """A garden bench."""
    for y in (-0.2, -0.07, 0.06, 0.19):
        k.box("body", (1.4, 0.1, 0.035), (0, y, 0.5), 0.01)
    for i, z in enumerate((0.66, 0.79, 0.92)):
        k.box("body", (1.4, 0.03, 0.09), (0, 0.28 + i * 0.03, z), 0.01)
    for x in (-0.6, 0.6):
        k.tube("black", [(x, -0.22, 0), (x, -0.22, 0.48), (x, 0.22, 0.48), (x, 0.35, 0.95)], 0.03, smooth=0)
        k.tube("black", [(x, 0.24, 0.48), (x, 0.28, 0)], 0.03, smooth=0)
        k.tube("black", [(x, -0.22, 0.48), (x, -0.24, 0.72), (x, 0.28, 0.74)], 0.025, smooth=0)
    k.turn(0, "z", k.u(-40, 40))


@shape
def frame(k: Kit, variant: str) -> None:
    """A picture frame."""
    k.pose = "front"
    w, h = k.pick((0.8, 1.05), (1.05, 0.8), (0.9, 0.9))
    b = k.u(0.05, 0.1)
    k.slab("body", rounded(w, h, 0.005), 0.06, (0, 0, h / 2), "y", holes=[rounded(w - 2 * b, h - 2 * b, 0.002)])
    k.quad("white", w - 2 * b, h - 2 * b, (0, 0.04, h / 2))
    k.quad("img:photo", w * 0.58, h * 0.58, (0, 0.036, h / 2))
    k.turn(0, "x", -10)
    k.turn(0, "z", k.u(-20, 20))


@shape
def canvas_art(k: Kit, variant: str) -> None:
    """A canvas painting."""
    k.pose = "front"
    w, h = k.pick((0.85, 1.05), (1.2, 0.8), (1.0, 1.0))
    k.box("white", (w, 0.07, h), (0, 0, h / 2))
    k.quad("img:art", w, h, (0, -0.0365, h / 2))
    k.turn(0, "x", -7)
    k.turn(0, "z", k.u(-25, 25))


@shape
def easel(k: Kit, variant: str) -> None:
    """An easel."""
    for x in (-0.4, 0.4):
        k.tube("body", [(x, -0.2, 0), (x * 0.12, 0.05, 1.6)], 0.03, smooth=0)
    k.tube("body", [(0, 0.6, 0), (0, 0.05, 1.5)], 0.03, smooth=0)
    k.box("body", (0.85, 0.1, 0.05), (0, -0.12, 0.62), 0.01)
    k.box("body", (0.6, 0.04, 0.05), (0, -0.18, 0.2), 0.01)
    start = k.mark()
    k.box("white", (0.75, 0.03, 0.6), (0, 0, 0.3))
    if k.rng.random() < 0.6:
        k.quad("img:art", 0.75, 0.6, (0, -0.017, 0.3))
    k.turn(start, "x", -9)
    k.move(start, (0, -0.12, 0.65))
    k.turn(0, "z", k.u(-30, 30))


@shape
def mirror(k: Kit, variant: str) -> None:
    """A mirror."""
    k.pose = "front"
    a, b = k.pick((0.55, 0.55), (0.42, 0.6))
    k.slab("body", ellipse(a + 0.06, b + 0.06, (0, b + 0.06)), 0.05, (0, 0, 0), "y")
    k.slab("mirror", ellipse(a, b, (0, b + 0.06)), 0.055, (0, -0.006, 0), "y")
    k.turn(0, "x", -8)
    k.turn(0, "z", k.u(-20, 20))


@shape
def rug(k: Kit, variant: str) -> None:
    """A rug."""
    k.pose = "flat"
    w, h = 1.0, k.u(0.62, 0.72)
    k.box("body", (w, h, 0.02), (0, 0, 0.01))
    if k.rng.random() < 0.6:
        k.slab("second", rounded(w * 0.9, h * 0.86, 0.002), 0.0215, holes=[rounded(w * 0.84, h * 0.78, 0.002)])
        k.slab("second", ellipse(0.16, 0.16, n=4), 0.0215)
    for s in (1, -1):
        for y in np.linspace(-h / 2, h / 2, 34):
            k.tube(
                "fringe",
                [(s * w / 2, y, 0.01), (s * (w / 2 + 0.06), y + k.u(-0.008, 0.008), 0.006)],
                0.005,
                smooth=0,
                n=5,
            )
    k.turn(0, "z", k.u(-40, 40))
