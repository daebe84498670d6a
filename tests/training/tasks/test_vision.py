"""The task that trains a vision tower from scratch: batches, losses, schedules, validation."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from pipeline.config.presets import tiny
from pipeline.config.train import TrainStage
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import Examples
from pipeline.training.distributed import make_accelerator
from pipeline.training.tasks import vision
from pipeline.training.tasks.augment import STRENGTHS
from pipeline.training.tasks.vision import VisionData, VisionTask

PATHS = ("A", "A > B", "A > C", "D")
IMAGE_ROWS = np.array([6, 0, -1, 3, 2, 1])


def _examples(count: int) -> Examples:
    return Examples(
        texts=["mug"] * count,
        image_rows=IMAGE_ROWS[:count],
        truth=np.arange(count) % 3,
        candidates=np.tile(np.arange(len(PATHS)), (count, 1)),
        target=np.arange(count) % 3,
        paths=PATHS,
    )


@pytest.fixture
def task() -> VisionTask:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    data = VisionData(
        train=_examples(6),
        validation=[_examples(4)],
        images=rng.integers(0, 256, (7, 40, 40, 3), dtype=np.uint8),
        texts=rng.normal(size=(6, 32)).astype(np.float32),
        paths=rng.normal(size=(len(PATHS), 32)).astype(np.float32),
    )
    stage = TrainStage("vision", ("vision",), batch_size=2)
    return VisionTask(TwoTower(tiny().model), stage, tiny().train, data)


def test_an_epoch_shows_every_photo_once(task):
    batches = task.batches(2, np.random.default_rng(0))
    rows = np.concatenate(batches)
    assert [len(batch) for batch in batches] == [2, 2]  # five products have a photo; the last batch would be too small
    assert len(set(rows.tolist())) == len(rows)
    assert 2 not in rows
    (epoch,) = task.batches(8, np.random.default_rng(0))
    assert sorted(epoch.tolist()) == [0, 1, 3, 4, 5]


def test_every_parameter_gets_a_gradient(task):
    terms = task.losses(task.module, np.array([0, 1, 3, 4]), make_accelerator("no"))
    assert set(terms) == {"category", "classifier", "listwise", "alignment"}
    torch.stack(list(terms.values())).sum().backward()
    missing = [name for name, value in task.parameters().items() if value.grad is None]
    assert missing == []


def test_losses_of_zero_vectors(task):
    """Equal scores: log of the number of classes, of candidates, and of the texts that are no masked positives."""

    def module(pixels):
        zeros = torch.zeros(len(pixels), 32)
        return {"image": zeros, "classes": torch.zeros(len(pixels), 3), "scale": torch.tensor(1.0)}

    terms = task.losses(module, np.array([0, 1, 3]), make_accelerator("no"))
    assert len(task.classes) == 3
    assert float(terms["category"]) == pytest.approx(math.log(3))
    assert float(terms["classifier"]) == pytest.approx(0.5 * math.log(3))
    assert float(terms["listwise"]) == pytest.approx(task.config.image_weight * math.log(4))
    # products 0 and 3 share a category: each of them sees two texts, product 1 sees three
    assert float(terms["alignment"]) == pytest.approx(0.5 * (2 * math.log(2) + math.log(3)) / 3)


def _augmentations(task, monkeypatch, fractions):
    """Size and strength of the views after these fractions of the steps."""
    views = []

    def record(photos, size, strength):
        views.append((size, strength))
        return torch.zeros(len(photos), 3, size, size)

    monkeypatch.setattr(vision, "augment", record)
    for fraction in fractions:
        task.losses(task.module, np.array([0, 1]), make_accelerator("no"), fraction)
    return views


def test_views_follow_their_schedules(task, monkeypatch):
    task.stage = dataclasses.replace(
        task.stage,
        size_schedule=((0.5, 16), (1.0, 24)),
        view_schedule=((0.9, "everywhere"), (1.0, "plain")),
    )
    everywhere, plain = STRENGTHS["everywhere"], STRENGTHS["plain"]
    views = _augmentations(task, monkeypatch, (0.0, 0.49, 0.5, 0.9))
    assert views == [(16, everywhere), (16, everywhere), (24, everywhere), (24, plain)]


def test_views_have_the_size_of_the_tower_by_default(task, monkeypatch):
    assert _augmentations(task, monkeypatch, (0.9,)) == [(32, STRENGTHS["shop"])]


def test_the_score_is_that_of_the_photos(task):
    metrics = task.validate()
    assert metrics["score"] == metrics["validation0_image_score"]
    assert 0 < metrics["score"] <= 1


def test_photos_without_candidates_learn_against_drawn_ones_and_are_selected_by_open_hf1(task):
    train = _examples(6)
    alone = dataclasses.replace(train, candidates=train.truth[:, None], target=np.zeros(6, dtype=np.int64))
    data = dataclasses.replace(task.data, train=alone, validation=[alone, _examples(3).of_rows(np.array([2]))])
    task = VisionTask(TwoTower(tiny().model), task.stage, dataclasses.replace(task.config, image_weight=0.5), data)
    assert task.losses(task.module, np.array([0, 1, 3]), make_accelerator("no"))["listwise"].item() > 0
    metrics = task.validate()
    assert set(metrics) == {"validation0_image_score", "score"}, "a set without photos takes no part"
    assert 0 <= metrics["score"] <= 1


def test_an_epoch_is_drawn_by_the_size_of_categories_among_rows_with_a_photo(task):
    assert task.data.train.truth[[0, 1, 3, 4, 5]].tolist() == [0, 1, 0, 1, 2]
    sampled = VisionTask(
        TwoTower(tiny().model), task.stage, dataclasses.replace(task.config, sampling_exponent=1.0), task.data
    )
    epochs = [np.concatenate(sampled.batches(5, np.random.default_rng(seed))) for seed in range(30)]
    assert all(len(epoch) == 5 and 2 not in epoch for epoch in epochs)
    third = np.mean([np.count_nonzero(epoch == 5) for epoch in epochs])
    assert third == pytest.approx(5 / 3, abs=0.3), "the only row of its category comes for a third of the epoch"
