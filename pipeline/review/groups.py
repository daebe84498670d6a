"""Groups of products that are alike, so that one decision may settle all of a group, and which to ask about first."""

from __future__ import annotations

import faiss
import numpy as np

SIZE = 6
"""Products of a group, on average."""
LEAST_ALIKE = 0.7
"""Cosine with the middle of its group below which a product stands alone."""
_ROUNDS = 8
_SEED = 7
_FEWEST = 3 * SIZE


def group(vectors: np.ndarray) -> np.ndarray:
    """Numbers of groups, int64 [n], by k-means; no table of n x n is made.

    Args:
        vectors: float32 [n, d], of length 1.
    """
    if len(vectors) < _FEWEST:
        clusters, cosines = np.zeros(len(vectors), dtype=np.int64), np.ones(len(vectors))
    else:
        clusters, cosines = _spherical(np.ascontiguousarray(vectors, dtype=np.float32))
    alone = np.flatnonzero(cosines < LEAST_ALIKE)
    clusters[alone] = len(vectors) + alone
    numbers: np.ndarray = np.unique(clusters, return_inverse=True)[1].astype(np.int64)
    return numbers


def _spherical(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of the k centers of each vector, and the cosine with it."""
    count, dimension = vectors.shape
    means = faiss.Kmeans(
        dimension, max(1, count // SIZE), niter=_ROUNDS, seed=_SEED, spherical=True, min_points_per_centroid=1
    )
    means.train(vectors)
    cosines, nearest = means.index.search(vectors, 1)
    return nearest[:, 0].astype(np.int64), cosines[:, 0]


def worth(is_open: np.ndarray, confidences: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """What a decision about each product is worth, float64 [n], 0 for those that are not open.

    The doubt of a product, times the share of its group's doubt that a decision settles: all of it for the first of a
    group, less for each further one, which says little new.

    Args:
        is_open: bool [n], to be decided.
        confidences: float [n], probability of the path that it is taken for by now.
        clusters: int [n], numbers of groups from 0.
    """
    doubt = np.where(is_open, 1 - confidences + 1e-6, 0.0)
    count = int(clusters.max(initial=-1)) + 1
    whole = np.bincount(clusters, weights=doubt, minlength=count)
    settled = np.bincount(clusters, weights=~is_open, minlength=count)
    worth: np.ndarray = (whole / (1 + settled))[clusters] * doubt
    return worth
