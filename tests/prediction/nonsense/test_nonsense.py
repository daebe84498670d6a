"""Made-up nonsense: the same for a seed, different in each draw, pictures that are seen."""

import numpy as np
import pytest

from pipeline.prediction.nonsense.photos import NONSENSE_PHOTOS
from pipeline.prediction.nonsense.texts import NONSENSE_TEXTS


@pytest.mark.parametrize("name", NONSENSE_TEXTS)
def test_texts(name):
    make = NONSENSE_TEXTS[name]
    drawn = [make(np.random.default_rng(seed)) for seed in range(30)]
    assert drawn == [make(np.random.default_rng(seed)) for seed in range(30)]
    assert all(text.strip() for text in drawn)
    assert len(set(drawn)) > 5


@pytest.mark.parametrize("name", NONSENSE_PHOTOS)
def test_pictures(name):
    make = NONSENSE_PHOTOS[name]
    drawn = [make(np.random.default_rng(seed)) for seed in range(5)]
    assert np.array_equal(np.asarray(drawn[0]), np.asarray(make(np.random.default_rng(0))))
    for picture in drawn:
        assert (picture.mode, min(picture.size) >= 200) == ("RGB", True)
        assert np.asarray(picture, dtype=float).std() > 3
    assert not np.array_equal(np.asarray(drawn[0]), np.asarray(drawn[1]))
