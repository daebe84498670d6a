"""A whole build with the preset `tiny`: artifacts, rows joined by product id, stages that are run again."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.cli.main import parser
from pipeline.cli.options import config_of
from pipeline.config.build import Config
from pipeline.config.presets import tiny
from pipeline.config.stages import SourceConfig
from pipeline.data.schema import arrow_to_vectors, read_products, read_table
from pipeline.provenance import is_complete, read_provenance
from pipeline.stages.runner import STAGES, build, make_plans
from tests.helpers.factories import write_dataset


def _config(run: Path) -> Config:
    return replace(tiny(), source=SourceConfig(location=str(run.parent / "data")))


def test_every_artifact_is_complete_and_of_this_build(tiny_run):
    paths = RunPaths(tiny_run)
    plans = make_plans(_config(tiny_run), tiny_run)
    for stage in STAGES:
        assert is_complete(stage.outputs(paths), plans[stage.name].fingerprint), stage.name
    hashes = {
        read_provenance(path).product_ids for path in (paths.products, paths.embeddings, paths.layout, paths.catalog)
    }
    assert len(hashes) == 1


def test_rows_are_joined_by_product_id(tiny_run):
    """Vectors, texts and categories of the catalogue belong to the same product, checked by encoding it again."""
    paths = RunPaths(tiny_run)
    bundle = load_bundle(paths.model)
    products = read_products(paths.products).set_index("product_id")
    table = read_table(paths.catalog)
    catalog = table.select(["product_id", "title", "category_path", "split"]).to_pandas()
    assert sorted(catalog["product_id"]) == sorted(products.index)
    source = products.loc[catalog["product_id"]]
    assert source["title"].tolist() == catalog["title"].tolist()
    assert source["category_path"].fillna("").tolist() == catalog["category_path"].fillna("").tolist()
    vectors, present = arrow_to_vectors(table["text_embedding"])
    again = bundle.encode_texts(source["text"].tolist())
    assert vectors[present] == pytest.approx(again[present], abs=2e-3)
    images = np.load(paths.images)
    rows = source["image_row"].to_numpy()
    encoded, shown = arrow_to_vectors(table["image_embedding"])
    assert np.array_equal(shown, rows >= 0)
    assert encoded[shown] == pytest.approx(bundle.encode_images(images[rows[shown]]), abs=2e-3)


def test_a_complete_build_is_not_done_again(tiny_run):
    before = {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*") if path.is_file() and path.suffix != ".log"}
    build(_config(tiny_run), tiny_run)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_an_artifact_of_another_configuration_is_refused(tiny_run):
    other = replace(_config(tiny_run), seed=99)
    with pytest.raises(ArtifactError, match=r"other settings or from other files.*run stage 'ingest' again"):
        build(other, tiny_run, only="publish")


def test_training_leaves_a_log_and_a_plot(tiny_run):
    paths = RunPaths(tiny_run)
    records = [json.loads(line) for line in paths.training_log.read_text().splitlines()]
    assert {record["stage"] for record in records} == {"vision", "heads", "text-lora", "select"}
    assert any("score" in record for record in records)
    assert paths.training_plot.read_bytes().startswith(b"\x89PNG")
    assert "train: took" in paths.log.read_text()


def test_the_bundle_has_no_weights_that_only_training_needs(tiny_run):
    weights = load_bundle(RunPaths(tiny_run).trained).model.state_dict()
    assert not any("classifier" in name for name in weights)


@pytest.mark.parametrize("stage", ["ingest", "embed", "publish"])
def test_a_stage_that_died_is_run_again(tiny_run, tmp_path, stage, monkeypatch):
    """Half-written outputs never count: the stage's artifacts are gone or whole."""
    config, paths = _config(tiny_run), RunPaths(tmp_path / "run")
    subprocess.run(["cp", "-r", str(tiny_run), str(paths.root)], check=True)
    (dead,) = (one for one in STAGES if one.name == stage)
    lost = dead.outputs(paths)[0]
    wanted = read_table(lost)
    lost.write_bytes(b"half")
    (lost.parent / (lost.name + ".provenance.json")).unlink()
    build(config, paths.root)
    assert read_table(lost).equals(wanted)


def test_bad_input_is_one_sentence(tmp_path, capsys):
    missing, run = str(tmp_path / "none.parquet"), str(tmp_path / "run")
    code = main(["build", "--preset", "tiny", "--source", missing, "--out", run])
    message = capsys.readouterr().err
    assert code == 2
    assert message.startswith("error: ")
    assert "Traceback" not in message


def test_a_published_catalogue_is_a_source(tiny_run, tmp_path):
    config = replace(tiny(), source=SourceConfig(location=str(RunPaths(tiny_run).catalog)))
    build(config, tmp_path / "again", only="ingest")
    products = read_products(RunPaths(tmp_path / "again").products)
    original = read_products(RunPaths(tiny_run).products)
    assert set(products["product_id"]) <= set(original["product_id"])
    assert len(products) > 0.9 * len(original)
    merged = products.merge(original, on="product_id", suffixes=("", "_before"))
    assert (merged["title"] == merged["title_before"]).all()


def test_rows_of_two_sources_become_products(tiny_run, tmp_path):
    sources = [str(tiny_run.parent / "data"), str(write_dataset(tmp_path / "more", 36, seed=5))]
    paths = RunPaths(tmp_path / "run")
    arguments = ["build", "--preset", "tiny", "--source", *sources, "--out", str(paths.root)]
    build(config_of(parser().parse_args(arguments)), paths.root, only="ingest")
    products = read_products(paths.products)
    assert len(products) + len(read_table(paths.rejects)) == 120 + 36
    assert len(products) > len(read_products(RunPaths(tiny_run).products))
