"""Solids that shapes are composed of, and the kit that collects them (z up, front = -y, lengths in any unit)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import trimesh
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.spatial.transform import Rotation
from shapely.geometry import Polygon

from synthetic.photos.outlines import SEGMENTS, Point, spline

_TURNS = {"x": [0, 90, 0], "y": [-90, 0, 0], "z": [0, 0, 0]}


@dataclass(frozen=True)
class Part:
    """One mesh with one surface.

    Attributes:
        vertices: [n, 3].
        faces: [m, 3].
        slot: Which surface it gets: "body", "second", a fixed finish, "#rrggbb" or "img:NAME".
        uv: [n, 2], or None for a projection along the faces' main axis.
        crease: Faces that meet at more than this angle in degrees keep a sharp edge.
    """

    vertices: np.ndarray
    faces: np.ndarray
    slot: str
    uv: np.ndarray | None = None
    crease: float = 42.0


def _grid_faces(rows: int, columns: int, wrap: bool) -> np.ndarray:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if wrap else columns - 1), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    return np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])


class Kit:
    """Collects the parts of one object.

    Attributes:
        rng: Chance of this object; `u(a, b)` draws from it.
        pose: How the camera sees it: "stand" (from the side), "front" (nearly straight), "flat" (from above).
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.pose = "stand"
        self.parts: list[Part] = []

    def u(self, low: float, high: float) -> float:
        """A uniform draw."""
        return float(self.rng.uniform(low, high))

    def pick(self, *choices: Any) -> Any:
        """One of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def add(
        self, vertices: ArrayLike, faces: ArrayLike, slot: str, uv: np.ndarray | None = None, crease: float = 42.0
    ) -> None:
        """Add a mesh."""
        self.parts.append(Part(np.asarray(vertices, dtype=float), np.asarray(faces), slot, uv, crease))

    def mark(self) -> int:
        """Index of the next part, for `turn` and `move`."""
        return len(self.parts)

    def turn(self, since: int, axis: str, degrees: float, about: Point = (0, 0, 0)) -> None:
        """Rotate the parts since a mark about a point."""
        matrix = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
        center = np.asarray(about, dtype=float)
        self.parts[since:] = [
            replace(p, vertices=(p.vertices - center) @ matrix.T + center) for p in self.parts[since:]
        ]

    def move(self, since: int, by: Point, scale: Point = (1, 1, 1)) -> None:
        """Scale, then shift the parts since a mark."""
        self.parts[since:] = [replace(p, vertices=p.vertices * scale + np.asarray(by)) for p in self.parts[since:]]

    def copy(self, since: int, by: Point, mirror: Point = (1, 1, 1)) -> None:
        """Add the parts since a mark once more, mirrored or scaled, then shifted."""
        flip = np.prod(mirror) < 0
        self.parts += [
            replace(p, vertices=p.vertices * mirror + np.asarray(by), faces=p.faces[:, ::-1] if flip else p.faces)
            for p in self.parts[since:]
        ]

    def box(self, slot: str, size: Point, at: Point = (0, 0, 0), r: float = 0.0) -> None:
        """A box around `at`, its edges rounded with radius r."""
        half = np.asarray(size, dtype=float) / 2
        if r <= 0:
            mesh = trimesh.creation.box(size)
            self.add(mesh.vertices + at, mesh.faces, slot)
            return
        r = min(r, float(half.min()) * 0.999)
        steps = np.tan(np.linspace(-np.pi / 4, np.pi / 4, 8))
        a, b = (x.ravel() for x in np.meshgrid(steps, steps, indexing="ij"))
        one, faces = np.ones_like(a), _grid_faces(8, 8, wrap=False)
        for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)):
            n = np.roll(np.stack([sign * one, a, b], -1), axis, axis=1)
            n /= np.linalg.norm(n, axis=1, keepdims=True)
            self.add(np.sign(n) * (half - r) + r * n + at, faces if sign > 0 else faces[:, ::-1], slot, crease=60)

    def lathe(
        self,
        slot: str,
        profile: Sequence[Point],
        at: Point = (0, 0, 0),
        axis: str = "z",
        smooth: int = 0,
        n: int = SEGMENTS,
    ) -> None:
        """Turn a profile of (radius, height) about an axis; smooth > 0 draws a spline with so many samples."""
        p = spline(profile, smooth) if smooth else np.asarray(profile, dtype=float)
        p[:, 0] = np.maximum(p[:, 0], 0)
        t = np.linspace(0, 2 * np.pi, n + 1)
        r, z = p[:, :1], p[:, 1:]
        v = np.stack([r * np.sin(t), -r * np.cos(t), np.broadcast_to(z, (len(p), n + 1))], -1).reshape(-1, 3)
        run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
        uv = np.stack(
            np.broadcast_arrays(t[None] / (2 * np.pi) * 6.28 * float(p[:, 0].max()), run[:, None]), -1
        ).reshape(-1, 2)
        turn = Rotation.from_euler("zyx", _TURNS[axis][::-1], degrees=True).as_matrix() if axis != "z" else np.eye(3)
        if axis == "x":
            turn = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
        elif axis == "y":
            turn = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
        self.add(v @ turn.T + at, _grid_faces(len(p), n + 1, wrap=False), slot, uv)

    def cyl(
        self,
        slot: str,
        r: float,
        h: float,
        at: Point = (0, 0, 0),
        axis: str = "z",
        top: float | None = None,
        n: int = SEGMENTS,
    ) -> None:
        """A closed cylinder from `at` along an axis; `top` is the radius at its end."""
        e = r if top is None else top
        self.lathe(slot, [(0, 0), (r, 0), (e, h), (0, h)], at, axis, n=n)

    def ball(self, slot: str, r: float | Point, at: Point = (0, 0, 0), n: int = 28) -> None:
        """A ball or ellipsoid."""
        start = self.mark()
        t = np.linspace(-np.pi / 2, np.pi / 2, n)
        self.lathe(slot, np.stack([np.cos(t), np.sin(t)], -1).tolist())
        self.move(start, at, np.broadcast_to(np.asarray(r, dtype=float), 3).tolist())

    def tube(
        self,
        slot: str,
        points: Sequence[Point],
        r: float | Sequence[float],
        closed: bool = False,
        smooth: int = 40,
        n: int = 12,
    ) -> None:
        """Sweep a circle along points [n, 3]; smooth > 0 draws a spline; r may be a radius for each point."""
        p = spline(points, smooth, closed) if smooth else np.asarray(points, dtype=float)
        radii = np.interp(np.linspace(0, 1, len(p)), np.linspace(0, 1, np.size(r)), np.atleast_1d(r))
        tangent = np.roll(p, -1, 0) - np.roll(p, 1, 0) if closed else np.gradient(p, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-12
        normal = np.cross(tangent[0], [0, 0, 1] if abs(tangent[0, 2]) < 0.9 else [0, 1, 0])
        rings, t = [], np.linspace(0, 2 * np.pi, n, endpoint=False)
        for center, along, radius in zip(p, tangent, radii, strict=True):
            normal = normal - along * (normal @ along)
            normal /= np.linalg.norm(normal) + 1e-12
            rings.append(center + radius * (np.cos(t)[:, None] * normal + np.sin(t)[:, None] * np.cross(along, normal)))
        if closed:
            rings.append(np.roll(rings[0], _best_shift(rings[0], rings[-1]), 0))
        else:
            rings = [np.repeat(p[:1], n, 0), *rings, np.repeat(p[-1:], n, 0)]
        self.add(np.concatenate(rings), _grid_faces(len(rings), n, wrap=True)[:, ::-1], slot)

    def torus(self, slot: str, big: float, small: float, at: Point = (0, 0, 0), axis: str = "z", n: int = 48) -> None:
        """A ring about an axis."""
        t = np.linspace(0, 2 * np.pi, 17)
        self.lathe(slot, np.stack([big + small * np.cos(t), small * np.sin(t)], -1).tolist(), at, axis, n=n)

    def slab(
        self,
        slot: str,
        outline: Sequence[Point],
        h: float,
        at: Point = (0, 0, 0),
        axis: str = "z",
        holes: Sequence[Sequence[Point]] = (),
    ) -> None:
        """Extrude an outline: "z" upwards from the xy plane, "y" backwards from the xz plane."""
        mesh = trimesh.creation.extrude_polygon(Polygon(outline, holes).buffer(0), h, engine="earcut")
        v = np.asarray(mesh.vertices)
        if axis == "y":
            v = v[:, [0, 2, 1]]
        self.add(v + at, mesh.faces[:, ::-1] if axis == "y" else mesh.faces, slot)

    def puff(
        self,
        slot: str,
        outline: Sequence[Point],
        h: float,
        rim: float = 0.12,
        wrinkles: float = 0.0,
        at: Point = (0, 0, 0),
        smooth: int = 0,
    ) -> None:
        """A soft, flat body lying on the xy plane: it rises to h over the width `rim` inside its outline."""
        p = spline(outline, smooth, closed=True) if smooth else np.asarray(outline, dtype=float)
        low, span = p.min(0), float(np.ptp(p, axis=0).max())
        size, fine = 150, 4
        step = span / (size - 1)
        image = Image.new("L", (size * fine, size * fine))
        ImageDraw.Draw(image).polygon([tuple(x) for x in ((p - low) / step * fine)], fill=255)
        inside = np.asarray(image.resize((size, size), Image.Resampling.BOX), dtype=float) / 255
        away = distance_transform_edt(inside > 0.4) * step
        level = np.sqrt(np.clip(1 - (1 - np.clip(away / rim, 0, 1)) ** 2, 0, 1)) * h
        noise = (
            gaussian_filter(self.rng.normal(size=(size, size)), 5) * 5
            + gaussian_filter(self.rng.normal(size=(size, size)), 2.2) * 1.2
        )
        level = level + wrinkles * noise * np.clip(away / rim, 0, 1)
        x, y = np.meshgrid(low[0] + np.arange(size) * step, low[1] + np.arange(size) * step)
        v = np.stack([x, y, level], -1).reshape(-1, 3)
        faces = _grid_faces(size, size, wrap=False)
        faces = faces[(away.ravel()[faces] > 0).any(1)]
        used, flat = np.unique(faces, return_inverse=True)
        self.add(v[used] + at, flat.reshape(-1, 3), slot, v[used, :2].copy(), crease=180)

    def quad(self, slot: str, w: float, h: float, at: Point = (0, 0, 0), facing: str = "y") -> None:
        """A picture w x h around `at`: "y" faces the front, "z" faces up with its top away from the camera."""
        v = np.array([(-w / 2, 0, -h / 2), (w / 2, 0, -h / 2), (w / 2, 0, h / 2), (-w / 2, 0, h / 2)], dtype=float)
        if facing == "z":
            v = np.stack([v[:, 0], v[:, 2], v[:, 1]], -1)
        self.add(v + at, [(0, 1, 2), (0, 2, 3)], slot, np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=float))

    def disc(self, slot: str, r: float, at: Point = (0, 0, 0), facing: str = "y") -> None:
        """A round picture of radius r."""
        t = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
        ring = np.stack([np.cos(t), np.sin(t)], -1)
        flat = np.vstack([[0, 0], ring])
        v = np.insert(flat * r, 1 if facing == "y" else 2, 0, axis=1)
        faces = [(0, i + 1, (i + 1) % SEGMENTS + 1) for i in range(SEGMENTS)]
        self.add(v + at, faces, slot, flat / 2 + 0.5)

    def wrap(
        self,
        slot: str,
        r: float,
        z0: float,
        z1: float,
        arc: float = 200.0,
        at: Point = (0, 0, 0),
        top: float | None = None,
    ) -> None:
        """A picture round a cylinder (or cone, with `top`), centered on the front."""
        t = np.radians(np.linspace(-arc / 2, arc / 2, SEGMENTS))
        u = np.linspace(0, 1, SEGMENTS)
        rows = [
            np.stack([q * np.sin(t), -q * np.cos(t), np.full_like(t, z)], -1)
            for q, z in ((r, z0), (r if top is None else top, z1))
        ]
        uv = np.concatenate([np.stack([u, np.full_like(u, v)], -1) for v in (0.0, 1.0)])
        self.add(np.concatenate(rows) + at, _grid_faces(2, SEGMENTS, wrap=False), slot, uv)


def _best_shift(ring: np.ndarray, last: np.ndarray) -> int:
    return int(np.argmin([np.linalg.norm(np.roll(ring, s, 0) - last) for s in range(len(ring))]))
