"""The hierarchical classifier: labels, weights, learning; and its loss by hand."""

import math

import numpy as np
import pytest
import torch

from pipeline.config.stages import PredictConfig
from pipeline.models.classifier import ClassTable, HierarchicalClassifier, class_weights, train_classifier
from pipeline.training.losses import level_cross_entropy

TRUTHS = ["A > B", "A > C", "D", "A > B"]


def test_labels_by_hand():
    table = ClassTable.of(TRUTHS)
    assert table.paths == (("A", "D"), ("A > B", "A > C"))
    assert table.labels(TRUTHS).tolist() == [[0, 0], [0, 1], [1, 2], [0, 0]]
    with pytest.raises(KeyError):
        table.labels(["Z"])


def test_class_weights_by_hand():
    labels = np.array([[0], [0], [0], [1]])
    (whole,) = class_weights(labels, [1], 1.0)  # 1/3 and 1, mean over the rows 1/2
    assert whole.tolist() == pytest.approx([2 / 3, 2])
    (even,) = class_weights(labels, [1], 0.0)
    assert even.tolist() == [1, 1]


def test_the_loss_by_hand():
    outputs = [torch.zeros(3, 2), torch.zeros(3, 5)]
    labels = torch.tensor([[0, 4], [1, 0], [1, 2]])
    loss = level_cross_entropy(outputs, labels, [torch.ones(2), torch.ones(5)], [1.0, 0.5])
    assert float(loss) == pytest.approx(math.log(2) + 0.5 * math.log(5))


def test_class_weights_count_in_the_loss():
    outputs, labels = [torch.tensor([[2.0, 0.0], [2.0, 0.0]])], torch.tensor([[0], [1]])
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    loss = level_cross_entropy(outputs, labels, [torch.tensor([3.0, 1.0])], [1.0])
    assert float(loss) == pytest.approx((3 * right + wrong) / 4)


def test_each_level_is_fed_the_one_above():
    torch.manual_seed(0)
    model = HierarchicalClassifier(4, 8, (2, 3)).eval()
    vectors = torch.randn(5, 4)
    before = model(vectors)
    with torch.no_grad():
        model.contract[0].bias += torch.tensor([5.0, 0.0, 0.0])
    after = model(vectors)
    assert not torch.allclose(before[1], after[1])
    assert [output.shape for output in after] == [(5, 3), (5, 4)]
    assert [level.sum(axis=1) for level in model.probabilities(vectors.numpy())] == [pytest.approx(np.ones(5))] * 2


def test_it_learns_every_kind_of_view_and_the_same_again():
    rng = np.random.default_rng(0)
    table = ClassTable.of(TRUTHS)
    truths = [TRUTHS[number % 3] for number in range(240)]
    means = rng.normal(size=(2, 3, 6))
    views = []
    for kind in range(2):
        rows = means[kind, np.arange(240) % 3] + 0.1 * rng.normal(size=(240, 6))
        views.append((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))
    present = [np.arange(240) % 5 != 0, np.arange(240) % 5 != 1]
    labels = table.labels(truths)
    config = PredictConfig(hidden=16, epochs=30, batch_size=32, learning_rate=1e-2)
    model, again = (
        train_classifier(views, present, labels, table.sizes, exponent=0.5, config=config, seed=1) for _ in range(2)
    )
    for view in views:
        first, second = model.probabilities(view)
        assert (first.argmax(axis=1) == labels[:, 0]).mean() > 0.95
        assert (second.argmax(axis=1) == labels[:, 1]).mean() > 0.95
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
