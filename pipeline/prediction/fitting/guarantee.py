"""Thresholds with a finite-sample guarantee: learn then test, level by level.

Angelopoulos et al. 2021, "Learn then Test" (arXiv 2110.01052): each threshold t of a grid has the null hypothesis "of
the predictions with confidence >= t fewer than the target are right". Its p-value is the binomial tail

    P(Binomial(n, target) >= hits),   n and hits of the calibration rows at or above t,

whose inversion is the bound of Clopper and Pearson 1934. The grid is tested from the strictest threshold down, in a
fixed sequence, so that the chance of accepting any false threshold stays below 1 - certainty. A sequence that starts
with few rows stops at their first mistakes; so the budget is split among a few starts, and a threshold that is
rejected hands its budget on to the next (the fallback procedure of Wiens 2003, which bounds the same chance). The grid
depends on the confidences alone, never on which rows are right. Stopping at a level of a path is hierarchical selective
classification (Goren et al. 2024, arXiv 2405.11533).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

_STARTS = (0.05, 0.1, 0.2, 0.4)
"""Shares of the rows at which a sequence starts, each with the same part of the budget."""
_STEPS = 60
_FEWEST = 16  # rows of the strictest threshold; no target above 0.83 is reached with fewer


@dataclass(frozen=True)
class Accepted:
    """The lowest threshold that is certified, None where none is, and the share of the weight at or above it."""

    threshold: float | None
    coverage: float


def binomial_tail(hits: np.ndarray, rows: np.ndarray, target: float) -> np.ndarray:
    """P(Binomial(rows, target) >= hits) for real-valued counts, by the incomplete beta function; 1 without rows.

    Args:
        hits: float [k], at most `rows`.
        rows: float [k].
        target: In (0, 1).
    """
    inside = (hits > 0) & (rows > 0)
    tail: np.ndarray = np.where(
        inside, betainc(np.where(inside, hits, 1.0), rows - np.where(inside, hits, 0.0) + 1, target), 1.0
    )
    return tail


def certified_threshold(
    confidence: np.ndarray,
    correct: np.ndarray,
    weights: np.ndarray,
    *,
    target: float,
    certainty: float,
    floor: float = 0.0,
) -> Accepted:
    """The lowest confidence at which the target precision holds with a certainty.

    Args:
        confidence: float [n] of independent rows.
        correct: bool [n].
        weights: float [n], not negative. Where they differ, counts are those of as many rows of equal weight as have
            the same variance (Kish 1965), and the guarantee is approximate.
        target: Precision, in (0, 1).
        certainty: In (0, 1).
        floor: Thresholds below it are not tried.
    """
    order = np.argsort(-confidence, kind="stable")
    confidence, correct, weights = confidence[order], correct[order], weights[order]
    total = float(weights.sum())
    ends = _grid(confidence, floor)
    if not len(ends) or total <= 0:
        return Accepted(None, 0.0)
    mass, squares, hits = (np.cumsum(one)[ends] for one in (weights, weights**2, weights * correct))
    mass = np.maximum(mass, 1e-12)
    rows = mass**2 / np.maximum(squares, 1e-12)
    tails = binomial_tail(np.minimum(rows * hits / mass, rows), rows, target)
    budget = np.zeros(len(ends))
    for share in _STARTS:
        place = int(np.searchsorted(ends + 1, max(share * len(confidence), _FEWEST)))
        budget[min(place, len(ends) - 1)] += (1 - certainty) / len(_STARTS)
    lowest, carried = None, 0.0
    for place in range(len(ends)):
        level = budget[place] + carried
        rejected = bool(tails[place] <= level)
        carried = level if rejected else 0.0
        lowest = place if rejected else lowest
    if lowest is None:
        return Accepted(None, 0.0)
    return Accepted(float(confidence[ends[lowest]]), float(mass[lowest] / total))


def _grid(confidence: np.ndarray, floor: float) -> np.ndarray:
    """Positions at which falling confidences are cut, int, rising: about `_STEPS`, and the last one above the floor."""
    last = np.flatnonzero(np.append(np.diff(confidence) != 0, True)) if len(confidence) else np.zeros(0, dtype=np.int64)
    last = last[confidence[last] >= floor]
    if not len(last):
        return last
    sizes = np.geomspace(_FEWEST, max(_FEWEST, len(confidence)), _STEPS)
    chosen = last[np.minimum(np.searchsorted(last + 1, sizes), len(last) - 1)]
    return np.unique(
        np.append(chosen[chosen + 1 >= _FEWEST], last[-1] if last[-1] + 1 >= _FEWEST else []).astype(np.int64)
    )
