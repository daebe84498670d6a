"""Outlines and curves that solids are made of: points in the plane or in space, lengths in any unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from shapely.geometry import Polygon

Point = Sequence[float]
SEGMENTS = 40
"""Straight pieces of a round outline."""


def spline(points: ArrayLike, samples: int = 40, closed: bool = False) -> np.ndarray:
    """Catmull-Rom curve through points [n, d], as [samples, d]."""
    p = np.asarray(points, dtype=float)
    n = len(p)
    before, after = (p[-1:], p[:2]) if closed else (2 * p[:1] - p[1:2], 2 * p[-1:] - p[-2:-1])
    p = np.concatenate([before, p, after])
    spans = n if closed else n - 1
    t = np.linspace(0, spans, samples, endpoint=not closed)
    i = np.minimum(t.astype(int), spans - 1)
    f = (t - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)


def mirrored(half: Sequence[Point]) -> list[Point]:
    """A closed outline from its right half, listed from bottom to top or top to bottom."""
    return [*half, *((-x, y) for x, y in reversed(half))]


def ellipse(a: float, b: float, at: Point = (0, 0), n: int = SEGMENTS) -> list[Point]:
    """Outline of an ellipse with half axes a, b."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return [(at[0] + a * np.cos(x), at[1] + b * np.sin(x)) for x in t]


def rounded(w: float, h: float, r: float) -> list[Point]:
    """Outline of a rectangle w x h with corners of radius r, around the origin."""
    shape = Polygon(
        [(-w / 2 + r, -h / 2 + r), (w / 2 - r, -h / 2 + r), (w / 2 - r, h / 2 - r), (-w / 2 + r, h / 2 - r)]
    )
    return list(shape.buffer(r, quad_segs=6).exterior.coords)[:-1]
