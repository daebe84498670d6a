"""Presets of the pipeline as systems of the race."""

from dataclasses import replace

import pytest

from experiments.horse_race.race import MEASURED, Budget, Race
from experiments.horse_race.systems import SYSTEMS, bundles
from pipeline.artifacts import RunPaths
from pipeline.config.presets import tiny
from pipeline.config.train import TrainStage
from pipeline.models.feature_store import FeatureStore


@pytest.fixture
def race(tiny_run, tmp_path):
    store = FeatureStore(tmp_path / "features", 17)
    return Race(RunPaths(tiny_run), tiny(), Budget(measured=10), (), store, tiny_run / "calibrated")


def _short():
    """The preset `tiny` with two steps of its heads alone."""
    config = tiny()
    heads = TrainStage("heads", ("heads",), max_steps=2, batch_size=16, negatives=8)
    predictor = replace(config.predictor, epochs=1, class_weights=(0.0,), classifier_weights=(0.0, 0.5))
    return replace(config, train=replace(config.train, stages=(heads,), alphas=(1.0,)), predictor=predictor)


def test_a_preset_learns_from_the_rows_of_the_race_and_answers(race, tmp_path, monkeypatch, another_precision):
    monkeypatch.setitem(bundles.PRESETS, "short", _short)
    system = bundles.preset_system("short", "short", needs_hub=False)
    assert system.fit(race, tmp_path / "short") == {"preset": "short"}
    opened = system.open(race, tmp_path / "short")
    assert opened.splits == MEASURED
    rows = race.rows("test")
    answers = opened.answer(rows)
    assert set(answers.paths) <= set(race.paths)
    assert [len(scores) for scores in answers.candidates] == [len(listed) for listed in rows["candidates"]]
    assert answers.vectors.shape == (10, 32)
    assert not list(race.run.root.glob("short*")), "the run itself stays as it is"


def test_the_published_recipe_runs_when_it_is_asked_for():
    system = SYSTEMS["siglip2-bge-published"]
    assert system.needs_hub
    assert system.fit.args == ("siglip2-bge-published",)


def test_a_model_that_learned_from_held_out_rows_is_not_measured_on_them(race, tmp_path, monkeypatch):
    assert SYSTEMS["ours"].open(race, tmp_path).splits == MEASURED
    monkeypatch.setattr(race.ours, "was_seen", lambda path: True)
    assert SYSTEMS["ours"].open(race, tmp_path).splits == ("test",)
