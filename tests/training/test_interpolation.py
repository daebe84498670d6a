"""WiSE-FT: the alpha and the gate shift that are chosen after training."""

import dataclasses

import numpy as np
import pytest
import torch

from pipeline.config.presets import tiny
from pipeline.config.train import TrainConfig, TrainStage
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import Examples, FeatureSet
from pipeline.training.interpolation import PretrainedFeatures, select_alpha

PATHS = tuple(f"Top{n % 4} > Kind{n}" for n in range(24))
CONFIG = TrainConfig(stages=(TrainStage("heads", ("heads",)),), alphas=(0.0, 1.0), gate_shifts=(0.0, 1.0))


@pytest.fixture
def model() -> TwoTower:
    torch.manual_seed(0)
    return TwoTower(tiny().model).eval()


@pytest.fixture
def paths(model) -> np.ndarray:
    return np.random.default_rng(9).standard_normal((len(PATHS), model.config.text.width)).astype(np.float32)


def _texts_near_their_paths(model, paths, seed) -> FeatureSet:
    """Ten products without a photo whose text features are nearly those of their categories."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 12, 10)
    examples = Examples(
        texts=["a text"] * 10,
        image_rows=np.full(10, -1),
        truth=truth,
        candidates=np.stack([truth, truth + 6, truth + 12], axis=1),
        target=np.zeros(10, dtype=np.int64),
        paths=PATHS,
    )
    text = paths[truth] + 0.1 * rng.standard_normal((10, paths.shape[1])).astype(np.float32)
    return FeatureSet(examples, text, np.zeros((10, model.config.vision.width), dtype=np.float32))


def test_a_head_that_forgot_everything_gets_alpha_0(model, paths):
    with torch.no_grad():
        model.text_head.contract.weight.normal_(std=3.0)
    sets = [_texts_near_their_paths(model, paths, seed) for seed in (0, 1)]
    pretrained = PretrainedFeatures([each.text for each in sets], paths)
    choice = select_alpha(model, sets, paths, pretrained, CONFIG)
    assert choice.alpha == 0.0
    assert choice.admissible
    assert float(model.text_head.alpha) == 0.0
    assert len(choice.tried) == 4


def test_without_an_admissible_setting_the_best_open_hf1_is_chosen(model, paths):
    """The trained features are shuffled, so that no alpha reaches the pretrained tower."""
    features = _texts_near_their_paths(model, paths, 0)
    forgotten = FeatureSet(features.examples, features.text[::-1].copy(), features.image)
    choice = select_alpha(model, [forgotten], paths, PretrainedFeatures([features.text], paths), CONFIG)
    assert not choice.admissible
    best = max(choice.tried, key=lambda record: record["set0_open_hf1"])
    assert (choice.alpha, choice.gate_shift) == (best["alpha"], best["gate_shift"])


def test_a_set_without_candidates_counts_by_its_open_hf1(model, paths):
    listed, other = (_texts_near_their_paths(model, paths, seed) for seed in (0, 1))
    truth = other.examples.truth
    alone = dataclasses.replace(other.examples, candidates=truth[:, None], target=np.zeros(10, dtype=np.int64))
    sets = [listed, dataclasses.replace(other, examples=alone)]
    pretrained = PretrainedFeatures([each.text for each in sets], paths)
    choice = select_alpha(model, sets, paths, pretrained, CONFIG)
    for tried in choice.tried:
        assert "set1_fused_mrr" not in tried
        first = (tried["set0_fused_mrr"] + tried["set0_open_hf1"]) / 2
        assert tried["score"] == pytest.approx((first + tried["set1_open_hf1"]) / 2)
