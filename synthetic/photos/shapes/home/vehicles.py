"""Vehicles, their parts and supplies."""

from __future__ import annotations

import numpy as np

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def bicycle(k: Kit, variant: str) -> None:
    """A city bike."""
    for x in (-0.62, 0.62):
        k.torus("black", 0.36, 0.028, (x, 0, 0.39), "y", n=56)
        k.torus("steel", 0.33, 0.014, (x, 0, 0.39), "y", n=56)
        for a in np.linspace(0, np.pi, 9, endpoint=False):
            c, s = 0.33 * np.cos(a), 0.33 * np.sin(a)
            k.tube("steel", [(x - c, 0, 0.39 - s), (x + c, 0, 0.39 + s)], 0.005, smooth=0, n=4)
    hub, crank, seat, head = (-0.62, 0, 0.39), (-0.1, 0, 0.36), (-0.25, 0, 0.86), (0.42, 0, 0.88)
    for a, b in ((crank, seat), (crank, head), (seat, head), (hub, seat), (hub, crank)):
        k.tube("body", [a, b], 0.028, smooth=0)
    k.tube("body", [(0.39, 0, 0.98), (0.5, 0, 0.68), (0.62, 0, 0.39)], 0.026)
    k.tube("steel", [(-0.25, 0, 0.86), (-0.28, 0, 1.0)], 0.02, smooth=0)
    k.box("black", (0.3, 0.15, 0.06), (-0.28, 0, 1.03), 0.028)
    k.tube("steel", [(0.39, 0, 0.98), (0.37, 0, 1.08)], 0.022, smooth=0)
    k.tube("steel", [(0.2, -0.28, 1.06), (0.36, -0.2, 1.1), (0.38, 0, 1.08), (0.36, 0.2, 1.1), (0.2, 0.28, 1.06)], 0.02)
    k.cyl("steel", 0.1, 0.02, (-0.1, -0.06, 0.36), "y")
    k.tube("dark", [(-0.22, -0.06, 0.24), (0.02, -0.06, 0.48)], 0.018, smooth=0)
    k.box("black", (0.12, 0.1, 0.03), (0.02, -0.1, 0.48), 0.01)
    for x, t0, t1 in ((-0.62, 0.3, 2.6), (0.62, 0.7, 2.2)):
        k.tube(
            "body",
            [(x + 0.41 * np.cos(t), 0, 0.39 + 0.41 * np.sin(t)) for t in np.linspace(t0, t1, 20)],
            0.02,
            smooth=0,
        )
    k.pose = "front"
    k.turn(0, "z", k.pick(0, 180) + k.u(-25, 25))


@shape
def steering_wheel(k: Kit, variant: str) -> None:
    """A steering wheel."""
    k.pose = "front"
    k.torus("body", 0.5, 0.065, (0, 0, 0), "y")
    k.cyl("black", 0.14, 0.08, (0, -0.04, 0), "y")
    k.disc("img:logo", 0.09, (0, -0.045, 0))
    for a in (0, 180, 270):
        start = k.mark()
        k.box("steel", (0.36, 0.035, 0.11), (0.3, 0, 0), 0.015)
        k.turn(start, "y", -a)
    k.turn(0, "x", -k.u(5, 25))
    k.turn(0, "z", k.u(-30, 30))


@shape
def tire(k: Kit, variant: str) -> None:
    """A car tire."""
    k.lathe(
        "body",
        [
            (0.34, -0.16),
            (0.45, -0.19),
            (0.6, -0.17),
            (0.64, -0.12),
            (0.65, 0),
            (0.64, 0.12),
            (0.6, 0.17),
            (0.45, 0.19),
            (0.34, 0.16),
            (0.34, -0.16),
        ],
        (0, 0, 0.66),
        "y",
        n=64,
    )
    for a in np.linspace(0, 2 * np.pi, 44, endpoint=False):
        for y in (-0.075, 0.075):
            start = k.mark()
            k.box("body", (0.035, 0.1, 0.05), (0, y, 0.65))
            k.turn(start, "y", np.degrees(a))
            k.move(start, (0, 0, 0.66))
    if k.rng.random() < 0.55:
        k.cyl("steel", 0.34, 0.06, (0, -0.02, 0.66), "y")
        for a in range(5):
            start = k.mark()
            k.box("steel", (0.1, 0.1, 0.32), (0, -0.09, 0.18), 0.03)
            k.turn(start, "y", a * 72)
            k.move(start, (0, 0, 0.66))
        k.cyl("dark", 0.08, 0.12, (0, -0.16, 0.66), "y")
        k.torus("steel", 0.33, 0.025, (0, -0.15, 0.66), "y")
    k.turn(0, "z", k.pick(-1, 1) * k.u(15, 55))


@shape
def brake_disc(k: Kit, variant: str) -> None:
    """A brake disc."""
    k.lathe(
        "body",
        [
            (0.3, 0),
            (0.62, 0),
            (0.62, 0.03),
            (0.6, 0.035),
            (0.6, 0.07),
            (0.62, 0.075),
            (0.62, 0.105),
            (0.3, 0.105),
            (0.3, 0.24),
            (0.1, 0.24),
            (0.1, 0.2),
        ],
        n=64,
    )
    for a in np.linspace(0, 2 * np.pi, 5, endpoint=False):
        k.disc("dark", 0.03, (0.2 * np.cos(a), 0.2 * np.sin(a), 0.242), "z")
    for a in np.linspace(0, 2 * np.pi, 18, endpoint=False):
        for r in (0.4, 0.52):
            k.disc("dark", 0.016, (r * np.cos(a + r), r * np.sin(a + r), 0.107), "z")
    k.disc("dark", 0.1, (0, 0, 0.21), "z")
    k.turn(0, "x", k.pick(0, 50, 65))


@shape
def car_battery(k: Kit, variant: str) -> None:
    """A car battery."""
    k.box("body", (1.1, 0.62, 0.7), (0, 0, 0.35), 0.03)
    k.box("dark", (1.12, 0.64, 0.14), (0, 0, 0.76), 0.03)
    for x, c in ((-0.4, "red"), (0.4, "blue")):
        k.cyl("steel", 0.06, 0.14, (x, 0.1, 0.83), top=0.05)
        k.torus(c, 0.085, 0.025, (x, 0.1, 0.84))
    k.tube("dark", [(-0.3, 0, 0.83), (-0.25, -0.02, 0.95), (0.25, -0.02, 0.95), (0.3, 0, 0.83)], 0.025)
    k.quad("img:label", 0.8, 0.42, (0, -0.314, 0.36))
    k.turn(0, "z", k.u(-40, 40))


@shape
def helmet(k: Kit, variant: str) -> None:
    """A motorcycle helmet."""
    k.ball("body", (0.5, 0.58, 0.55), (0, 0, 0.58))
    k.lathe("body", [(0.44, 0.0), (0.5, 0.3), (0.5, 0.5)])
    k.move(k.mark() - 1, (0, 0, 0.1), (1, 1.12, 1))
    k.torus("black", 0.43, 0.05, (0, 0, 0.08))
    start = k.mark()
    t = np.linspace(-1.15, 1.15, 24)
    rows = [
        np.stack([0.525 * np.sin(t) * c, -0.605 * np.cos(t) * c, np.full_like(t, z)], -1)
        for z, c in ((0.4, 0.97), (0.52, 1.0), (0.64, 1.0), (0.76, 0.95))
    ]
    i, j = np.meshgrid(np.arange(3), np.arange(23), indexing="ij")
    a = (i * 24 + j).ravel()
    k.add(
        np.concatenate(rows),
        np.concatenate([np.stack([a, a + 1, a + 25], -1), np.stack([a, a + 25, a + 24], -1)]),
        "visor",
        crease=90,
    )
    k.move(start, (0, 0, 0))
    k.box("second", (0.1, 0.9, 0.02), (0, 0.1, 1.125), 0.009)
    k.turn(0, "z", k.pick(-1, 1) * k.u(15, 60))


@shape
def jug(k: Kit, variant: str) -> None:
    """A motor oil."""
    outline = [(-0.36, 0), (0.36, 0), (0.36, 0.9), (0.28, 1.05), (-0.1, 1.05), (-0.36, 0.8)]
    k.slab(
        "body",
        outline,
        0.36,
        (0, -0.18, 0),
        "y",
        holes=[[(0.12, 0.55), (0.27, 0.55), (0.27, 0.9), (0.2, 0.95), (0.12, 0.9)]],
    )
    k.cyl("second", 0.1, 0.14, (-0.22, 0, 0.95), n=30)
    k.quad("img:label", 0.5, 0.5, (-0.06, -0.19, 0.33))


@shape
def jerrycan(k: Kit, variant: str) -> None:
    """A fuel can."""
    k.box("body", (0.75, 0.34, 0.9), (0, 0, 0.45), 0.08)
    k.tube("body", [(-0.2, 0, 0.85), (-0.15, 0, 1.05), (0.2, 0, 1.05), (0.25, 0, 0.85)], 0.05)
    k.tube("black", [(-0.28, 0, 0.85), (-0.36, 0, 1.0), (-0.45, 0, 1.1)], [0.09, 0.07, 0.05])
    for s in (1, -1):
        k.tube("body", [(-0.25 * s, -0.17, 0.2), (0.25 * s, -0.17, 0.7)], 0.04, smooth=0)
