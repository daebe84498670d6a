"""Thresholds and figures of answers."""

import numpy as np
import pandas as pd
import pytest

from experiments.horse_race import measure
from experiments.horse_race.race import Answers, Budget

TRUTHS = ["A > B", "A > C", "D", "A > B"]
ROWS = pd.DataFrame({"category_path": TRUTHS, "candidates": [["A > B", "D"], ["D", "A > C"], [], ["D", "A"]]})
SURE = [np.array(one) for one in ([0.9, 0.8], [0.8, 0.7], [0.7], [0.2, 0.1])]
PATHS = ["A > B", "A > B", "D", "D > E"]


def _figures(answers, thresholds=measure.NO_THRESHOLDS):
    return measure.figures(answers, ROWS, thresholds, Budget(resamples=50))


def test_thresholds_let_through_what_is_right_often_enough():
    answers = Answers(PATHS, None, SURE)
    assert measure.thresholds_of(answers, TRUTHS).tolist() == [0.7, 0.8]
    assert measure.thresholds_of(answers, TRUTHS, precision=0.5).tolist() == [0.2, 0.7]
    assert not len(measure.thresholds_of(Answers(PATHS, None), TRUTHS))
    figures = _figures(answers, np.array([0.7, 0.8]))
    assert figures["open"]["precision"]["value"] == 1.0
    assert figures["open"]["coverage"]["value"] == pytest.approx(4 / 7), "levels let through, of 7 that were named"


def test_what_a_system_accepts_itself_goes_before_thresholds():
    figures = _figures(Answers(PATHS, None, SURE, np.array([0, 0, 1, 0])), np.array([0.1, 0.1]))
    assert figures["open"]["coverage"]["value"] == pytest.approx(1 / 7)


def test_hierarchical_f1_is_that_of_the_longest_common_prefix_over_all_rows():
    figures = _figures(Answers(PATHS, None))
    # common levels 2 + 1 + 1 + 0; predicted 2 + 2 + 1 + 2, true 2 + 2 + 1 + 2
    assert figures["open"]["hf1"]["value"] == pytest.approx(2 * 4 / 14)
    assert figures["levels"]["1"]["value"] == 0.75
    assert figures["levels"]["2"]["value"] == pytest.approx(1 / 3), "of the three rows that have a second level"
    assert "ece" not in figures["open"]
    assert "rerank" not in figures


def test_only_lists_with_the_truth_are_ranked_and_ties_count_against_it():
    scores = [np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.empty(0), np.array([0.0, 1.0])]
    figures = _figures(Answers(None, scores))
    assert figures["listed"] == 2
    assert figures["rerank"]["acc1"]["value"] == 0.5


def test_neighbors_are_counted_among_rows_that_have_a_vector():
    vectors = np.array([[1, 0], [0.9, np.sqrt(1 - 0.81)], [0, 0], [0.8, -0.6]], dtype=np.float32)
    figures = _figures(Answers(None, None, vectors=vectors))
    assert figures["neighbors"]["p1"]["value"] == 1.0
