"""Home, garden, pets, party and ceremony."""

from __future__ import annotations

import numpy as np

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def collar(k: Kit, variant: str) -> None:
    """A dog collar."""
    k.lathe("body", [(0.5, 0), (0.52, 0.02), (0.52, 0.22), (0.5, 0.24), (0.48, 0.22), (0.48, 0.02), (0.5, 0)], n=56)
    k.box("black", (0.3, 0.1, 0.27), (0, -0.53, 0.12), 0.03)
    k.torus("steel", 0.09, 0.018, (0.27, -0.5, -0.04), "y")
    k.disc("steel", 0.11, (0.27, -0.52, -0.2))
    k.disc("steel", 0.11, (0.27, -0.515, -0.2))
    k.turn(0, "z", k.u(-30, 20))


@shape
def scratching_post(k: Kit, variant: str) -> None:
    """A cat scratching post."""
    k.box("fur", (0.8, 0.8, 0.08), (0, 0, 0.04), 0.03)
    h = k.u(1.0, 1.3)
    for i in range(26):
        k.torus("body", 0.13, 0.028, (0, 0, 0.1 + i * h / 26))
    k.cyl("body", 0.13, h, (0, 0, 0.08))
    k.lathe("fur", [(0, h + 0.06), (0.26, h + 0.08), (0.3, h + 0.13), (0.26, h + 0.17), (0, h + 0.17)], smooth=16)
    k.tube("white", [(0.26, -0.08, h + 0.1), (0.28, -0.1, h - 0.2)], 0.008, smooth=0)
    k.ball("second", 0.075, (0.28, -0.1, h - 0.27), 12)


@shape
def bone(k: Kit, variant: str) -> None:
    """A chew bone."""
    k.tube("body", [(-0.5, 0, 0), (0, 0, 0), (0.5, 0, 0)], [0.17, 0.13, 0.17])
    for x in (-0.56, 0.56):
        for y in (-0.15, 0.15):
            k.ball("body", (0.2, 0.19, 0.17), (x, y, 0), 20)
    k.pose = "flat"
    k.turn(0, "z", k.u(-45, 45))


@shape
def aquarium(k: Kit, variant: str) -> None:
    """An aquarium."""
    k.box("gravel", (1.16, 0.56, 0.1), (0, 0, 0.07), 0.02)
    k.box("water", (1.17, 0.57, 0.66), (0, 0, 0.36))
    for _ in range(9):
        x, y = k.u(-0.5, 0.5), k.u(0.0, 0.22)
        k.tube(
            "leaf",
            [(x, y, 0.1), (x + k.u(-0.05, 0.05), y, 0.3), (x + k.u(-0.1, 0.1), y, k.u(0.4, 0.65))],
            [0.03, 0.025, 0.008],
            n=6,
        )
    for c in ("orange", "red", "yellow"):
        x, z = k.u(-0.4, 0.4), k.u(0.25, 0.58)
        k.ball(c, (0.09, 0.03, 0.055), (x, -0.27, z), 12)
        k.slab(c, [(x + 0.07, z), (x + 0.15, z + 0.06), (x + 0.15, z - 0.06)], 0.015, (0, -0.27, 0), "y")
    for z in (0.02, 0.75):
        k.box("black", (1.22, 0.62, 0.05), (0, 0, z))
    for x in (-0.595, 0.595):
        for y in (-0.295, 0.295):
            k.box("black", (0.025, 0.025, 0.75), (x, y, 0.38))
    k.turn(0, "z", k.u(-25, 25))


@shape
def bird_cage(k: Kit, variant: str) -> None:
    """A bird cage."""
    k.cyl("second", 0.46, 0.14)
    for a in np.linspace(0, 2 * np.pi, 26, endpoint=False):
        c, s = np.cos(a), np.sin(a)
        k.tube(
            "body",
            [
                (0.44 * c, 0.44 * s, 0.12),
                (0.44 * c, 0.44 * s, 0.9),
                (0.36 * c, 0.36 * s, 1.15),
                (0.18 * c, 0.18 * s, 1.28),
                (0, 0, 1.32),
            ],
            0.011,
            n=5,
            smooth=22,
        )
    for z in (0.42, 0.8):
        k.torus("body", 0.445, 0.014, (0, 0, z))
    k.torus("body", 0.08, 0.016, (0, 0, 1.4), "y")
    k.tube("wood", [(-0.42, 0, 0.5), (0.42, 0, 0.5)], 0.02, smooth=0)
    k.ball("yellow", (0.09, 0.08, 0.12), (0.02, 0, 0.62), 14)
    k.ball("yellow", 0.07, (0.02, -0.02, 0.77), 12)


@shape
def bird_house(k: Kit, variant: str) -> None:
    """A bird house."""
    k.slab("body", [(-0.35, 0), (0.35, 0), (0.35, 0.65), (0, 1.0), (-0.35, 0.65)], 0.6, (0, -0.3, 0), "y")
    for s in (1, -1):
        start = k.mark()
        k.box("second", (0.66, 0.8, 0.05), (0.24, 0, 0))
        k.turn(start, "y", 45 * s if s > 0 else 45)
        if s < 0:
            k.move(start, (0, 0, 0), (-1, 1, 1))
        k.move(start, (0, 0, 1.03))
    k.disc("dark", 0.13, (0, -0.302, 0.52))
    k.cyl("wood", 0.025, 0.2, (0, -0.48, 0.3), "y")
    k.turn(0, "z", k.u(-40, 40))


@shape
def yarn(k: Kit, variant: str) -> None:
    """A ball of yarn."""
    k.ball("body", 0.44, (0, 0, 0.46))
    for _ in range(34):
        start = k.mark()
        k.torus("body", 0.445 + k.u(-0.01, 0.01), 0.03, (0, 0, 0), n=36)
        k.turn(start, "x", k.u(0, 180))
        k.turn(start, "z", k.u(0, 180))
        k.move(start, (0, 0, 0.46))
    k.tube("body", [(0.3, -0.3, 0.1), (0.6, -0.4, 0.03), (0.75, -0.2, 0.03), (1.0, -0.35, 0.03)], 0.03)
    if k.rng.random() < 0.5:
        for a in (-25, 30):
            start = k.mark()
            k.cyl("wood", 0.025, 1.2, (0, 0, 0.2))
            k.ball("wood", 0.06, (0, 0, 1.4), 10)
            k.turn(start, "y", a, (0, 0, 0.4))


@shape
def spool(k: Kit, variant: str) -> None:
    """A sewing thread."""
    for z in (0.0, 0.78):
        k.lathe("wood", [(0.08, z), (0.36, z), (0.38, z + 0.05), (0.36, z + 0.1), (0.08, z + 0.1)])
    for i in range(24):
        k.torus("body", 0.28, 0.02, (0, 0, 0.11 + i * 0.0285), n=36)
    k.cyl("body", 0.28, 0.68, (0, 0, 0.1))
    k.tube("body", [(0.28, -0.1, 0.2), (0.5, -0.3, 0.02), (0.8, -0.2, 0.015), (0.95, -0.45, 0.015)], 0.014, n=6)


@shape
def cone(k: Kit, variant: str) -> None:
    """A traffic cone."""
    k.box("body", (0.75, 0.75, 0.06), (0, 0, 0.03), 0.02)
    k.cyl("body", 0.29, 1.0, (0, 0, 0.05), top=0.06)
    for z0, z1 in ((0.4, 0.58), (0.7, 0.82)):
        k.lathe("reflective", [(0.295 - 0.23 * z0 + 0.015, 0.05 + z0), (0.295 - 0.23 * z1 + 0.015, 0.05 + z1)])


@shape
def pallet(k: Kit, variant: str) -> None:
    """A pallet."""
    for y in np.linspace(-0.36, 0.36, 6):
        k.box("body", (1.2, 0.11, 0.035), (0, y, 0.2))
    for x in (-0.53, 0, 0.53):
        k.box("body", (0.1, 0.8, 0.03), (x, 0, 0.165))
        for y in (-0.34, 0, 0.34):
            k.box("body", (0.12, 0.11, 0.11), (x, y, 0.095))
    for y in (-0.34, 0, 0.34):
        k.box("body", (1.2, 0.1, 0.03), (0, y, 0.025))
    k.turn(0, "z", k.pick(-1, 1) * k.u(20, 50))


@shape
def crate(k: Kit, variant: str) -> None:
    """A storage crate."""
    w, d, h = 1.1, 0.75, k.u(0.45, 0.6)
    k.box("body", (w, d, 0.03), (0, 0, 0.015))
    for s in (1, -1):
        for z in np.arange(0.08, h, 0.13):
            k.box("body", (w, 0.03, 0.085), (0, s * d / 2, z))
            k.box("body", (0.03, d, 0.085), (s * w / 2, 0, z))
        k.box("body", (w + 0.04, 0.06, 0.05), (0, s * d / 2, h))
        k.box("body", (0.06, d + 0.04, 0.05), (s * w / 2, 0, h))
        for x in (-w / 2, -w / 6, w / 6, w / 2):
            k.box("body", (0.07, 0.04, h), (x, s * d / 2, h / 2))
        for y in (-d / 2, 0, d / 2):
            k.box("body", (0.04, 0.07, h), (s * w / 2, y, h / 2))
    k.turn(0, "z", k.u(-40, 40))


@shape
def broom(k: Kit, variant: str) -> None:
    """A broom."""
    k.cyl("body", 0.035, 1.2, (0, 0, 0.4))
    k.box("body", (0.75, 0.15, 0.11), (0, 0, 0.4), 0.03)
    for x in np.linspace(-0.35, 0.35, 30):
        for y in (-0.03, 0.0, 0.03):
            k.tube("bristle", [(x, y, 0.36), (x * 1.3 + k.u(-0.02, 0.02), y * 2, 0.02)], 0.012, smooth=0, n=5)
    k.turn(0, "y", k.u(-22, 22))
    k.turn(0, "z", k.u(-25, 25))


@shape
def wall_clock(k: Kit, variant: str) -> None:
    """A wall clock."""
    k.pose = "front"
    k.lathe(
        "body", [(0, 0.1), (0.62, 0.1), (0.66, 0.0), (0.62, -0.06), (0.56, -0.05), (0.55, 0.0)], (0, 0, 0.66), "y", n=56
    )
    k.disc("img:clock", 0.56, (0, -0.003, 0.66))
    k.turn(0, "z", k.u(-25, 25))


@shape
def spade(k: Kit, variant: str) -> None:
    """A garden spade."""
    k.pose = "flat"
    start = k.mark()
    k.slab("body", [(-0.2, 0.5), (-0.2, 0.05), (-0.12, -0.12), (0, -0.2), (0.12, -0.12), (0.2, 0.05), (0.2, 0.5)], 0.03)
    part = k.parts[-1]
    part.vertices[:, 2] += 1.2 * part.vertices[:, 0] ** 2
    k.tube("body", [(0, 0.15, 0.04), (0, 0.62, 0.06)], [0.02, 0.045], smooth=0)
    k.tube("wood", [(0, 0.55, 0.06), (0, 1.4, 0.06)], 0.035, smooth=0)
    k.tube("wood", [(0, 1.38, 0.06), (-0.13, 1.52, 0.06), (-0.13, 1.6, 0.06)], 0.03)
    k.tube("wood", [(0, 1.38, 0.06), (0.13, 1.52, 0.06), (0.13, 1.6, 0.06)], 0.03)
    k.tube("wood", [(-0.15, 1.6, 0.06), (0.15, 1.6, 0.06)], 0.035, smooth=0)
    k.turn(start, "z", k.u(-50, 50))


@shape
def parasol(k: Kit, variant: str) -> None:
    """A parasol."""
    k.lathe("body", [(1.0, 1.35), (0.95, 1.36), (0, 1.8)], n=8)
    part = k.parts[-1]
    k.parts[-1] = type(part)(part.vertices, part.faces, "body", None, 20)
    k.lathe("body", [(1.0, 1.27), (1.0, 1.36)], n=8)
    k.cyl("wood", 0.03, 1.85)
    k.lathe("dark", [(0, 0), (0.3, 0), (0.3, 0.05), (0.06, 0.1), (0.06, 0.25), (0, 0.25)])


@shape
def globe(k: Kit, variant: str) -> None:
    """A globe."""
    start = k.mark()
    t = np.linspace(-np.pi / 2, np.pi / 2, 28)
    a = np.linspace(0, 2 * np.pi, 49)
    v = np.stack(
        [np.outer(np.cos(t), np.sin(a)), -np.outer(np.cos(t), np.cos(a)), np.outer(np.sin(t), np.ones(49))], -1
    ).reshape(-1, 3)
    uv = np.stack([np.tile(a / (2 * np.pi), 28), np.repeat(t / np.pi + 0.5, 49)], -1)
    i, j = np.meshgrid(np.arange(27), np.arange(48), indexing="ij")
    q = (i * 49 + j).ravel()
    k.add(
        v * 0.46,
        np.concatenate([np.stack([q, q + 1, q + 50], -1), np.stack([q, q + 50, q + 49], -1)]),
        "img:map",
        uv,
        90,
    )
    arc = np.linspace(-np.pi / 2, np.pi / 2, 24)
    k.tube("gold", [(0.52 * np.cos(x), 0, 0.52 * np.sin(x)) for x in arc], 0.022, smooth=0)
    k.turn(start, "y", 20)
    k.turn(start, "z", k.u(-40, 40))
    k.move(start, (0, 0, 0.78))
    k.lathe(k.pick("darkwood", "black", "gold"), [(0, 0), (0.32, 0), (0.3, 0.06), (0.06, 0.12), (0.045, 0.3), (0, 0.3)])


@shape
def dartboard(k: Kit, variant: str) -> None:
    """A dartboard."""
    k.pose = "front"
    k.lathe("black", [(0, 0.1), (0.62, 0.1), (0.62, 0.0), (0, 0.0)], (0, 0, 0.62), "y", n=56)
    k.disc("img:dart", 0.62, (0, -0.003, 0.62))
    for x, z in ((0.05, 0.7), (-0.2, 0.55), (0.25, 0.8))[: int(k.rng.integers(0, 4))]:
        k.tube("steel", [(x, 0, z), (x + 0.04, -0.25, z + 0.03)], 0.012, smooth=0)
        k.tube("red", [(x + 0.035, -0.22, z + 0.027), (x + 0.06, -0.38, z + 0.045)], [0.012, 0.04], smooth=0)
    k.turn(0, "z", k.u(-25, 25))
