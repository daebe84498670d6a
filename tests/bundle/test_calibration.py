"""Calibration against a Newton solver and a general optimizer, against numbers done by hand, and as JSON."""

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.bundle.calibration import MIN_CONFIDENCE, PRECISIONS, Calibration, fit_platt, logit_inside


def slow_platt(probability, correct, weights):
    positive, negative = (weights * correct).sum(), (weights * ~correct).sum()
    target = np.where(correct, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(parameters):
        guess = expit(parameters[0] * logit_inside(probability) + parameters[1])
        return -(weights * (target * np.log(guess) + (1 - target) * np.log(1 - guess))).sum()

    return minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}).x


def test_platt_equals_a_general_optimizer():
    rng = np.random.default_rng(0)
    probability = rng.random(400)
    correct = rng.random(400) < expit(0.6 * logit_inside(probability) - 0.5)
    weights = rng.random(400)
    weights *= 400 / weights.sum()
    assert fit_platt(probability, correct, weights)[:2] == pytest.approx(
        slow_platt(probability, correct, weights), abs=2e-3
    )
    assert fit_platt(probability, correct, 3 * weights) == pytest.approx(fit_platt(probability, correct, weights))


def newton(design, target, weights):
    """Weighted logistic regression with the same ridge, step by step."""
    parameters = np.zeros(design.shape[1])
    ridge = 1e-3 * np.eye(len(parameters))
    for _ in range(100):
        guess = expit(design @ parameters)
        gradient = design.T @ (weights * (guess - target)) + ridge @ parameters
        curvature = (design * (weights * guess * (1 - guess))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, gradient)
        parameters -= step / max(1.0, np.abs(step).max())
    return parameters


@pytest.mark.parametrize("rows", [200, 2_000])
@pytest.mark.parametrize("effect", [3.0, -3.0])
def test_platt_equals_newton_with_columns_dropped_that_would_be_negative(rows, effect):
    rng = np.random.default_rng(rows)
    probability, agreement, weights = rng.random(rows), rng.random(rows), rng.random(rows) + 0.1
    correct = rng.random(rows) < expit(0.5 * logit_inside(probability) + effect * (agreement - 0.5))
    weights *= rows / weights.sum()
    positive, negative = (weights * correct).sum(), (weights * ~correct).sum()
    target = np.where(correct, (positive + 1) / (positive + 2), 1 / (negative + 2))
    columns = [logit_inside(probability), np.ones(rows), agreement]
    expected = newton(np.stack(columns, axis=1), target, weights)
    if expected[2] < 0:
        expected = np.append(newton(np.stack(columns[:2], axis=1), target, weights), 0.0)
    assert (expected[2] == 0) == (effect < 0)
    assert fit_platt(probability, correct, weights, agreement) == pytest.approx(tuple(expected), abs=1e-5)


def test_platt_recovers_the_parameters_behind_the_rows():
    rng = np.random.default_rng(1)
    probability = rng.random(20_000)
    correct = rng.random(20_000) < expit(0.5 * logit_inside(probability) + 1)
    assert fit_platt(probability, correct, np.ones(20_000)) == pytest.approx((0.5, 1, 0), abs=0.06)
    agreement = rng.random(20_000)
    correct = rng.random(20_000) < expit(0.5 * logit_inside(probability) - 1 + 2 * agreement)
    assert fit_platt(probability, correct, np.ones(20_000), agreement) == pytest.approx((0.5, -1, 2), abs=0.12)
    slope, _, gain = fit_platt(probability, correct, np.ones(20_000), 1 - agreement)  # less sure where they agree: no
    assert (gain, slope) == (0, pytest.approx(0.5, abs=0.1))


def test_platt_never_reverses_the_order():
    probability = np.linspace(0.05, 0.95, 50)
    slope, offset, _ = fit_platt(probability, probability < 0.5, np.ones(50))
    assert slope == 0
    assert expit(np.array(offset)) == pytest.approx(0.5, abs=0.02)


def test_rows_that_are_all_correct_give_no_certainty():
    slope, offset, _ = fit_platt(np.full(8, 0.9), np.ones(8, dtype=bool), np.ones(8))
    assert expit(slope * logit_inside(np.array(0.9)) + offset) == pytest.approx(9 / 10, abs=0.01)  # (8 + 1) / (8 + 2)
    assert fit_platt(np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0)) == (1.0, 0.0, 0.0)


def test_confidence_by_hand():
    calibration = Calibration(platt_slopes=(1.0, 2.0), platt_intercepts=(0.0, -1.0))
    assert calibration.confidence(np.array(0.3), 0) == pytest.approx(0.3)
    odds = 2 * np.log(0.3 / 0.7) - 1
    assert calibration.confidence(np.array(0.3), 1) == pytest.approx(1 / (1 + np.exp(-odds)))
    assert calibration.confidence(np.array(0.3), 7) == calibration.confidence(np.array(0.3), 1)
    assert np.isfinite(calibration.confidence(np.array([0.0, 1.0]), 1)).all()
    assert calibration.confidence(np.array(0.3), 0, 1.0) == pytest.approx(0.3)  # no agreement_coefficients
    agreeing = Calibration(agreement_coefficients=(1.5,))
    assert agreeing.confidence(np.array(0.3), 2, 0.5) == pytest.approx(1 / (1 + np.exp(-np.log(0.3 / 0.7) - 0.75)))


def test_confidences_never_rise_down_a_path_and_end_with_it():
    calibration = Calibration(platt_slopes=(1.0, 1.0), platt_intercepts=(0.0, 3.0))
    probability = np.array([[0.6, 0.5, 0.0], [0.9, 0.0, 0.0]])
    confidence = calibration.path_confidences(probability, probability > 0)
    assert confidence == pytest.approx(np.array([[0.6, 0.6, 0.0], [0.9, 0.0, 0.0]]))


def test_a_precision_between_two_entries_takes_the_threshold_of_the_next_one():
    rows = tuple((precision, 0.5 + precision / 2) for precision in PRECISIONS[:-1])
    calibration = Calibration(thresholds=(*rows, (None, None)))
    assert calibration.threshold(0, 0.9) == 0.9
    assert calibration.threshold(1, 0.86) == 0.5 + 0.45
    assert calibration.threshold(0, 0.1) == 0.5
    assert Calibration(thresholds=tuple((0.2,) for _ in PRECISIONS)).threshold(0, 0.9) == MIN_CONFIDENCE
    assert calibration.threshold(0, 0.99) == calibration.threshold(2, 0.5) == calibration.threshold(0, 1) == np.inf
    assert calibration.accepts(0.98)
    assert not calibration.accepts(0.99)
    assert not calibration.accepts(1)
    assert not Calibration(thresholds=((),) * len(PRECISIONS)).accepts(0.5)


def test_what_is_enough_for_a_stricter_precision_is_enough_for_any_below_it():
    rows = tuple((0.9 if precision < 0.9 else 0.6,) for precision in PRECISIONS)  # of few rows, not in order
    assert Calibration(thresholds=rows).threshold(0, 0.7) == 0.6


def test_json_and_back():
    calibration = Calibration(
        inverse_temperature=2.0,
        classifier_weight=0.3,
        prototype_weight=0.1,
        aliases=True,
        platt_slopes=(1.0, 0.5),
        platt_intercepts=(0.1, 0.2),
        agreement_coefficients=(0.7, 0.0),
        thresholds=tuple((0.5, None) for _ in PRECISIONS),
        coverage=((0.3, 0.0),),
        in_distribution_cosine=0.2,
    )
    adapter = TypeAdapter(Calibration)
    assert adapter.validate_json(adapter.dump_json(calibration), strict=True) == calibration
