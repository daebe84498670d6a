"""Rows drawn for an epoch."""

import numpy as np
import pytest

from pipeline.training.tasks.sampling import draw_epoch, draw_rows

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


TEXTS = 250
WITH_TEXTS = np.concatenate([LABELS, np.arange(TEXTS)])


def _epoch(share, seed=0, truths=WITH_TEXTS, exponent=0.5):
    return draw_epoch(truths, len(LABELS), exponent=exponent, text_share=share, generator=np.random.default_rng(seed))


@pytest.mark.parametrize(("share", "count"), [(0.1, 111), (0.2, 250), (0.5, 1000), (0.0001, 1)])
def test_texts_of_categories_are_a_share_of_the_epoch_beside_all_products(share, count):
    rows = _epoch(share)
    texts = rows[rows >= len(LABELS)]
    assert len(rows) - len(texts) == len(LABELS)
    assert len(texts) == count
    assert len(texts) / len(rows) == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.37, 0.5])
def test_each_text_is_drawn_as_often_as_the_others_but_for_one(share):
    rows = _epoch(share)
    counts = np.bincount(rows[rows >= len(LABELS)] - len(LABELS), minlength=TEXTS)
    assert counts.max() - counts.min() <= 1


def test_products_are_drawn_as_without_texts():
    rows = _epoch(0.3)
    assert sorted(rows[rows < len(LABELS)]) == sorted(_drawn(0.5))


def test_an_epoch_follows_the_generator_and_mixes_texts_among_the_products():
    assert _epoch(0.3).tolist() == _epoch(0.3).tolist()
    assert set(_epoch(0.1).tolist()) != set(_epoch(0.1, seed=1).tolist())
    is_text = _epoch(0.3) >= len(LABELS)
    halves = np.array_split(is_text, 2)
    assert halves[0].mean() == pytest.approx(halves[1].mean(), abs=0.1)


def test_without_texts_or_without_a_share_an_epoch_is_of_products_alone():
    assert _epoch(0.3, truths=LABELS).tolist() == _drawn(0.5).tolist()
    assert _epoch(0.0).tolist() == _drawn(0.5).tolist()
    assert _epoch(0.0, exponent=0.0).tolist() == _drawn(0.0).tolist()
