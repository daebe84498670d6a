"""Options of a build: the configuration they give."""

from pipeline.artifacts import SHOPIFY_TAXONOMY
from pipeline.cli import options
from pipeline.cli.main import parser
from pipeline.cli.options import config_of
from pipeline.config.stages import SourceConfig
from tests.helpers import ROOT


def test_command_line_configures_the_source():
    source = ["--source", "a.csv", "--columns", "product_title=Name", "--limit", "5"]
    arguments = parser().parse_args(["build", "--preset", "tiny", *source, "--out", "run", "--seed", "3"])
    config = config_of(arguments)
    assert config.source == SourceConfig(
        location="a.csv", columns=(("product_title", "Name"),), limit=5, taxonomy=str(SHOPIFY_TAXONOMY)
    )
    assert config.seed == 3


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
    words = ["--preset", "compact", "--source", "a.csv", "--final-fit", str(ROOT / "assets" / "model")]
    config = config_of(parser().parse_args(["build", *words, "--out", "run"]))
    assert (config.train.alphas, config.train.gate_shifts) == ((0.45,), (0.0,))
    assert config.ingest.train_on_heldout
