"""The recommender, and CLIP as the hub serves it."""

import functools

import numpy as np
import pandas as pd
import pytest

from experiments.horse_race.systems import recommender
from experiments.horse_race.systems.clip import Clip
from experiments.horse_race.systems.recommender import Recommender, Sides, precision
from pipeline.data.vectors import unit
from pipeline.models.checkpoints import TowerError
from tests.helpers.hub.towers import save_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return Clip(str(save_clip(tmp_path_factory.mktemp("clip") / "checkpoint")))


def _photos(n, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (n, 40, 40, 3)).astype(np.uint8)


def _side(*vectors):
    return unit(np.array(vectors, dtype=np.float32))


def test_near_duplicates_of_the_query_and_of_each_other_are_skipped():
    photos = _side([1, 0, 0], [1, 0.01, 0], [0.9, 0.6, 0], [0.9, 0.61, 0], [0.6, 0.9, 0], [0, 0, 1])
    shown = Recommender(Sides(photos, np.zeros((6, 2), np.float32)), ["A"] * 6)
    ((found, cosines),) = shown.similar(Sides(photos[:1], np.zeros((1, 2), np.float32)))
    assert found.tolist() == [2, 4, 5]
    assert (np.diff(cosines) <= 0).all()


def test_a_photo_is_asked_before_a_text_and_a_product_with_neither_gets_nothing():
    photos, texts = _side([1, 0], [0, 1], [0, 0]), _side([0, 1], [1, 0], [0.6, 0.8])
    shown = Recommender(Sides(photos, texts), ["A", "B", "C"])
    results = shown.similar(Sides(_side([1, 0.3], [0, 0], [0, 0]), _side([0.9, 0.3], [0.3, 1], [0, 0])))
    assert [found.tolist() for found, _ in results] == [[0, 1], [0, 2, 1], []]


def test_precision_counts_missing_results_as_wrong():
    photos = _side([1, 0], [0, 1])
    shown = Recommender(Sides(photos, photos), ["A > B", "C"])
    queries = Sides(_side([1, 0.3]), _side([0, 0]))
    assert precision(shown, queries, ["A > X"]) == {"P@1": 1.0, "P@3": 0.3333, "photos": 1}


def test_clip_reads_photos_and_texts_into_one_space(clip):
    photos = clip.photos(_photos(3), np.array([2, -1, 0]))
    texts = clip.texts(["red mug", "", "shirt"])
    assert photos.shape == texts.shape == (3, 12)
    assert np.allclose(np.linalg.norm(photos, axis=1), [1, 0, 1], atol=1e-5)
    assert np.allclose(np.linalg.norm(texts, axis=1), [1, 0, 1], atol=1e-5)
    assert np.allclose(clip.photos(_photos(3), np.array([0])), photos[2:], atol=1e-5), "whatever else is in the batch"


def test_a_checkpoint_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(TowerError, match="cannot be loaded"):
        Clip(str(tmp_path / "none"))


def test_clip_is_asked_with_its_prompt(clip, monkeypatch):
    asked = []
    tokenizer = clip._tokenizer
    monkeypatch.setattr(clip, "_tokenizer", lambda texts, **options: asked.extend(texts) or tokenizer(texts, **options))
    clip.texts(["red mug"])
    assert asked == ["a product photo of red mug"]


def test_with_clip_a_text_finds_photos(clip, monkeypatch, tmp_path):
    class Rows:
        images = _photos(20)
        budget = type("Budget", (), {"seed": 1})

        def rows(self, split):
            numbers = np.arange(16) if split == "train" else np.arange(16, 20)
            tops = ["A > B" if number % 2 else "C > D" for number in numbers]
            return pd.DataFrame(
                {"image_row": numbers, "title": [f"mug {n}" for n in numbers], "category_path": tops}
            ).assign(candidates=[["A > B", "C > D"]] * len(numbers))

    monkeypatch.setattr(recommender, "_clip", lambda: clip)
    monkeypatch.setattr(recommender, "plot_tsne", lambda *_: None)
    race = Rows()
    notes = recommender.fit(recommender.by_clip, True, race, tmp_path)
    assert set(notes) == {"space", "few", "all"}
    assert list(notes["space"]["silhouette"]) == ["4", "5", "6", "7", "8", "9", "10"]
    opened = recommender.opened(recommender.by_clip, functools.partial(lambda _: 1), race, tmp_path)
    no_photo = race.rows("test").assign(image_row=-1)
    for asked in (race.rows("test"), no_photo):
        answers = opened.answer(asked)
        assert set(answers.paths) <= {"A > B", "C > D"}
        assert all(len(scores) == 2 for scores in answers.candidates)
    assert not answers.vectors.any()
