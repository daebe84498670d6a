"""Parquet: a local data-set folder in the hub's layout, single files, and our own catalog.parquet."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.sources.base import (
    COLUMNS,
    CONTENT_COLUMNS,
    SPLIT_NAMES,
    SPLIT_ORDER,
    Item,
    Part,
    Source,
    SourceError,
    split_name,
    to_item,
)

_CATALOG_COLUMNS = {
    "product_title": "title",
    "product_description": "description",
    "product_image": "thumbnail",
    "potential_product_categories": "candidates",
    "ground_truth_category": "category_path",
    "ground_truth_brand": "brand",
    "ground_truth_is_secondhand": "is_secondhand",
}
"""Column of a catalog.parquet (or products.parquet) for each column of the input schema."""
_PRODUCT_ID = "product_id"
_SHARD = re.compile(r"^(?P<split>[a-z]+)(?:[-_.].*)?$", re.IGNORECASE)
_BATCH = 256


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} is not a readable parquet file ({error}); export or download it again.") from error


def _batches(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    try:
        for batch in _open(path).iter_batches(batch_size=_BATCH, columns=columns):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} is damaged ({error}); export or download it again.") from error


def _columns(path: Path, renamed: Mapping[str, str]) -> dict[str, str]:
    """The file's column of each column of ours that it has."""
    present = set(_open(path).schema_arrow.names)
    found = {ours: renamed.get(ours, ours) for ours in COLUMNS if renamed.get(ours, ours) in present}
    if not any(ours in found for ours in CONTENT_COLUMNS):
        raise SourceError(
            f"{path} has none of the columns {', '.join(CONTENT_COLUMNS)} (it has {', '.join(sorted(present))}); "
            "name its own ones with a column map."
        )
    return found


def _read(paths: list[Path], split: str, renamed: Mapping[str, str]) -> Iterator[Item]:
    number = 0
    for path in paths:
        columns = _columns(path, renamed)
        for raw in _batches(path, list(columns.values())):
            yield to_item(split, number, {ours: raw[theirs] for ours, theirs in columns.items()})
            number += 1


def _split_of(path: Path, root: Path) -> str:
    """From the file name (train-00000-of-00002.parquet), else from the folder it lies in (train/0000.parquet)."""
    folders = path.relative_to(root).parts[:-1]
    for name in (path.stem, *reversed(folders)):
        matched = _SHARD.match(name)
        if matched and matched["split"].lower() in SPLIT_NAMES:
            return split_name(matched["split"])
    return "train"


def open_folder(folder: Path, renamed: Mapping[str, str], limit: int) -> Source:
    """A data-set folder: every parquet file in it (those of `data/` where there are some), a split a file name."""
    paths = sorted((folder / "data").rglob("*.parquet")) or sorted(folder.rglob("*.parquet"))
    if not paths:
        raise SourceError(f"{folder} holds no parquet file; a data-set folder has data/train-*.parquet.")
    shards: dict[str, list[Path]] = {}
    for path in paths:
        _columns(path, renamed)
        shards.setdefault(_split_of(path, folder), []).append(path)
    parts = [
        Part(split, _count(shards[split]), functools.partial(_read, shards[split], split, renamed))
        for split in sorted(shards, key=SPLIT_ORDER.index)
    ]
    return Source(str(folder), "dataset", parts, limit)


def _count(paths: list[Path]) -> int:
    return sum(_open(path).metadata.num_rows for path in paths)


def open_file(path: Path, renamed: Mapping[str, str], limit: int) -> Source:
    """One parquet file: rows of the input schema, or a catalogue that a build published, with its ids and splits."""
    if {_PRODUCT_ID, "split", "title", "thumbnail"} <= set(_open(path).schema_arrow.names):
        return _open_catalog(path, limit)
    _columns(path, renamed)
    split = _split_of(path, path.parent)
    part = Part(split, _count([path]), functools.partial(_read, [path], split, renamed))
    return Source(str(path), "dataset", [part], limit)


def _open_catalog(path: Path, limit: int) -> Source:
    columns = _columns(path, _CATALOG_COLUMNS)
    found = pq.read_table(path, columns=["split"], page_checksum_verification=True).column("split").to_pylist()
    splits = [split_name(str(name)) for name in found]

    def read(split: str) -> Iterator[Item]:
        number = 0
        for raw in _batches(path, [*columns.values(), _PRODUCT_ID, "split"]):
            if split_name(str(raw["split"])) == split:
                row = {ours: raw[theirs] for ours, theirs in columns.items()}
                yield to_item(split, number, row, product_id=raw[_PRODUCT_ID])
                number += 1

    parts = [
        Part(split, splits.count(split), functools.partial(read, split))
        for split in sorted(set(splits), key=SPLIT_ORDER.index)
    ]
    return Source(str(path), "catalog", parts, limit)
