"""Analyze: products nearest to the center of their group."""

import numpy as np
import pytest

from pipeline.data.vectors import unit
from pipeline.stages.analyze import nearest_to_centers


def test_nearest_to_centers_equals_the_obvious_loop():
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(40, 8)).astype(np.float32))
    labels = rng.integers(0, 3, size=40).tolist()
    for label, rows in zip((2, 0), nearest_to_centers(labels, vectors, (2, 0), 4), strict=True):
        members = [row for row in range(40) if labels[row] == label]
        center = unit(vectors[members].mean(axis=0, keepdims=True))[0]
        assert rows == sorted(members, key=lambda row: -float(vectors[row] @ center))[:4]


@pytest.mark.parametrize("label", [None, "A"])
def test_products_without_a_group_are_in_none(label):
    [rows] = nearest_to_centers(["B", label, "B"], np.eye(3, dtype=np.float32), ["B"], 5)
    assert sorted(rows) == [0, 2]
