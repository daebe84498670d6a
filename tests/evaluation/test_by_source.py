"""Figures by source: those of the same rows measured alone, where there are enough of them."""

import dataclasses
import json

import pytest

from pipeline.cli.evaluate import evaluate_command
from pipeline.config.stages import EvaluationConfig
from pipeline.evaluation.by_source import FEWEST_ROWS
from pipeline.evaluation.dataset import CategoryTable, read_rows
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.report import render
from tests.helpers.measuring import PATHS, RandomEncoder, make_rows

CONFIG = EvaluationConfig(bootstrap=20)
NAMES = ["large"] * 90 + ["middle"] * 60 + ["small"] * 10


@pytest.fixture(scope="module")
def encoder() -> RandomEncoder:
    return RandomEncoder()


def _measure(encoder, rows):
    table = CategoryTable.of(encoder, PATHS, rows.candidates)
    return evaluate(encoder, rows, table, config=CONFIG, seed=1)


@pytest.fixture(scope="module")
def rows(encoder):
    return dataclasses.replace(make_rows(encoder, n=160), sources=NAMES)


@pytest.fixture(scope="module")
def figures(encoder, rows):
    return _measure(encoder, rows)


@pytest.mark.parametrize("name", ["large", "middle"])
def test_figures_of_a_source_are_those_of_its_rows_alone(encoder, rows, figures, name):
    alone = _measure(encoder, rows.at([source == name for source in NAMES]))
    of_source = figures["sources"][name]
    assert of_source["n"]["rows"] == alone["n"]["truth"]
    assert of_source["rerank"]
    for kind, values in of_source["rerank"].items():
        assert set(values) == {"acc1", "mrr", "hf1", "top1"}
        assert values == {figure: alone["rerank"][kind][figure] for figure in values}
    assert of_source["open"]["default"]
    for predictor, kinds in of_source["open"].items():
        for kind, values in kinds.items():
            assert {"hf1", "top1"} <= set(values)
            for figure, interval in values.items():
                whole = {key: alone["open"][predictor][kind][figure][key] for key in ("value", "low", "high")}
                assert interval["value"] == pytest.approx(whole["value"])
                assert interval["low"] <= interval["value"] <= interval["high"]


def test_a_source_of_few_rows_is_named_and_not_measured(figures):
    assert set(figures["sources"]) == {"large", "middle"}
    assert f"sources: fewer than {FEWEST_ROWS} rows with a true category: small." in figures["skipped"]


def test_figures_of_too_few_rows_of_a_source_are_left_out(encoder, rows):
    without_photos = [True] * 100 + [False] * 60
    vectors = rows.vectors
    has_image = vectors.has_image & without_photos
    changed = dataclasses.replace(rows, vectors=dataclasses.replace(vectors, has_image=has_image))
    of_source = _measure(encoder, changed)["sources"]["middle"]
    assert of_source["n"]["photo"] < FEWEST_ROWS
    assert "image" not in of_source["open"]["default"]
    assert "text" in of_source["open"]["default"]


def test_one_source_alone_is_not_said_twice(encoder, rows):
    assert "sources" not in _measure(encoder, dataclasses.replace(rows, sources=["one"] * 160))
    assert "sources" not in _measure(encoder, dataclasses.replace(rows, sources=None))


def test_the_report_has_a_line_for_each_source(figures):
    text = render(figures)
    assert "By source: large " in text
    assert "Choose from the whole taxonomy: by source" in text
    assert any(line.startswith("middle, default text") for line in text.splitlines())
    assert any(line.startswith("middle, fused") for line in text.splitlines())


def test_rows_without_candidates_are_measured_by_open_figures_alone(encoder, rows):
    figures = _measure(encoder, dataclasses.replace(rows, candidates=[()] * 160))
    assert "rerank" not in figures
    assert "rerank" not in figures["sources"]["large"]
    assert figures["open"]["default"]["text"]["hf1"]
    assert any("the open figures are all there is" in sentence for sentence in figures["skipped"])


def test_sources_are_read_with_the_products(encoder, tmp_path):
    table = "product_title,ground_truth_category,source\nmug,A > B,shop a\ncup,A > C,\n"
    (tmp_path / "goods.csv").write_text(table, encoding="utf-8")
    assert read_rows(encoder, str(tmp_path / "goods.csv")).sources == ["shop a", "goods.csv"]


def test_the_command_writes_the_figures_of_every_source(tmp_path, encoder, monkeypatch, capsys):
    monkeypatch.setattr("pipeline.cli.evaluate.load_bundle", lambda _: encoder)
    lines = [f"red thing {n},{PATHS[n % len(PATHS)]},shop {n % 2}" for n in range(80)]
    goods, taxonomy, out = tmp_path / "goods.csv", tmp_path / "taxonomy.txt", tmp_path / "out.json"
    goods.write_text("\n".join(["product_title,ground_truth_category,source", *lines]), encoding="utf-8")
    taxonomy.write_text("\n".join(PATHS), encoding="utf-8")
    evaluate_command(tmp_path, str(goods), taxonomy, out)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert {name: part["n"]["rows"] for name, part in written["sources"].items()} == {"shop 0": 40, "shop 1": 40}
    assert "By source: shop 0 40, shop 1 40" in capsys.readouterr().out
