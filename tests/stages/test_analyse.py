"""Analyse: brightness as seen, and products nearest to the centre of their group."""

import numpy as np
import pytest

from pipeline.data.vectors import unit
from pipeline.stages.analyse import brightness, nearest_to_centres
from tests.helpers.fakes import webp


def test_brightness_runs_from_black_to_white_and_skips_products_without_photo():
    found = brightness([webp((0, 0, 0)), None, webp((128, 128, 128)), webp((255, 255, 255))])
    np.testing.assert_allclose(found, [0, 0.5, 1], atol=0.02)
    assert brightness([None]).shape == (0,)


def test_nearest_to_centres_equals_the_obvious_loop():
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(40, 8)).astype(np.float32))
    labels = rng.integers(0, 3, size=40).tolist()
    for label, rows in zip((2, 0), nearest_to_centres(labels, vectors, (2, 0), 4), strict=True):
        members = [row for row in range(40) if labels[row] == label]
        centre = unit(vectors[members].mean(axis=0, keepdims=True))[0]
        assert rows == sorted(members, key=lambda row: -float(vectors[row] @ centre))[:4]


@pytest.mark.parametrize("label", [None, "A"])
def test_products_without_a_group_are_in_none(label):
    [rows] = nearest_to_centres(["B", label, "B"], np.eye(3, dtype=np.float32), ["B"], 5)
    assert sorted(rows) == [0, 2]
