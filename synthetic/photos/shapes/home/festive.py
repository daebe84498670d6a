"""Parties, seasons and ceremonies."""

from __future__ import annotations

import numpy as np

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def candle(k: Kit, variant: str) -> None:
    """A candle."""
    for i in range(int(k.rng.integers(1, 4))):
        r, h = k.u(0.2, 0.26), k.u(0.5, 1.05)
        start = k.mark()
        k.lathe("body", [(0, 0), (r, 0), (r, h), (r - 0.03, h + 0.01), (r - 0.06, h - 0.04), (0, h - 0.05)])
        k.tube("dark", [(0, 0, h - 0.05), (0.005, 0, h + 0.08)], 0.012, smooth=0)
        k.lathe("flame", [(0, h + 0.05), (0.045, h + 0.11), (0.03, h + 0.18), (0, h + 0.26)], smooth=16, n=16)
        k.move(start, ((0, 0.55, 0.2)[i], (0, 0.1, -0.5)[i], 0))


@shape
def balloons(k: Kit, variant: str) -> None:
    """Balloons."""
    for i in range(int(k.rng.integers(1, 5))):
        x, z = (0, -0.5, 0.5, 0.05)[i], (1.3, 1.15, 1.1, 0.75)[i]
        start = k.mark()
        k.lathe(
            "body" if i % 2 == 0 else "second",
            [(0, -0.5), (0.05, -0.46), (0.22, -0.28), (0.36, 0.02), (0.28, 0.32), (0, 0.43)],
            smooth=40,
        )
        k.cyl("body" if i % 2 == 0 else "second", 0.055, 0.06, (0, 0, -0.54), top=0.02)
        k.move(start, (x, k.u(-0.15, 0.15) - (0.35 if i == 3 else 0), z))
        k.tube("white", [(x, 0, z - 0.54), (x * 0.6 + 0.05, 0, z - 0.8), (x * 0.1, 0, 0.05)], 0.01, n=5)


@shape
def party_hat(k: Kit, variant: str) -> None:
    """A party hat."""
    for i in range(int(k.rng.integers(1, 3))):
        start = k.mark()
        k.lathe("body", [(0.42, 0), (0, 1.1)])
        k.ball("second", 0.11, (0, 0, 1.12), 14)
        for _ in range(30):
            n = k.rng.normal(size=3)
            n *= 0.16 / np.linalg.norm(n)
            k.tube("second", [(0, 0, 1.12), (n[0], n[1], 1.12 + n[2])], 0.014, smooth=0, n=5)
        k.torus("second", 0.425, 0.025, (0, 0, 0.01))
        k.move(start, (i * 0.8, i * 0.3, 0))


@shape
def bauble(k: Kit, variant: str) -> None:
    """A christmas ornament."""
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.ball("body", 0.42, (0, 0, 0.42))
        k.lathe("gold", [(0.13, 0.8), (0.13, 0.92), (0, 0.93)])
        k.torus("gold", 0.06, 0.015, (0, 0, 0.98), "y")
        if k.rng.random() < 0.6:
            k.torus("gold", 0.422, 0.02, (0, 0, 0.42))
        k.move(start, ((0, 0.85, 0.4)[i], (0, 0.2, -0.7)[i], 0))


@shape
def xmas_tree(k: Kit, variant: str) -> None:
    """A christmas tree."""
    for i, (z, r) in enumerate(((0.15, 0.6), (0.45, 0.5), (0.72, 0.4), (0.96, 0.29), (1.16, 0.18))):
        t = np.linspace(0, 2 * np.pi, 22, endpoint=False)
        for a in t + i:
            k.tube(
                "body",
                [
                    (0, 0, z + 0.42),
                    (r * 0.6 * np.cos(a), r * 0.6 * np.sin(a), z + 0.16),
                    (r * np.cos(a), r * np.sin(a), z + k.u(-0.02, 0.05)),
                ],
                [0.04, 0.07, 0.02],
                n=6,
                smooth=10,
            )
        for a in t[::4] + 0.3 * i:
            k.ball(k.pick("red", "gold", "blue"), 0.045, (r * 0.98 * np.cos(a), r * 0.98 * np.sin(a), z + 0.02), 10)
    k.cyl("darkwood", 0.07, 0.3)
    k.cyl("red", 0.16, 0.12, top=0.2)
    star = [
        (r * np.sin(a), r * np.cos(a))
        for a, r in zip(np.linspace(0, 2 * np.pi, 10, endpoint=False), (0.13, 0.055) * 5, strict=True)
    ]
    k.slab("gold", star, 0.04, (0, -0.02, 1.66), "y")


@shape
def cross(k: Kit, variant: str) -> None:
    """A wall cross."""
    k.pose = "front"
    k.box("body", (0.17, 0.1, 1.2), (0, 0, 0.7), 0.02)
    k.box("body", (0.75, 0.1, 0.17), (0, 0, 0.95), 0.02)
    k.box("body", (0.5, 0.34, 0.08), (0, 0, 0.04), 0.02)
    k.box("body", (0.34, 0.24, 0.07), (0, 0, 0.11), 0.02)
    k.turn(0, "z", k.u(-35, 35))


@shape
def menorah(k: Kit, variant: str) -> None:
    """A menorah."""
    k.pose = "front"
    k.lathe("body", [(0, 0), (0.3, 0), (0.3, 0.04), (0.08, 0.1), (0.04, 0.2), (0.04, 0.9), (0, 0.9)])
    for r in (0.15, 0.3, 0.45, 0.6):
        t = np.linspace(np.pi, 2 * np.pi, 24)
        k.tube("body", [(r * np.cos(x), 0, 0.85 + r * np.sin(x)) for x in t], 0.025, smooth=0)
    for x in np.arange(-0.6, 0.61, 0.15):
        top = 0.98 if abs(x) < 0.01 else 0.86
        k.lathe("body", [(0.02, top - 0.04), (0.055, top), (0.055, top + 0.03), (0, top + 0.03)], (x, 0, 0), n=16)
        k.cyl("white", 0.025, 0.28, (x, 0, top + 0.03), n=12)
        k.ball("flame", (0.015, 0.015, 0.035), (x, 0, top + 0.35), 8)


@shape
def gift_box(k: Kit, variant: str) -> None:
    """A gift box."""
    h = k.u(0.6, 0.95)
    k.box("body", (0.9, 0.9, h), (0, 0, h / 2))
    k.box("body", (0.96, 0.96, 0.2), (0, 0, h + 0.02))
    for size in ((0.97, 0.16), (0.16, 0.97)):
        k.box("satin", (size[0], size[1], 0.202), (0, 0, h + 0.022))
    for size in ((0.91, 0.16), (0.16, 0.91)):
        k.box("satin", (size[0], size[1], h), (0, 0, h / 2))
    for a in (20, 160, 250, 300):
        start = k.mark()
        k.tube("satin", [(0, 0, 0), (0.2, 0.1, 0.2), (0.42, 0, 0.16), (0.2, -0.1, 0.02), (0, 0, 0)], 0.05, n=8)
        k.turn(start, "z", a)
        k.move(start, (0, 0, h + 0.12))
    k.turn(0, "z", k.u(20, 60))


@shape
def singing_bowl(k: Kit, variant: str) -> None:
    """A singing bowl."""
    k.lathe("second", [(0, 0), (0.4, 0.02), (0.48, 0.1), (0.4, 0.18), (0, 0.16)], smooth=20)
    k.lathe(
        "body", [(0, 0.16), (0.3, 0.18), (0.46, 0.4), (0.47, 0.58), (0.43, 0.58), (0.42, 0.42), (0.26, 0.22), (0, 0.2)]
    )
    k.tube("darkwood", [(-0.2, -0.42, 0.7), (0.62, 0.1, 0.62)], 0.05, smooth=0)
