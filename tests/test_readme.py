"""README and docs keep their promises: commands parse, modules exist, links resolve, the README stays short."""

import importlib.util
import inspect
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import yaml

from pipeline.artifacts import RunPaths
from pipeline.catalog.catalog import Catalog
from pipeline.cli.main import main, parser
from pipeline.cli.options import add_options, config_of
from pipeline.data.schema import read_table
from tests.helpers import ROOT

README = ROOT / "README.md"
DOCS = sorted(ROOT.glob("docs/*.md"))
PAGES = [README, *DOCS, *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"))]
MAX_LINES, MAX_BYTES = 150, 10_000
"""Of the README, front matter included."""
ROWS = 24  # of each split, where some are enough
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PIPELINE, PYTHON_MODULE = "-m pipeline ", re.compile(r"(?:^|\s)python -m ([\w.]+)")


@cache
def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _shell_lines() -> list[str]:
    """Lines of all bash blocks, continued ones joined."""
    blocks = (block for page in PAGES for language, block in FENCE.findall(_text(page)) if language == "bash")
    return [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]


PIPELINE_COMMANDS = [line.partition(PIPELINE)[2] for line in _shell_lines() if PIPELINE in line]
"""Arguments of every `python -m pipeline`, also where torchrun starts it."""
MODULE_COMMANDS = [line for line in _shell_lines() if PYTHON_MODULE.search(line)]
BUILD_OPTIONS = set(re.findall(r"--[\w-]+", inspect.getsource(add_options)))


def _option(words: list[str], name: str) -> list[str]:
    """The values that follow an option."""
    start = words.index(name) + 1
    end = next((place for place in range(start, len(words)) if words[place].startswith("--")), len(words))
    return words[start:end]


@pytest.mark.parametrize("command", PIPELINE_COMMANDS)
def test_commands_parse(command):
    """A bundle that only exists after another command is replaced by the shipped one, which has the same preset."""
    words = shlex.split(command, comments=True)
    if words[0] in ("build", "stage"):
        for name in ("--model", "--final-fit"):
            if name in words and not (ROOT / _option(words, name)[0]).exists():
                words[words.index(name) + 1] = str(RunPaths(ROOT / "assets").model)
    arguments = parser().parse_args(words)
    if words[0] in ("build", "stage"):
        source = config_of(arguments).source
        assert [source.location, *source.others] == _option(words, "--source")


@pytest.mark.parametrize(
    "part",
    [
        "build",
        "stage",
        "classify",
        "classify-file",
        "evaluate",
        "evaluate-search",
        "taxonomy",
        "export-site",
        "push",
    ],
)
def test_every_command_is_shown(part):
    assert any(command.split()[0] == part for command in PIPELINE_COMMANDS)


@pytest.mark.parametrize("source", ["Shopify/product-catalogue", "products.csv", "products_export.csv", ".parquet"])
def test_every_kind_of_source_is_shown(source):
    assert any(source in command for command in PIPELINE_COMMANDS)


@pytest.mark.parametrize("command", MODULE_COMMANDS)
def test_modules_named_exist(command):
    assert importlib.util.find_spec(PYTHON_MODULE.search(command)[1]) is not None


@pytest.mark.parametrize("line", [line for line in MODULE_COMMANDS if "benchmarks." in line or "experiments." in line])
def test_options_of_scripts_exist(line):
    """Each stands in the script's own source, or is one of a build, where the script hands others on to it."""
    name = PYTHON_MODULE.search(line)[1]
    spec = importlib.util.find_spec(name)
    if spec.submodule_search_locations:
        spec = importlib.util.find_spec(f"{name}.__main__")
    source = Path(spec.origin).read_text(encoding="utf-8")
    for option in (word for word in shlex.split(line, comments=True) if word.startswith("--")):
        assert f'"{option}"' in source or (option in BUILD_OPTIONS and "parse_config" in source), option


@pytest.mark.parametrize("command", [line for line in _shell_lines() if line.startswith("make ")])
def test_make_targets_exist(command):
    assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", _text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken_links(page: Path) -> list[str]:
    """Relative links of a page that lead to no file, or to no heading of it."""
    broken = []
    for link in LINK.findall(FENCE.sub("", _text(page))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page):
    assert _broken_links(page) == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A heading: here\n[a](#a-heading-here) [b](#gone) [c](gone.md) [d](https://example.org/x)\n")
    assert _broken_links(page) == ["#gone", "gone.md"]


def test_every_page_of_the_docs_is_linked_from_the_readme():
    links = {(ROOT / link.partition("#")[0]).resolve() for link in LINK.findall(_text(README)) if ":" not in link}
    assert set(DOCS) <= links


def test_architecture_has_a_line_for_every_package():
    files = (path for top in ("pipeline", "ui") for path in (ROOT / top).rglob("__init__.py"))
    packages = {path.parent.relative_to(ROOT).as_posix() for path in files}
    described = re.findall(r"^\| `((?:pipeline|ui)[\w/]*)` \|", _text(ROOT / "docs/architecture.md"), re.MULTILINE)
    assert sorted(described) == sorted({*packages, "ui/galaxy/static"})


def test_the_readme_is_short():
    assert len(_text(README).splitlines()) <= MAX_LINES
    assert len(README.read_bytes()) <= MAX_BYTES


def test_the_readme_has_one_picture():
    assert len(re.findall(r"!\[", _text(README))) == 1


def test_the_front_matter_is_what_the_space_needs():
    front = yaml.safe_load(_text(README).split("---\n")[1])
    pins = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line)
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == pins["gradio"]
    assert front["license"] == "apache-2.0"
    assert (ROOT / front["app_file"]).is_file()
    assert {"title", "emoji", "colorFrom", "colorTo", "python_version"} <= set(front)
    assert len(front["short_description"]) <= 60


@pytest.fixture
def build_of_the_shipped(tmp_path, monkeypatch):
    """The words of the README's one build that needs nothing else, and the run folder that it writes."""
    lines = [
        line for language, block in FENCE.findall(_text(README)) if language == "bash" for line in block.splitlines()
    ]
    (command,) = (line for line in lines if "--source catalog.parquet" in line)
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


@pytest.mark.slow(8)
def test_the_shipped_catalogue_can_be_built_from(build_of_the_shipped):
    """Every stage, on some rows of each split: the layout of all takes minutes, and half of this is compiling UMAP."""
    words, built = build_of_the_shipped
    assert main([*words, "--limit", str(ROWS), "--set", "evaluation.bootstrap=50"]) == 0
    shipped = Catalog.open(ROOT / "catalog.parquet")
    splits = shipped.products["split"].value_counts()
    assert len(splits) == 4
    assert len(Catalog.open(built.catalog)) == splits.clip(upper=ROWS).sum() - len(read_table(built.rejects))
