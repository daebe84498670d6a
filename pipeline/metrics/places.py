"""How evenly places fill the sky that they span: a figure of a layout, as a pure function."""

from __future__ import annotations

from itertools import combinations

import numpy as np

_PER_CELL = 4  # places of a cell, were they spread evenly
_FEWEST_CELLS, _MOST_CELLS = 4, 64  # along a side
_EDGE = 0.005  # of the places at each end, which do not stretch the sky


def crowding(points: np.ndarray, share: float = 0.1) -> float:
    """Part of the places that the densest `share` of the sky holds: `share` if spread evenly, 1 if all are one heap.

    The sky is a square grid over the box that 99 % of the places span. Of places in space it is each of the three views
    along an axis, and the most crowded one counts.

    Args:
        points: float [n, 2] or [n, 3], finite.
        share: Of the cells, 0 to 1.
    """
    if not len(points):
        return 0.0
    return max(_crowding_of(points[:, list(axes)], share) for axes in combinations(range(points.shape[1]), 2))


def _crowding_of(flat: np.ndarray, share: float) -> float:
    side = int(np.clip(round((len(flat) / _PER_CELL) ** 0.5), _FEWEST_CELLS, _MOST_CELLS))
    low, high = np.quantile(flat, [_EDGE, 1 - _EDGE], axis=0)
    cells = np.clip((flat - low) / np.maximum(high - low, np.finfo(np.float32).tiny) * side, 0, side - 1).astype(int)
    counts = np.sort(np.bincount(cells[:, 0] * side + cells[:, 1], minlength=side * side))
    return float(counts[-round(share * side * side) :].sum() / len(flat))
