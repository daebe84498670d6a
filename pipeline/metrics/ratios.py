"""Figures of merit as pure functions of arrays: ranks, hierarchical F1, bootstrap intervals.

Nearly every figure is a ratio of two sums over rows (hits over rows, common levels over levels); what is not, says
what it is when rows count more than once (`Figure`). So one bootstrap serves them all. Ties count against us
everywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

_RESAMPLES_AT_A_TIME = 64  # 64 x 50,000 row counts are 26 MB
_KEPT_ROWS = 5_000  # 1,000 x 5,000 row counts of two bytes are 10 MB


@dataclass(frozen=True)
class Interval:
    """A figure with the bounds of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


class Figure(Protocol):
    """A figure over n rows that can be taken again with rows left out or counted more than once."""

    @property
    def value(self) -> float:
        """The figure; NaN where the rows say nothing."""

    @property
    def rows(self) -> int:
        """The number n."""

    def at(self, rows: np.ndarray) -> Figure:
        """The same figure over some of the rows (a mask or positions)."""

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """The figure float64 [r] for each of r draws, counts float64 [r, n]; NaN for one that says nothing."""


@dataclass(frozen=True)
class Ratio:
    """A figure row by row: it is sum(numerator) / sum(denominator).

    Attributes:
        numerator: float64 [n].
        denominator: float64 [n], not negative.
    """

    numerator: np.ndarray
    denominator: np.ndarray

    @property
    def value(self) -> float:
        """The figure over all rows; NaN where the denominators are all zero."""
        below = float(self.denominator.sum())
        return float(self.numerator.sum()) / below if below else float("nan")

    @property
    def rows(self) -> int:
        """How many rows the sums run over."""
        return len(self.numerator)

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """Both sums taken again, float64 [r] of counts [r, n]."""
        below = counts @ self.denominator
        return np.where(below == 0, np.nan, counts @ self.numerator / np.where(below == 0, 1, below))

    def at(self, rows: np.ndarray) -> Ratio:
        """The same figure over some of the rows (a mask or positions)."""
        return Ratio(self.numerator[rows], self.denominator[rows])


def mean_of(values: np.ndarray) -> Ratio:
    """The plain mean of one value a row, as a ratio."""
    return Ratio(np.asarray(values, dtype=np.float64), np.ones(len(values)))


def lose_ties(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Scores in which the truth stands one floating-point step lower, so that it loses every tie.

    Without it a model that scores everything the same would be right whenever the truth is listed first.

    Args:
        scores: Floats [n, c].
        truth: int [n], column of the truth, -1 where it is not among the columns.

    Returns:
        A copy of the same shape and type.

    Raises:
        ValueError: If a score is NaN.
    """
    if np.isnan(scores).any():
        raise ValueError("A score is NaN; there is no ranking by it.")
    lowered = scores.copy()
    rows = np.flatnonzero(truth >= 0)
    columns = truth[rows]
    lowered[rows, columns] = np.nextafter(lowered[rows, columns], np.array(-np.inf, dtype=scores.dtype))
    return lowered


def ranks(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Rank of the truth among the scores of its row; behind all that it ties with.

    Args:
        scores: Floats [n, c]; -inf where a row has fewer than c candidates.
        truth: int [n], column of the truth.

    Returns:
        int64 [n], 1 for the best.
    """
    lowered = lose_ties(scores, truth)
    true_scores = lowered[np.arange(len(truth)), truth]
    return 1 + (lowered > true_scores[:, None]).sum(axis=1)


def accuracy_at(rank: np.ndarray, k: int) -> Ratio:
    """Share of rows whose truth is among the first k."""
    return mean_of(rank <= k)


def reciprocal_rank(rank: np.ndarray) -> Ratio:
    """Mean reciprocal rank (MRR)."""
    return mean_of(1.0 / rank)


def common_levels(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common prefix of two paths, each a sequence of level names."""
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return length


@dataclass(frozen=True)
class PathOverlap:
    """Overlap of predicted and true paths, row by row.

    In a tree the longest common prefix is the intersection of the two sets of ancestors (the node itself included),
    so these are the counts of Kiritchenko et al. 2005, "Functional annotation of genes using hierarchical text
    categorization".

    Attributes:
        common: float64 [n], levels of the longest common prefix.
        predicted: float64 [n], levels of the predicted path.
        true: float64 [n], levels of the true path.
        top: float64 [n], 1 where the top levels are the same; a probability where rows are expectations.
    """

    common: np.ndarray
    predicted: np.ndarray
    true: np.ndarray
    top: np.ndarray

    @property
    def precision(self) -> Ratio:
        """Micro hierarchical precision: sum of common levels over sum of predicted levels."""
        return Ratio(self.common, self.predicted)

    @property
    def recall(self) -> Ratio:
        """Micro hierarchical recall: sum of common levels over sum of true levels."""
        return Ratio(self.common, self.true)

    @property
    def f1(self) -> Ratio:
        """Micro hierarchical F1, the harmonic mean of the two: 2 x common over predicted + true."""
        return Ratio(2 * self.common, self.predicted + self.true)

    @property
    def top_accuracy(self) -> Ratio:
        """Share of rows with the right top-level category."""
        return mean_of(self.top)


def path_overlap(predicted: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> PathOverlap:
    """Overlap of predicted with true paths, each a sequence of level names, row by row."""
    common = np.array([common_levels(p, t) for p, t in zip(predicted, true, strict=True)], dtype=np.float64)
    return PathOverlap(
        common=common,
        predicted=np.array([len(path) for path in predicted], dtype=np.float64),
        true=np.array([len(path) for path in true], dtype=np.float64),
        top=(common > 0).astype(np.float64),
    )


@dataclass(frozen=True)
class RandomFloor:
    """Expected figures of choosing among the candidates at random, exactly.

    Attributes:
        sizes: int [n], number of candidates of each row.
        overlap: Mean overlap over the row's candidates.
    """

    sizes: np.ndarray
    overlap: PathOverlap

    def accuracy_at(self, k: int) -> Ratio:
        """With c candidates the truth is among the first k with probability min(k, c) / c."""
        return mean_of(np.minimum(k, self.sizes) / self.sizes)

    @property
    def reciprocal_rank(self) -> Ratio:
        """With c candidates the expected reciprocal rank is (1 + 1/2 + ... + 1/c) / c."""
        harmonic = np.cumsum(1.0 / np.arange(1, self.sizes.max(initial=1) + 1))
        return mean_of(harmonic[self.sizes - 1] / self.sizes)


def random_floor(candidates: Sequence[Sequence[Sequence[str]]], true: Sequence[Sequence[str]]) -> RandomFloor:
    """Expectation of a uniformly random ranking of each row's candidates (distinct, the truth among them).

    Args:
        candidates: For each row, its candidate paths as sequences of level names.
        true: The true paths.
    """
    rows = [path_overlap(paths, [truth] * len(paths)) for paths, truth in zip(candidates, true, strict=True)]
    common, predicted, top = (
        np.array([getattr(row, name).mean() for row in rows], dtype=np.float64)
        for name in ("common", "predicted", "top")
    )
    overlap = PathOverlap(common, predicted, np.array([len(path) for path in true], dtype=np.float64), top)
    return RandomFloor(np.array([len(paths) for paths in candidates], dtype=np.int64), overlap)


def _row_counts(rows: int, resamples: int, seed: int) -> Iterable[np.ndarray]:
    """How often each row is drawn, int [a part of the resamples, rows]; those of few rows are kept for further figures.

    Drawing takes as long as the figures do, and a report asks for the same draws dozens of times.
    """
    return _kept_row_counts(rows, resamples, seed) if rows <= _KEPT_ROWS else _drawn_row_counts(rows, resamples, seed)


@functools.lru_cache(maxsize=8)
def _kept_row_counts(rows: int, resamples: int, seed: int) -> tuple[np.ndarray, ...]:
    return tuple(part.astype(np.uint16) for part in _drawn_row_counts(rows, resamples, seed))


def _drawn_row_counts(rows: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    for start in range(0, resamples, _RESAMPLES_AT_A_TIME):
        size = min(_RESAMPLES_AT_A_TIME, resamples - start)
        yield np.stack([np.bincount(rng.integers(0, rows, rows), minlength=rows) for _ in range(size)])


def bootstrap(figures: Sequence[Figure], *, resamples: int, seed: int) -> list[Interval]:
    """Figures over the same rows with their 95 % percentile bootstrap intervals.

    Efron 1979: rows are drawn with replacement, as many as there are, and every figure is computed again; the
    interval runs from the 2.5th to the 97.5th percentile, and further where the value itself lies outside (a
    calibration error does: drawing rows adds noise, which an absolute value never takes back).

    Args:
        figures: Over the same rows.
        resamples: Number of draws.
        seed: Same seed, same interval.

    Raises:
        ValueError: If there are no rows, or a figure has nothing to divide by.
    """
    values = np.array([figure.value for figure in figures])
    rows = figures[0].rows
    if rows == 0 or np.isnan(values).any():
        raise ValueError("A figure over no rows has no interval.")
    draws = np.empty((resamples, len(figures)))
    start = 0
    for counts in _row_counts(rows, resamples, seed):
        size = len(counts)
        again = np.stack([figure.resampled(counts.astype(np.float64)) for figure in figures], axis=1)
        # a draw of rows that say nothing says nothing; the value itself stands in for it
        draws[start : start + size] = np.where(np.isnan(again), values, again)
        start += size
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    bounds = zip(values, np.minimum(low, values), np.maximum(high, values), strict=True)
    return [Interval(float(value), float(lo), float(hi)) for value, lo, hi in bounds]
