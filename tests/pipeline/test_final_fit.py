"""Builds that start from a trained bundle: one that takes the place of training, and a final fit on all categories."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import torch

from pipeline.__main__ import main
from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.files import bundle_hash
from pipeline.cli.main import parser
from pipeline.cli.options import config_of
from pipeline.config.build import Config
from pipeline.config.presets import tiny
from pipeline.data.schema import read_products
from pipeline.stages.runner import build


def _config(out: Path, *options: str) -> Config:
    return config_of(parser().parse_args(["build", *options, "--out", str(out)]))


def test_a_trained_bundle_takes_the_place_of_training(tiny_run, tmp_path):
    paths, model = RunPaths(tmp_path / "mine"), RunPaths(tiny_run).model
    source = str(RunPaths(tiny_run).catalog)
    config = _config(paths.root, "--preset", "compact", "--source", source, "--taxonomy", "rows", "--model", str(model))
    for stage in ("ingest", "train", "embed"):
        build(config, paths.root, only=stage)
    assert bundle_hash(paths.trained) == bundle_hash(model)
    assert load_bundle(paths.trained).categories == tuple(paths.taxonomy.read_text().splitlines())


@pytest.mark.slow(12)
def test_a_final_fit_trains_on_all_categories_with_what_was_chosen(tiny_run, tmp_path):
    before, paths = RunPaths(tiny_run), RunPaths(tmp_path / "all")
    source = ["--source", str(tiny_run.parent / "data"), "--taxonomy", "rows", "--final-fit", str(before.model)]
    config = _config(paths.root, "--preset", "tiny", *source)
    assert config.ingest.train_on_heldout
    assert [stage.train for stage in config.train.stages] == [stage.train for stage in tiny().train.stages]
    heads = tuple(stage for stage in config.train.stages if stage.train == ("heads",))
    config = replace(config, train=replace(config.train, stages=heads))  # the vision tower stays as it starts
    for stage in ("ingest", "train", "embed", "fit-predictor"):
        build(config, paths.root, only=stage)
    first, second = read_products(before.products), read_products(paths.products)
    splits = second["split"]
    assert "heldout" in set(first["split"])
    assert "heldout" not in set(splits)
    validated = [set(table.loc[table["split"] == "validation", "product_id"]) for table in (first, second)]
    assert validated[0] == validated[1]  # none of them was a training row of the bundle
    old, new = load_bundle(before.model), load_bundle(paths.calibrated)
    assert len(new.meta["seen"]) > len(old.meta["seen"])
    for name in ("alpha", "gate_shift"):
        assert new.meta["selection"][name] == old.meta["selection"][name]
    for name, kinds in old.predictor.calibrations.items():
        for kind, chosen in kinds.items():
            again = new.predictor.calibrations[name][kind]
            assert (again.inverse_temperature, again.classifier_weight, again.aliases) == (
                chosen.inverse_temperature,
                chosen.classifier_weight,
                chosen.aliases,
            )
    assert new.predictor.calibrations != old.predictor.calibrations
    assert {*chain(*new.predictor.classes)} > {*chain(*old.predictor.classes)}
    for name, value in old.model.vision_tower.state_dict().items():
        assert torch.equal(value, new.model.vision_tower.state_dict()[name]), name


def test_a_final_fit_needs_a_finished_bundle_of_its_architecture(tiny_run, tmp_path, capsys):
    paths = RunPaths(tiny_run)
    start = ["build", "--source", str(tiny_run.parent / "data"), "--out", str(tmp_path), "--final-fit"]
    assert main([*start, str(paths.trained), "--preset", "tiny"]) == 2
    assert "--final-fit takes the bundle that stage 'fit-predictor' calibrated" in capsys.readouterr().err
    assert main([*start, str(paths.model), "--preset", "compact"]) == 2
    assert "another architecture than preset 'compact'" in capsys.readouterr().err
    assert main([*start, str(paths.model), "--preset", "tiny", "--model", str(paths.model)]) == 2
    assert "--model trains nothing" in capsys.readouterr().err
