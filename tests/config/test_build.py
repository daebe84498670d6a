"""Configuration: checks, fingerprints, and the few flags of the command line."""

import re
from dataclasses import replace

import pytest

from pipeline.cli.main import parser
from pipeline.config.model import ModelConfig, TowerConfig
from pipeline.config.presets import tiny
from pipeline.config.stages import ClusterConfig, ConfigError, IngestConfig, LayoutConfig, PredictorConfig
from pipeline.config.train import TrainConfig, TrainStage
from pipeline.errors import UserError

TOWER = TowerConfig(model_id="x", model_class="BertModel", pooling="cls", width=8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IngestConfig(image_size=2), "image_size"),
        (lambda: IngestConfig(validation_fraction=1.0), "validation_fraction"),
        (lambda: LayoutConfig(n_neighbors=1), "n_neighbors"),
        (lambda: LayoutConfig(tsne_perplexity=0.5), "tsne_perplexity"),
        (lambda: ClusterConfig(dbscan_min_samples=1), "dbscan_min_samples"),
        (lambda: TrainStage("a", ("wings",)), "wings"),
        (lambda: TrainStage("a", ()), "trains nothing"),
        (lambda: TrainStage("a", ("vision", "heads")), "trained alone"),
        (lambda: TrainStage("a", ("vision",), view_schedule=()), "view_schedule must not be empty"),
        (lambda: TrainStage("a", ("vision",), size_schedule=((0.5, 64),)), "size_schedule must rise to 1.0"),
        (lambda: TrainConfig(stages=(TrainStage("a", ("heads",)),), alphas=(1.5,)), "alphas"),
        (lambda: TrainConfig(stages=()), "empty"),
        (lambda: TrainConfig(stages=(TrainStage("a", ("heads",)),) * 2), "repeat"),
        (lambda: PredictorConfig(classifier_weights=(0.5,)), "retrieval alone"),
        (lambda: PredictorConfig(target_precision=1.5), "precision"),
        (lambda: replace(TOWER, lora_rank=4), "lora"),
        (lambda: ModelConfig(text=TOWER, vision=TOWER, dimension=16, residual_text=True), "residual"),
    ],
)
def test_invalid_settings_are_refused_in_a_sentence(make, message):
    with pytest.raises(ConfigError, match=message) as refused:
        make()
    assert isinstance(refused.value, UserError)


def test_a_vision_checkpoint_outlives_a_change_of_the_matching_losses():
    config = tiny()
    changed = replace(config, train=replace(config.train, taxonomy_weight=9.0))
    assert config.training_fingerprint("vision", "p") == changed.training_fingerprint("vision", "p")
    weighted = replace(config, train=replace(config.train, image_weight=0.7))
    assert config.training_fingerprint("vision", "p") != weighted.training_fingerprint("vision", "p")
    dropped = replace(config, train=replace(config.train, field_dropout=0.5))
    assert config.training_fingerprint("vision", "p") != dropped.training_fingerprint("vision", "p")
    assert config.training_fingerprint("heads", "p") != dropped.training_fingerprint("heads", "p")
    assert config.training_fingerprint("heads", "p") != changed.training_fingerprint("heads", "p")
    assert config.training_fingerprint("vision", "p") != config.training_fingerprint("vision", "other products")
    reseeded = replace(config, seed=1)
    assert config.training_fingerprint("vision", "p") != reseeded.training_fingerprint("vision", "p")


def test_the_options_of_a_build_are_few(capsys):
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args(["build", "--help"])
    flags = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", capsys.readouterr().out, re.MULTILINE)) - {"--help"}
    sources = {
        "--source",
        "--revision",
        "--taxonomy",
        "--images",
        "--fetch-images",
        "--columns",
        "--encoding",
        "--delimiter",
        "--limit",
    }
    learning = {"--final-fit", "--model"}
    assert flags == sources | learning | {"--preset", "--out", "--seed", "--set"}
