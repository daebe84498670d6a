"""Losses against numbers worked out by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.training.losses import (
    PairQueue,
    level_cross_entropy,
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


def test_level_cross_entropy_of_equal_logits():
    outputs = [torch.zeros(3, 2), torch.zeros(3, 5)]
    labels = torch.tensor([[0, 4], [1, 0], [1, 2]])
    loss = level_cross_entropy(outputs, labels, [torch.ones(2), torch.ones(5)], [1.0, 0.5])
    assert float(loss) == pytest.approx(math.log(2) + 0.5 * math.log(5))


def test_level_cross_entropy_is_weighted_by_class():
    outputs, labels = [torch.tensor([[2.0, 0.0], [2.0, 0.0]])], torch.tensor([[0], [1]])
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    loss = level_cross_entropy(outputs, labels, [torch.tensor([3.0, 1.0])], [1.0])
    assert float(loss) == pytest.approx((3 * right + wrong) / 4)


def test_queue_keeps_the_newest_and_restores():
    queue = PairQueue(3, 2)
    for number in range(5):
        queue.push(torch.full((1, 2), float(number)), torch.zeros(1, 2), torch.tensor([number]))
    assert queue.ids.tolist() == [2, 3, 4]
    assert queue.products[:, 0].tolist() == [2.0, 3.0, 4.0]
    other = PairQueue(3, 2)
    other.load(queue.state())
    assert other.ids.tolist() == [2, 3, 4]
