"""Rankings by words and by vectors made one, and a query with examples: pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.data.vectors import unit
from pipeline.errors import InputError

COSINE_WEIGHT = 0.7
"""Of the cosine beside BM25, for a visitor's words; `evaluate-search` says what it is worth."""

SENSE_DEPTH = 50
"""Products nearest to a query whose descriptions' words count; `evaluate-search` says what that is worth."""

CATEGORY_WEIGHT = 0.1
"""Of the cosine of a query with a product's category, beside both; the same."""

LIKE_WEIGHT, UNLIKE_WEIGHT = 0.75, 0.5
"""Of the mean examples, beside 1 of the query. Of what is not wanted, the usual 0.15 changes hardly a result."""

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


def hybrid(cosines: np.ndarray, lexical: np.ndarray, named: np.ndarray, senses: np.ndarray | float = 0.0) -> np.ndarray:
    """Scores of n products for a visitor's words: `convex_combination`, where the vectors decide the words' sense.

    A shared word counts for the `SENSE_DEPTH` products nearest by vector, and for those that have all words of the
    query in their names. So "a warm coat" is no paint that covers in one coat, and an article number is still found.

    Args:
        cosines: float [n], of all products with one query.
        lexical: float [n], its BM25 scores.
        named: bool [n], `bm25.Names.with_all`.
        senses: float [n], cosines of the query with the products' categories (`CategorySenses.of`).

    Returns:
        float64 [n], at most 1.1.
    """
    depth = min(SENSE_DEPTH, len(cosines))
    least = np.partition(cosines, len(cosines) - depth)[len(cosines) - depth]
    by_words = np.where(named | (cosines >= least), lexical / (lexical.max() or 1.0), 0.0)
    return COSINE_WEIGHT * _scaled(cosines) + (1 - COSINE_WEIGHT) * by_words + CATEGORY_WEIGHT * np.asarray(senses)


def rocchio(query: np.ndarray | None, like: np.ndarray, unlike: np.ndarray) -> np.ndarray:
    """A query with examples as one vector: unit, float32 [d].

    Rocchio 1971, "Relevance feedback in information retrieval": the query, and the mean of the examples of either kind,
    added and subtracted.

    Args:
        query: Unit vector float32 [d]; None where examples alone say what is wanted.
        like: Unit vectors float32 [m, d], m of 0 or more.
        unlike: The same, [k, d].

    Raises:
        ValueError: In one sentence, if there is neither a query nor an example to be like, or they cancel out.
    """
    if query is None and not len(like):
        raise InputError("Say what to look for as well: a text, a photo, or a product to be like.")
    moved = np.zeros(like.shape[1], dtype=np.float64) if query is None else query.astype(np.float64)
    if len(like):
        moved += LIKE_WEIGHT * like.mean(axis=0)
    if len(unlike):
        moved -= UNLIKE_WEIGHT * unlike.mean(axis=0)
    if not moved.any():
        raise InputError("These examples cancel each other out; take one of them away.")
    return unit(moved).astype(np.float32)


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
    by_words = np.asarray(lexical, dtype=np.float64) / (lexical.max() or 1.0)
    return weight * _scaled(cosines) + (1 - weight) * by_words


def _scaled(cosines: np.ndarray) -> np.ndarray:
    """Cosines from their least, -1, as 0, to the best of them as 1."""
    scaled: np.ndarray = (np.asarray(cosines, dtype=np.float64) + 1) / (cosines.max() + 1)
    return scaled


def _ranks(scores: np.ndarray) -> np.ndarray:
    """1 for the best; those of the same score share the lowest rank among them."""
    rising = np.sort(scores)
    return len(scores) - np.searchsorted(rising, scores, side="left")
