"""The index compared with the exact scan on one query: their results, and the time that each took."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.search.vector_index import VectorIndex, best_of

_REPEATS = 5


@dataclass(frozen=True)
class IndexComparison:
    """One query by FAISS and by the exact scan.

    Attributes:
        vectors: How many were searched.
        results: Number of results of each.
        common: How many of them both have.
        same_order: Whether both have the same ones in the same order.
        index_ms: Median time of FAISS, in milliseconds.
        scan_ms: Median time of the scan.
    """

    vectors: int
    results: int
    common: int
    same_order: bool
    index_ms: float
    scan_ms: float


def compare(index: VectorIndex, query: np.ndarray, k: int) -> IndexComparison:
    """Search an index and scan its vectors, five times each.

    Args:
        index: What is searched.
        query: float32 [d].
        k: Results.
    """
    (_, indexed), index_ms = _timed(lambda: index.search(query[None], k))
    (_, expected), scan_ms = _timed(lambda: best_of(index.vectors.cosines(query), k))
    common = len(np.intersect1d(indexed[0], expected))
    same = bool(np.array_equal(indexed[0], expected))
    return IndexComparison(len(index), indexed.shape[1], common, same, index_ms, scan_ms)


def _timed(
    search: Callable[[], tuple[np.ndarray, np.ndarray]],
) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """The result of a search, and the median of its times in milliseconds."""
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        results = search()
        times.append(1000 * (time.perf_counter() - start))
    return results, statistics.median(times)
