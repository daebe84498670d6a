"""The matching task: encoded texts, modality dropout, batches, drawn candidates, validation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.config.presets import tiny
from pipeline.config.train import TrainConfig, TrainStage
from pipeline.models.checkpoints import load_tokenizer
from pipeline.models.encoding import TokenCache, encode_categories
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import FeatureSet, make_examples
from pipeline.training.distributed import make_accelerator
from pipeline.training.tasks.matching import MatchingData, MatchingTask

PATHS = tuple(f"Top{n % 4} > Kind{n}" for n in range(24))


def _features(count: int, model: TwoTower, seed: int) -> FeatureSet:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 12, count)
    products = pd.DataFrame(
        {
            "text": [f"a thing of kind {n} " * (1 + n % 5) if n % 7 else "" for n in truth],
            "image_row": [-1 if n % 5 == 0 else row for row, n in enumerate(truth)],
            "category_path": [PATHS[n] for n in truth],
            "candidates": [[PATHS[n], PATHS[n + 6], PATHS[n + 12]] for n in truth],
        }
    )
    examples = make_examples(products, PATHS)
    text = rng.standard_normal((count, model.config.text.width)).astype(np.float32)
    text[~examples.has_text] = 0
    image = rng.standard_normal((count, model.config.vision.width)).astype(np.float32)
    return FeatureSet(examples, text, image)


@pytest.fixture
def model() -> TwoTower:
    torch.manual_seed(0)
    return TwoTower(tiny().model)


def _task(model: TwoTower, parts: tuple[str, ...], **weights: float) -> MatchingTask:
    stage = TrainStage("stage", parts, batch_size=8, negatives=4)
    config = TrainConfig(stages=(stage,), queue_size=32, text_dropout=0.4, image_dropout=0.4, **weights)
    paths = np.random.default_rng(9).standard_normal((len(PATHS), model.config.text.width)).astype(np.float32)
    tokens = TokenCache(load_tokenizer(model.config.text), 32)
    train, *validation = [_features(count, model, seed) for seed, count in enumerate((40, 10, 10))]
    return MatchingTask(model, stage, config, MatchingData(train, validation, paths, None, tokens))


def _batch(task: MatchingTask, rows: np.ndarray) -> dict[str, torch.Tensor]:
    """The batch that the module is fed for these products."""
    batches: list[dict[str, torch.Tensor]] = []

    def recording(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        batches.append(batch)
        return task.module(batch)

    task.losses(recording, rows, make_accelerator("no"))
    return batches[0]


ALL_TERMS = {"taxonomy_weight": 1.0, "text_weight": 0.5, "image_weight": 0.5}


@pytest.mark.parametrize("parts", [("heads",), ("heads", "text_lora")])
def test_every_trained_parameter_gets_a_gradient(model, parts):
    task = _task(model, parts, **ALL_TERMS)
    named = task.parameters()
    terms = task.losses(task.module, np.arange(8), make_accelerator("no"))
    assert set(terms) == {"listwise", "infonce", "taxonomy", "text", "image"}
    torch.stack(list(terms.values())).sum().backward()
    assert [name for name, value in named.items() if value.grad is None] == []
    assert len(task.queue) == 8


def test_each_distinct_path_of_a_batch_is_encoded_once(model):
    task = _task(model, ("heads", "text_lora"))
    rows = np.array([0, 1, 2, 3, 0, 1])
    examples = task.data.train.examples
    candidates = [examples.paths[path] for path in set(examples.candidates[rows].ravel().tolist()) - {-1}]
    ids = _batch(task, rows)["path_ids"].tolist()
    encoded = {tuple(number for number in row if number) for row in ids}  # 0 is padding
    assert len(encoded) == len(ids) <= len(candidates) + 4
    assert {tuple(numbers) for numbers in task.data.tokens(candidates)} <= encoded


def test_no_product_loses_both_modalities_or_its_only_one(model):
    task = _task(model, ("heads",))
    rows = np.arange(40)
    has_text, has_image = task.data.train.examples.has_text, task.data.train.examples.has_image
    dropped = 0
    for seed in range(20):
        torch.manual_seed(seed)
        batch = _batch(task, rows)
        text, image = batch["has_text"].numpy(), batch["has_image"].numpy()
        assert ((text | image) == (has_text | has_image)).all()
        assert not (text & ~has_text).any()
        dropped += int((has_text & ~text).sum() + (has_image & ~image).sum())
    assert dropped > 0


def test_batches_hold_texts_of_similar_length(model):
    task = _task(model, ("text_lora",))
    lengths = np.array([len(numbers) for numbers in task.data.tokens(task.data.train.examples.texts)])
    batches = task.batches(8, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(40))
    shuffled = np.random.default_rng(0).permutation(40).reshape(5, 8)
    padding = sum(lengths[b].max() * len(b) - lengths[b].sum() for b in batches)
    assert padding < sum(lengths[b].max() * len(b) - lengths[b].sum() for b in shuffled)


def test_validation_scores_are_mean_reciprocal_ranks(model):
    metrics = _task(model, ("heads",)).validate()
    assert metrics["score"] == pytest.approx((metrics["validation0_fused_mrr"] + metrics["validation1_fused_mrr"]) / 2)
    assert all(0 < value <= 1 for value in metrics.values())


def _without_candidates(features: FeatureSet) -> FeatureSet:
    """The same products, with the truth as their only candidate."""
    examples = features.examples
    alone = replace(examples, candidates=examples.truth[:, None], target=np.zeros(len(examples), dtype=np.int64))
    return replace(features, examples=alone)


def _listless(model: TwoTower, parts: tuple[str, ...]) -> MatchingTask:
    """A task whose training products and second validation set have no candidates."""
    task = _task(model, parts, **ALL_TERMS)
    first, second = task.data.validation
    data = replace(
        task.data, train=_without_candidates(task.data.train), validation=[first, _without_candidates(second)]
    )
    return MatchingTask(model, task.stage, task.config, data)


@pytest.mark.parametrize("parts", [("heads",), ("heads", "text_lora")])
def test_rows_without_candidates_learn_against_drawn_ones(model, parts):
    task = _listless(model, parts)
    torch.manual_seed(0)
    terms = task.losses(task.module, np.arange(8), make_accelerator("no"))
    assert terms["listwise"].item() > 0.1
    terms["listwise"].backward()
    assert any(value.grad is not None and value.grad.abs().sum() > 0 for value in task.parameters().values())
    torch.manual_seed(0)
    again = task.losses(task.module, np.arange(8), make_accelerator("no"))
    assert again["listwise"].item() == terms["listwise"].item(), "drawn by the random state of the step"


@pytest.mark.parametrize("parts", [("heads",), ("heads", "text_lora")])
def test_a_validation_set_without_candidates_is_selected_by_open_hf1(model, parts):
    task = _listless(model, parts)
    metrics = task.validate()
    assert "validation0_fused_mrr" in metrics
    assert "validation1_fused_mrr" not in metrics, "of a single candidate every rank is 1"
    assert 0 < metrics["validation1_score"] < 1
    assert metrics["score"] == pytest.approx((metrics["validation0_fused_mrr"] + metrics["validation1_score"]) / 2)


def test_batches_are_drawn_by_the_size_of_categories(model):
    task = _task(model, ("heads",))
    truth = np.repeat([0, 1, 2, 3], [28, 4, 4, 4])
    train = replace(task.data.train, examples=replace(task.data.train.examples, truth=truth))
    config = replace(task.config, sampling_exponent=1.0)
    drawn = MatchingTask(model, task.stage, config, replace(task.data, train=train))
    batches = drawn.batches(8, np.random.default_rng(0))
    assert [len(batch) for batch in batches] == [8] * 5
    assert np.bincount(truth[np.concatenate(batches)]).tolist() == [10, 10, 10, 10]
    again = drawn.batches(8, np.random.default_rng(0))
    assert all((one == other).all() for one, other in zip(batches, again, strict=True))


def test_last_names_are_read_in_the_batch_as_categories_are_encoded():
    torch.manual_seed(0)
    model = TwoTower(replace(tiny().model, category_names=True)).eval()
    task = _task(model, ("heads", "text_lora"))
    batch = _batch(task, np.arange(8))
    assert batch["name_ids"].shape[0] == batch["path_ids"].shape[0]
    tokens = task.data.tokens
    ids = {tuple(row): path for path, row in zip(PATHS, tokens(PATHS), strict=True)}
    pairs = zip(batch["path_ids"].tolist(), batch["path_mask"].tolist(), strict=True)
    paths = [ids[tuple(row[: sum(mask)])] for row, mask in pairs]
    with torch.no_grad():
        expected = model.category_vectors(
            torch.from_numpy(encode_categories(model.text_tower, tokens, paths, names=True))
        )
        assert torch.allclose(task.module(batch)["categories"], expected, atol=1e-5)
    assert "name_ids" not in _batch(_task(TwoTower(tiny().model), ("heads", "text_lora")), np.arange(8))


@pytest.mark.parametrize("parts", [("heads",), ("heads", "text_lora")])
def test_texts_of_categories_are_their_share_of_an_epoch(model, parts):
    task = _task(model, parts)
    examples = replace(task.data.train.examples, products=30)
    data = replace(task.data, train=replace(task.data.train, examples=examples))
    config = replace(task.config, category_text_share=0.25)
    again = MatchingTask(model, task.stage, config, data)
    rows = np.concatenate(again.batches(8, np.random.default_rng(0)))
    assert len(rows) == 40
    counts = np.bincount(rows, minlength=40)
    assert set(counts[:30]) == {1}, "every product once"
    assert counts[30:].sum() == 10
