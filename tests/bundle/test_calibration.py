"""Calibration against an optimiser of scipy, against numbers done by hand, and as JSON."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize

from pipeline.bundle.calibration import LEAST, PRECISIONS, Calibration, fit_platt, logit, sigmoid


def slow_platt(probability, right, weights):
    positive, negative = (weights * right).sum(), (weights * ~right).sum()
    target = np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(parameters):
        guess = sigmoid(parameters[0] * logit(probability) + parameters[1])
        return -(weights * (target * np.log(guess) + (1 - target) * np.log(1 - guess))).sum()

    return minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}).x


def test_platt_equals_a_general_optimiser():
    rng = np.random.default_rng(0)
    probability = rng.random(400)
    right = rng.random(400) < sigmoid(0.6 * logit(probability) - 0.5)
    weights = rng.random(400)
    weights *= 400 / weights.sum()
    assert fit_platt(probability, right, weights)[:2] == pytest.approx(
        slow_platt(probability, right, weights), abs=2e-3
    )
    assert fit_platt(probability, right, 3 * weights) == pytest.approx(fit_platt(probability, right, weights))


def test_platt_gives_back_what_made_the_rows():
    rng = np.random.default_rng(1)
    probability = rng.random(20_000)
    right = rng.random(20_000) < sigmoid(0.5 * logit(probability) + 1)
    assert fit_platt(probability, right, np.ones(20_000)) == pytest.approx((0.5, 1, 0), abs=0.06)
    agreement = rng.random(20_000)
    right = rng.random(20_000) < sigmoid(0.5 * logit(probability) - 1 + 2 * agreement)
    assert fit_platt(probability, right, np.ones(20_000), agreement) == pytest.approx((0.5, -1, 2), abs=0.12)
    slope, _, gain = fit_platt(probability, right, np.ones(20_000), 1 - agreement)  # less sure where they agree: no
    assert (gain, slope) == (0, pytest.approx(0.5, abs=0.1))


def test_platt_never_turns_the_order_around():
    probability = np.linspace(0.05, 0.95, 50)
    slope, offset, _ = fit_platt(probability, probability < 0.5, np.ones(50))
    assert slope == 0
    assert sigmoid(np.array(offset)) == pytest.approx(0.5, abs=0.02)


def test_rows_that_are_all_right_do_not_make_it_certain():
    slope, offset, _ = fit_platt(np.full(8, 0.9), np.ones(8, dtype=bool), np.ones(8))
    assert sigmoid(slope * logit(np.array(0.9)) + offset) == pytest.approx(9 / 10, abs=0.01)  # (8 + 1) / (8 + 2)
    assert fit_platt(np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0)) == (1.0, 0.0, 0.0)


def test_confidence_by_hand():
    calibration = Calibration(slopes=(1.0, 2.0), offsets=(0.0, -1.0))
    assert calibration.confidence(np.array(0.3), 0) == pytest.approx(0.3)
    odds = 2 * np.log(0.3 / 0.7) - 1
    assert calibration.confidence(np.array(0.3), 1) == pytest.approx(1 / (1 + np.exp(-odds)))
    assert calibration.confidence(np.array(0.3), 7) == calibration.confidence(np.array(0.3), 1)
    assert np.isfinite(calibration.confidence(np.array([0.0, 1.0]), 1)).all()
    assert calibration.confidence(np.array(0.3), 0, 1.0) == pytest.approx(0.3)  # no gains
    agreeing = Calibration(gains=(1.5,))
    assert agreeing.confidence(np.array(0.3), 2, 0.5) == pytest.approx(1 / (1 + np.exp(-np.log(0.3 / 0.7) - 0.75)))


def test_thresholds_are_those_of_the_precision_or_of_the_next_one():
    rows = tuple((precision, 0.5 + precision / 2) for precision in PRECISIONS[:-1])
    calibration = Calibration(thresholds=(*rows, (None, None)))
    assert calibration.threshold(0, 0.9) == 0.9
    assert calibration.threshold(1, 0.86) == 0.5 + 0.45
    assert calibration.threshold(0, 0.1) == 0.5
    assert Calibration(thresholds=tuple((0.2,) for _ in PRECISIONS)).threshold(0, 0.9) == LEAST
    assert calibration.threshold(0, 0.99) == calibration.threshold(2, 0.5) == calibration.threshold(0, 1) == np.inf


def test_json_and_back():
    calibration = Calibration(
        sharpness=2.0,
        share=0.3,
        pictures=0.1,
        names=True,
        slopes=(1.0, 0.5),
        offsets=(0.1, 0.2),
        gains=(0.7, 0.0),
        thresholds=tuple((0.5, None) for _ in PRECISIONS),
        coverage=((0.3, 0.0),),
        familiar=0.2,
    )
    assert Calibration.from_meta(json.loads(json.dumps(calibration.meta()))) == calibration
