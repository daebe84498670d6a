"""Figures of predicted category paths as pure functions: ancestor sets, levels, macro-F1, calibration, thresholds.

Paths are sequences of level names. A confidence belongs to a level of a predicted path: the probability that the path
is right down to there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.metrics.ratios import Ratio

BINS = 15  # Guo et al. 2017, "On calibration of modern neural networks"

Path = Sequence[str]


def ancestors(path: Path) -> frozenset[tuple[str, ...]]:
    """A path and all above it, as a set."""
    return frozenset(tuple(path[:depth]) for depth in range(1, len(path) + 1))


def ancestor_f1(predicted: Sequence[Path], accepted: Sequence[Sequence[Path]]) -> Ratio:
    """Micro hierarchical F1 over ancestor sets, against the one of several accepted paths that fits best.

    Kiritchenko et al. 2005. With the truth as the only accepted path this is the strict figure, and in a tree the same
    as that of the longest common prefix; with a row's candidates it is the lenient one.

    Args:
        predicted: n paths.
        accepted: For each of them at least one path.
    """
    above, below = [], []
    for path, choices in zip(predicted, accepted, strict=True):
        given = ancestors(path)
        pairs = [(2 * len(given & ancestors(choice)), len(given) + len(choice)) for choice in choices]
        best = max(pairs, key=lambda pair: pair[0] / pair[1])
        above.append(best[0])
        below.append(best[1])
    return Ratio(np.array(above, dtype=np.float64), np.array(below, dtype=np.float64))


def level_hits(predicted: Sequence[Path], true: Sequence[Path], depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels of predicted paths, present and correct.

    Returns:
        Two bool arrays [n, depth]: whether the prediction has that level, and whether the truth starts with it.
    """
    present = np.array([[level < len(path) for level in range(depth)] for path in predicted]).reshape(-1, depth)
    correct = np.zeros_like(present)
    for row, (path, truth) in enumerate(zip(predicted, true, strict=True)):
        for level in range(min(len(path), len(truth), depth)):
            if path[level] != truth[level]:
                break
            correct[row, level] = True
    return present, correct


def level_accuracy(correct: np.ndarray, true_depths: np.ndarray) -> list[Ratio]:
    """Share of the rows whose truth has a level, that are right down to it; one figure a level.

    Args:
        correct: bool [n, levels].
        true_depths: int [n].
    """
    has = true_depths[:, None] > np.arange(correct.shape[1])
    return [
        Ratio((correct & has)[:, level].astype(float), has[:, level].astype(float)) for level in range(has.shape[1])
    ]


@dataclass(frozen=True)
class MacroF1:
    """Mean over the true categories of their F1, every category counting the same.

    Attributes:
        predicted: int [n], category numbers.
        true: int [n].
    """

    predicted: np.ndarray
    true: np.ndarray

    @property
    def rows(self) -> int:
        """The number n."""
        return len(self.true)

    @property
    def value(self) -> float:
        """The figure; NaN without rows."""
        return float(self.resampled(np.ones((1, self.rows)))[0])

    def at(self, rows: np.ndarray) -> MacroF1:
        """The same figure over some of the rows."""
        return MacroF1(self.predicted[rows], self.true[rows])

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """Over draws of the rows; categories that a draw lacks are no part of its mean."""
        size = 1 + max(int(self.true.max(initial=0)), int(self.predicted.max(initial=0)))
        hits = self.predicted == self.true
        means = np.full(len(counts), np.nan)
        for draw, weights in enumerate(counts):
            named = np.bincount(self.true, weights, size)
            given = np.bincount(self.predicted, weights, size)
            correct = np.bincount(self.true, weights * hits, size)
            kept = named > 0
            if kept.any():
                means[draw] = (2 * correct[kept] / (named[kept] + given[kept])).mean()
        return means


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error: mean gap between confidence and accuracy, in bins of equal width.

    Naeini et al. 2015; every level has bins of its own, so that a cautious one does not make up for a bold one.

    Attributes:
        confidence: float [n, levels] in [0, 1].
        correct: bool [n, levels].
        present: bool [n, levels], which of them count.
    """

    confidence: np.ndarray
    correct: np.ndarray
    present: np.ndarray

    @property
    def rows(self) -> int:
        """The number n."""
        return len(self.correct)

    @property
    def value(self) -> float:
        """The figure; NaN where nothing counts."""
        return float(self.resampled(np.ones((1, self.rows)))[0])

    def at(self, rows: np.ndarray) -> CalibrationError:
        """The same figure over some of the rows."""
        return CalibrationError(self.confidence[rows], self.correct[rows], self.present[rows])

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """Over draws of the rows."""
        gaps = np.where(self.present, self.confidence - self.correct, 0.0)
        bins = np.minimum((self.confidence * BINS).astype(np.int64), BINS - 1)
        total = np.zeros(len(counts))
        for level in range(gaps.shape[1]):
            table = np.zeros((self.rows, BINS))
            table[np.arange(self.rows), bins[:, level]] = gaps[:, level]
            total += np.abs(counts @ table).sum(axis=1)
        number = counts @ self.present.sum(axis=1)
        return np.where(number == 0, np.nan, total / np.where(number == 0, 1, number))


def reliability(confidence: np.ndarray, correct: np.ndarray, weights: np.ndarray) -> list[tuple[float, float, float]]:
    """Points of a reliability diagram.

    Args:
        confidence: float [n] in [0, 1].
        correct: bool [n].
        weights: float [n].

    Returns:
        For each bin that holds something: mean confidence, accuracy, share of the weight.
    """
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    mass, confidences, hits = (np.bincount(bins, weights * value, BINS) for value in (1.0, confidence, correct))
    kept = mass > 0
    columns = (confidences[kept] / mass[kept], hits[kept] / mass[kept], mass[kept] / mass.sum())
    return [(float(mean), float(accuracy), float(share)) for mean, accuracy, share in zip(*columns, strict=True)]


class CoverageCurve(NamedTuple):
    """Coverage and precision of t thresholds.

    Attributes:
        thresholds: float [t], falling.
        coverage: float [t], share of the weight at or above each.
        precision: float [t], share of that weight which is correct.
    """

    thresholds: np.ndarray
    coverage: np.ndarray
    precision: np.ndarray


def coverage_curve(confidence: np.ndarray, correct: np.ndarray, weights: np.ndarray) -> CoverageCurve:
    """Coverage and precision of every threshold that tells rows apart.

    Args:
        confidence: float [n].
        correct: bool [n].
        weights: float [n], not negative.
    """
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True)) if len(order) else order
    mass = np.cumsum(weights[order])
    hits = np.cumsum((weights * correct)[order])
    kept = last[mass[last] > 0]
    total = max(float(weights.sum()), 1e-12)
    return CoverageCurve(confidence[order][kept], mass[kept] / total, hits[kept] / mass[kept])


def threshold_for(precision: float, curve: CoverageCurve) -> float | None:
    """The lowest threshold whose precision is at least the one given; None if none is.

    Args:
        precision: In (0, 1].
        curve: Of `coverage_curve`.
    """
    enough = np.flatnonzero(curve.precision >= precision)
    return float(curve.thresholds[enough[-1]]) if len(enough) else None
