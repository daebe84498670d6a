"""Publishing to a stand-in for the hub: what arrives there, and what does not."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from pipeline.__main__ import main
from pipeline.artifacts import BundlePaths
from pipeline.bundle.bundle import load_bundle
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.data.schema import write_table
from pipeline.hub.cards import END, START
from pipeline.hub.download import Pin, fetch
from pipeline.hub.push import upload
from pipeline.models.quantization import quantize
from tests.helpers import ROOT
from tests.helpers.damage import name_files
from tests.helpers.fakes import CATEGORIES, DIMENSION, PRODUCTS
from tests.helpers.hub.state import Hub
from tests.helpers.publishing import CATALOG, MODEL, TO_ME, TOKEN, matching_catalog, publish_options


def test_the_published_catalogue_and_bundle_are_opened_unchanged(mine: Hub, pair: tuple[Path, Path]) -> None:
    pins = upload(*pair, **TO_ME)
    assert pins == (Pin("me/catalogue", mine.head(*CATALOG)), Pin("me/model", mine.head(*MODEL)))
    catalog, model = fetch(*pins)
    assert catalog.read_bytes() == pair[0].read_bytes()
    check_match(Catalog.open(catalog), model)
    assert load_bundle(model).categories == load_bundle(pair[1]).categories


def test_each_repository_gets_one_commit_with_only_the_needed_files(mine: Hub, pair: tuple[Path, Path]) -> None:
    _, model = pair
    for path in (model / "optimizer.pkl", model / "pytorch_model.bin", model / "tokenizer" / "vocab.pkl"):
        path.write_bytes(b"\x80\x04N.")
    upload(*pair, **TO_ME)
    assert mine.repos[CATALOG].summaries[1:] == [f"Catalogue of {len(PRODUCTS)} products, preset tiny"]
    assert mine.repos[MODEL].summaries[1:] == ["Bundle of preset tiny"]
    assert set(mine.files(*CATALOG)) == {".gitattributes", "README.md", "catalog.parquet"}
    tokenizer = {path for path in mine.files(*MODEL) if path.startswith("tokenizer/")}
    assert "tokenizer/tokenizer.json" in tokenizer
    rest = {".gitattributes", "README.md", "model.json", "model.safetensors", "categories.parquet"}
    assert set(mine.files(*MODEL)) == rest | tokenizer
    assert not [data for data in mine.files(*MODEL).values() if data.startswith(b"\x80")]


def test_aliases_and_prototypes_are_uploaded_with_their_bundle(mine: Hub, pair: tuple[Path, Path]) -> None:
    catalog, model = pair
    bundle = load_bundle(model)
    aliases = quantize(bundle.categories[:1], np.eye(1, bundle.dimension, dtype=np.float32))
    for path in (BundlePaths(model).aliases, BundlePaths(model).prototypes):
        write_table(path, aliases)
    name_files(model)
    _, opened = fetch(*upload(matching_catalog(catalog, model, PRODUCTS), model, **TO_ME))
    assert BundlePaths(opened).aliases.read_bytes() == BundlePaths(model).aliases.read_bytes()
    assert BundlePaths(opened).prototypes.read_bytes() == BundlePaths(model).prototypes.read_bytes()


def test_a_second_catalogue_leaves_the_pinned_first_one_as_it_was(
    mine: Hub, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    old = upload(*pair, **TO_ME)
    new = upload(matching_catalog(tmp_path / "fewer.parquet", pair[1], PRODUCTS[:3]), pair[1], **TO_ME)
    assert new[0].revision != old[0].revision
    assert new[1] == old[1], "the bundle is the same, and so is its commit"
    for pins, count in ((old, len(PRODUCTS)), (new, 3), ((Pin("me/catalogue", "main"), old[1]), 3)):
        assert len(Catalog.open(fetch(*pins)[0])) == count


def test_publishing_the_same_again_makes_no_commit(mine: Hub, pair: tuple[Path, Path]) -> None:
    assert upload(*pair, **TO_ME) == upload(*pair, **TO_ME)
    assert [len(repo.summaries) for repo in mine.repos.values()] == [2, 2]


def test_files_of_an_earlier_bundle_are_deleted(mine: Hub, pair: tuple[Path, Path]) -> None:
    catalog, model = pair
    more = (model / "tokenizer" / "merges.txt", BundlePaths(model).aliases)
    more[0].write_text("a b\n")
    write_table(more[1], quantize(CATEGORIES[:1], np.eye(1, DIMENSION, dtype=np.float32)))
    name_files(model)
    upload(matching_catalog(catalog, model, PRODUCTS), model, **TO_ME)
    assert {"tokenizer/merges.txt", "aliases.parquet"} <= mine.files(*MODEL).keys()
    for path in more:
        path.unlink()
    name_files(model)
    pins = upload(matching_catalog(catalog, model, PRODUCTS), model, **TO_ME)
    assert not {"tokenizer/merges.txt", "aliases.parquet"} & mine.files(*MODEL).keys()
    assert "tokenizer/tokenizer.json" in mine.files(*MODEL)
    file, folder = fetch(*pins)
    check_match(Catalog.open(file), folder)


def test_the_cards_point_to_the_file_and_to_the_bundle(mine: Hub, pair: tuple[Path, Path]) -> None:
    _, model = upload(*pair, **TO_ME)
    card = mine.files(*CATALOG)["README.md"].decode()
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["configs"] == [
        {"config_name": "default", "data_files": [{"split": "train", "path": "catalog.parquet"}]}
    ]
    assert front["size_categories"] == ["n<1K"]
    assert f"MODEL_REPO={model}" in card
    assert "`tiny`" in mine.files(*MODEL)["README.md"].decode()


def test_text_of_the_owner_in_a_card_is_kept(mine: Hub, pair: tuple[Path, Path], tmp_path: Path) -> None:
    upload(*pair, **TO_ME)
    tree = dict(mine.files(*CATALOG))
    card = tree["README.md"].decode().replace("---\npretty", "---\nlicense: cc-by-4.0\npretty", 1) + "Ask us.\n"
    mine.repos[CATALOG].commit(tree | {"README.md": card.encode()}, "the owner's words")
    upload(matching_catalog(tmp_path / "fewer.parquet", pair[1], PRODUCTS[:3]), pair[1], **TO_ME)
    card = mine.files(*CATALOG)["README.md"].decode()
    assert yaml.safe_load(card.split("---\n")[1])["license"] == "cc-by-4.0"
    assert card.endswith("Ask us.\n")
    assert "opens: 3 products" in card
    assert (card.count(START), card.count(END)) == (1, 1)


def test_a_card_in_the_bundles_folder_is_its_card(mine: Hub, pair: tuple[Path, Path]) -> None:
    for text in ("---\nlicense: mit\n---\n# Mine\n", "---\nlicense: mit\n---\n# Mine, revised\n"):
        (pair[1] / "README.md").write_text(text)
        upload(*pair, **TO_ME)
        assert mine.files(*MODEL)["README.md"].decode() == text


def test_new_repositories_are_private_when_asked_for(mine: Hub, pair: tuple[Path, Path]) -> None:
    assert fetch(*upload(*pair, **TO_ME, private=True))[0].is_file()
    assert [repo.private for repo in mine.repos.values()] == [True, True]


def test_the_token_is_a_header_for_the_hub_and_nothing_else(
    mine: Hub, pair: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(publish_options(pair)) == 0
    for request in mine.requests:
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        assert TOKEN not in f"{request.path} {headers} {request.body!r}"
        to_hub = request.host != mine.storage_host
        assert request.headers.get("authorization") == (f"Bearer {TOKEN}" if to_hub else None), request.path
    assert {request.host == mine.storage_host for request in mine.requests} == {True, False}
    assert TOKEN not in "".join(capfd.readouterr())


def test_the_command_prints_the_two_lines_that_a_space_needs(
    mine: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(publish_options(pair)) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"CATALOG_REPO=me/catalogue@{mine.head(*CATALOG)}",
        f"MODEL_REPO=me/model@{mine.head(*MODEL)}",
    ]


def test_push_has_options_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in (
        (["push"], "--catalog, --model, --catalog-repo, --model-repo"),
        (["stage", "publish"], "--source, --out"),
        (["push", "--source", "a.csv", "--out", "run"], "required"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err


_PUSH_THEN_OPEN = """
import contextlib, io, os, sys
from pipeline.__main__ import main

with contextlib.redirect_stdout(io.StringIO()) as printed:
    assert main(sys.argv[1:]) == 0
print(printed.getvalue(), end="")
del os.environ["HF_TOKEN"]  # both repositories are public
os.environ.update(line.split("=", 1) for line in printed.getvalue().splitlines())
import app

space = app.choose_workspace(None, None)
print(len(space.catalog), space.name, space.tools.bundle.meta["preset"])
"""


@pytest.mark.slow(10)
def test_commands_and_space_find_the_hub_by_the_environment(hub: Hub, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """In a process of its own: HF_ENDPOINT, HF_HOME and HF_TOKEN are read as everywhere else."""
    hub.tokens[TOKEN] = "me"
    hub_variables = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    environment = {**os.environ, **hub_variables, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    command = [sys.executable, "-c", _PUSH_THEN_OPEN, *publish_options(pair)]
    completed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert completed.returncode == 0, completed.stderr
    *lines, opened = completed.stdout.splitlines()
    pins = dict(line.split("=", 1) for line in lines)
    assert list(pins) == ["CATALOG_REPO", "MODEL_REPO"]
    assert opened.split() == [str(len(PRODUCTS)), Pin.parse(pins["CATALOG_REPO"], "").short, "tiny"]
