"""The part Systems: figures that were computed beforehand, drawn."""

import json
import re
from types import SimpleNamespace

import gradio as gr
import pytest

from tests.helpers.space.hostile_text import HOSTILE
from ui.tabs import systems

NOBODY = SimpleNamespace()  # it reads no catalogue


def _value(value):
    return {"value": value, "low": value - 0.01, "high": value + 0.02}


def _system(title, hf1, **more):
    parts = {"n": 7, "rerank": {"acc1": _value(0.5)}, "open": {"hf1": _value(hf1), "acc1": _value(0.25)}}
    parts["levels"] = {"1": _value(0.9), "2": _value(0.6)}
    speed = {"rows_per_second": 120.0, "resident_mb": 64.0}
    return {"title": title, "train_seconds": 90.0, "parameters": 2_500_000, "speed": speed, "splits": {"test": parts}}


RESULT = {
    "budget": {"rows": 0, "epochs": 4, "measured": 0, "seed": 17},
    "rows": {"train": 100, "test": 7, "heldout": 3},
    "systems": {
        "one": _system(HOSTILE, 0.8),
        "two": {**_system("two", 0.3), "train_seconds": None},
        "three": {"title": "three", "skipped": "no hub"},
    },
}


@pytest.fixture
def raced(tmp_path, monkeypatch):
    path = tmp_path / "race.json"
    path.write_text(json.dumps(RESULT), encoding="utf-8")
    monkeypatch.setattr(systems, "RACE", path)


def test_every_measured_system_stands_in_the_table_with_its_costs(raced):
    view = systems.show_systems(NOBODY, "Test rows")
    assert "7 rows of shops that training had" in view.text
    assert "100 products (4 passes); ours was trained before" in view.text
    assert "<b>80.0</b> [79.0 to 82.0]" in view.text
    heads = [re.sub("<.*?>", "", head) for head in re.findall('<th scope="col">(.*?)</th>', view.text)]
    assert heads[:3] == ["Acc@1", "hF1", "whole path"], "Acc@1 is of the candidates, not of the whole taxonomy"
    assert "<td><b>50.0</b> [49.0 to 52.0]</td><td><b>80.0</b>" in view.text
    assert "<b>25.0</b> [24.0 to 27.0]" in view.text
    assert "<td>2.5 M</td><td>1.5</td><td>120</td><td>64</td>" in view.text
    assert "<td>2.5 M</td><td>none</td>" in view.text
    assert "three" not in view.text
    assert HOSTILE not in view.text


def test_the_charts_have_a_point_and_a_line_for_each_system(raced):
    view = systems.show_systems(NOBODY, "Test rows")
    assert [tuple(trace.y) for trace in view.speed.data] == [(0.8,), (0.3,)]
    assert [tuple(trace.y) for trace in view.depths.data] == [(0.9, 0.6), (0.9, 0.6)]
    for figure in (view.speed, view.depths):
        assert all(HOSTILE not in trace.name for trace in figure.data)


def test_rows_that_nobody_was_measured_on_have_no_charts(raced):
    view = systems.show_systems(NOBODY, "Held-out categories")
    assert view.speed is view.depths is None


def test_without_the_file_it_says_how_to_make_it(monkeypatch, tmp_path):
    monkeypatch.setattr(systems, "RACE", tmp_path / "none.json")
    assert "experiments.horse_race" in systems.show_systems(NOBODY, "Test rows").text


def test_other_rows_are_refused(raced):
    with pytest.raises(gr.Error, match="no such rows"):
        systems.show_systems(NOBODY, "train")


@pytest.mark.parametrize("choice", systems.SPLITS)
def test_the_figures_that_ship_can_be_drawn(choice):
    view = systems.show_systems(NOBODY, choice)
    assert view.speed is not None
    assert view.depths is not None
    titles = {one["title"] for one in json.loads(systems.RACE.read_text(encoding="utf-8"))["systems"].values()}
    assert titles >= {"ours", "random choice"}
