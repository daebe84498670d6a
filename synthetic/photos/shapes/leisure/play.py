"""Toys and games."""

from __future__ import annotations

import numpy as np

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit

RAINBOW = ("red", "orange", "yellow", "green", "blue", "purple")


@shape
def stacking_rings(k: Kit, variant: str) -> None:
    """Stacking rings."""
    k.cyl("wood", 0.55, 0.08)
    z = 0.1
    for i, c in enumerate(RAINBOW):
        r = 0.14 - i * 0.011
        k.torus(c, 0.4 - i * 0.05, r, (0, 0, z + r))
        z += 2 * r * 0.93
    k.cyl("wood", 0.06, z + 0.1)
    k.ball("red", 0.13, (0, 0, z + 0.14), 16)


@shape
def blocks(k: Kit, variant: str) -> None:
    """Building blocks."""
    spots = [
        (0, 0, 0),
        (0.44, 0.06, 0),
        (-0.45, -0.04, 0),
        (0.2, 0, 0.4),
        (-0.24, 0.02, 0.4),
        (0, 0, 0.8),
        (0.75, -0.42, 0),
        (-0.35, -0.6, 0),
    ]
    for i, at in enumerate(spots):
        start = k.mark()
        form = (i + int(k.rng.integers(3))) % 5
        slot = RAINBOW[int(k.rng.integers(len(RAINBOW)))]
        if form == 3 and i in (5, 6, 7):
            k.slab(slot, [(-0.2, 0), (0.2, 0), (0, 0.36)], 0.38, (0, -0.19, 0), "y")
        elif form == 4:
            k.cyl(slot, 0.19, 0.4)
        else:
            k.box(slot, (0.39, 0.39, 0.39), (0, 0, 0.2), 0.025)
        k.turn(start, "z", k.u(-18, 18))
        k.move(start, at)
    k.turn(0, "z", k.u(-30, 30))


def _wheel(k: Kit, x: float, y: float, r: float, width: float = 0.12) -> None:
    k.cyl("black", r, width, (x, y - width / 2, r), "y")
    k.cyl("second", r * 0.5, width + 0.02, (x, y - width / 2 - 0.01, r), "y")


@shape
def toy_car(k: Kit, variant: str) -> None:
    """A toy car."""
    body = [
        (-0.75, 0.15),
        (0.75, 0.15),
        (0.78, 0.36),
        (0.7, 0.42),
        (0.4, 0.46),
        (0.2, 0.74),
        (-0.35, 0.74),
        (-0.55, 0.48),
        (-0.76, 0.44),
    ]
    k.slab("body", body, 0.62, (0, -0.31, 0), "y")
    for y in (-0.312, 0.302):
        k.slab("glass-blue", [(-0.44, 0.48), (-0.08, 0.48), (-0.08, 0.68), (-0.32, 0.68)], 0.01, (0, y, 0), "y")
        k.slab("glass-blue", [(-0.02, 0.48), (0.3, 0.48), (0.17, 0.68), (-0.02, 0.68)], 0.01, (0, y, 0), "y")
        k.ball("yellow", (0.02, 0.06, 0.06), (0.77, y * 0.7, 0.3), 10)
    start = k.mark()
    k.quad("glass-blue", 0.5, 0.3, (0, 0, 0))
    k.turn(start, "x", -36)
    k.turn(start, "z", 90)
    k.move(start, (0.31, 0, 0.605))
    for x in (-0.42, 0.44):
        for y in (-0.3, 0.3):
            _wheel(k, x, y, 0.18)
    k.turn(0, "z", k.pick(0, 180) + k.u(-40, 40))


@shape
def toy_train(k: Kit, variant: str) -> None:
    """A toy train."""
    k.box("body", (1.3, 0.5, 0.12), (0, 0, 0.3), 0.03)
    k.cyl("second", 0.23, 0.75, (-0.1, 0, 0.56), "x")
    k.box("body", (0.42, 0.5, 0.62), (-0.42, 0, 0.62), 0.03)
    k.box("second", (0.54, 0.6, 0.07), (-0.42, 0, 0.96), 0.03)
    for y in (-0.252, 0.252):
        k.box("glass-blue", (0.22, 0.01, 0.2), (-0.42, y, 0.72))
    k.cyl("black", 0.08, 0.24, (0.42, 0, 0.74), top=0.13)
    k.ball("gold", 0.08, (0.12, 0, 0.8), 12)
    k.ball("yellow", 0.08, (0.66, 0, 0.56), 12)
    k.slab("red", [(0.6, 0.1), (0.82, 0.1), (0.62, 0.3)], 0.44, (0, -0.22, 0), "y")
    for x, r in ((-0.42, 0.2), (0.05, 0.15), (0.42, 0.15)):
        for y in (-0.28, 0.28):
            _wheel(k, x, y, r, 0.08)
    k.turn(0, "z", k.pick(0, 180) + k.u(-40, 40))


@shape
def teddy(k: Kit, variant: str) -> None:
    """A teddy bear."""
    k.ball("body", (0.36, 0.3, 0.4), (0, 0, 0.42))
    k.ball("muzzle", (0.22, 0.12, 0.26), (0, -0.2, 0.42))
    k.ball("body", (0.34, 0.3, 0.31), (0, -0.02, 1.03))
    k.ball("muzzle", (0.15, 0.13, 0.12), (0, -0.27, 0.95))
    k.ball("black", (0.05, 0.04, 0.035), (0, -0.39, 1.0), 10)
    for s in (1, -1):
        k.ball("body", (0.13, 0.07, 0.13), (0.27 * s, 0, 1.28))
        k.ball("muzzle", (0.08, 0.04, 0.08), (0.27 * s, -0.05, 1.28))
        k.ball("black", 0.038, (0.12 * s, -0.28, 1.1), 10)
        start = k.mark()
        k.ball("body", (0.13, 0.13, 0.3), (0, 0, 0))
        k.turn(start, "y", 35 * s if s < 0 else 35)
        k.turn(start, "x", 20)
        if s > 0:
            k.move(start, (0, 0, 0), (-1, 1, 1))
        k.move(start, (0.42 * s, -0.1, 0.55))
        k.ball("body", (0.16, 0.32, 0.16), (0.24 * s, -0.32, 0.15))
        k.ball("muzzle", (0.11, 0.03, 0.11), (0.24 * s, -0.63, 0.16))
    if k.rng.random() < 0.6:
        for s in (1, -1):
            k.ball("second", (0.13, 0.05, 0.08), (0.12 * s, -0.3, 0.75), 12)
        k.ball("second", 0.05, (0, -0.33, 0.75), 10)
    k.turn(0, "z", k.u(-35, 35))


@shape
def duck(k: Kit, variant: str) -> None:
    """A rubber duck."""
    k.ball("body", (0.52, 0.4, 0.34), (0, 0, 0.33))
    k.ball("body", 0.3, (0.3, 0, 0.82))
    k.ball("body", (0.22, 0.2, 0.16), (-0.46, 0, 0.5))
    k.tube("body", [(-0.4, 0, 0.45), (-0.6, 0, 0.62), (-0.66, 0, 0.72)], [0.2, 0.12, 0.03])
    k.ball("orange", (0.15, 0.14, 0.045), (0.63, 0, 0.8))
    k.ball("orange", (0.12, 0.11, 0.03), (0.62, 0, 0.75))
    for s in (1, -1):
        k.ball("white", 0.06, (0.52, 0.14 * s, 0.93), 12)
        k.ball("black", 0.045, (0.55, 0.155 * s, 0.94), 10)
        k.ball("body", (0.28, 0.06, 0.17), (-0.08, 0.38 * s, 0.42))
    k.turn(0, "z", k.pick(-45, -135) + k.u(-30, 30))


@shape
def puzzle_cube(k: Kit, variant: str) -> None:
    """A puzzle cube."""
    k.box("black", (0.98, 0.98, 0.98), (0, 0, 0.5), 0.05)
    faces = ("red", "blue", "white", "green", "yellow", "orange")
    mixed = k.rng.random() < 0.6
    for i in range(3):
        for j in range(3):
            a, b = -0.325 + i * 0.325, -0.325 + j * 0.325
            c = [faces[int(k.rng.integers(6))] for _ in range(3)] if mixed else list(faces[:3])
            k.box(c[0], (0.29, 0.02, 0.29), (a, -0.495, 0.5 + b), 0.009)
            k.box(c[1], (0.02, 0.29, 0.29), (0.495, a, 0.5 + b), 0.009)
            k.box(c[2], (0.29, 0.29, 0.02), (a, b, 0.995), 0.009)
    k.turn(0, "z", -k.u(20, 65))


@shape
def dice(k: Kit, variant: str) -> None:
    """A dice."""
    pips = {
        1: [(0, 0)],
        2: [(-1, -1), (1, 1)],
        3: [(-1, -1), (0, 0), (1, 1)],
        4: [(-1, -1), (1, 1), (-1, 1), (1, -1)],
        5: [(-1, -1), (1, 1), (-1, 1), (1, -1), (0, 0)],
        6: [(-1, -1), (1, 1), (-1, 1), (1, -1), (-1, 0), (1, 0)],
    }
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.box("body", (0.7, 0.7, 0.7), (0, 0, 0.35), 0.1)
        for face, n in enumerate(int(x) for x in k.rng.permutation(6)[:3] + 1):
            for a, b in 0.17 * np.array(pips[n]):
                if face == 0:
                    k.ball("pip", (0.075, 0.075, 0.012), (a, b, 0.7), 12)
                elif face == 1:
                    k.ball("pip", (0.075, 0.012, 0.075), (a, -0.35, 0.35 + b), 12)
                else:
                    k.ball("pip", (0.012, 0.075, 0.075), (0.35, a, 0.35 + b), 12)
        k.turn(start, "z", -k.u(10, 70))
        k.move(start, ((0, 1.05, 0.4)[i], (0, 0.15, -0.95)[i], 0))


@shape
def chess(k: Kit, variant: str) -> None:
    """A chess piece."""
    base = [(0, 0), (0.3, 0), (0.3, 0.07), (0.24, 0.12), (0.26, 0.17), (0.13, 0.3)]
    k.lathe("body", [*base, (0.1, 0.85), (0.2, 0.92), (0.1, 0.97), (0.17, 1.25), (0.1, 1.28), (0, 1.32)])
    k.box("body", (0.05, 0.05, 0.2), (0, 0, 1.4))
    k.box("body", (0.15, 0.05, 0.05), (0, 0, 1.42))
    for i, x in enumerate((-0.75, 0.75)[: int(k.rng.integers(1, 3))]):
        slot = "body" if i == 0 else "white"
        k.lathe(
            slot, [(r * 0.85, z * 0.85) for r, z in base] + [(0.09, 0.5), (0.17, 0.54), (0.08, 0.58)], (x, -0.25, 0)
        )
        k.ball(slot, 0.16, (x, -0.25, 0.7), 18)


@shape
def spinning_top(k: Kit, variant: str) -> None:
    """A spinning top."""
    k.lathe("body", [(0, 0), (0.03, 0.05), (0.2, 0.22), (0.5, 0.5)])
    k.lathe("second", [(0.5, 0.5), (0.53, 0.56), (0.48, 0.62)])
    k.lathe("body", [(0.48, 0.62), (0.25, 0.7), (0.08, 0.74)])
    k.lathe("wood", [(0.08, 0.74), (0.05, 0.8), (0.045, 1.1), (0.07, 1.15), (0, 1.17)])
    k.turn(0, "y", k.u(-22, 22))


@shape
def kite(k: Kit, variant: str) -> None:
    """A kite."""
    k.pose = "flat"
    corners = [(0, 0.7), (0.55, 0.15), (0, -0.8), (-0.55, 0.15)]
    for i in range(4):
        k.slab(("body", "second")[i % 2], [(0, 0.15), corners[i], corners[(i + 1) % 4]], 0.02)
    k.tube("dark", [(0, 0.7, 0.03), (0, -0.8, 0.03)], 0.012, smooth=0)
    k.tube("dark", [(-0.55, 0.15, 0.03), (0.55, 0.15, 0.03)], 0.012, smooth=0)
    tail = [(0, -0.8, 0.02), (0.15, -1.0, 0.02), (-0.1, -1.2, 0.02), (0.12, -1.4, 0.02)]
    k.tube("white", tail, 0.012, n=6)
    for x, y, _ in tail[1:]:
        for s in (1, -1):
            k.slab("red" if s > 0 else "yellow", [(x, y), (x + 0.13 * s, y + 0.07), (x + 0.13 * s, y - 0.07)], 0.03)
    k.turn(0, "z", k.u(-35, 35))


@shape
def robot(k: Kit, variant: str) -> None:
    """A toy robot."""
    k.box("body", (0.62, 0.42, 0.68), (0, 0, 0.7), 0.05)
    k.box("body", (0.46, 0.38, 0.36), (0, 0, 1.26), 0.05)
    k.cyl("steel", 0.08, 0.1, (0, 0, 1.02))
    k.quad("img:panel", 0.42, 0.32, (0, -0.213, 0.74))
    for s in (1, -1):
        k.cyl("yellow", 0.075, 0.04, (0.11 * s, -0.22, 1.3), "y")
        k.disc("black", 0.035, (0.11 * s, -0.222, 1.3))
        k.cyl("steel", 0.05, 0.08, (0.27 * s - 0.04, 0, 1.26), "x")
        k.tube("steel", [(0.32 * s, 0, 0.95), (0.48 * s, 0, 0.85), (0.48 * s, -0.12, 0.5)], 0.06)
        k.torus("second", 0.08, 0.035, (0.48 * s, -0.14, 0.42), "y")
        k.box("second", (0.2, 0.26, 0.36), (0.17 * s, 0, 0.24), 0.03)
        k.box("body", (0.24, 0.42, 0.12), (0.17 * s, -0.05, 0.06), 0.04)
    k.box("black", (0.26, 0.02, 0.06), (0, -0.19, 1.15))
    k.tube("steel", [(0, 0, 1.43), (0, 0, 1.58)], 0.015, smooth=0)
    k.ball("red", 0.05, (0, 0, 1.6), 10)
    k.turn(0, "z", k.u(-35, 35))


@shape
def rope(k: Kit, variant: str) -> None:
    """A rope."""
    t = np.linspace(0, 2 * np.pi * 6, 300)
    r = 0.5 + 0.04 * np.sin(t * 1.37)
    k.tube(
        "body",
        np.stack([r * np.cos(t), r * np.sin(t) * 0.85, 0.06 + t / t[-1] * 0.32 + 0.02 * np.sin(3 * t)], -1).tolist(),
        0.055,
        smooth=0,
        n=9,
    )
    s = np.linspace(0, 2 * np.pi * 4, 80)
    k.tube(
        "body",
        np.stack([0.5 + 0.13 * np.cos(s), -0.12 + s / s[-1] * 0.25, 0.22 + 0.24 * np.sin(s)], -1).tolist(),
        0.05,
        smooth=0,
        n=9,
    )
    k.turn(0, "z", k.u(0, 360))
