"""Balls."""

from __future__ import annotations

import numpy as np
import trimesh

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def soccer_ball(k: Kit, variant: str) -> None:
    """A soccer ball."""
    k.ball("body", 0.5, (0, 0, 0.5), 40)
    start = k.mark()
    for v in trimesh.creation.icosahedron().vertices:
        v = np.asarray(v) / np.linalg.norm(v)
        a = np.cross(v, [0.3, 0.5, 0.81])
        a /= np.linalg.norm(a)
        b = np.cross(v, a)
        ring = [v + 0.37 * (np.cos(t) * a + np.sin(t) * b) for t in np.linspace(0, 2 * np.pi, 5, endpoint=False)]
        mesh = trimesh.Trimesh([v, *ring], [(0, i + 1, (i + 1) % 5 + 1) for i in range(5)]).subdivide().subdivide()
        p = np.asarray(mesh.vertices)
        k.add(p / np.linalg.norm(p, axis=1, keepdims=True) * 0.504, mesh.faces, "black", crease=180)
    k.turn(start, "x", k.u(0, 60))
    k.turn(start, "z", k.u(0, 360))
    k.move(start, (0, 0, 0.5))


@shape
def basketball(k: Kit, variant: str) -> None:
    """A basketball."""
    k.ball("body", 0.5, (0, 0, 0), 40)
    for axis in "xyz":
        k.torus("black", 0.5, 0.011, axis=axis)
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for s in (1, -1):
        c = np.stack([s * (0.72 - 0.42 * np.abs(np.cos(t)) ** 2), np.sin(t), 0.9 * np.cos(t)], -1)
        k.tube(
            "black", (c / np.linalg.norm(c, axis=1, keepdims=True) * 0.5).tolist(), 0.011, closed=True, smooth=0, n=6
        )
    k.turn(0, "x", k.u(10, 40))
    k.turn(0, "z", k.u(0, 90))


@shape
def tennis_ball(k: Kit, variant: str) -> None:
    """Tennis balls."""
    for i in range(int(k.rng.integers(1, 4))):
        start = k.mark()
        k.ball("body", 0.5, (0, 0, 0), 36)
        t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
        a = 0.44
        c = np.stack(
            [
                a * np.cos(t) + (1 - a) * np.cos(3 * t),
                a * np.sin(t) - (1 - a) * np.sin(3 * t),
                2 * np.sqrt(a * (1 - a)) * np.sin(2 * t),
            ],
            -1,
        )
        k.tube(
            "white", (c / np.linalg.norm(c, axis=1, keepdims=True) * 0.498).tolist(), 0.02, closed=True, smooth=0, n=6
        )
        k.turn(start, "xyz"[i % 3], k.u(0, 180))
        k.move(start, ((0, 1.0, 0.5)[i], (0, 0.2, -0.85)[i], 0.5))


@shape
def bowling_ball(k: Kit, variant: str) -> None:
    """A bowling ball."""
    k.ball("swirl", 0.5, (0, 0, 0), 40)
    for x, z in ((-0.1, 0.2), (0.1, 0.2), (0.0, -0.05)):
        d = np.array([x, -0.5, z + 0.15])
        d = d / np.linalg.norm(d) * 0.493
        k.ball("black", (0.055, 0.03, 0.055), d.tolist(), 14)
    if k.rng.random() < 0.6:
        pin = [(0, 0), (0.1, 0), (0.2, 0.35), (0.12, 0.75), (0.08, 0.9), (0.11, 1.08), (0.06, 1.2), (0, 1.22)]
        k.lathe("white", pin, (0.75, 0.25, -0.5), smooth=40)
        for z in (0.84, 0.94):
            k.torus("red", 0.093, 0.014, (0.75, 0.25, -0.5 + z))
