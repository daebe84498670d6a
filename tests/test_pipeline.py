"""The whole pipeline on tiny towers: every stage, rows joined right, killed builds resumed."""

import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import SiglipImageProcessorPil

from pipeline.__main__ import STAGES, build, main, parser
from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.files import bundle_hash
from pipeline.cli.options import config_of
from pipeline.config.build import STAGE_ORDER, Config
from pipeline.config.presets import PRESETS, tiny
from pipeline.config.stages import SourceConfig
from pipeline.data.schema import arrow_to_vectors, read_products, read_table
from pipeline.model.startingtower import load_tower, save_tower
from pipeline.models.towers import VisionTower
from pipeline.provenance import is_complete, read_provenance, require
from pipeline.training.trainer import Trainer
from tests.helpers import ROOT
from tests.helpers.factories import make_row, write_dataset
from tests.helpers.hub.towers import save_siglip

PATIENCE = 240  # seconds for a build to come to a place, on however busy a machine


def _config(run: Path) -> Config:
    return replace(tiny(), source=SourceConfig(location=str(run.parent / "data")))


def test_stages_are_in_the_order_of_the_fingerprints():
    assert tuple(stage.name for stage in STAGES) == STAGE_ORDER


def test_every_artifact_is_complete_and_of_this_build(tiny_run):
    paths = RunPaths(tiny_run)
    for stage in STAGES:
        assert is_complete(stage.outputs(paths), _config(tiny_run), stage.name), stage.name
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
    found, shown = arrow_to_vectors(table["image_embedding"])
    assert np.array_equal(shown, rows >= 0)
    assert found[shown] == pytest.approx(bundle.encode_images(images[rows[shown]]), abs=2e-3)


def test_a_complete_build_is_not_done_again(tiny_run):
    before = {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*") if path.is_file() and path.suffix != ".log"}
    build(_config(tiny_run), tiny_run)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_an_artifact_of_another_configuration_is_refused(tiny_run):
    other = replace(_config(tiny_run), seed=99)
    paths = RunPaths(tiny_run)
    with pytest.raises(ArtifactError, match="another configuration"):
        require(paths.products, other, "ingest")
    with pytest.raises(ArtifactError, match="other products"):
        require(paths.products, _config(tiny_run), "ingest", ["someone else's"])


def test_training_leaves_a_log_and_a_plot(tiny_run):
    paths = RunPaths(tiny_run)
    records = [json.loads(line) for line in paths.training_log.read_text().splitlines()]
    assert {record["stage"] for record in records} == {"vision", "heads", "text-lora", "select"}
    assert any("score" in record for record in records)
    assert paths.training_plot.read_bytes().startswith(b"\x89PNG")
    assert "train: took" in paths.log.read_text()


def _build_command(data: Path, run: Path) -> list[str]:
    options = ["--preset", "tiny", "--source", str(data), "--out", str(run)]
    return [sys.executable, "-m", "pipeline", "build", *options]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _build_apart(command: list[str], error: Path) -> None:
    """The command line in a process and a session of its own, what it says in a file."""
    os.setsid()
    with error.open("w") as said:
        os.dup2(said.fileno(), sys.stderr.fileno())
    sys.exit(main(command[3:]))


def _kill_when(marker: str, data: Path, run: Path) -> None:
    """Build, and kill -9 as soon as a file matches `marker`.

    The processes are forked from one that has imported the pipeline: ten imports are half a minute.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["pipeline.__main__"])
    error = run.parent / "stderr"
    process = processes.Process(target=_build_apart, args=(_build_command(data, run), error))
    process.start()
    deadline = time.monotonic() + PATIENCE
    while not list(run.glob(marker)):
        assert process.is_alive(), f"the build ended before {marker} appeared: {error.read_text()}"
        assert time.monotonic() < deadline, f"{marker} never appeared"
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.slow(40)
@pytest.mark.timeout(900)  # room for a busy machine: it is a build and a half
def test_a_build_killed_in_every_stage_ends_as_an_unbroken_one(tiny_run, tmp_path):
    """kill -9 while photos are read, inside each training stage, and in the stages after it: the same in the end."""
    data, run = tiny_run.parent / "data", tmp_path / "run"
    paths, unbroken = RunPaths(run), RunPaths(tiny_run)
    inside_training = [f"{paths.training.name}/*/{stage.name}.safetensors" for stage in tiny().train.stages]
    after = [
        path.name
        for path in (paths.trained, paths.embeddings, paths.calibrated, paths.layout, paths.clusters, paths.evaluation)
    ]
    for marker in (f".{paths.images.name}.*.tmp", *inside_training, *after):
        _kill_when(marker, data, run)
        assert not paths.catalog.exists(), marker
    subprocess.run(_build_command(data, run), cwd=ROOT, check=True, capture_output=True)
    for path in (paths.products, paths.rejects, paths.layout, paths.clusters, paths.catalog):
        assert read_table(path).equals(read_table(unbroken.root / path.name)), path.name
    assert _hash(paths.model / "model.safetensors") == _hash(unbroken.model / "model.safetensors")
    assert paths.evaluation.read_bytes() == unbroken.evaluation.read_bytes()


@pytest.mark.parametrize("stage", ["ingest", "embed", "publish"])
def test_a_stage_that_died_is_run_again(tiny_run, tmp_path, stage, monkeypatch):
    """Half-written outputs never count: the stage's artifacts are gone or whole."""
    config, paths = _config(tiny_run), RunPaths(tmp_path / "run")
    subprocess.run(["cp", "-r", str(tiny_run), str(paths.root)], check=True)
    (found,) = (found for found in STAGES if found.name == stage)
    lost = found.outputs(paths)[0]
    wanted = read_table(lost)
    lost.write_bytes(b"half")
    (lost.parent / (lost.name + ".provenance.json")).unlink()
    build(config, paths.root)
    assert read_table(lost).equals(wanted)


def test_command_line_configures_the_source():
    arguments = parser().parse_args(
        [
            "build",
            "--preset",
            "tiny",
            "--source",
            "a.csv",
            "--out",
            "run",
            "--columns",
            "product_title=Name",
            "--limit",
            "5",
            "--seed",
            "3",
        ]
    )
    config = config_of(arguments)
    assert config.source == SourceConfig(location="a.csv", columns=(("product_title", "Name"),), limit=5)
    assert config.seed == 3


def test_presets_are_whole_configurations():
    for name, preset in PRESETS.items():
        assert preset().preset == name
        assert [preset().fingerprint(stage) for stage in STAGE_ORDER] == [preset().fingerprint(s) for s in STAGE_ORDER]


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


def test_a_trained_bundle_takes_the_place_of_training(tiny_run, tmp_path):
    paths, model = RunPaths(tmp_path / "mine"), RunPaths(tiny_run).model
    options = ["--preset", "compact", "--source", str(RunPaths(tiny_run).catalog), "--model", str(model)]
    config = config_of(parser().parse_args(["build", *options, "--out", str(paths.root)]))
    for stage in ("ingest", "train", "embed"):
        build(config, paths.root, only=stage)
    assert bundle_hash(paths.trained) == bundle_hash(model)
    assert load_bundle(paths.trained).categories == tuple(paths.taxonomy.read_text().splitlines())


@pytest.mark.slow(12)
def test_a_refit_trains_on_all_categories_with_what_was_chosen(tiny_run, tmp_path):
    before, paths = RunPaths(tiny_run), RunPaths(tmp_path / "all")
    source = ["--source", str(tiny_run.parent / "data"), "--refit", str(before.model)]
    config = config_of(parser().parse_args(["build", "--preset", "tiny", *source, "--out", str(paths.root)]))
    assert [stage.train for stage in config.train.stages] == [stage.train for stage in tiny().train.stages]
    heads = tuple(stage for stage in config.train.stages if stage.train == ("heads",))
    config = replace(config, train=replace(config.train, stages=heads))  # the vision tower stays as it starts
    for stage in ("ingest", "train", "embed", "predict"):
        build(config, paths.root, only=stage)
    first, second = read_products(before.products), read_products(paths.products)
    splits = second["split"]
    assert "heldout" in set(first["split"])
    assert "heldout" not in set(splits)
    validated = [set(table.loc[table["split"] == "validation", "product_id"]) for table in (first, second)]
    assert validated[0] == validated[1]  # else the tower that it starts from would have learnt some of them
    old, new = load_bundle(before.model), load_bundle(paths.calibrated)
    assert len(new.meta["seen"]) > len(old.meta["seen"])
    for name in ("strength", "gate_shift"):
        assert new.meta["selection"][name] == old.meta["selection"][name]
    for name, kinds in old.predictor.calibrations.items():
        for kind, chosen in kinds.items():
            again = new.predictor.calibrations[name][kind]
            assert (again.inverse_temperature, again.classifier_weight, again.reads_aliases) == (
                chosen.inverse_temperature,
                chosen.classifier_weight,
                chosen.reads_aliases,
            )
    assert new.predictor.calibrations != old.predictor.calibrations
    assert {*chain(*new.predictor.classes)} > {*chain(*old.predictor.classes)}
    for name, value in old.model.vision_tower.state_dict().items():
        assert torch.equal(value, new.model.vision_tower.state_dict()[name]), name


def test_a_refit_goes_on_with_the_teacher_but_does_not_imitate_it_again(tiny_run, tmp_path):
    teacher = save_siglip(tmp_path / "teacher")
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(teacher)
    start = ["build", "--preset", "tiny", "--source", str(tiny_run.parent / "data"), "--out", str(tmp_path / "all")]
    taught = config_of(parser().parse_args([*start, "--teacher", str(teacher)]))
    refit = config_of(
        parser().parse_args([*start, "--teacher", str(teacher), "--refit", str(RunPaths(tiny_run).model)])
    )
    learning = [stage.train for stage in refit.train.stages]
    assert learning[0] == ("vision",)
    assert [stage.train for stage in taught.train.stages] == [("imitation",), *learning]
    assert refit.train.teacher == taught.train.teacher
    assert refit.train.stages[0].views == taught.train.stages[1].views
    assert refit.train.stages[0].learning_rate < taught.train.stages[1].learning_rate
    assert refit.ingest.heldout_learnt


def test_a_refit_needs_a_finished_bundle_of_its_architecture(tiny_run, tmp_path, capsys):
    paths = RunPaths(tiny_run)
    start = ["build", "--source", str(tiny_run.parent / "data"), "--out", str(tmp_path), "--refit"]
    assert main([*start, str(paths.trained), "--preset", "tiny"]) == 2
    assert "--refit takes the bundle that stage 'predict' calibrated" in capsys.readouterr().err
    assert main([*start, str(paths.model), "--preset", "compact"]) == 2
    assert "another architecture than preset 'compact'" in capsys.readouterr().err
    assert main([*start, str(paths.model), "--preset", "tiny", "--model", str(paths.model)]) == 2
    assert "--model trains nothing" in capsys.readouterr().err


@pytest.mark.slow(20)
def test_two_sources_a_teacher_and_photos_of_anything(tiny_run, tmp_path):
    """Rows of both sources become products, photos of anything do not; the vision tower learns from the teacher."""
    teacher = save_siglip(tmp_path / "teacher")
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(teacher)
    rows = [make_row(number, np.random.default_rng(number), dirt=False) for number in range(30)]
    anything = [{"image": row["product_image"]} for row in rows]
    broken = {"image": {"bytes": b"broken", "path": "x.jpg"}}
    (tmp_path / "photos").mkdir()
    pq.write_table(pa.Table.from_pylist([*anything, broken]), tmp_path / "photos" / "train-0.parquet")
    sources = [str(tiny_run.parent / "data"), str(write_dataset(tmp_path / "more", 36, seed=5))]
    options = ["--teacher", str(teacher), "--photos", str(tmp_path / "photos")]
    paths = RunPaths(tmp_path / "run")
    arguments = ["build", "--preset", "tiny", "--source", *sources, *options, "--out", str(paths.root)]
    config = config_of(parser().parse_args(arguments))
    stages = tuple(replace(stage, epochs=1, batch_size=16) for stage in config.train.stages[:2])
    assert [stage.train for stage in stages] == [("imitation",), ("vision",)]
    config = replace(config, train=replace(config.train, stages=stages, teacher_views=2))
    build(config, paths.root, only="ingest")
    products = read_products(paths.products)
    assert len(products) + len(read_table(paths.rejects)) == 120 + 36
    assert len(products) > len(read_products(RunPaths(tiny_run).products))
    assert np.load(paths.photos).shape == (len(anything), 64, 64, 3)
    build(config, paths.root, only="train")
    records = [json.loads(line) for line in paths.training_log.read_text().splitlines()]
    assert {record["stage"] for record in records if "teacher" in record} == {"imitation", "vision"}
    assert len(list(paths.features.glob("lessons-*.npy"))) == len(stages[0].views) * (2 + config.train.photo_views)
    weights = load_bundle(paths.trained).model.state_dict()
    assert not any("imitation" in name or "classifier" in name for name in weights)

    later = ["build", "--preset", "tiny", "--source", str(tiny_run.parent / "data"), "--tower", str(paths.tower)]
    config = config_of(parser().parse_args([*later, "--out", str(tmp_path / "later")]))
    assert [stage.train for stage in config.train.stages] == [stage.train for stage in tiny().train.stages]
    trainer = Trainer(config, RunPaths(tiny_run), read_products(RunPaths(tiny_run).products))
    left = VisionTower(config.model.vision)
    load_tower(paths.tower, left)
    for name, value in left.state_dict().items():
        assert torch.equal(value, trainer.model.vision_tower.state_dict()[name]), name


def test_a_vision_tower_starts_as_that_of_a_bundle(tiny_run, tmp_path):
    bundle = RunPaths(tiny_run).trained
    start = ["build", "--preset", "tiny", "--source", str(tiny_run.parent / "data"), "--tower", str(bundle)]
    config = config_of(parser().parse_args([*start, "--out", str(tmp_path / "run")]))
    assert config.train.tower_weights == bundle_hash(bundle)
    trainer = Trainer(config, RunPaths(tiny_run), read_products(RunPaths(tiny_run).products))
    for name, value in load_bundle(bundle).model.vision_tower.state_dict().items():
        assert torch.equal(value, trainer.model.vision_tower.state_dict()[name]), name


def test_a_tower_to_start_from_spares_the_imitation_and_keeps_the_teacher(tiny_run, tmp_path, capsys):
    tower = tmp_path / "tower.safetensors"
    save_tower(tower, VisionTower(tiny().model.vision), "another teacher")
    teacher = tmp_path / "teacher.tflite"
    teacher.write_bytes(b"stands in for a model")
    start = ["build", "--preset", "tiny", "--source", str(tiny_run.parent / "data"), "--out", str(tmp_path / "run")]
    alone, beside, both = (
        config_of(parser().parse_args([*start, *options])).train.stages
        for options in (
            ["--tower", str(tower)],
            ["--teacher", str(teacher)],
            ["--tower", str(tower), "--teacher", str(teacher)],
        )
    )
    assert both == beside[1:]
    assert alone[0].train == both[0].train == ("vision",)
    assert alone[0].learning_rate < both[0].learning_rate
    for options, message in (
        (["--tower", str(tmp_path / "none")], "a build with --teacher writes one"),
        (["--tower", str(tower), "--refit", str(RunPaths(tiny_run).model)], "leave --tower out"),
        (["--tower", str(tower), "--preset", "siglip2-bge"], "trains no vision tower of its own"),
    ):
        assert main([*start, *options]) == 2
        assert message in capsys.readouterr().err


def test_products_without_any_category_say_so(tmp_path, capsys):
    rows = pd.DataFrame({"product_title": [f"thing {n}" for n in range(20)], "product_description": ["nice"] * 20})
    rows.to_csv(tmp_path / "things.csv", index=False)
    arguments = ["build", "--preset", "tiny", "--source", str(tmp_path / "things.csv"), "--out", str(tmp_path / "run")]
    assert main(arguments) == 2
    assert "No training row has a category" in capsys.readouterr().err
