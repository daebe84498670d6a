"""A layout fitted on some of the products, in which the rest find their places."""

from __future__ import annotations

import logging
from typing import Protocol

import numpy as np

_LOG = logging.getLogger(__name__)
_AT_A_TIME = 20_000  # so that the log moves, and the neighbors of some rows alone are in memory


class Mapper(Protocol):
    """What umap-learn's UMAP can do."""

    def fit_transform(self, points: np.ndarray) -> np.ndarray:
        """Fit the layout on points [m, d], and give their places [m, k]."""

    def transform(self, points: np.ndarray) -> np.ndarray:
        """Places [n, k] of further points, beside those of their nearest neighbors."""


def fit_on_some(mapper: Mapper, points: np.ndarray, most: int, *, seed: int) -> np.ndarray:
    """Places of points, by a layout that is fitted on at most some of them.

    A sample at random has each group in proportion to its size. The rest begin between their nearest neighbors in the
    sample and are moved as UMAP moves them, while the sample stays (McInnes, Healy & Melville 2018).

    Args:
        mapper: Not fitted yet.
        points: float [n, d].
        most: Points that it is fitted on; with fewer, it is fitted on all.
        seed: Same seed, same sample.

    Returns:
        float32 [n, k].
    """
    n = len(points)
    if n <= most:
        return mapper.fit_transform(points).astype(np.float32)
    rows = np.random.default_rng(seed).permutation(n)
    sample, rest = np.sort(rows[:most]), np.sort(rows[most:])
    fitted = mapper.fit_transform(points[sample])
    places = np.empty((n, fitted.shape[1]), dtype=np.float32)
    places[sample] = fitted
    for start in range(0, len(rest), _AT_A_TIME):
        part = rest[start : start + _AT_A_TIME]
        places[part] = mapper.transform(points[part])
        _LOG.info("%d of %d products placed beside those of a sample", start + len(part), len(rest))
    return places
