"""Rankings by words and by vectors made one, as pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

COSINE_WEIGHT = 0.7
"""Of the cosine beside BM25, for a visitor's words; `evaluate-search` says what it is worth."""

RRF_CONSTANT = 60
"""Cormack et al. 2009; large enough that the first ranks do not decide alone."""


def reciprocal_rank_fusion(scores: Sequence[np.ndarray]) -> np.ndarray:
    """Fused scores of n things by their ranks: the sum of 1 / (60 + rank) over the rankings.

    Cormack, Clarke & Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods". Things with the same score share the lowest rank of them all.

    Args:
        scores: Arrays float [n], greater is better; each is one ranking.

    Returns:
        float64 [n].
    """
    return np.sum([1.0 / (RRF_CONSTANT + _ranks(one)) for one in scores], axis=0)


def convex_combination(cosines: np.ndarray, lexical: np.ndarray, weight: float) -> np.ndarray:
    """Fused scores of n things: weight x cosine + (1 - weight) x BM25, each scaled so that the best of the n has 1.

    Bruch, Gai & Ingber 2023, "An analysis of fusion functions for hybrid retrieval", with their theoretical minimum:
    0 is the least that either score can be, a cosine of -1 or no common word.

    Args:
        cosines: float [n], of all products with one query.
        lexical: float [n], its BM25 scores, not negative; all 0 where nothing shares a word with the query.
        weight: Of the cosines, 0 to 1.

    Returns:
        float64 [n], 0 to 1.
    """
    by_vector = (np.asarray(cosines, dtype=np.float64) + 1) / (cosines.max() + 1)
    by_words = np.asarray(lexical, dtype=np.float64) / (lexical.max() or 1.0)
    return weight * by_vector + (1 - weight) * by_words


def _ranks(scores: np.ndarray) -> np.ndarray:
    """1 for the best; those of the same score share the lowest rank among them."""
    rising = np.sort(scores)
    return len(scores) - np.searchsorted(rising, scores, side="left")
