"""A bundle with a file that is missing, damaged, exchanged or too many: one sentence, and nothing is answered by it."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle import bundle as opening
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.files import check_files, present_files
from pipeline.bundle.meta import read_meta
from pipeline.bundle.writer import add_metrics, add_predictor, adopt_bundle
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.data.schema import parse_table, read_table, write_table
from pipeline.taxonomy.paths import Taxonomy
from tests.helpers.damage import flip, name_files, refusal
from tests.helpers.fakes import CATEGORIES
from ui.workspace import load_tools

FILES = (
    "model.json",
    "model.safetensors",
    "categories.parquet",
    "aliases.parquet",
    "classifier.safetensors",
    "prototypes.parquet",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
)


def test_an_undamaged_bundle_opens(whole: Path, catalog: Catalog) -> None:
    check_match(catalog, whole)
    bundle = load_bundle(whole, catalog.meta["bundle"])
    assert bundle.aliases is not None
    assert bundle.predictor is not None
    assert {"model.json", *present_files(whole)} == set(FILES)


def _missing(path: Path) -> None:
    path.unlink()


def _renamed(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.1"))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def _zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _flipped(path: Path) -> None:
    flip(path, path.stat().st_size // 2, 3)


def _swapped(path: Path) -> None:
    other = "categories.parquet" if path.name != "categories.parquet" else "prototypes.parquet"
    root = next(folder for folder in path.parents if (folder / other).exists())
    path.write_bytes((root / other).read_bytes())


DAMAGES = (_missing, _renamed, _empty, _cut, _longer, _zeroed, _flipped, _swapped)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused(model: Path, catalog: Catalog, name: str, damage: Any) -> None:
    if (name, damage) == ("model.json", _longer):
        BundlePaths(model).meta.write_text(BundlePaths(model).meta.read_text() + "x")
    else:
        damage(model / name)
    for call in (load_bundle, check_match):
        sentence = refusal(call, *([catalog] * (call is check_match)), model)
        assert name in sentence


@pytest.mark.parametrize("name", ["tokenizer/added_tokens.json", "tokenizer/chat_template.json", "aliases.parquet"])
def test_a_file_that_model_json_does_not_name_is_refused(
    whole: Path, catalog: Catalog, tmp_path: Path, name: str
) -> None:
    model = shutil.copytree(whole, tmp_path / "model")
    if name == "aliases.parquet":  # of a bundle without
        adopt_bundle(whole, model, Taxonomy(CATEGORIES))
    (model / name).write_bytes(b"{}")
    assert f"{name} is not part of the bundle" in refusal(load_bundle, model)


def test_a_missing_tokenizer_is_refused(model: Path, catalog: Catalog) -> None:
    shutil.rmtree(BundlePaths(model).tokenizer)
    assert "/tokenizer/tokenizer.json is missing" in refusal(check_match, catalog, model)
    with pytest.raises(ArtifactError, match="files name nothing in tokenizer/"):
        name_files(model)


def test_a_rotated_table_of_categories(model: Path, catalog: Catalog) -> None:
    paths = BundlePaths(model)
    table = read_table(paths.categories)
    names = table["category_path"].to_pylist()
    write_table(paths.categories, table.set_column(0, "category_path", [names[1:] + names[:1]]))
    for call in (load_bundle, check_match):
        assert "categories.parquet is damaged" in refusal(call, *([catalog] * (call is check_match)), model)
    name_files(model)
    with pytest.raises(ArtifactError, match="but other categories, settings or figures"):
        check_match(catalog, model)


def test_a_large_file_is_hashed_before_the_first_answer(model: Path, catalog: Catalog) -> None:
    flip(BundlePaths(model).weights, 2_000)
    check_files(model, read_meta(model), at_most=1_000)  # as at the start, with a file that is large
    with pytest.raises(ArtifactError, match=r"model\.safetensors is damaged"):
        load_tools(catalog, model)


def test_the_loaded_bytes_are_the_hashed_ones(
    model: Path, whole: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = opening.read_files

    def read_and_change(*arguments: Any) -> dict[str, bytes]:
        contents = read(*arguments)
        for name in contents:
            _zeroed(model / name)
        return contents

    monkeypatch.setattr(opening, "read_files", read_and_change)
    changed = load_bundle(model)
    monkeypatch.undo()
    assert np.array_equal(changed.encode_texts(["a red shirt"]), load_bundle(whole).encode_texts(["a red shirt"]))
    assert changed.categories == CATEGORIES


def test_a_card_may_be_edited(model: Path, catalog: Catalog) -> None:
    (model / "README.md").write_text("Ours.")
    check_match(catalog, model)
    load_bundle(model, catalog.meta["bundle"])


@pytest.mark.parametrize("write", ["table", "predictor", "figures"])
def test_no_bundle_is_made_of_a_damaged_one(model: Path, tmp_path: Path, write: str) -> None:
    _flipped(BundlePaths(model).classifier)
    writers = {
        "table": lambda target: adopt_bundle(model, target, Taxonomy(CATEGORIES[:2])),
        "predictor": lambda target: add_predictor(model, target, None),
        "figures": lambda target: add_metrics(model, target, {}),
    }
    with pytest.raises(ArtifactError, match=r"classifier\.safetensors is damaged"):
        writers[write](tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_parquet_of_the_bundle_has_page_checksums(model: Path) -> None:
    path = BundlePaths(model).categories
    content = bytearray(path.read_bytes())
    content[content.index(b"PAR1") + 60] ^= 1
    with pytest.raises(ArtifactError, match="is not a readable parquet file"):
        parse_table(bytes(content), path)
