"""Rows drawn for an epoch."""

import numpy as np
import pytest

from pipeline.training.tasks.sampling import draw_rows

LABELS = np.repeat([3, 8, 9], [900, 90, 10])


def _drawn(exponent, seed=0):
    return draw_rows(LABELS, exponent, np.random.default_rng(seed))


def test_exponent_0_shows_every_row_once_in_the_order_of_the_generator():
    assert _drawn(0.0).tolist() == np.random.default_rng(0).permutation(1000).tolist()


@pytest.mark.parametrize(("exponent", "power"), [(0.5, 0.5), (1.0, 0.0)])
def test_categories_come_as_often_as_the_power_of_their_size(exponent, power):
    sizes = np.array([900, 90, 10])
    wanted = 1000 * sizes**power / (sizes**power).sum()
    counts = np.unique(LABELS[_drawn(exponent)], return_counts=True)[1]
    assert counts.sum() == 1000
    assert counts == pytest.approx(wanted, abs=1.01)


def test_rows_of_a_category_come_about_equally_often():
    rows, counts = np.unique(_drawn(0.5), return_counts=True)
    rare = counts[rows >= 990]
    assert len(rare) == 10
    assert rare.max() - rare.min() <= 1
    assert counts[rows < 900].max() == 1


def test_the_draw_follows_the_generator_and_is_shuffled():
    assert _drawn(0.5).tolist() == _drawn(0.5).tolist()
    assert set(_drawn(0.5).tolist()) != set(_drawn(0.5, seed=1).tolist())
    labels = LABELS[_drawn(0.5)]
    assert np.count_nonzero(np.diff(labels)) > 100, "categories are mixed, not one after the other"


def test_no_rows_are_no_rows():
    assert draw_rows(LABELS[:0], 0.5, np.random.default_rng(0)).tolist() == []
