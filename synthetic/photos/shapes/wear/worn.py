"""Shoes, hats and other things worn with clothes."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import spline
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


def _shoe(k: Kit, tall: bool) -> None:
    """One shoe along x, toe at +x: cross-sections lofted from heel to toe."""
    xs = np.linspace(-0.5, 0.5, 26)
    width = spline([(-0.5, 0.1), (-0.42, 0.16), (0, 0.15), (0.3, 0.2), (0.45, 0.14), (0.5, 0.03)], 26)[:, 1]
    top = spline([(-0.5, 0.42), (-0.3, 0.45), (-0.05, 0.42), (0.15, 0.28), (0.4, 0.2), (0.5, 0.1)], 26)[:, 1]
    rings = []
    for x, w, h in zip(xs, width, top, strict=True):
        t = np.linspace(0, np.pi, 16)
        rings.append(
            np.stack(
                [np.full(16, x), -w * np.cos(t) * (1 - 0.15 * np.sin(t)), 0.06 + (h - 0.06) * np.sin(t) ** 0.6], -1
            )
        )
    v = np.concatenate(rings)
    i, j = np.meshgrid(np.arange(25), np.arange(15), indexing="ij")
    a = (i * 16 + j).ravel()
    k.add(v, np.concatenate([np.stack([a, a + 16, a + 17], -1), np.stack([a, a + 17, a + 1], -1)]), "body", crease=80)
    outline = [
        *((x, w + 0.025) for x, w in zip(xs, width, strict=True)),
        *((x, -w - 0.025) for x, w in zip(xs[::-1], width[::-1], strict=True)),
    ]
    k.slab("body" if tall else "white", outline, 0.1)
    if tall:
        k.lathe("body", [(0.19, 0.3), (0.19, 0.7), (0.21, 1.0), (0.23, 1.02), (0.19, 1.02), (0.17, 0.6)], (-0.27, 0, 0))
        k.torus("second", 0.212, 0.022, (-0.27, 0, 1.0))
        k.slab("black", [(x * 1.02, y * 1.03) for x, y in outline], 0.06, (0, 0, -0.01))
        return
    k.ball("dark", (0.2, 0.105, 0.03), (-0.3, 0, 0.44), 16)
    for n in range(5):
        x = -0.02 + n * 0.065
        z = float(np.interp(x, xs, top)) + 0.012
        k.tube("white", [(x, -0.09, z - 0.05), (x, 0, z + 0.012), (x, 0.09, z - 0.05)], 0.017, n=8)
    for s in (1, -1):
        k.tube("second", [(-0.35, s * 0.163, 0.15), (-0.1, s * 0.162, 0.2), (0.08, s * 0.17, 0.3)], 0.02, n=8)


@shape
def shoe(k: Kit, variant: str) -> None:
    """Sneakers or rain boots, by variant."""
    start = k.mark()
    _shoe(k, variant == "boot")
    k.copy(start, (0.12, 0.5, 0), (1, -1, 1))
    k.turn(0, "z", k.pick(180 - 20, 20) + k.u(-15, 15))


@shape
def flipflops(k: Kit, variant: str) -> None:
    """Flip-Flops."""
    k.pose = "flat"
    sole = [
        (-0.16, -0.55),
        (0.16, -0.55),
        (0.2, -0.3),
        (0.16, 0),
        (0.26, 0.35),
        (0.2, 0.6),
        (0, 0.68),
        (-0.2, 0.58),
        (-0.22, 0.3),
        (-0.16, 0),
    ]
    start = k.mark()
    k.slab("body", spline(sole, 60, closed=True).tolist(), 0.09)
    k.tube("second", [(0, 0.4, 0.08), (0.1, 0.3, 0.17), (0.21, 0.1, 0.15), (0.19, -0.08, 0.06)], 0.035, n=8)
    k.tube("second", [(0, 0.4, 0.08), (-0.1, 0.3, 0.17), (-0.19, 0.1, 0.15), (-0.18, -0.08, 0.06)], 0.035, n=8)
    k.copy(start, (0.62, 0.05, 0), (-1, 1, 1))
    k.turn(0, "z", k.u(-30, 30))


@shape
def cap(k: Kit, variant: str) -> None:
    """A baseball cap."""
    t = np.linspace(0, np.pi / 2, 16)
    k.lathe("body", np.stack([0.5 * np.cos(t), 0.46 * np.sin(t) + 0.02], -1).tolist())
    k.ball("second", 0.035, (0, 0, 0.48), 10)
    brim = [(-0.46, -0.18), (-0.4, -0.6), (-0.2, -0.85), (0, -0.9), (0.2, -0.85), (0.4, -0.6), (0.46, -0.18)]
    k.slab(k.pick("body", "second"), spline(brim, 30).tolist(), 0.035, (0, 0, 0.0))
    part = k.parts[-1]
    part.vertices[:, 2] -= 0.25 * part.vertices[:, 0] ** 2
    for a in range(6):
        path = [
            (
                0.505 * np.cos(x) * np.cos(a * np.pi / 3 + 0.52),
                0.505 * np.cos(x) * np.sin(a * np.pi / 3 + 0.52),
                0.465 * np.sin(x) + 0.02,
            )
            for x in t
        ]
        k.tube("body", path, 0.009, smooth=0, n=5)
    if k.rng.random() < 0.7:
        start = k.mark()
        k.disc("img:logo", 0.15, (0, -0.475, 0.24))
        k.turn(start, "x", -24, (0, -0.475, 0.24))
    k.turn(0, "z", k.u(-50, 50))


@shape
def beanie(k: Kit, variant: str) -> None:
    """A beanie."""
    k.lathe("body", [(0.46, 0.1), (0.47, 0.4), (0.36, 0.75), (0.15, 0.9), (0, 0.92)], smooth=30)
    k.lathe("second" if k.rng.random() < 0.4 else "body", [(0.46, 0), (0.5, 0.03), (0.51, 0.25), (0.46, 0.28)])
    k.ball("fur", 0.17, (0, 0, 1.02), 16)


@shape
def sun_hat(k: Kit, variant: str) -> None:
    """A sun hat."""
    k.lathe(
        "body",
        [(1.0, 0.02), (0.75, 0.06), (0.46, 0.05), (0.43, 0.2), (0.4, 0.42), (0.25, 0.5), (0, 0.5)],
        smooth=40,
        n=56,
    )
    k.lathe("second", [(0.46, 0.06), (0.45, 0.2), (0.43, 0.2)])


@shape
def sunglasses(k: Kit, variant: str) -> None:
    """Sunglasses."""
    square = k.rng.random() < 0.5
    for s in (1, -1):
        half = (
            [(0.06, 0.02), (0.1, 0.17), (0.5, 0.2), (0.56, 0.02), (0.46, -0.2), (0.15, -0.19)]
            if square
            else [(0.3 + 0.23 * np.cos(t), 0.22 * np.sin(t)) for t in np.linspace(0, 6.28, 16, endpoint=False)]
        )
        rim = spline([(x * s, y) for x, y in half], 40, closed=True)
        k.tube("body", [(x, 0, z) for x, z in rim], 0.028, closed=True, smooth=0, n=8)
        k.slab("lens", rim.tolist(), 0.012, (0, 0, 0), "y")
        k.tube(
            "body",
            [(0.54 * s, 0, 0.1), (0.58 * s, 0.15, 0.1), (0.52 * s, 0.75, 0.06), (0.5 * s, 0.95, -0.12)],
            0.022,
            n=8,
        )
    k.tube("body", [(-0.08, 0, 0.08), (0, -0.02, 0.12), (0.08, 0, 0.08)], 0.026, n=8)


@shape
def scarf(k: Kit, variant: str) -> None:
    """A scarf."""
    k.pose = "flat"
    for x, length, z in ((0.2, 1.5, 0.0), (-0.08, 1.75, 0.09)):
        low = -length / 2
        k.puff("body", [(x - 0.3, low), (x + 0.3, low), (x + 0.3, 0.8), (x - 0.3, 0.8)], 0.1, 0.12, 0.015, (0, 0, z))
        for i in range(13):
            side = x - 0.27 + i * 0.045
            end = (side + k.u(-0.02, 0.02), low - 0.24, z * 0.5 + 0.02)
            k.tube("body", [(side, low + 0.03, z + 0.03), end], 0.015, smooth=0, n=6)
    k.tube("body", [(-0.36, 0.78, 0.12), (0.05, 0.84, 0.12), (0.48, 0.78, 0.06)], 0.1)
    k.turn(0, "z", k.u(-40, 40))


@shape
def tie(k: Kit, variant: str) -> None:
    """A tie."""
    k.pose = "flat"
    k.puff("body", [(0, -1.15), (0.19, -0.95), (0.08, 0.62), (-0.08, 0.62), (-0.19, -0.95)], 0.05, 0.07)
    k.puff("body", [(-0.12, 0.86), (0.12, 0.86), (0.075, 0.62), (-0.075, 0.62)], 0.08, 0.05, 0, (0, 0, 0.02))
    for s in (1, -1):
        k.puff("body", [(0.02 * s, 0.84), (0.14 * s, 0.82), (0.3 * s, 1.02), (0.14 * s, 1.14), (0.0, 1.0)], 0.05, 0.05)
    k.turn(0, "z", k.u(-25, 25))


@shape
def belt(k: Kit, variant: str) -> None:
    """A belt."""
    turns = np.linspace(0, 2 * np.pi * 2.4, 110)
    r = 0.22 + 0.022 * turns
    for h in np.linspace(0.04, 0.26, 9):
        k.tube(
            "body",
            np.stack([r * np.cos(turns), r * np.sin(turns), np.full_like(r, h)], -1).tolist(),
            0.02,
            smooth=0,
            n=6,
        )
    end = np.array([r[-1] * np.cos(turns[-1]), r[-1] * np.sin(turns[-1])])
    start = k.mark()
    k.tube(
        "chrome", [(-0.14, 0, -0.17), (0.14, 0, -0.17), (0.14, 0, 0.17), (-0.14, 0, 0.17)], 0.03, closed=True, smooth=0
    )
    k.tube("chrome", [(-0.12, -0.03, 0), (0.14, -0.04, 0)], 0.018, smooth=0)
    k.turn(start, "z", np.degrees(turns[-1]) + 90)
    k.move(start, (end[0], end[1], 0.15))
    k.turn(0, "z", -90 - np.degrees(turns[-1]))


@shape
def umbrella(k: Kit, variant: str) -> None:
    """An umbrella."""
    t = np.linspace(0.02, 1.15, 14)
    k.lathe("body", np.stack([np.sin(t), np.cos(t)], -1).tolist(), n=8)
    part = k.parts[-1]
    k.parts[-1] = type(part)(part.vertices, part.faces, "body", None, 20)
    k.tube("steel", [(0, 0, 1.12), (0, 0, -0.35)], 0.022, smooth=0)
    k.tube("darkwood", [(0, 0, -0.33), (0, 0, -0.5), (0.06, 0, -0.6), (0.16, 0, -0.6), (0.2, 0, -0.5)], 0.04)
    k.turn(0, "y", k.u(25, 50))
    k.turn(0, "z", k.u(30, 120))
