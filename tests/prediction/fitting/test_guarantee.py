"""The guarantee on simulated scores, where the true precision is known, and the binomial tail against scipy's own."""

from functools import cache

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from pipeline.metrics.hierarchical import coverage_curve, threshold_for
from pipeline.prediction.fitting.guarantee import binomial_tail, certified_threshold

TARGET, CERTAINTY = 0.9, 0.95


def _chance(score: np.ndarray) -> np.ndarray:
    """How often a prediction with this score is right."""
    return 0.99 * expit(9 * (score - 0.35))


def _draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    score = rng.beta(2, 1.5, n)
    return score, rng.random(n) < _chance(score)


@cache
def _population() -> tuple[np.ndarray, np.ndarray]:
    """Falling scores, and the precision of all that are at least as high."""
    score = np.sort(np.random.default_rng(1).beta(2, 1.5, 200_000))[::-1]
    return score, np.cumsum(_chance(score)) / np.arange(1, len(score) + 1)


def _true_precision(threshold: float) -> float:
    score, precision = _population()
    return float(precision[max(int((score >= threshold).sum()), 1) - 1])


def test_the_precision_falls_below_the_target_in_at_most_one_of_twenty_calibrations():
    rng = np.random.default_rng(0)
    certified, plain, none = [], [], 0
    for _ in range(200):
        score, correct = _draw(rng, 600)
        ones = np.ones(len(score))
        found = certified_threshold(score, correct, ones, target=TARGET, certainty=CERTAINTY).threshold
        none += found is None
        certified.append(found is not None and _true_precision(found) < TARGET)
        lowest = threshold_for(TARGET, coverage_curve(score, correct, ones))
        plain.append(lowest is not None and _true_precision(lowest) < TARGET)
    assert np.mean(certified) <= 0.05
    assert none < 10
    assert np.mean(plain) > 0.3, "the lowest threshold that was enough on the rows is enough by luck half of the time"


def test_with_many_rows_it_comes_near_the_best_threshold():
    score, correct = _draw(np.random.default_rng(2), 20_000)
    found = certified_threshold(score, correct, np.ones(len(score)), target=TARGET, certainty=CERTAINTY)
    grid = np.linspace(0.3, 1, 200)
    best = next(value for value in grid if _true_precision(value) >= TARGET)
    assert best <= found.threshold <= best + 0.08
    assert found.coverage == pytest.approx((score >= found.threshold).mean())


def test_thresholds_rise_with_the_target_and_too_few_rows_give_none():
    score, correct = _draw(np.random.default_rng(3), 3_000)
    ones = np.ones(len(score))
    found = [
        certified_threshold(score, correct, ones, target=target, certainty=CERTAINTY).threshold
        for target in (0.5, 0.7, 0.8, 0.9, 0.99)
    ]
    assert found[-1] is None
    assert found[:-1] == sorted(found[:-1])
    few = np.linspace(0.5, 1, 12)
    assert certified_threshold(few, few > 0, np.ones(12), target=0.9, certainty=CERTAINTY).threshold is None
    many = np.linspace(0.5, 1, 300)
    assert certified_threshold(many, many > 0, np.ones(300), target=0.9, certainty=CERTAINTY).threshold == 0.5
    assert (
        certified_threshold(many, many > 0, np.ones(300), target=0.9, certainty=CERTAINTY, floor=0.7).threshold >= 0.7
    )
    none = np.zeros(0)
    assert certified_threshold(none, none > 0, none, target=0.9, certainty=CERTAINTY).threshold is None


def test_rows_of_unequal_weight_count_as_fewer():
    rng = np.random.default_rng(4)
    score, correct = _draw(rng, 800)
    equal = certified_threshold(score, correct, np.ones(800), target=TARGET, certainty=CERTAINTY)
    doubled = certified_threshold(score, correct, np.full(800, 2.0), target=TARGET, certainty=CERTAINTY)
    assert equal == doubled
    uneven = np.where(rng.random(800) < 0.05, 20.0, 0.05)
    assert certified_threshold(score, correct, uneven, target=TARGET, certainty=CERTAINTY).threshold is None


def test_the_tail_is_that_of_the_binomial():
    rows = np.array([30, 30, 30, 200, 0])
    hits = np.array([30, 27, 0, 190, 0])
    tail = binomial_tail(hits.astype(float), rows.astype(float), 0.9)
    np.testing.assert_allclose(tail, [*binom.sf(hits[:4] - 1, rows[:4], 0.9), 1.0], atol=1e-12)
