"""Metrics against numbers done by hand and against slow, obvious versions on random input."""

import itertools

import numpy as np
import pytest

from pipeline.metrics import ratios

A = ("Home", "Decor", "Clocks", "Wall Clocks")
B = ("Home", "Decor", "Vases")
C = ("Toys", "Puzzles")


def slow_rank(scores, truth):
    """Everything else that scores as well stands before the truth."""
    return 1 + sum(score >= scores[truth] for column, score in enumerate(scores) if column != truth)


def random_paths(rng, n):
    return [tuple(f"{rng.integers(2)}" for _ in range(rng.integers(1, 6))) for _ in range(n)]


def test_rank_by_hand():
    scores = np.array([[0.9, 0.5, 0.1], [0.2, 0.5, 0.1], [0.3, 0.3, 0.3]], dtype=np.float32)
    assert ratios.ranks(scores, np.array([0, 2, 1])).tolist() == [1, 3, 3]


def test_padding_never_comes_before_the_truth():
    scores = np.array([[0.1, -np.inf, -np.inf]], dtype=np.float32)
    assert ratios.ranks(scores, np.array([0])).tolist() == [1]


def test_ranks_equal_the_slow_version_with_many_ties():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, size=(200, 7)).astype(np.float32)
    truth = rng.integers(0, 7, size=200)
    expected = [slow_rank(row, column) for row, column in zip(scores, truth, strict=True)]
    assert ratios.ranks(scores, truth).tolist() == expected


def test_a_constant_scorer_is_never_right():
    scores = np.zeros((5, 8), dtype=np.float32)
    truth = np.arange(5)
    assert ratios.accuracy_at(ratios.ranks(scores, truth), 1).value == 0
    assert (ratios.lose_ties(scores, truth).argmax(axis=1) != truth).all()


def test_a_truth_outside_the_columns_changes_nothing():
    scores = np.array([[0.5, 0.2]], dtype=np.float32)
    assert (ratios.lose_ties(scores, np.array([-1])) == scores).all()


def test_nan_scores_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        ratios.ranks(np.array([[np.nan, 1.0]]), np.array([0]))


def test_accuracy_and_mrr_by_hand():
    rank = np.array([1, 2, 4])
    assert ratios.accuracy_at(rank, 1).value == pytest.approx(1 / 3)
    assert ratios.accuracy_at(rank, 3).value == pytest.approx(2 / 3)
    assert ratios.reciprocal_rank(rank).value == pytest.approx((1 + 0.5 + 0.25) / 3)


def test_hierarchical_figures_by_hand():
    overlap = ratios.path_overlap([B, C], [A, A])  # common 2 and 0, predicted 3 and 2, true 4 and 4
    assert overlap.precision.value == pytest.approx(2 / 5)
    assert overlap.recall.value == pytest.approx(2 / 8)
    assert overlap.f1.value == pytest.approx(4 / 13)
    assert overlap.top_accuracy.value == 0.5


def test_the_right_leaf_under_another_parent_shares_nothing():
    assert ratios.common_levels(("Home", "Vases"), ("Garden", "Vases")) == 0


def test_the_common_prefix_is_the_intersection_of_the_ancestor_sets():
    rng = np.random.default_rng(1)
    predicted, true = random_paths(rng, 300), random_paths(rng, 300)
    overlap = ratios.path_overlap(predicted, true)
    shared = below = 0
    for one, other in zip(predicted, true, strict=True):
        ours, theirs = ({path[:depth] for depth in range(1, len(path) + 1)} for path in (one, other))
        shared, below = shared + len(ours & theirs), below + len(ours) + len(theirs)
    assert overlap.f1.value == pytest.approx(2 * shared / below)


def test_f1_is_the_harmonic_mean():
    rng = np.random.default_rng(2)
    overlap = ratios.path_overlap(random_paths(rng, 50), random_paths(rng, 50))
    precision, recall = overlap.precision.value, overlap.recall.value
    assert overlap.f1.value == pytest.approx(2 * precision * recall / (precision + recall))


def test_the_random_floor_is_the_mean_over_all_orders():
    candidates, truth = [A, B, C], A
    floor = ratios.random_floor([candidates], [truth])
    orders = list(itertools.permutations(candidates))
    rank = np.array([1 + order.index(truth) for order in orders])
    for k in (1, 2, 3, 5):
        assert floor.accuracy_at(k).value == pytest.approx((rank <= k).mean())
    assert floor.reciprocal_rank.value == pytest.approx((1 / rank).mean())
    assert floor.overlap.top_accuracy.value == pytest.approx(np.mean([order[0][0] == truth[0] for order in orders]))
    chosen = ratios.path_overlap([order[0] for order in orders], [truth] * len(orders))
    assert floor.overlap.f1.value == pytest.approx(chosen.f1.value)


def test_the_random_floor_of_rows_with_different_numbers_of_candidates():
    floor = ratios.random_floor([[A, B], [A, B, C, ("X",)]], [A, A])
    assert floor.accuracy_at(1).value == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert floor.accuracy_at(3).value == pytest.approx((1 + 3 / 4) / 2)


def test_bootstrap_has_the_value_and_the_width_of_a_binomial():
    values = np.repeat([0.0, 1.0], [300, 700])
    (interval,) = ratios.bootstrap([ratios.mean_of(values)], resamples=2000, seed=1)
    assert interval.value == pytest.approx(0.7)
    error = np.sqrt(0.7 * 0.3 / 1000)
    assert interval.low == pytest.approx(0.7 - 1.96 * error, abs=0.004)
    assert interval.high == pytest.approx(0.7 + 1.96 * error, abs=0.004)


def test_bootstrap_equals_the_slow_version_of_a_ratio():
    rng = np.random.default_rng(4)
    ratio = ratios.Ratio(rng.integers(0, 3, 40).astype(float), rng.integers(3, 9, 40).astype(float))
    (interval,) = ratios.bootstrap([ratio], resamples=150, seed=9)
    draws, again = [], np.random.default_rng(9)
    for _ in range(150):
        rows = again.integers(0, 40, 40)
        draws.append(sum(ratio.numerator[r] for r in rows) / sum(ratio.denominator[r] for r in rows))
    assert (interval.low, interval.high) == pytest.approx(tuple(np.percentile(draws, [2.5, 97.5])))


def test_bootstrap_is_seeded_and_a_figure_does_not_depend_on_its_neighbors():
    one, two = ratios.mean_of(np.arange(20) % 3), ratios.mean_of(np.arange(20) % 7)
    alone = ratios.bootstrap([one], resamples=100, seed=5)
    both = ratios.bootstrap([two, one], resamples=100, seed=5)
    assert alone[0] == both[1]
    assert alone != ratios.bootstrap([one], resamples=100, seed=6)


def test_draws_that_are_kept_are_those_that_are_drawn_anew(monkeypatch):
    figure = ratios.mean_of(np.random.default_rng(0).random(300))
    kept = [ratios.bootstrap([figure], resamples=150, seed=5) for _ in range(2)]
    monkeypatch.setattr(ratios, "_KEPT_ROWS", 0)
    assert kept == [ratios.bootstrap([figure], resamples=150, seed=5)] * 2


def test_bootstrap_over_no_rows_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        ratios.bootstrap([ratios.mean_of(np.zeros(0))], resamples=10, seed=0)


def test_rows_with_nothing_to_divide_by_do_not_break_the_bootstrap():
    ratio = ratios.Ratio(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    (interval,) = ratios.bootstrap([ratio], resamples=200, seed=0)
    assert interval == ratios.Interval(1.0, 1.0, 1.0)


def test_a_part_of_the_rows():
    ratio = ratios.mean_of(np.array([1.0, 0.0, 1.0]))
    assert ratio.at(np.array([True, False, True])).value == 1.0
    assert np.isnan(ratio.at(np.zeros(3, dtype=bool)).value)
