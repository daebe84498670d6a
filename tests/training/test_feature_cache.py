"""The feature cache: one file per tower state, zeros for what is missing, nothing encoded twice."""

import numpy as np
import pytest
import torch

from pipeline.config.presets import tiny
from pipeline.models.checkpoints import load_tokenizer
from pipeline.models.encoding import TokenCache
from pipeline.models.two_tower import TwoTower
from pipeline.training import feature_cache
from pipeline.training.dataset import Examples
from pipeline.training.distributed import make_accelerator
from pipeline.training.feature_cache import FeatureCache

TEXTS = ["a mug", "", "a shirt"]


@pytest.fixture
def model():
    torch.manual_seed(0)
    return TwoTower(tiny().model)


@pytest.fixture
def tokens(model):
    return TokenCache(load_tokenizer(model.config.text), 32)


def _cache(folder, products="products"):
    return FeatureCache(folder, make_accelerator("no"), seed=1, products=products)


def _never(*args, **options):
    raise AssertionError("encoded again")


def test_texts_are_encoded_once(model, tokens, tmp_path, monkeypatch):
    features = _cache(tmp_path).texts(model.text_tower, tokens, TEXTS, "texts")
    assert np.flatnonzero(features.any(axis=1)).tolist() == [0, 2]
    monkeypatch.setattr(feature_cache, "encode_texts", _never)
    assert np.array_equal(_cache(tmp_path).texts(model.text_tower, tokens, TEXTS, "texts"), features)
    for cache, texts in ((_cache(tmp_path, "other products"), TEXTS), (_cache(tmp_path), TEXTS[:2])):
        with pytest.raises(AssertionError, match="encoded again"):
            cache.texts(model.text_tower, tokens, texts, "texts")


def test_photos_are_encoded_once_per_state_of_the_tower(model, tmp_path, monkeypatch):
    zeros = np.zeros(3, dtype=np.int64)
    examples = Examples(TEXTS, np.array([1, -1, 0]), zeros, zeros[:, None], zeros, ("A",))
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)

    def features(state):
        return _cache(tmp_path).images(model.vision_tower, examples, images, state=state, name="images-0")

    first = features("untrained")
    assert np.flatnonzero(first.any(axis=1)).tolist() == [0, 2]
    monkeypatch.setattr(feature_cache, "encode_images", _never)
    assert np.array_equal(features("untrained"), first)
    with pytest.raises(AssertionError, match="encoded again"):
        features("trained")
