"""Ranked paths: the prediction first, one quantity, nothing above it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.data.vectors import unit
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.prediction.scorer import NodeScores
from pipeline.prediction.scores import CategoryScore, Scores
from pipeline.search.query import Query
from pipeline.types import MODALITIES
from tests.helpers.fakes import DIMENSION, FakeBundle, bundle_with_classifier, word_vector

NAMES = st.lists(st.sampled_from("ABC"), min_size=1, max_size=4).map(" > ".join)


def _scores(monkeypatch: pytest.MonkeyPatch, leaf: dict[str, float], **options: object) -> Scores:
    """Scores of one product with these leaf probabilities."""
    predictor = CategoryPredictor(FakeBundle(tuple(leaf)))
    row = [leaf.get(path, 0.0) for path in predictor.tree.taxonomy.paths]
    table = np.array([row], dtype=np.float32)
    monkeypatch.setattr(predictor.scorer, "score", lambda *_, **__: NodeScores(table, np.ones(1)))
    return predictor.score(np.zeros((1, DIMENSION), dtype=np.float32), **options)


def _ranked(scores: Scores, k: int = 8) -> list[CategoryScore]:
    [ranking] = scores.rank(scores.decode(), k)
    return ranking


def test_a_path_ends_where_a_whole_path_of_another_branch_is_likelier(monkeypatch: pytest.MonkeyPatch) -> None:
    toys = {"Toys > Vehicles > Cars": 0.16, "Toys > Vehicles > Boats": 0.12, "Toys > Vehicles > Trains": 0.18}
    scores = _scores(monkeypatch, {"Toys": 0.01, "Toys > Vehicles": 0.0, **toys, "Toys > Games": 0.45, "Home": 0.08})
    [prediction] = scores.decode()
    assert prediction.path == "Toys > Vehicles"
    ranking = _ranked(scores)
    assert [score.path for score in ranking[:3]] == ["Toys > Vehicles", "Toys > Games", "Toys > Vehicles > Trains"]
    assert ranking[0].score == prediction.probabilities[-1] > ranking[1].score


def test_nothing_above_the_prediction_is_among_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = {"A": 0.1, "A > B": 0.12, "A > B > C": 0.4, "D": 0.2, "D > E": 0.1, "F": 0.08}
    assert [score.path for score in _ranked(_scores(monkeypatch, leaf))] == ["A > B > C", "D", "F"]
    assert {score.path for score in _ranked(_scores(monkeypatch, leaf, candidates=["D", "D > E", "F"]))} == {
        "D",
        "D > E",
        "F",
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=14, unique=True), st.floats(0, 1), st.integers(0, 99))
def test_the_prediction_is_on_top_and_probabilities_add_up_to_no_more_than_one(paths, share, seed) -> None:
    bundle = bundle_with_classifier(tuple(paths), share, seed)
    rng = np.random.default_rng(seed)
    table = tuple(tuple(np.sort(rng.random(4) * point)) for point in PRECISIONS)
    crooked = Calibration(
        classifier_weight=share,
        platt_slopes=tuple(rng.uniform(0, 3, 4)),
        platt_intercepts=tuple(rng.uniform(-2, 2, 4)),
        thresholds=table,
    )
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, crooked)})
    scores = CategoryPredictor(bundle).score(unit(rng.normal(size=(6, DIMENSION)).astype(np.float32)))
    predictions = scores.decode()
    for prediction, ranking in zip(predictions, scores.rank(predictions, 20), strict=True):
        first, *others = ranking
        assert first == CategoryScore(prediction.path, prediction.probabilities[-1])
        numbers = [score.score for score in ranking]
        assert numbers == sorted(numbers, reverse=True)
        assert len({score.path for score in ranking}) == len(ranking)
        beside = [score for score in others if not score.path.startswith(prediction.path + " > ")]
        assert first.score + sum(score.score for score in beside) <= 1 + 1e-6
        for other in others:
            assert not (prediction.path + " > ").startswith(other.path + " > ")
            assert not any((one.path + " > ").startswith(other.path + " > ") for one in others if one is not other)


def _telling(bundle: FakeBundle) -> CategoryPredictor:
    """A predictor that accepts whatever has a confidence of 60 %."""
    setting = Calibration(inverse_temperature=0.5, thresholds=((0.6,) * 3,) * len(PRECISIONS))
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, setting)})
    return CategoryPredictor(bundle)


def test_text_and_photo_contradict_each_other_if_each_is_sure_of_another_top_level() -> None:
    shirt, vase, unclear = (word_vector(words) for words in ("clothing shirts", "home vases", "xq zzv wwk"))

    def query(text: np.ndarray | None, image: np.ndarray | None) -> Query:
        return Query(text, image, shirt)

    predictor = _telling(FakeBundle())
    pairs = [query(shirt, vase), query(shirt, shirt), query(shirt, unclear), query(shirt, None), query(vase, shirt)]
    assert predictor.contradictions(pairs) == [("Clothing", "Home"), None, None, None, ("Home", "Clothing")]
    assert predictor.contradictions(pairs, branches=["Home"])[0] is None
    never = replace(predictor.calibrations["text"], thresholds=((None,),) * len(PRECISIONS))
    predictor.calibrations = {**predictor.calibrations, "image": never}
    assert predictor.contradictions(pairs) == [None] * 5, "a photo that is sure of nothing contradicts nothing"
    assert predictor.contradictions([]) == []


def test_what_contradicts_itself_is_not_accepted_and_a_text_in_another_language_with_half_the_errors() -> None:
    bundle = FakeBundle()
    at = tuple((0.5 if point <= 0.9 else 0.99,) * 3 for point in PRECISIONS)
    setting = Calibration(inverse_temperature=0.5, thresholds=at)
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, setting)})
    scores = CategoryPredictor(bundle).score(np.repeat(word_vector("clothing shirts")[None], 3, axis=0))
    plain, torn, strange = scores.decode(torn=[False, True, False], strange=[False, False, True])
    assert (plain.accepted_depth, torn.accepted_depth) == (2, 0)
    assert "certain" not in torn.verdicts
    assert (plain.target_precision, strange.target_precision) == (0.9, 0.95)
    assert strange.accepted_depth < plain.accepted_depth
