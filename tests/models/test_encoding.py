"""Encoding in batches: lengths, evaluation mode, precision; categories by path and name."""

import dataclasses

import numpy as np
import pytest
import torch

from pipeline.config.presets import tiny
from pipeline.data.vectors import unit
from pipeline.models import encoding
from pipeline.models.encoding import (
    MANY,
    bulk_precision,
    encode_categories,
    encode_images,
    encode_texts,
    evaluating,
    length_batches,
    make_tokens,
)
from pipeline.models.towers import TextTower, VisionTower


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


def test_tokens_have_the_prefix_and_length_of_the_tower():
    plain = tiny().model.text
    prefixed = dataclasses.replace(plain, prefix="query: ", max_tokens=8)
    tokens = make_tokens(prefixed)
    assert tokens(["red mug", ""]) == make_tokens(plain)(["query: red mug", "query: "])
    assert len(tokens(["a red mug with a very long title that goes on and on"])[0]) == 8


@pytest.fixture(scope="module")
def text_tower() -> TextTower:
    torch.manual_seed(0)
    return TextTower(tiny().model.text)


def test_a_category_is_its_path_or_the_mean_of_path_and_last_name(text_tower):
    tokens = make_tokens(text_tower.config)
    paths = ["Home > Kitchen > Mugs", "Toys", "Home > Kitchen > Mugs"]
    whole = encode_texts(text_tower, tokens, paths)
    assert np.array_equal(encode_categories(text_tower, tokens, paths, names=False), whole)
    both = encode_categories(text_tower, tokens, paths, names=True)
    for row, name in enumerate(["Mugs", "Toys", "Mugs"]):
        path, last = unit(whole)[row], unit(encode_texts(text_tower, tokens, [name]))[0]
        mean = (path + last) / 2
        assert both[row] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
    assert both[1] == pytest.approx(unit(whole)[1], abs=1e-5), "a top level is its own name"


def test_token_ids_of_more_than_so_many_texts_are_forgotten(text_tower):
    few, all_of_them = make_tokens(text_tower.config, most=3), make_tokens(text_tower.config)
    for start in range(0, 12, 4):
        texts = [f"mug {number}" for number in range(start, start + 4)]
        assert few(texts) == all_of_them(texts)
    assert (len(few._ids), len(all_of_them._ids)) == (4, 12)


@pytest.mark.parametrize(
    ("fast", "count", "lower"), [(True, MANY, True), (True, MANY - 1, False), (False, 9999, False)]
)
def test_many_inputs_take_bfloat16_where_it_is_fast(monkeypatch, fast, count, lower):
    monkeypatch.setattr(encoding, "fast_in_bfloat16", lambda: fast)
    one = torch.eye(2)
    with bulk_precision(torch.device("cpu"), count):
        assert (one @ one).dtype == (torch.bfloat16 if lower else torch.float32)
    assert (one @ one).dtype == torch.float32


def test_bfloat16_hardly_moves_a_vector(monkeypatch, text_tower):
    tokens = make_tokens(text_tower.config)
    texts = [f"thing number {number} of the shop" for number in range(MANY)]
    vectors = {}
    for fast in (True, False):
        monkeypatch.setattr(encoding, "fast_in_bfloat16", lambda fast=fast: fast)
        vectors[fast] = unit(encode_texts(text_tower, tokens, texts))
        assert vectors[fast].dtype == np.float32
    assert not np.array_equal(vectors[True], vectors[False])
    assert (vectors[True] * vectors[False]).sum(axis=1).min() > 0.999


def test_photos_of_another_size_are_resized_for_the_tower():
    torch.manual_seed(0)
    tower = VisionTower(tiny().model.vision)
    flat = np.broadcast_to(np.arange(0, 240, 60, dtype=np.uint8)[:, None, None, None], (4, 48, 48, 3)).copy()
    assert encode_images(tower, flat) == pytest.approx(encode_images(tower, flat[:, :32, :32]), abs=1e-5)
