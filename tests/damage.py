"""Bundles and catalogues changed behind the back of those who wrote them; with their seal kept, renewed or broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.artifacts import BundlePaths
from pipeline.jsonchecks import sealed
from pipeline.model.bundlefiles import write_meta
from pipeline.serving.catalogmeta import ANALYSIS_KEY, METADATA_KEY, write_catalog

ABSENT = object()
"""In place of a value: no such key."""


def flip(path: Path, byte: int, bit: int = 0) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    path.write_bytes(content)


def put(value: Any, place: tuple[str | int, ...], given: Any) -> None:
    """Set what stands at a place in JSON."""
    *above, last = place
    for step in above:
        value = value[step]
    if given is ABSENT:
        del value[last]
    else:
        value[last] = given


def edit_model(model: Path, place: tuple[str | int, ...], given: Any, *, seal: bool) -> None:
    """Change one field of a bundle's model.json, as an accident (`seal` False) or as one who knows would."""
    path = BundlePaths(model).meta
    meta = json.loads(path.read_text(encoding="utf-8"))
    put(meta, place, given)
    path.write_text(json.dumps(sealed(meta) if seal else meta), encoding="utf-8")


def name_files(model: Path) -> dict[str, Any]:
    """Let model.json name all files of a bundle as they lie there now."""
    return write_meta(model, json.loads(BundlePaths(model).meta.read_text(encoding="utf-8")))


def metadata(path: Path) -> dict[str, Any]:
    """What a catalogue says of itself."""
    found: dict[str, Any] = json.loads(pq.read_metadata(path).metadata[METADATA_KEY])
    return found


def publish_again(
    path: Path, source: Path, change: Callable[[pa.Table], pa.Table], *, row_group_size: int = 2, **meta: Any
) -> Path:
    """Write the catalogue `source` with another table, as the program would, for the same bundle."""
    table = pq.read_table(source)
    analysis = table.schema.metadata.get(ANALYSIS_KEY)
    told = None if analysis is None else analysis.decode()
    write_catalog(path, change(table), {**metadata(source), **meta}, told, row_group_size=row_group_size)
    return path


def with_column(name: str, values: pa.Array) -> Callable[[pa.Table], pa.Table]:
    """A change of a table: another column of that name."""
    return lambda table: table.set_column(table.schema.get_field_index(name), name, values)


def write_again(path: Path, change: Callable[[pa.Table], pa.Table], *, row_group_size: int = 2) -> None:
    """Change the table of a catalogue in its place, its metadata as they were, as another program would."""
    table = pq.read_table(path)
    changed = change(table).replace_schema_metadata(table.schema.metadata)
    pq.write_table(changed, path, row_group_size=row_group_size)


def set_metadata(path: Path, **texts: bytes) -> None:
    """Give a catalogue other metadata (`meta`) or another analysis (`analysis`), its table as it was."""
    keys = {"meta": METADATA_KEY, "analysis": ANALYSIS_KEY}
    table = pq.read_table(path)
    new = {**table.schema.metadata, **{keys[name]: text for name, text in texts.items()}}
    pq.write_table(table.replace_schema_metadata(new), path, row_group_size=2)


def edit_metadata(path: Path, place: tuple[str | int, ...], given: Any, *, seal: bool) -> None:
    """Change one field of what a catalogue says of itself."""
    meta = metadata(path)
    put(meta, place, given)
    set_metadata(path, meta=json.dumps(sealed(meta) if seal else meta).encode())
