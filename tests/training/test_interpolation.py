"""WiSE-FT: the alphas of both heads and the gate shift that are chosen after training, each by its own modality."""

import dataclasses

import numpy as np
import pytest
import torch

from pipeline.config.presets import compact, tiny
from pipeline.config.train import TrainConfig, TrainStage
from pipeline.models.two_tower import TwoTower
from pipeline.training import interpolation
from pipeline.training.dataset import Examples, FeatureSet
from pipeline.training.interpolation import PretrainedFeatures, Setting, select_alpha

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
    assert len(choice.tried) == 2 + 1 + 2, "alphas, image alphas, gate shifts: one after the other"


def test_without_an_admissible_setting_the_best_open_hf1_is_chosen(model, paths):
    """The trained features are shuffled, so that no alpha reaches the pretrained tower."""
    features = _texts_near_their_paths(model, paths, 0)
    forgotten = FeatureSet(features.examples, features.text[::-1].copy(), features.image)
    choice = select_alpha(model, [forgotten], paths, PretrainedFeatures([features.text], paths), CONFIG)
    assert not choice.admissible
    alpha = max(choice.tried[:2], key=lambda record: record["set0_text_open_hf1"])["alpha"]
    shift = max(choice.tried[-2:], key=lambda record: record["set0_fused_open_hf1"])["gate_shift"]
    assert (choice.alpha, choice.gate_shift) == (alpha, shift)


def test_a_set_without_candidates_counts_by_its_open_hf1(model, paths):
    listed, other = (_texts_near_their_paths(model, paths, seed) for seed in (0, 1))
    truth = other.examples.truth
    alone = dataclasses.replace(other.examples, candidates=truth[:, None], target=np.zeros(10, dtype=np.int64))
    sets = [listed, dataclasses.replace(other, examples=alone)]
    pretrained = PretrainedFeatures([each.text for each in sets], paths)
    choice = select_alpha(model, sets, paths, pretrained, CONFIG)
    for modality, records in (("text", choice.tried[:2]), ("fused", choice.tried[-2:])):
        for tried in records:
            assert f"set1_{modality}_mrr" not in tried
            first = (tried[f"set0_{modality}_mrr"] + tried[f"set0_{modality}_open_hf1"]) / 2
            assert tried["score"] == pytest.approx((first + tried[f"set1_{modality}_open_hf1"]) / 2)
    assert choice.tried[2]["score"] == 0, "no product has a photo"


@pytest.fixture
def named() -> TwoTower:
    """A model whose photos start from the names of their classes; class k is called as path k."""
    torch.manual_seed(0)
    config = dataclasses.replace(tiny().model, vision=compact().model.vision, class_names=True)
    return TwoTower(config).eval()


def _pictured(named, paths, seed, *, noise) -> FeatureSet:
    """Texts near their paths but for the noise; the vision tower's own classes name every photo rightly."""
    named.class_names.features[: len(paths)] = torch.from_numpy(paths)
    features = _texts_near_their_paths(named, paths, seed)
    examples = dataclasses.replace(features.examples, image_rows=np.arange(10))
    weight = named.vision_tower.backbone.fc.weight.numpy()
    image = 40 * weight[examples.truth] / np.linalg.norm(weight[examples.truth], axis=1, keepdims=True)
    added = noise * np.random.default_rng(seed).standard_normal(features.text.shape).astype(np.float32)
    return FeatureSet(examples, features.text + added, image)


def _select(model, features, paths, **settings):
    config = dataclasses.replace(CONFIG, **settings)
    return select_alpha(model, [features], paths, PretrainedFeatures([features.text], paths), config)


@pytest.mark.parametrize("bias", [-20.0, 20.0])
def test_each_alpha_is_chosen_by_its_own_modality(named, paths, bias):
    """The gate shows the fused figures one modality alone, so that they cannot tell what the other head forgot."""
    with torch.no_grad():
        named.text_head.contract.weight.normal_(std=3.0)
        named.image_head.contract.weight.normal_(std=3.0)
        named.fusion.linear.bias.fill_(bias)
    features = _pictured(named, paths, 0, noise=1.0)
    choice = _select(named, features, paths, alphas=(1.0, 0.0), image_alphas=(1.0, 0.0), gate_shifts=(0.0,))
    assert (choice.alpha, choice.image_alpha) == (0.0, 0.0)
    assert (float(named.text_head.alpha), float(named.image_head.alpha)) == (0.0, 0.0)
    text, image = ([record[f"set0_{name}_open_hf1"] for record in choice.tried] for name in ("text", "image"))
    assert text[0] < text[1]
    assert image[2] < image[3] == 1.0
    assert len({record["set0_text_open_hf1"] for record in choice.tried[2:4]}) == 1, "no photo changes a text"


def test_the_gate_shift_is_chosen_by_both_together(named, paths):
    features = _pictured(named, paths, 0, noise=4.0)
    with torch.no_grad():
        named.fusion.linear.bias.fill_(5.0)
    choice = _select(named, features, paths, gate_shifts=(0.0, 20.0, -20.0))
    assert choice.gate_shift == -20.0, "the photos are right, the texts are noise"
    assert choice.score == 1.0
    assert choice.admissible
    assert named.fusion.linear.bias.tolist() == pytest.approx([-15.0] * named.config.dimension)


def test_a_better_alpha_below_the_floor_of_one_set_is_not_taken(model, paths, monkeypatch):
    """Alpha 1 has the best mean, but on the second set it is below the pretrained tower."""
    hf1 = {0.0: (0.5, 0.6), 0.5: (0.7, 0.6), 1.0: (1.0, 0.59)}

    def measured(model, features, path_features):
        value = hf1[float(model.text_head.alpha)][number[id(features)]]
        return {"text_open_hf1": value, "fused_open_hf1": value}

    sets = [_texts_near_their_paths(model, paths, seed) for seed in (0, 1)]
    number = {id(each): position for position, each in enumerate(sets)}
    monkeypatch.setattr(interpolation, "_measure", measured)
    monkeypatch.setattr(interpolation, "_floors", lambda *_: [0.5, 0.6])
    config = dataclasses.replace(CONFIG, alphas=(0.0, 0.5, 1.0))
    choice = select_alpha(model, sets, paths, PretrainedFeatures([each.text for each in sets], paths), config)
    assert choice.alpha == 0.5
    assert choice.admissible
    assert choice.score == pytest.approx(0.65)
    assert max(record["score"] for record in choice.tried) == pytest.approx(0.795)


def test_without_validation_rows_what_was_trained_stays_as_it_is(model, paths, caplog):
    config = dataclasses.replace(CONFIG, image_alphas=(0.2, 0.7), gate_shifts=(2.0, -0.5))
    choice = select_alpha(model, [], paths, PretrainedFeatures([], paths), config)
    assert Setting(choice.alpha, choice.image_alpha, choice.gate_shift) == Setting(1.0, 0.7, -0.5)
    assert not choice.admissible
    assert choice.tried == []
    assert float(model.image_head.alpha) == pytest.approx(0.7)
    assert "not measured" in caplog.text


def test_of_gate_shifts_that_score_about_the_same_the_smallest_is_taken():
    records = [
        {"gate_shift": shift, "score": score, "margin": margin}
        for shift, score, margin in (
            (-0.5, 0.70, 0.1),
            (0.5, 0.796, 0.1),
            (1.0, 0.799, 0.1),
            (2.0, 0.8, 0.1),
            (0.0, 0.9, -1),
        )
    ]
    assert interpolation._best(records, "fused")["gate_shift"] == 0.5
    records[1]["score"] = 0.79
    assert interpolation._best(records, "fused")["gate_shift"] == 1.0
    assert interpolation._best(records, "text")["score"] == 0.8
