"""Nearest neighbors among row vectors: FAISS, and the exact scan that it must agree with."""

from __future__ import annotations

import faiss
import numpy as np

from pipeline.catalog.vectors import StoredVectors
from pipeline.search.evidence import NEAR_DUPLICATE

_SPARE = 32  # float16 moves a cosine by some 1e-5, so a row can stand a few places off before it is scored again


class VectorIndex:
    """Flat inner-product index over row vectors.

    FAISS scans a float16 copy, which is half as much to read and several times as fast as its scan of float32 for
    one query; the best, and some more, are then scored again with the vectors themselves.
    """

    def __init__(self, vectors: StoredVectors) -> None:
        """Index vectors, which are kept, not copied."""
        self.vectors = vectors
        self._index = vectors.scan

    def __len__(self) -> int:
        return len(self.vectors)

    def search(self, queries: np.ndarray, k: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k rows with the greatest inner product.

        Args:
            queries: float32 [q, d].
            k: Results a query; fewer come back where the index is smaller, or fewer rows are allowed.
            allowed: Bool [n], the rows that can be found; None for all.

        Returns:
            Scores float32 [q, min(k, n)], falling, and rows int64 of the same shape.
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        searched = len(self) if allowed is None else int(allowed.sum())
        rows = self._nearest(queries, min(k + _SPARE, searched), allowed)
        rows.sort(axis=1)  # so that equal scores come in the order of rows, as in a scan
        pairs = zip(rows, queries, strict=True)
        scores = np.stack([(self.vectors[candidates] * query).sum(axis=1) for candidates, query in pairs])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, best, axis=1), np.take_along_axis(rows, best, axis=1)

    def _nearest(self, queries: np.ndarray, width: int, allowed: np.ndarray | None) -> np.ndarray:
        """The `width` rows, of those that are allowed, which come nearest as they are stored: int64 [q, width]."""
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(np.flatnonzero(allowed)))  # type: ignore[call-arg]
        _, rows = self._index.search(queries, width, params=parameters)
        return rows


def exact_scan(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The result of `VectorIndex.search` by the obvious way: all inner products, sorted.

    Args:
        vectors: float32 [n, d].
        queries: float32 [q, d].
        k: Results a query.

    Returns:
        Scores float32 [q, min(k, n)], falling, and rows int64 of the same shape.
    """
    scores = queries @ vectors.T
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, rows, axis=1), rows


def best_of(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k greatest of scores [n], falling, and their rows, min(k, n) of each; of equal ones the lower row first."""
    k = min(k, len(scores))
    rows = np.sort(np.argpartition(-scores, k - 1)[:k])
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    return scores[rows], rows


def skip_near_duplicates(
    rows: np.ndarray, vectors: StoredVectors | np.ndarray, k: int, threshold: float = NEAR_DUPLICATE
) -> list[int]:
    """The first k of `rows`, best first, without those nearly the same as one before them.

    Args:
        rows: int [m], rows of `vectors`, best first.
        vectors: The n vectors.
        k: Rows to keep.
        threshold: A row whose cosine to a kept one lies above it is skipped.

    Returns:
        Positions within `rows`, rising, at most k.
    """
    kept: list[int] = []
    for position, row in enumerate(rows):
        if len(kept) == k:
            break
        if kept and float((vectors[rows[kept]] @ vectors[row]).max()) > threshold:
            continue
        kept.append(position)
    return kept
