"""The number that is shown for a level: the precision that its confidence reaches, by which it is accepted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.prediction.confidence import EVEN, held_precision, judge_path, precision_reached, stricter
from pipeline.prediction.explanation import percent

SHARES = st.floats(0, 1)
TABLES = st.lists(
    st.tuples(*[st.one_of(st.none(), SHARES)] * 3), min_size=len(PRECISIONS), max_size=len(PRECISIONS)
).map(tuple)


def _at(**thresholds: float) -> Calibration:
    """One level, with a threshold for some precisions in percent."""
    rows = {int(name[1:]) / 100: least for name, least in thresholds.items()}
    return Calibration(thresholds=tuple((rows.get(point),) for point in PRECISIONS))


def test_the_precision_that_a_confidence_reaches_by_hand() -> None:
    calibration = _at(p50=0.5, p80=0.6, p90=0.8)
    reached = [precision_reached(calibration, 0, one) for one in (0.0, 0.25, 0.5, 0.55, 0.6, 0.7, 0.8, 0.99)]
    assert reached == pytest.approx([0, 0.25, 0.5, 0.55, 0.8, 0.825, 0.9, 0.9])
    assert precision_reached(_at(p50=0.5, p80=0.5), 0, 0.5) == 0.8, "the strictest that it holds"
    assert precision_reached(_at(p90=0.7), 0, 0.35) == pytest.approx(0.25), "half of the way to the first one"


def test_a_level_that_was_never_right_half_of_the_time_is_never_likely() -> None:
    assert precision_reached(Calibration.unmeasured(0.0), 0, 1.0) < EVEN
    assert precision_reached(_at(p90=0.8), 1, 1.0) < EVEN, "a level below all that were measured"


@given(TABLES, st.lists(SHARES, min_size=3, max_size=3), st.floats(0.01, 1))
def test_a_level_is_accepted_exactly_if_its_number_is_not_below_the_precision_asked_for(table, shares, asked) -> None:
    calibration = Calibration(thresholds=table)
    probabilities = np.array(sorted(shares, reverse=True))
    prediction = judge_path("A > B > C", probabilities, calibration, target_precision=asked, nearest=1.0)
    assert list(prediction.probabilities) == sorted(prediction.probabilities, reverse=True)
    assert all(0 <= one <= 1 for one in prediction.probabilities)
    assert prediction.target_precision >= asked
    for depth, number in enumerate(prediction.probabilities):
        accepted = depth < prediction.accepted_depth
        assert accepted == (prediction.measured and number >= prediction.target_precision)
        assert (prediction.verdicts[depth] == "certain") == accepted
    for level, confidence in enumerate(prediction.confidences):
        if confidence >= calibration.threshold(level, asked):
            assert prediction.accepted_depth > level


@given(TABLES, SHARES, SHARES)
def test_a_surer_prediction_never_reads_lower(table, one, other) -> None:
    calibration = Calibration(thresholds=table)
    low, high = sorted((one, other))
    assert precision_reached(calibration, 1, low) <= precision_reached(calibration, 1, high)


def test_the_words_of_levels() -> None:
    prediction = judge_path(
        "A > B > C", np.array([0.9, 0.6, 0.2]), _all_levels(p50=0.5, p90=0.8), target_precision=0.9, nearest=1.0
    )
    assert prediction.verdicts == ("certain", "likely", "check")
    guess = prediction.as_guess
    assert (guess.verdicts, guess.is_guess) == (("check",) * 3, True)
    assert replace(prediction, measured=False).is_guess


def test_the_target_is_one_that_was_measured_and_is_rounded_down_in_words() -> None:
    assert (held_precision(0.91), held_precision(0.9), held_precision(0.1), held_precision(0.999)) == (
        0.925,
        0.9,
        0.5,
        0.999,
    )
    assert (percent(0.8999), percent(0.9), percent(1.0)) == ("89%", "90%", "100%")
    assert all(percent(share / 100) == f"{share}%" for share in range(101))
    assert stricter(0.9) == pytest.approx(0.95)


def _all_levels(**thresholds: float) -> Calibration:
    return replace(_at(**thresholds), thresholds=tuple(row * 3 for row in _at(**thresholds).thresholds))
