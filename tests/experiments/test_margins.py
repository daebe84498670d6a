"""The margin between learned and other candidates is chosen by what it costs and brings."""

import numpy as np
import pandas as pd
import pytest

from experiments.margins import STEPS, accuracies, choose, measure, report


def test_the_smallest_margin_that_reaches_the_floor_is_chosen_or_else_the_largest_affordable():
    had = [0.9 - 0.002 * number for number in range(len(STEPS))]
    never = [0.5 + 0.05 * number for number in range(len(STEPS))]
    assert choose(had, never, 0.59) == 0.02
    assert choose(had, never, 0.5) == 0.0
    assert choose(had, never, 0.99) == 0.03  # 0.04 would cost 0.8 points


def test_a_learned_candidate_falls_behind_another_at_the_margin_between_them():
    products = pd.DataFrame({"category_path": ["New"], "candidates": [["Old", "New"]]})
    categories = {"Old": np.array([0.65, 0]), "New": np.array([0.6, 0.8])}
    hits = accuracies(products, np.array([[1.0, 0.0]]), categories, {"Old": True, "New": False})
    assert hits == [0.0] * 6 + [1.0] * (len(STEPS) - 6)


def test_the_table_is_of_the_rows_of_a_run_with_candidates(tiny_run):
    figures = measure(tiny_run)
    assert all(0 <= value <= 1 for split in figures.values() for values in split.values() for value in values)
    text = report(figures)
    assert f"| {STEPS[1]:.2f} |" in text
    assert text.splitlines()[-1].startswith("To choose: {")
    assert figures["validation"]["fused"][0] == pytest.approx(float(text.splitlines()[2].split("|")[6]) / 100, abs=6e-4)
