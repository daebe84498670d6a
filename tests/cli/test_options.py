"""Options of a build: the configuration they give."""

from dataclasses import asdict

import pytest

from pipeline.artifacts import SHOPIFY_TAXONOMY
from pipeline.bundle.meta import read_meta
from pipeline.cli import options
from pipeline.cli.main import parser
from pipeline.cli.options import config_of, reading_of
from pipeline.config.presets import compact
from pipeline.config.stages import ConfigError, SourceConfig
from tests.helpers import ROOT


def test_command_line_configures_the_source():
    source = ["--source", "a.csv", "--columns", "product_title=Name", "--limit", "5"]
    arguments = parser().parse_args(["build", "--preset", "tiny", *source, "--out", "run", "--seed", "3"])
    config = config_of(arguments)
    assert config.source == SourceConfig(
        location="a.csv", columns=(("product_title", "Name"),), limit=5, taxonomy=str(SHOPIFY_TAXONOMY)
    )
    assert config.seed == 3


READING = ["--columns", "product_title=Name", "--images", "photos", "--encoding", "cp1250", "--delimiter", "tab"]


@pytest.mark.parametrize(
    "words",
    [
        ["build", "--source", "a.csv", "--out", "run"],
        ["stage", "ingest", "--source", "a.csv", "--out", "run"],
        ["classify-file", "--model", "m", "--input", "a.csv", "--out", "b.parquet"],
        ["evaluate", "--model", "m", "--products", "a.csv"],
    ],
)
def test_every_command_that_reads_tables_can_be_told_how(words):
    assert reading_of(parser().parse_args([*words, *READING, "--fetch-images"])) == SourceConfig(
        columns=(("product_title", "Name"),), images="photos", fetch_images=True, encoding="cp1250", delimiter="tab"
    )
    assert reading_of(parser().parse_args(words)) == SourceConfig()


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--delimiter", "ab"], "must be one character or 'tab'"), (["--columns", "title"], "takes OURS=THEIRS pairs")],
)
def test_reading_that_cannot_be_meant_is_refused(words, message):
    with pytest.raises(ConfigError, match=message):
        config_of(parser().parse_args(["build", "--source", "a.csv", "--out", "run", *words]))


def test_the_default_taxonomy_is_one_constant_and_rows_asks_for_none(monkeypatch):
    def taxonomy(*words):
        arguments = ["build", "--preset", "tiny", "--source", "a.csv", "--out", "run", *words]
        return config_of(parser().parse_args(arguments)).source.taxonomy

    assert taxonomy("--taxonomy", "mine.txt") == "mine.txt"
    monkeypatch.setattr(options, "DEFAULT_TAXONOMY", SHOPIFY_TAXONOMY)
    assert taxonomy() == str(SHOPIFY_TAXONOMY)
    assert taxonomy("--taxonomy", "mine.txt") == "mine.txt"
    assert taxonomy("--taxonomy", "rows") is None
    monkeypatch.setattr(options, "DEFAULT_TAXONOMY", None)
    assert taxonomy() is None


def test_several_sources_after_one_option_or_several():
    for words in (["--source", "a", "b", "c"], ["--source", "a", "--source", "b", "c"]):
        source = config_of(parser().parse_args(["build", *words, "--out", "run"])).source
        assert (source.location, source.others) == ("a", ("b", "c"))


def test_a_final_fit_takes_the_choices_of_the_shipped_bundle():
    shipped = ROOT / "assets" / "model"
    words = ["--preset", "compact", "--source", "a.csv", "--final-fit", str(shipped)]
    train = config_of(parser().parse_args(["build", *words, "--out", "run"])).train
    chosen = read_meta(shipped)["selection"]
    assert (train.alphas, train.image_alphas) == ((chosen["alpha"],), (chosen["image_alpha"],))
    assert train.gate_shifts == (chosen["gate_shift"],)


def test_a_final_fit_trains_on_held_out_rows_with_the_choices_of_its_bundle(tmp_path, monkeypatch):
    selection = {"alpha": 0.25, "image_alpha": 0.75, "gate_shift": -1.0}
    meta = {"predictor": {}, "selection": selection, "model": asdict(compact().model)}
    monkeypatch.setattr(options, "read_meta", lambda folder: meta)
    monkeypatch.setattr(options, "bundle_hash", lambda folder: "0" * 64)
    words = ["--preset", "compact", "--source", "a.csv", "--final-fit", str(tmp_path)]
    config = config_of(parser().parse_args(["build", *words, "--out", "run"]))
    assert (config.train.alphas, config.train.image_alphas, config.train.gate_shifts) == ((0.25,), (0.75,), (-1.0,))
    assert config.ingest.train_on_heldout
    assert config.train.final_fit_weights == "0" * 64
