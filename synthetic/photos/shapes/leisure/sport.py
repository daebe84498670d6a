"""Sporting goods."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import rounded, spline
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def racket(k: Kit, variant: str) -> None:
    """A tennis racket."""
    k.pose = "flat"
    head = [(0.36 * np.cos(t), 0.6 + 0.48 * np.sin(t), 0) for t in np.linspace(0, 2 * np.pi, 60, endpoint=False)]
    k.tube("body", head, 0.04, closed=True, smooth=0)
    for x in np.linspace(-0.3, 0.3, 13):
        h = 0.48 * np.sqrt(max(1 - (x / 0.36) ** 2, 0))
        k.tube("white", [(x, 0.6 - h, 0), (x, 0.6 + h, 0)], 0.007, smooth=0, n=5)
    for y in np.linspace(-0.42, 0.42, 17):
        w = 0.36 * np.sqrt(max(1 - (y / 0.48) ** 2, 0))
        k.tube("white", [(-w, 0.6 + y, 0.005), (w, 0.6 + y, 0.005)], 0.007, smooth=0, n=5)
    for s in (1, -1):
        k.tube("body", [(0.25 * s, 0.28, 0), (0.06 * s, -0.05, 0), (0.02 * s, -0.25, 0)], 0.035)
    k.tube("black", [(0, -0.22, 0), (0, -0.8, 0)], [0.05, 0.055], smooth=0)
    k.cyl("body", 0.065, 0.05, (0, -0.84, 0), "y")
    k.turn(0, "z", k.u(-50, 50))


@shape
def bat(k: Kit, variant: str) -> None:
    """A baseball bat."""
    k.pose = "flat"
    k.lathe(
        "body",
        [
            (0, 0),
            (0.08, 0),
            (0.085, 0.04),
            (0.042, 0.08),
            (0.045, 0.5),
            (0.07, 0.9),
            (0.11, 1.2),
            (0.115, 1.6),
            (0.08, 1.72),
            (0, 1.74),
        ],
        axis="y",
        smooth=60,
    )
    k.tube("black", [(0, 0.1, 0), (0, 0.45, 0)], 0.05, smooth=0)
    if k.rng.random() < 0.5:
        k.ball("white", 0.15, (0.42, 1.2, 0.04))
        for s in (1, -1):
            k.tube(
                "red",
                [(0.42 + s * 0.11, 1.1, 0.1), (0.42 + s * 0.05, 1.2, 0.19), (0.42 + s * 0.11, 1.3, 0.1)],
                0.01,
                n=5,
            )
    k.turn(0, "z", k.u(-60, 60))


@shape
def dumbbell(k: Kit, variant: str) -> None:
    """A dumbbell."""
    for i in range(int(k.rng.integers(1, 3))):
        start = k.mark()
        k.cyl("steel", 0.055, 0.7, (-0.35, 0, 0), "x")
        for s in (1, -1):
            k.lathe(
                "body",
                [(0, 0), (0.22, 0), (0.27, 0.06), (0.27, 0.28), (0.22, 0.34), (0, 0.34)],
                (0.28 if s > 0 else -0.62, 0, 0),
                "x",
                n=6,
            )
        k.turn(start, "x", 30)
        k.turn(start, "z", k.u(10, 35))
        k.move(start, (i * 0.25, i * 0.75, 0.24))


@shape
def kettlebell(k: Kit, variant: str) -> None:
    """A kettlebell."""
    k.lathe("body", [(0, 0), (0.28, 0), (0.44, 0.2), (0.45, 0.42), (0.3, 0.68), (0, 0.76)], smooth=40)
    k.tube(
        "body",
        [(-0.26, 0, 0.58), (-0.31, 0, 0.85), (-0.2, 0, 1.04), (0.2, 0, 1.04), (0.31, 0, 0.85), (0.26, 0, 0.58)],
        0.07,
    )
    k.quad("img:logo", 0.34, 0.26, (0, -0.462, 0.34))


@shape
def yoga_mat(k: Kit, variant: str) -> None:
    """A yoga mat."""
    t = np.linspace(0, 2 * np.pi * 4, 160)
    r = 0.04 + 0.0098 * t
    flat = k.u(0.2, 0.8)
    line = np.stack([r * np.cos(t), 0.29 + r * np.sin(t)], -1)
    if flat > 0.3:  # its end lies unrolled
        line = np.vstack([line, [[r[-1] * 0.6, 0.03], [r[-1] + flat, 0.012]]])
    width = 0.6
    v = np.concatenate([np.insert(line, 1, y, axis=1) for y in (-width, width)])
    n = len(line)
    i = np.arange(n - 1)
    k.add(
        v,
        np.concatenate([np.stack([i, i + 1, i + n + 1], -1), np.stack([i, i + n + 1, i + n], -1)]),
        "body",
        crease=180,
    )
    k.tube("body", np.insert(line, 1, -width, axis=1).tolist(), 0.013, smooth=0, n=6)
    k.tube("body", np.insert(line, 1, width, axis=1).tolist(), 0.013, smooth=0, n=6)
    k.turn(0, "z", k.u(30, 70))


@shape
def skateboard(k: Kit, variant: str) -> None:
    """A skateboard."""
    outline = rounded(1.6, 0.4, 0.199)
    k.slab("body", outline, 0.03, (0, 0, 0.2))
    part = k.parts[-1]
    part.vertices[:, 2] += np.clip(np.abs(part.vertices[:, 0]) - 0.52, 0, 1) * 0.4
    k.slab("dark", [(x * 0.985, y * 0.96) for x, y in rounded(1.06, 0.4, 0.01)], 0.004, (0, 0, 0.23))
    for x in (-0.45, 0.45):
        k.box("steel", (0.14, 0.2, 0.08), (x, 0, 0.15), 0.02)
        k.cyl("steel", 0.025, 0.44, (x, -0.22, 0.09), "y")
        for y in (-0.26, 0.16):
            k.cyl("second", 0.09, 0.1, (x, y, 0.09), "y")
    if k.rng.random() < 0.5:
        k.turn(0, "x", 60)
    k.turn(0, "z", k.u(-35, 35))


@shape
def surfboard(k: Kit, variant: str) -> None:
    """A surfboard."""
    k.pose = "front"
    half = [(0.0, -1.0), (0.17, -0.9), (0.27, -0.4), (0.28, 0.1), (0.2, 0.65), (0, 1.0)]
    outline = spline([*half, *((-x, y) for x, y in reversed(half[1:-1]))], 70, closed=True)
    k.puff("body", outline.tolist(), 0.06, 0.12)
    k.copy(0, (0, 0, 0), (1, 1, -1))
    k.box("second", (0.02, 1.85, 0.125), (0, 0, 0), 0.005)
    if k.rng.random() < 0.6:
        k.disc("img:star", 0.16, (0, 0.3, 0.064), "z")
    k.turn(0, "x", 84)
    k.turn(0, "z", k.u(-20, 20))


@shape
def paddle(k: Kit, variant: str) -> None:
    """A table tennis paddle."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(1, 3))):
        start = k.mark()
        outline = spline(
            [
                (0.1, -0.34),
                (0.33, -0.15),
                (0.38, 0.15),
                (0.2, 0.42),
                (-0.2, 0.42),
                (-0.38, 0.15),
                (-0.33, -0.15),
                (-0.1, -0.34),
            ],
            60,
            closed=True,
        ).tolist()
        k.slab("wood", outline, 0.04)
        k.slab("body", [(x, max(y, -0.22)) for x, y in outline], 0.055)
        k.box("wood", (0.13, 0.48, 0.09), (0, -0.5, 0.02), 0.04)
        k.turn(start, "z", -30 + i * 65)
        k.move(start, (i * 0.55, i * 0.05, i * 0.06))
    k.ball(k.pick("white", "orange"), 0.1, (0.5, -0.55, 0.1))


@shape
def tent(k: Kit, variant: str) -> None:
    """A dome tent."""
    t = np.linspace(0, np.pi / 2, 12)
    profile = np.stack([np.cos(t) ** 0.8, 0.72 * np.sin(t)], -1).tolist()
    k.lathe("body", profile, n=6)
    part = k.parts[-1]
    k.parts[-1] = type(part)(part.vertices, part.faces, "body", None, 25)
    start = k.mark()
    z = np.array([p[1] for p in profile])
    r = np.array([p[0] for p in profile]) * np.cos(np.pi / 6) + 0.012
    w = np.array([0.34 * np.sqrt(max(1 - (h / 0.5) ** 2, 0)) for h in z])
    keep = z < 0.5
    left = np.stack([-w, -r, z], -1)[keep]
    right = np.stack([w, -r, z], -1)[keep]
    n = int(keep.sum())
    i = np.arange(n - 1)
    k.add(
        np.vstack([left, right]),
        np.concatenate([np.stack([i, i + n, i + n + 1], -1), np.stack([i, i + n + 1, i + 1], -1)]),
        "dark",
        crease=180,
    )
    k.turn(start, "z", 30)
    for a in range(3):
        path = [
            (x * np.cos(a * np.pi / 3), x * np.sin(a * np.pi / 3), z)
            for x, z in [
                *[(p[0] * 1.012, p[1] + 0.01) for p in profile],
                *[(-p[0] * 1.012, p[1] + 0.01) for p in reversed(profile)],
            ]
        ]
        k.tube("second", path, 0.018, smooth=0, n=6)
    k.turn(0, "z", -30 + k.u(-35, 35))
