"""Training of the hierarchical classifier: class weights, and what it learns from every modality."""

import numpy as np
import pytest
import torch

from pipeline.config.stages import PredictorConfig
from pipeline.models.classifier import ClassTable
from pipeline.training.classifier import class_weights, train_classifier

TRUTHS = ["A > B", "A > C", "D"]


def test_class_weights_by_hand():
    labels = np.array([[0], [0], [0], [1]])
    (balanced,) = class_weights(labels, [1], 1.0)  # 1/3 and 1, mean over the rows 1/2
    assert balanced.tolist() == pytest.approx([2 / 3, 2])
    (even,) = class_weights(labels, [1], 0.0)
    assert even.tolist() == [1, 1]


def test_it_learns_every_modality_and_is_reproducible():
    rng = np.random.default_rng(0)
    table = ClassTable.of(TRUTHS)
    truths = [TRUTHS[number % 3] for number in range(240)]
    means = rng.normal(size=(2, 3, 6))
    views = []
    for modality in range(2):
        rows = means[modality, np.arange(240) % 3] + 0.1 * rng.normal(size=(240, 6))
        views.append((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))
    present = [np.arange(240) % 5 != 0, np.arange(240) % 5 != 1]
    labels = table.labels(truths)
    config = PredictorConfig(hidden=16, epochs=30, batch_size=32, learning_rate=1e-2)
    model, again = (
        train_classifier(views, present, labels, table.sizes, exponent=0.5, config=config, seed=1) for _ in range(2)
    )
    for view in views:
        first, second = model.probabilities(view)
        assert (first.argmax(axis=1) == labels[:, 0]).mean() > 0.95
        assert (second.argmax(axis=1) == labels[:, 1]).mean() > 0.95
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
