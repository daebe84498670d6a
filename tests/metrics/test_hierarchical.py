"""Figures of paths against numbers done by hand and slow, obvious versions."""

import numpy as np
import pytest

from pipeline.metrics import hierarchical as module
from pipeline.metrics import ratios

A = ("Home", "Decor", "Clocks", "Wall Clocks")
B = ("Home", "Decor", "Vases")
C = ("Toys", "Puzzles")


def random_paths(rng, n):
    return [tuple(f"{rng.integers(2)}" for _ in range(rng.integers(1, 6))) for _ in range(n)]


def slow_macro_f1(predicted, true):
    scores = []
    for category in sorted(set(true)):
        right = sum(p == t == category for p, t in zip(predicted, true, strict=True))
        scores.append(2 * right / (predicted.count(category) + true.count(category)))
    return np.mean(scores)


def slow_error(confidence, right, present):
    total, number = 0.0, present.sum()
    for level in range(right.shape[1]):
        for which in range(module.BINS):
            inside = [
                row
                for row in range(len(right))
                if present[row, level] and min(int(confidence[row, level] * module.BINS), module.BINS - 1) == which
            ]
            if inside:
                gap = np.mean(confidence[inside, level]) - np.mean(right[inside, level])
                total += abs(gap) * len(inside) / number
    return total


def test_strict_ancestor_sets_are_the_longest_common_prefix():
    rng = np.random.default_rng(0)
    predicted, true = random_paths(rng, 200), random_paths(rng, 200)
    strict = module.ancestor_f1(predicted, [[truth] for truth in true])
    assert strict.value == pytest.approx(ratios.path_overlap(predicted, true).f1.value)


def test_lenient_takes_the_accepted_path_that_fits_best():
    # against B: 2 x 2 / (4 + 3); against C nothing; against A all of it
    assert module.ancestor_f1([A], [[C, B]]).value == pytest.approx(4 / 7)
    assert module.ancestor_f1([A], [[B, A, C]]).value == 1
    rng = np.random.default_rng(1)
    predicted, true, more = (random_paths(rng, 100) for _ in range(3))
    lenient = module.ancestor_f1(predicted, [list(pair) for pair in zip(true, more, strict=True)])
    strict = module.ancestor_f1(predicted, [[truth] for truth in true])
    rows = zip(lenient.numerator / lenient.denominator, strict.numerator / strict.denominator, strict=True)
    assert all(one >= other for one, other in rows)


def test_level_hits_by_hand():
    present, right = module.level_hits([A, B, C], [B, B, A], 4)
    assert present.sum(axis=1).tolist() == [4, 3, 2]
    assert right.tolist() == [[True, True, False, False], [True, True, True, False], [False] * 4]
    accuracy = module.level_accuracy(right, np.array([3, 3, 4]))
    assert [figure.value for figure in accuracy] == pytest.approx([2 / 3, 2 / 3, 1 / 3, 0])
    assert accuracy[3].denominator.sum() == 1


def test_macro_f1_equals_the_slow_version():
    rng = np.random.default_rng(2)
    predicted, true = rng.integers(0, 6, 80), rng.integers(0, 5, 80)
    figure = module.MacroF1(predicted, true)
    assert figure.value == pytest.approx(slow_macro_f1(predicted.tolist(), true.tolist()))
    rows = rng.integers(0, 80, 80)
    counts = np.bincount(rows, minlength=80).astype(float)[None]
    again = slow_macro_f1(predicted[rows].tolist(), true[rows].tolist())
    assert figure.resampled(counts) == pytest.approx([again])
    assert np.isnan(figure.at(np.zeros(80, dtype=bool)).value)


def test_macro_f1_by_hand():
    # category 0: 2 x 1 / (1 + 2); category 1: 2 x 1 / (2 + 1)
    assert module.MacroF1(np.array([0, 1, 1]), np.array([0, 0, 1])).value == pytest.approx(2 / 3)


def test_calibration_error_by_hand():
    # one bin: sure of 0.9, right half of the time
    figure = module.CalibrationError(np.full((4, 1), 0.9), np.array([[1], [1], [0], [0]]), np.ones((4, 1), dtype=bool))
    assert figure.value == pytest.approx(0.4)
    perfect = module.CalibrationError(np.array([[0.0], [1.0]]), np.array([[0], [1]]), np.ones((2, 1), dtype=bool))
    assert perfect.value == 0


def test_calibration_error_equals_the_slow_version():
    rng = np.random.default_rng(3)
    confidence, right, present = rng.random((60, 3)), rng.random((60, 3)) < 0.5, rng.random((60, 3)) < 0.7
    figure = module.CalibrationError(confidence, right, present)
    assert figure.value == pytest.approx(slow_error(confidence, right, present))
    rows = rng.integers(0, 60, 60)
    counts = np.bincount(rows, minlength=60).astype(float)[None]
    assert figure.resampled(counts) == pytest.approx([slow_error(confidence[rows], right[rows], present[rows])])
    (interval,) = ratios.bootstrap([figure], resamples=50, seed=0)
    assert interval.low <= interval.value <= interval.high


def test_errors_of_two_levels_do_not_cancel():
    confidence, right = np.full((2, 2), 0.5), np.array([[1, 0], [1, 0]])
    assert module.CalibrationError(confidence, right, np.ones((2, 2), dtype=bool)).value == pytest.approx(0.5)


def test_reliability_by_hand():
    points = module.reliability(np.array([0.01, 0.03, 0.99]), np.array([0, 1, 1]), np.array([1.0, 3.0, 4.0]))
    assert points == [pytest.approx((0.025, 0.75, 0.5)), pytest.approx((0.99, 1, 0.5))]


def test_coverage_curve_by_hand():
    confidence, right = np.array([0.9, 0.8, 0.8, 0.1]), np.array([1, 1, 0, 1])
    thresholds, coverage, precision = module.coverage_curve(confidence, right, np.ones(4))
    assert thresholds.tolist() == [0.9, 0.8, 0.1]
    assert coverage.tolist() == [0.25, 0.75, 1]
    assert precision == pytest.approx([1, 2 / 3, 3 / 4])


@pytest.mark.parametrize(("precision", "expected"), [(1.0, 0.9), (0.7, 0.1), (0.9, 0.9)])
def test_the_lowest_threshold_that_is_precise_enough(precision, expected):
    curve = module.coverage_curve(np.array([0.9, 0.8, 0.8, 0.1]), np.array([1, 1, 0, 1]), np.ones(4))
    assert module.threshold_for(precision, curve) == expected


def test_a_precision_never_reached_has_no_threshold():
    assert module.threshold_for(0.9, module.coverage_curve(np.array([0.5]), np.array([0]), np.ones(1))) is None
    assert module.threshold_for(0.9, module.coverage_curve(np.zeros(0), np.zeros(0), np.zeros(0))) is None


def test_a_threshold_reaches_its_precision_on_random_rows():
    rng = np.random.default_rng(4)
    confidence, weights = rng.random(300).round(2), rng.random(300)
    right = rng.random(300) < confidence
    threshold = module.threshold_for(0.8, module.coverage_curve(confidence, right, weights))
    passed = confidence >= threshold
    assert weights[passed & right].sum() / weights[passed].sum() >= 0.8
    for other in np.unique(confidence[confidence < threshold]):
        more = confidence >= other
        assert weights[more & right].sum() / weights[more].sum() < 0.8
