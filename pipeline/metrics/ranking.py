"""Figures of rankings as pure functions: nDCG, recall, precision among nearest neighbors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.metrics.ratios import Ratio, mean_of


def best_first(scores: np.ndarray, gains: np.ndarray, k: int) -> np.ndarray:
    """The first k things of each ranking; of those that tie, the less useful come first.

    Args:
        scores: Floats [q, n].
        gains: Floats [q, n], how useful each is.
        k: Depth.

    Returns:
        int64 [q, min(k, n)], columns of `scores`.

    Raises:
        ValueError: If a score is NaN.
    """
    if np.isnan(scores).any():
        raise ValueError("A score is NaN; there is no ranking by it.")
    return np.stack([np.lexsort((gain, -score))[:k] for score, gain in zip(scores, gains, strict=True)])


def ndcg_at(gains: np.ndarray, order: np.ndarray, k: int) -> Ratio:
    """Mean normalized discounted cumulative gain of the first k (nDCG@k).

    Järvelin & Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques": the gain at rank r counts
    1 / log2(r + 1), and the sum is divided by that of the best order there is. Gains are taken as they are (linear).

    Args:
        gains: float [q, n], not negative.
        order: int [q, m], columns of `gains`, best first.
        k: Depth.

    Returns:
        A row a query; one without any gain counts for nothing.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ranked = np.take_along_axis(gains, order[:, :k], axis=1)
    ideal = -np.sort(-gains, axis=1)[:, :k]
    reached, reachable = (part @ discounts[: part.shape[1]] for part in (ranked, ideal))
    return Ratio(reached / np.where(reachable > 0, reachable, 1), (reachable > 0).astype(np.float64))


def recall_at(relevant: np.ndarray, order: np.ndarray, k: int) -> Ratio:
    """Mean over queries of the share of what is relevant that stands among the first k.

    Args:
        relevant: bool [q, n].
        order: int [q, m], columns of `relevant`, best first.
        k: Depth.

    Returns:
        A row a query; one with nothing relevant counts for nothing.
    """
    total = relevant.sum(axis=1)
    hits = np.take_along_axis(relevant, order[:, :k], axis=1).sum(axis=1)
    return Ratio(hits / np.maximum(total, 1), (total > 0).astype(np.float64))


def share_at(marked: np.ndarray, order: np.ndarray, k: int) -> Ratio:
    """Share of the first k that is marked.

    Args:
        marked: bool [q, n].
        order: int [q, m], columns of `marked`, best first.
        k: Depth.
    """
    return mean_of(np.take_along_axis(marked, order[:, :k], axis=1).mean(axis=1))


def neighbor_precision(
    vectors: np.ndarray, labels: np.ndarray, ks: Sequence[int], *, near_duplicate: float, chunk: int = 512
) -> list[Ratio]:
    """Precision among the k nearest neighbors: how many bear the label of the query.

    Each row is a query against all others. Neighbors are taken best first; one whose cosine to the query or to a
    neighbor taken before lies above `near_duplicate` is skipped. Where fewer than k are left, only those count.

    Args:
        vectors: float32 [n, d], L2-normalized.
        labels: int [n].
        ks: Numbers of neighbors.
        near_duplicate: Cosine above which two rows count as the same product.
        chunk: Queries at a time.

    Returns:
        One ratio over the n rows for each of `ks`: neighbors with the query's label over neighbors.
    """
    n, deepest = len(vectors), max(ks)
    hits, taken = np.zeros((n, deepest)), np.zeros((n, deepest))
    for start in range(0, n, chunk):
        queries = np.arange(start, min(start + chunk, n))
        row = np.arange(len(queries))
        scores = vectors[queries] @ vectors.T
        scores[row, queries] = -np.inf
        scores[scores > near_duplicate] = -np.inf
        for depth in range(deepest):
            best = scores.argmax(axis=1)
            valid = scores[row, best] > -np.inf
            hits[queries, depth] = valid & (labels[best] == labels[queries])
            taken[queries, depth] = valid
            scores[row, best] = -np.inf
            if depth + 1 < deepest:
                scores[vectors[best] @ vectors.T > near_duplicate] = -np.inf
    return [Ratio(hits[:, :k].sum(axis=1), taken[:, :k].sum(axis=1)) for k in ks]


def same_label_floor(labels: np.ndarray) -> Ratio:
    """Expected precision of neighbors drawn at random: share of the other rows that bear the row's label."""
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return mean_of((counts[inverse] - 1) / max(1, len(labels) - 1))
