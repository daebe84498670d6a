"""What README and guides promise is there: their commands parse."""

import importlib.util
import re
import shlex

import pytest
import yaml

from pipeline.__main__ import main
from pipeline.artifacts import RunPaths
from pipeline.catalog.catalog import Catalog
from pipeline.cli.main import parser
from pipeline.cli.options import config_of
from pipeline.data.schema import read_table
from tests.helpers import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/*.md"))]
ROWS = 100  # of each split, where some are enough
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language: str, text: str = README) -> list[str]:
    return [block for kind, block in FENCE.findall(text) if kind == language]


def _commands(start: str) -> list[str]:
    blocks = (block for text in (README, *GUIDES) for block in _blocks("bash", text))
    lines = (line for block in blocks for line in block.replace("\\\n", " ").splitlines())
    return [line for line in lines if line.startswith(start)]


@pytest.mark.parametrize("command", _commands("python -m pipeline "))
def test_commands_parse(command, tiny_run):
    words = shlex.split(command, comments=True)[3:]
    arguments = parser().parse_args(words)
    if arguments.command not in ("build", "stage"):
        return
    if arguments.final_fit is not None:  # read when the configuration is made, for its hash
        arguments.final_fit, arguments.preset = tiny_run / "model", "tiny"
    if arguments.model is not None and not arguments.model.exists():
        arguments.model = tiny_run / "model"
    source = config_of(arguments).source
    assert [source.location, *source.others] == arguments.source


@pytest.fixture
def build_of_the_shipped(tmp_path, monkeypatch):
    """The README's one command that needs nothing else, its words as they stand there, and where it will write."""
    (command,) = (line for line in _commands("python -m pipeline build") if "--source catalog.parquet" in line)
    words = shlex.split(command)[3:]
    words[words.index("--source") + 1] = str(ROOT / "catalog.parquet")
    monkeypatch.chdir(tmp_path)
    return words, RunPaths(tmp_path / words[words.index("--out") + 1])


def test_every_product_of_the_shipped_catalogue_is_read(build_of_the_shipped):
    words, built = build_of_the_shipped
    assert main(["stage", "ingest", *words[1:]]) == 0
    shipped = Catalog.open(ROOT / "catalog.parquet")
    rejected = len(read_table(built.rejects))
    assert len(read_table(built.products)) == len(shipped) - rejected
    assert rejected < 0.05 * len(shipped)


@pytest.mark.slow(30)
def test_the_shipped_catalogue_can_be_built_from(build_of_the_shipped):
    """Every stage, on some rows of each split: the layout of all takes minutes."""
    words, built = build_of_the_shipped
    assert main([*words, "--limit", str(ROWS)]) == 0
    shipped = Catalog.open(ROOT / "catalog.parquet")
    splits = shipped.products["split"].value_counts()
    assert len(splits) == 4
    assert len(Catalog.open(built.catalog)) == splits.clip(upper=ROWS).sum() - len(read_table(built.rejects))


def test_every_source_and_the_measuring_have_a_command():
    commands = "\n".join(_commands("python -m pipeline "))
    for part in (
        "build",
        "evaluate",
        "push",
        "Shopify/product-catalogue",
        ".csv",
        "products_export.csv",
        ".parquet",
    ):
        assert part in commands


@pytest.mark.parametrize("command", _commands("python -m "))
def test_modules_named_exist(command):
    assert importlib.util.find_spec(shlex.split(command, comments=True)[2]) is not None


@pytest.mark.parametrize("command", _commands("make "))
def test_make_targets_exist(command):
    assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_front_matter_is_what_the_space_needs():
    front = yaml.safe_load(README.split("---\n")[1])
    pins = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line)
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == pins["gradio"]
    assert front["license"] == "apache-2.0"
    assert (ROOT / front["app_file"]).is_file()
    assert {"title", "emoji", "colorFrom", "colorTo", "python_version"} <= set(front)
    assert len(front["short_description"]) <= 60
