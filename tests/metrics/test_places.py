"""How even a sky is."""

import numpy as np
import pytest

from pipeline.metrics.places import crowding


def test_an_even_sky_a_heap_and_half_a_heap():
    rng = np.random.default_rng(0)
    even = rng.random((40_000, 2))
    assert crowding(even) == pytest.approx(0.13, abs=0.04)  # chance makes some cells denser
    heap = np.concatenate([rng.normal(0, 1e-3, (39_000, 2)), rng.random((1_000, 2)) - 0.5])
    assert crowding(heap) > 0.97
    assert 0.5 < crowding(np.concatenate([even, heap])) < 0.65
    assert crowding(np.zeros((50, 3))) == 1
    assert crowding(np.zeros((0, 2))) == 0


def test_the_most_crowded_view_counts():
    rng = np.random.default_rng(1)
    line = np.concatenate([rng.random((5_000, 2)), np.zeros((5_000, 1))], axis=1)
    assert crowding(line[:, :2]) < 0.3
    assert crowding(line) == pytest.approx(max(crowding(line[:, [0, 2]]), crowding(line[:, [1, 2]])))
