"""The files of a bundle: named with their hashes in its model.json when it is written, read only as they were named.

A card (README.md) is none of them: people write it, and nothing that is answered depends on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from pipeline.artifacts import ArtifactError, BundlePaths, atomic_path
from pipeline.bundle.meta import ADVICE, BUNDLE_VERSION, check_meta
from pipeline.data.json_checks import sealed
from pipeline.data.schema import read_table

TOKENIZER_SUFFIXES = (".json", ".txt", ".model")
"""A tokenizer is data: nothing else of its folder is part of a bundle."""

_PATHS = BundlePaths(Path())
PARTS = tuple(
    path.name for path in (_PATHS.weights, _PATHS.categories, _PATHS.aliases, _PATHS.classifier, _PATHS.prototypes)
)
"""Files that a bundle may have beside model.json and its tokenizer."""

ID_COLUMN = "category_id"
"""Of the category table: the id of a path in its taxonomy, null for none. Bundles without ids lack the column."""

AT_ONCE = 16 * 1024 * 1024
"""Bytes up to which a file is hashed before the page is there: some hundredth of a second each."""


def present_files(folder: Path) -> dict[str, Path]:
    """The files that lie in a bundle's folder and may be part of it, model.json apart, by their path there."""
    tokenizer = sorted(path for path in BundlePaths(folder).tokenizer.glob("*") if path.suffix in TOKENIZER_SUFFIXES)
    paths = [*(folder / name for name in PARTS), *tokenizer]
    return {path.relative_to(folder).as_posix(): path for path in paths if path.is_file()}


def write_meta(folder: Path, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Write model.json last, with the hashes of all other files as they lie there.

    Args:
        folder: Of the bundle.
        meta: What it holds beside version and hashes.

    Returns:
        What was written.

    Raises:
        ArtifactError: If that would not be read again: a file or a field is missing or wrong.
    """
    hashes = {name: file_hash(path) for name, path in present_files(folder).items()}
    whole = sealed({**meta, "version": BUNDLE_VERSION, "files": hashes})
    with atomic_path(BundlePaths(folder).meta) as temporary:
        temporary.write_text(_lines(whole), encoding="utf-8")
    return check_meta(whole, folder)


def _lines(meta: Mapping[str, Any]) -> str:
    """JSON with a line for each field: half as large as indented, since most of it is numbers."""
    fields = (
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}" for name, value in meta.items()
    )
    return "{\n" + ",\n".join(fields) + "\n}\n"


def file_hash(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bundle_hash(folder: Path) -> str:
    """SHA-256 of a bundle's weights: the same for bundles that differ in table, predictor or figures alone."""
    return file_hash(BundlePaths(folder).weights)


def ids_of(table: pa.Table) -> dict[str, str]:
    """Id of each path of a category table that has one."""
    if ID_COLUMN not in table.column_names:
        return {}
    pairs = zip(table["category_path"].to_pylist(), table[ID_COLUMN].to_pylist(), strict=True)
    return {path: identifier for path, identifier in pairs if identifier is not None}


def read_ids(folder: Path) -> dict[str, str]:
    """Id of each category path of a bundle that has one, without loading the model.

    Raises:
        ArtifactError: If the category table cannot be read.
    """
    return ids_of(read_table(BundlePaths(folder).categories))


def encoder_key(meta: Mapping[str, Any], space: str) -> str:
    """Name of an encoder's file: a hash of its weights, tokenizer, architecture and towers.

    A text tower that is loaded from the hub or a package is, untrained, the same for all bundles that name it.

    Args:
        meta: model.json of a bundle.
        space: "trained", vectors by the whole model, or "untrained", features by the text tower as it was loaded.
    """
    tokenizer = f"{_PATHS.tokenizer.name}/"
    files = {name: digest for name, digest in meta["files"].items() if name.startswith(tokenizer)}
    model, towers = meta["model"], meta["towers"]
    if space == "untrained" and model["text"]["model_id"]:
        parts = [space, files, model["text"], towers["text"], model["category_names"]]
    else:
        parts = [space, files, model, towers, meta["files"][_PATHS.weights.name]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def check_files(folder: Path, meta: Mapping[str, Any], at_most: int = AT_ONCE) -> None:
    """Check that a bundle has the files that its model.json names and no others, and the small ones' content.

    Args:
        folder: Of the bundle.
        meta: Its model.json.
        at_most: Bytes; larger files are hashed when they are read.

    Raises:
        ArtifactError: Names the first file that is missing, too many, or not as it was written.
    """
    for name, path in _named(folder, meta).items():
        with _readable(path):
            digest = file_hash(path) if path.stat().st_size <= at_most else meta["files"][name]
        _require(digest, meta["files"][name], path)


def read_files(folder: Path, meta: Mapping[str, Any]) -> dict[str, bytes]:
    """The content of all files of a bundle, by their path there; every one is hashed as it is returned.

    Raises:
        ArtifactError: As `check_files`.
    """
    contents = {}
    for name, path in _named(folder, meta).items():
        with _readable(path):
            contents[name] = path.read_bytes()
        _require(hashlib.sha256(contents[name]).hexdigest(), meta["files"][name], path)
    return contents


@contextmanager
def tokenizer_folder(contents: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder that holds the tokenizer's files of `read_files` and no other, for a library that reads from one."""
    name = BundlePaths(Path()).tokenizer.name
    with TemporaryDirectory() as folder:
        (Path(folder) / name).mkdir()
        for path, content in contents.items():
            if path.startswith(f"{name}/"):
                (Path(folder) / path).write_bytes(content)
        yield Path(folder) / name


def _named(folder: Path, meta: Mapping[str, Any]) -> dict[str, Path]:
    present = present_files(folder)
    missing, further = sorted(meta["files"].keys() - present.keys()), sorted(present.keys() - meta["files"].keys())
    if missing:
        raise ArtifactError(
            f"{Path(folder, missing[0])} is missing, and {BundlePaths(folder).meta.name} names it; {ADVICE}."
        )
    if further:
        raise ArtifactError(
            f"{present[further[0]]} is not part of the bundle: its {BundlePaths(folder).meta.name} does not name it; "
            f"delete it, or {ADVICE}."
        )
    return present


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read ({error.strerror}); {ADVICE}.") from error


def _require(digest: str, expected: str, path: Path) -> None:
    if digest != expected:
        raise ArtifactError(f"{path} is damaged or was changed (its sha256 is not that in model.json); {ADVICE}.")
