"""The hierarchical classifier: labels, and levels that depend on the level above."""

import numpy as np
import pytest
import torch

from pipeline.models.classifier import ClassTable, HierarchicalClassifier

TRUTHS = ["A > B", "A > C", "D", "A > B"]


def test_labels_by_hand():
    table = ClassTable.of(TRUTHS)
    assert table.paths == (("A", "D"), ("A > B", "A > C"))
    assert table.labels(TRUTHS).tolist() == [[0, 0], [0, 1], [1, 2], [0, 0]]
    with pytest.raises(KeyError):
        table.labels(["Z"])


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
