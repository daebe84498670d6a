"""Counts that a page draws as they are, against numbers done by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.catalog.analysis import data_facts, histogram, leaves, prediction_facts, tail


def test_a_histogram_counts_every_value_and_ends_where_few_are_left():
    values = np.concatenate([np.arange(1000) % 50, [9_000]])
    counted = histogram(values)
    assert sum(counted["counts"]) == len(values)
    assert len(counted["edges"]) == len(counted["counts"]) + 1
    assert counted["edges"][-1] < 100  # one long title does not flatten all others
    assert counted["counts"][-1] >= 1  # but is counted
    assert histogram([]) == {"edges": [], "counts": []}
    assert histogram([0.2, 0.2, 1.0], np.linspace(0, 1, 3))["counts"] == [2, 1]


def test_the_tail_keeps_both_ends():
    assert tail([3, 9, 1]) == [(1, 9), (2, 3), (3, 1)]
    long = tail(range(10_000))
    assert long[0] == (1, 9_999)
    assert long[-1] == (10_000, 0)
    assert len(long) <= 60
    assert tail([]) == []


def test_facts_of_products():
    products = pd.DataFrame(
        {
            "split": ["train", "train", "test"],
            "title": ["ab", None, "abcd"],
            "description": ["", "x", "y"],
            "brand": ["Norvik", "", None],
            "language": ["en", "de", "en"],
            "category_path": ["A > B", None, "A"],
            "image_row": [0, -1, 1],
            "image_width": [100, 0, 50],
            "image_height": [80, 0, 50],
        }
    )
    facts = data_facts(products, np.array([0.5, 1.0]), ["p1"])
    assert facts["products"] == 3
    assert facts["tops"] == [("A", 2)]
    assert facts["depths"] == [1, 1]
    assert facts["brands"]["largest"] == [("Norvik", 1)]
    assert (facts["brands"]["distinct"], facts["brands"]["without"]) == (1, 2)
    assert facts["languages"] == [("en", 2), ("de", 1)]
    assert facts["images"]["with_photo"] == 2
    assert facts["images"]["sizes"] == [(50, 50, 1), (100, 80, 1)]
    assert sum(facts["images"]["brightness"]["counts"]) == 2


def test_facts_of_predictions_by_hand():
    true = ["A > B", "A > B", "A > C", "D", None]
    predicted = ["A > B", "A > C", "D", "D", "A"]
    sure = [[0.9, 0.8], [0.9, 0.6], [0.3], [0.9], [0.5]]
    facts = prediction_facts(true, predicted, sure, np.array([True, True, True, False, True]))
    assert (facts["rows"], facts["known"], facts["right"], facts["top_right"]) == (3, 4, 2, 3)
    assert facts["wrong"] == 2
    assert facts["tops"] == ["A", "D"]
    assert facts["confused"] == [[2, 1], [0, 1]]
    assert facts["pairs"] == [("A > B", "A > C", 1), ("A > C", "D", 1)]
    top, second = facts["levels"]
    assert top["coverage"] == [(pytest.approx(2 / 3, abs=1e-4), 1.0), (1.0, pytest.approx(2 / 3, abs=1e-4))]
    assert top["reliability"] == [
        (0.3, 0.0, pytest.approx(1 / 3, abs=1e-4)),
        (0.9, 1.0, pytest.approx(2 / 3, abs=1e-4)),
    ]
    assert second["coverage"] == [(0.5, 1.0), (1.0, 0.5)]


def test_a_prediction_above_the_truth_does_not_leave_its_path():
    assert not leaves("A > B", "A > B")
    assert not leaves("A > B", "A")
    assert leaves("A > B", "A > C")
    assert leaves("Art > B", "A")
    assert leaves("A", "A > B")  # says more than is true


def test_without_known_predictions_there_are_no_facts():
    facts = prediction_facts([None], ["A"], [[0.5]], np.array([True]))
    assert (facts["known"], facts["levels"], facts["pairs"], facts["tops"]) == (0, [], [], [])
