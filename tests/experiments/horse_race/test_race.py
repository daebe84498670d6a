"""The race from end to end on a small build: one table, and nothing that is finished is run again."""

import json
import re
from dataclasses import replace

import pytest

from experiments.horse_race import __main__ as command
from experiments.horse_race.race import MEASURED, Budget, Race
from experiments.horse_race.speed import speed_of
from experiments.horse_race.systems import SYSTEMS
from pipeline.artifacts import RunPaths
from pipeline.config.presets import tiny
from pipeline.errors import UserError
from pipeline.models.feature_store import FeatureStore
from tests.helpers.factories import write_dataset

RUN = ["random", "most-frequent", "bm25", "zero-shot-text", "zero-shot-photo", "word2vec-bilstm", "linnet"]
RUN += ["recommender", "ours", "ours-classifier"]
FAST = {"rows_per_second": 10.0, "resident_mb": 1.0}


def _arguments(run, out, *more):
    bundle = ["--bundle", str(run / "calibrated"), "--preset", "tiny", "--epochs", "1", "--measured", "12"]
    return ["--run", str(run), "--out", str(out), *bundle, *more]


@pytest.fixture(scope="module")
def raced(tiny_run, tmp_path_factory):
    """Folder of a race of nearly all systems; how fast they are is not measured."""
    out = tmp_path_factory.mktemp("race")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "speed_of", lambda *_: FAST)
        command.main(_arguments(tiny_run, out, "--systems", *RUN))
    return out


@pytest.mark.slow(15)
def test_every_system_has_its_figures_in_one_table(raced):
    race = json.loads((raced / "race.json").read_text(encoding="utf-8"))
    assert race["budget"] == {"rows": 0, "epochs": 1, "measured": 12, "seed": 17}
    systems = race["systems"]
    assert list(systems) == [name for name in SYSTEMS if name in RUN], "in the order of the table"
    assert "names of classes" in systems.pop("zero-shot-photo")["skipped"]
    for name, one in systems.items():
        assert set(one["splits"]) == {split for split in MEASURED if race["rows"].get(split)}, name
        for split, parts in one["splits"].items():
            assert parts["n"] == race["rows"][split] <= 12
            for part in ("rerank", "open", "levels"):
                assert all(0 <= value["low"] <= value["value"] <= value["high"] for value in parts[part].values())
    judged = {name for name, one in systems.items() if "coverage" in one["splits"]["test"]["open"]}
    assert judged == {"word2vec-bilstm", "linnet", "ours", "ours-classifier"}
    assert systems["linnet"]["train_seconds"] > 0
    assert systems["ours"]["train_seconds"] is None
    kept = json.loads((raced / "systems" / "word2vec-bilstm" / "figures.json").read_text(encoding="utf-8"))
    assert kept["notes"]["curve"][0]["loss"] > 0
    assert kept["notes"]["nearest words"]


def test_the_table_is_written_with_its_plots(raced):
    table = (raced / "race.md").read_text(encoding="utf-8")
    assert table.startswith("Budget: ")
    assert re.search(r"\| Word2Vec \+ BiLSTM \| [\d.]+ M \| [\d.]+ min \| 10 \| 1 MB \|", table)
    assert "not run: The photo tower" in table
    for plot in ("speed.png", "depths.png"):
        assert (raced / plot).stat().st_size > 5_000
    folder = raced / "systems" / "word2vec-bilstm"
    assert {path.name for path in folder.glob("*.png")} == {"curves.png", "tsne.png"}
    assert {path.name for path in (raced / "systems" / "recommender").glob("*.png")} == {
        "clusters.png",
        "pca.png",
        "tsne.png",
    }


def test_a_finished_system_is_not_run_again_and_another_budget_is_another_race(raced, tiny_run, monkeypatch):
    class RanError(Exception):
        pass

    def run(*_):
        raise RanError

    monkeypatch.setitem(SYSTEMS, "linnet", replace(SYSTEMS["linnet"], fit=run))
    monkeypatch.setattr(command, "speed_of", lambda *_: FAST)
    command.main(_arguments(tiny_run, raced, "--systems", "linnet"))
    with pytest.raises(RanError):
        command.main([*_arguments(tiny_run, raced, "--systems", "linnet"), "--rows", "9"])


def _race(run, tmp_path, **budget):
    store = FeatureStore(tmp_path / "features", 17)
    return Race(RunPaths(run), tiny(), Budget(**budget), (), store, run / "calibrated")


def test_systems_get_the_same_rows_within_the_budget(tiny_run, tmp_path):
    one, other = (_race(tiny_run, tmp_path, rows=20, measured=5) for _ in range(2))
    assert len(one.rows("train")) == 20
    assert len(one.rows("test")) == 5
    for split in ("train", "validation", *MEASURED):
        assert one.rows(split)["product_id"].tolist() == other.rows(split)["product_id"].tolist()
    source = one.products["source"].iloc[0]
    learned = replace(one, unmeasured=(source,), _drawn={})
    assert len(learned.rows("train")) == 20
    assert not len(learned.rows("test"))


def test_on_a_test_split_alone_only_what_learns_nothing_runs(tmp_path, monkeypatch, capsys):
    source = write_dataset(tmp_path / "data", 60)
    monkeypatch.setattr(command, "speed_of", lambda *_: FAST)
    words = ["--source", str(source), "--set", "source.splits=test", "--preset", "tiny", "--taxonomy", "rows"]
    command.main([*words, "--out", str(tmp_path / "race"), "--systems", "bm25", "linnet"])
    printed = capsys.readouterr().out
    assert "not run: there are no training rows" in printed
    race = json.loads((tmp_path / "race" / "race.json").read_text(encoding="utf-8"))
    assert list(race["rows"]) == ["test"]
    assert set(race["systems"]["bm25"]["splits"]) == {"test"}
    products = RunPaths(tmp_path / "race").products
    written = products.stat().st_mtime_ns
    command.main([*words, "--out", str(tmp_path / "race"), "--systems", "bm25"])
    assert products.stat().st_mtime_ns == written, "it is read but once"


def test_a_system_that_cannot_run_says_why_and_may_run_later(tiny_run, tmp_path, monkeypatch):
    def refuse(*_):
        raise UserError("The hub cannot be reached.")

    monkeypatch.setitem(SYSTEMS, "clip-recommender", replace(SYSTEMS["clip-recommender"], fit=refuse))
    result = command.run_system("clip-recommender", _race(tiny_run, tmp_path), tmp_path / "clip")
    assert result["skipped"] == "The hub cannot be reached."
    assert not list((tmp_path / "clip").iterdir())


def test_a_system_answers_in_a_process_of_its_own(tiny_run, tmp_path):
    race = _race(tiny_run, tmp_path)
    speed = speed_of("ours", race, tmp_path)
    assert speed["rows_per_second"] > 0
    assert speed["resident_mb"] > 1
