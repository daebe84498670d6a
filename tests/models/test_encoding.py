"""Encoding in batches: lengths, evaluation mode."""

import numpy as np
import pytest

from pipeline.config.presets import tiny
from pipeline.models.encoding import evaluating, length_batches
from pipeline.models.towers import VisionTower


def test_length_batches_cover_every_row_once():
    lengths = np.random.default_rng(0).integers(1, 90, 200)
    batches = length_batches(lengths.tolist(), tokens=256)
    assert sorted(np.concatenate(batches).tolist()) == list(range(200))
    assert all(len(batch) * lengths[batch].max() <= 256 or len(batch) == 1 for batch in batches)


@pytest.mark.parametrize("training", [True, False])
def test_evaluating_restores_the_mode_even_after_an_error(training):
    tower = VisionTower(tiny().model.vision).train(training)

    def fail():
        with evaluating(tower):
            assert not tower.training
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert tower.training is training
