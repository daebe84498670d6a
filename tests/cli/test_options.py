"""Options of a build: the configuration they give."""

from pipeline.__main__ import parser
from pipeline.cli.options import config_of
from pipeline.config.stages import SourceConfig


def test_command_line_configures_the_source():
    source = ["--source", "a.csv", "--columns", "product_title=Name", "--limit", "5"]
    arguments = parser().parse_args(["build", "--preset", "tiny", *source, "--out", "run", "--seed", "3"])
    config = config_of(arguments)
    assert config.source == SourceConfig(location="a.csv", columns=(("product_title", "Name"),), limit=5)
    assert config.seed == 3
