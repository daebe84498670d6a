"""A review that is simulated by labels: learning and order leave fewer errors, and the figures add up."""

import numpy as np
import pytest

from experiments.review import WAYS, Source, interval, simulate
from pipeline.data.vectors import unit

COUNT, KINDS = 120, 6


@pytest.fixture(scope="module")
def source():
    """Products of six kinds, three of which the model always takes for another."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, KINDS, COUNT)
    vectors = unit(rng.normal(size=(KINDS, 24))[kinds] + 0.25 * rng.normal(size=(COUNT, 24))).astype(np.float32)
    truths = np.array([f"Top > {kind}" for kind in kinds], dtype=object)
    paths = np.array([f"Top > {kind - kind % 2}" for kind in kinds], dtype=object)
    runners = [[(path, 0.6), ("Top > 9", 0.1)] for path in paths]
    return Source("made", truths, paths, np.full(COUNT, 0.6), runners, vectors)


@pytest.fixture(scope="module")
def left(source):
    return {way.name: simulate(source, way, 1, [0, 12, COUNT]) for way in WAYS}


def test_nothing_is_gone_before_and_all_after(source, left):
    for way in WAYS:
        start, end = left[way.name][0], left[way.name][COUNT]
        assert (start.errors, end.errors) == (1.0, 0.0)
        assert start.accuracy == pytest.approx(1 - source.errors / COUNT)


def test_learning_and_order_leave_fewer_errors(left):
    errors = {name: points[12].errors for name, points in left.items()}
    assert errors["our order, learning"] < 0.5 < errors["random order, no learning"]
    assert errors["random order, learning"] < errors["random order, no learning"]
    assert errors["our order, learning, groups"] <= errors["our order, learning"]


def test_the_interval_is_around_the_mean():
    values = np.array([[0.2, 0.4], [0.6, 0.8], [0.5, 0.5]])
    low, high = interval(values, draws=400)
    assert 0.2 <= low < values.mean() < high <= 0.8
    assert interval(np.full((3, 2), 0.25), draws=50) == (0.25, 0.25)
