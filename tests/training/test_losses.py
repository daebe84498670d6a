"""Losses against numbers worked out by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.training.losses import (
    PairQueue,
    anchor_divergence,
    listwise_softmax,
    multi_positive_infonce,
    taxonomy_softmax,
)


def test_listwise_of_equal_scores_is_log_of_the_number_of_candidates():
    mask = torch.tensor([[True] * 4 + [False] * 5])
    assert listwise_softmax(torch.zeros(1, 9), mask, torch.tensor([2])).item() == pytest.approx(math.log(4))


def test_listwise_worked_example():
    # softmax of (ln 3, 0) is (3/4, 1/4); the truth is the second
    scores = torch.tensor([[math.log(3), 0.0]])
    loss = listwise_softmax(scores, torch.ones(1, 2, dtype=torch.bool), torch.tensor([1]))
    assert loss.item() == pytest.approx(math.log(4))


def _infonce(products, categories, ids, queue=None, scale=1.0):
    columns = (products, categories, ids) if queue is None else queue
    return multi_positive_infonce(products, categories, ids, *columns, scale).item()


def test_infonce_of_zero_vectors_is_log_of_the_batch():
    zeros = torch.zeros(6, 3)
    assert _infonce(zeros, zeros, torch.arange(6)) == pytest.approx(math.log(6))


def test_infonce_divides_by_the_number_of_positives():
    # all of one category and all vectors equal: each of the 4 positives has probability 1/4, so the mean is log 4
    same = F.normalize(torch.ones(4, 2), dim=-1)
    assert _infonce(same, same, torch.zeros(4, dtype=torch.int64), scale=5.0) == pytest.approx(math.log(4), rel=1e-5)


def test_infonce_worked_example():
    # orthogonal pairs at scale ln 3: own 3, other 1 -> probability 3/4 in both directions
    eye = torch.eye(2)
    assert _infonce(eye, eye, torch.tensor([0, 1]), scale=math.log(3)) == pytest.approx(math.log(4 / 3))


def test_infonce_queue_adds_negatives():
    zeros, ids = torch.zeros(2, 3), torch.tensor([0, 1])
    queue = (torch.zeros(5, 3), torch.zeros(5, 3), torch.tensor([0, 1, 7, 8, 9]))
    assert _infonce(zeros, zeros, ids, queue) == pytest.approx(math.log(5))


def test_taxonomy_softmax_worked_example():
    loss = taxonomy_softmax(torch.tensor([[1.0, 0.0]]), torch.eye(2), torch.tensor([0]), math.log(3))
    assert loss.item() == pytest.approx(math.log(4 / 3))


def test_taxonomy_softmax_gives_a_share_of_the_target_to_the_parent():
    products, paths = torch.tensor([[1.0, 0.0]]), torch.eye(2)
    loss = taxonomy_softmax(products, paths, torch.tensor([0]), math.log(3), torch.tensor([1]), 0.25)
    assert loss.item() == pytest.approx(0.75 * math.log(4 / 3) + 0.25 * math.log(4))


def test_anchor_is_zero_where_nothing_changed_and_positive_elsewhere():
    generator = torch.Generator().manual_seed(0)
    products, paths = (F.normalize(torch.randn(n, 4, generator=generator), dim=-1) for n in (3, 7))
    assert anchor_divergence(products, paths, products, paths, 20.0).item() == pytest.approx(0.0, abs=1e-6)
    assert anchor_divergence(products.flip(0), paths, products, paths, 20.0).item() > 0.01


def test_anchor_worked_example():
    # untrained (1/2, 1/2) against trained (3/4, 1/4): KL = 1/2 ln(2/3) + 1/2 ln 2
    trained = anchor_divergence(torch.eye(2)[:1], torch.eye(2), torch.zeros(1, 2), torch.eye(2), math.log(3))
    assert trained.item() == pytest.approx(0.5 * math.log(2 / 3) + 0.5 * math.log(2))


def test_queue_keeps_the_newest_and_restores():
    queue = PairQueue(3, 2)
    for number in range(5):
        queue.push(torch.full((1, 2), float(number)), torch.zeros(1, 2), torch.tensor([number]))
    assert queue.ids.tolist() == [2, 3, 4]
    assert queue.products[:, 0].tolist() == [2.0, 3.0, 4.0]
    other = PairQueue(3, 2)
    other.load(queue.state())
    assert other.ids.tolist() == [2, 3, 4]
