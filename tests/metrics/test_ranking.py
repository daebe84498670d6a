"""Figures of what is found against numbers done by hand and against slow, obvious versions on random input."""

import math

import numpy as np
import pytest

from pipeline.metrics import ranking


def slow_neighbors(vectors, query, k, threshold):
    """The obvious greedy loop."""
    neighbors = []
    for row in np.argsort(-(vectors @ vectors[query]), kind="stable"):
        if row == query or len(neighbors) == k:
            continue
        if all(vectors[row] @ vectors[other] <= threshold for other in [query, *neighbors]):
            neighbors.append(int(row))
    return neighbors


def test_ties_in_a_ranking_count_against_us():
    scores, gains = np.array([[2.0, 1.0, 1.0, 3.0]]), np.array([[0.0, 1.0, 0.1, 0.0]])
    assert ranking.best_first(scores, gains, 9).tolist() == [[3, 0, 2, 1]]
    assert ranking.best_first(scores, gains, 2).tolist() == [[3, 0]]
    with pytest.raises(ValueError, match="NaN"):
        ranking.best_first(np.array([[np.nan]]), np.array([[0.0]]), 1)


def test_ndcg_by_hand():
    """Gains 0, 1, 0.1 in this order, over 1, 0.1, 0; a query without gains counts for nothing."""
    order = np.array([[2, 0, 1], [0, 1, 2]])
    ndcg = ranking.ndcg_at(np.array([[1.0, 0.1, 0.0], [0.0, 0.0, 0.0]]), order, 3)
    assert ndcg.value == pytest.approx((1 / math.log2(3) + 0.05) / (1 + 0.1 / math.log2(3)))
    assert ndcg.denominator.tolist() == [1, 0]


def test_ranked_search_against_slow_references():
    rng = np.random.default_rng(4)
    gains = rng.choice([0.0, 0.01, 0.1, 1.0], size=(6, 30), p=[0.7, 0.1, 0.1, 0.1])
    scores = rng.integers(0, 5, size=gains.shape).astype(np.float32)
    order = ranking.best_first(scores, gains, 20)
    ndcg, recall, share = [], [], []
    for score, gain in zip(scores.tolist(), gains.tolist(), strict=True):
        best = sorted(range(30), key=lambda column: (-score[column], gain[column]))
        reached = sum(gain[column] / math.log2(rank + 2) for rank, column in enumerate(best[:10]))
        reachable = sum(value / math.log2(rank + 2) for rank, value in enumerate(sorted(gain, reverse=True)[:10]))
        relevant = {column for column in range(30) if gain[column] >= 0.1}
        ndcg.append(reached / reachable)
        recall.append(len(relevant & set(best[:20])) / len(relevant))
        share.append(sum(gain[column] > 0 for column in best[:10]) / 10)
    assert ranking.ndcg_at(gains, order, 10).numerator == pytest.approx(ndcg)
    assert ranking.recall_at(gains >= 0.1, order, 20).numerator == pytest.approx(recall)
    assert ranking.share_at(gains > 0, order, 10).value == pytest.approx(np.mean(share))


@pytest.mark.parametrize("threshold", [0.5, 0.9, 2.0])
def test_neighbor_precision_equals_the_slow_version(threshold):
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(60, 4)).astype(np.float32)
    vectors[30:40] = vectors[:10] + 1e-3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = rng.integers(0, 3, size=60)
    precisions = ranking.neighbor_precision(vectors, labels, (1, 3), near_duplicate=threshold, chunk=7)
    for k, ratio in zip((1, 3), precisions, strict=True):
        for query in range(60):
            neighbors = slow_neighbors(vectors, query, k, threshold)
            assert ratio.denominator[query] == len(neighbors)
            assert ratio.numerator[query] == sum(labels[row] == labels[query] for row in neighbors)


def test_a_near_duplicate_earns_nothing():
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)
    (first,) = ranking.neighbor_precision(vectors, np.array([0, 0, 1]), (1,), near_duplicate=0.985)
    assert first.numerator.tolist() == [0, 0, 0]
    assert first.denominator.tolist() == [1, 1, 1]


def test_random_neighbors_by_hand():
    assert ranking.same_label_floor(np.array([0, 0, 0, 1])).value == pytest.approx((2 / 3 * 3 + 0) / 4)
    assert ranking.same_label_floor(np.array([5])).value == 0
