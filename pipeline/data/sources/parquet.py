"""Parquet: a local data-set folder in the hub's layout, single files, and our own catalog.parquet."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

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
)
from pipeline.data.sources.cells import MAX_CANDIDATES, MAX_TEXT_CHARACTERS, Unread, to_item, too_large
from pipeline.data.sources.pages import Page, PageError, largest_value, leaves, pages
from pipeline.data.sources.profiles.mapping import check_headings

_CATALOG_COLUMNS = {
    "product_title": "title",
    "product_description": "description",
    "product_image": "thumbnail",
    "potential_product_categories": "candidates",
    "ground_truth_category": "category_path",
    "ground_truth_brand": "brand",
    "ground_truth_is_secondhand": "is_secondhand",
    "source": "source",
    "language": "language",
    **{name: name for name in ("product_type", "tags", "collections", "options")},
}
"""Column of a catalog.parquet (or products.parquet) for each column of the input schema."""
_PRODUCT_ID = "product_id"
_SHARD = re.compile(r"^(?P<split>heldout-source|[a-z]+)(?:[-_.].*)?$", re.IGNORECASE)
_MAX_BATCH_ROWS = 256
_MAX_BATCH_BYTES = 32 * 2**20
"""Bytes decoded at a time; Arrow takes about three times as much while it does that."""
_MAX_ROW_BYTES = 64 * 2**20
"""Bytes of one row: Arrow takes up to five times as much while it decodes it."""
_MAX_HELD_BYTES = 256 * 2**20
"""Bytes of the pages that are decoded from: 1,024 photos of 250 KB, which is how pyarrow writes them."""
_READ_AHEAD_BYTES = 2**20
_MAX_NUMBER_BYTES = 16
_MAX_CHARACTER_BYTES = 4  # in UTF-8
_BYTE_ARRAY = "BYTE_ARRAY"


def _open(path: Path, listed: Sequence[str] = ()) -> pq.ParquetFile:
    """A parquet file that is read page by page, not a whole column of a row group ahead."""
    try:
        return pq.ParquetFile(
            path,
            read_dictionary=list(listed),
            pre_buffer=False,
            buffer_size=_READ_AHEAD_BYTES,
            page_checksum_verification=True,
        )
    except PermissionError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} is not a readable parquet file ({error}); export or download it again.") from error


def _batches(path: Path, columns: list[str], max_photo_bytes: int) -> Iterator[dict[str, Any]]:
    """The rows of a file as cells; only as many are decoded at a time as a few megabytes hold."""
    wanted = set(columns)
    try:
        opened = _open(path, _listed(path, wanted))
        for group in range(opened.metadata.num_row_groups):
            if opened.metadata.row_group(group).num_rows == 0:
                continue  # there are no pages either
            rows = _rows_at_a_time(path, opened.metadata, group, wanted)
            for batch in opened.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
                named = list(zip(batch.schema.names, batch.columns, strict=True))
                for row in range(batch.num_rows):
                    yield {name: _cell(column[row], max_photo_bytes) for name, column in named}
                del batch, named  # or two of them are held while the next one is decoded
    except (pa.ArrowException, OSError, PageError) as error:
        raise SourceError(f"{path} is damaged ({error}); export or download it again.") from error


def _listed(path: Path, wanted: set[str]) -> list[str]:
    """Texts in lists: kept as numbers of a dictionary, since a page of 100 bytes can name one text a billion times."""
    schema = _open(path).metadata.schema
    return [
        schema.column(number).path
        for number in leaves(_open(path).metadata, wanted)
        if schema.column(number).max_repetition_level and schema.column(number).physical_type == _BYTE_ARRAY
    ]


def _rows_at_a_time(path: Path, metadata: pq.FileMetaData, group: int, wanted: set[str]) -> int:
    """Number of rows of a row group to decode at a time.

    Raises:
        SourceError: If even one of them may take too much memory, or the pages that they lie in.
    """
    row, held = 0, 0  # bytes that one row takes at most; bytes of the pages and lists that are in memory at a time
    with path.open("rb") as file:
        for number in leaves(metadata, wanted):
            column, chunk = metadata.schema.column(number), metadata.row_group(group).column(number)
            byte_array, width = column.physical_type == _BYTE_ARRAY, max(column.length or 0, _MAX_NUMBER_BYTES)
            column_pages = list(pages(file, chunk))
            held += max((max(page.uncompressed, page.stored) for page in column_pages), default=0)
            if held > _MAX_HELD_BYTES:
                raise _too_large(path, group, column.path, "its pages unpack", held, _MAX_HELD_BYTES)
            if column.max_repetition_level:
                held += sum(page.decoded(byte_array, width) for page in column_pages)
            else:
                nullable = column.max_definition_level > 0
                values = (_largest(file, page, chunk.compression, nullable) for page in column_pages if byte_array)
                row += max(width, *values, 0)
            if held > _MAX_HELD_BYTES:
                raise _too_large(path, group, column.path, "the lists unpack", held, _MAX_HELD_BYTES)
            if row > _MAX_ROW_BYTES:
                raise _too_large(path, group, column.path, "a row unpacks", row, _MAX_ROW_BYTES)
    return max(1, min(_MAX_BATCH_ROWS, _MAX_BATCH_BYTES // max(1, row)))


def _largest(file: BinaryIO, page: Page, compression: str, nullable: bool) -> int:
    """Bytes of the largest value of a page; of a small page, its own size is near enough."""
    if page.uncompressed <= _MAX_BATCH_BYTES:
        return page.uncompressed
    return largest_value(file, page, compression, nullable)


def _too_large(path: Path, group: int, column: str, what: str, size: int, limit: int) -> SourceError:
    return SourceError(
        f"{path}: in column {column} of row group {group}, {what} to {size:,} bytes; at most {limit:,} are read: write "
        "the file again with smaller values or smaller row groups (pyarrow: row_group_size=500)."
    )


def _cell(value: pa.Scalar, max_photo_bytes: int) -> Any:
    """A cell as a Python value; of a cell that is too large its beginning, or the reason why it is not read."""
    if not value.is_valid:
        return None
    if isinstance(value, pa.DictionaryScalar):
        return _cell(value.value, max_photo_bytes)
    if isinstance(value, pa.StructScalar):
        return {name: _cell(value[name], max_photo_bytes) for name in dict.fromkeys(value.type.names)}
    if isinstance(value, pa.ListScalar):
        return {} if isinstance(value, pa.MapScalar) else _list(value)
    if isinstance(value, pa.StringScalar):
        return _text(value)
    if isinstance(value, pa.BinaryScalar):
        size = value.as_buffer().size
        return value.as_py() if size <= max_photo_bytes else Unread(too_large(size, max_photo_bytes))
    try:
        return value.as_py()
    except (ValueError, OverflowError) as error:  # such as a date beyond the range of Python
        return Unread(f"holds a {value.type} that cannot be read ({error})")


def _text(value: pa.StringScalar) -> str | Unread:
    data = value.as_buffer()
    max_bytes = _MAX_CHARACTER_BYTES * (MAX_TEXT_CHARACTERS + 1)
    try:
        return str(data[:max_bytes].to_pybytes(), "utf-8", "strict" if data.size <= max_bytes else "ignore")
    except UnicodeDecodeError as error:
        return Unread(f"is not UTF-8 text ({error.reason} at byte {error.start})")


def _list(value: pa.ListScalar) -> list[Any] | Unread:
    """A list of texts; whatever else it holds is no more than its kind, for the message that refuses it."""
    items = value.values
    if len(items) > MAX_CANDIDATES:
        return Unread(f"lists {len(items):,} values; at most {MAX_CANDIDATES:,} are read")
    read: list[Any] = []
    size = 0
    for item in items:
        is_text = isinstance(item, pa.StringScalar | pa.DictionaryScalar)
        cell = _cell(item, MAX_TEXT_CHARACTERS) if is_text else _empty(item)
        size += len(cell) if isinstance(cell, str) else 0
        if size > MAX_TEXT_CHARACTERS:
            return Unread(f"lists more than {MAX_TEXT_CHARACTERS:,} characters")
        read.append(cell)
    return read


def _empty(value: pa.Scalar) -> Any:
    if not value.is_valid:
        return None
    kinds: tuple[tuple[type, Any], ...] = ((pa.ListScalar, []), (pa.StructScalar, {}), (pa.BinaryScalar, b""))
    return next((empty for kind, empty in kinds if isinstance(value, kind)), 0)


def _checked_columns(path: Path, renamed: Mapping[str, str]) -> None:
    """Refuse a column map that names what the file does not have, and a file without any content.

    Raises:
        SourceError: In one sentence.
    """
    check_headings(path, renamed, _open(path).schema_arrow.names)
    _columns(path, renamed)


def _columns(path: Path, renamed: Mapping[str, str]) -> dict[str, str]:
    """The file's column for each column of the input schema that it has."""
    present = _open(path).schema_arrow.names
    taken = set(renamed.values())
    own = [name for name in COLUMNS if name in renamed or name not in taken]
    columns = {ours: renamed.get(ours, ours) for ours in own if renamed.get(ours, ours) in present}
    if not any(ours in columns for ours in CONTENT_COLUMNS):
        raise SourceError(
            f"{path} has none of the columns {', '.join(CONTENT_COLUMNS)} (it has {', '.join(sorted(present))}); "
            "name its own ones with a column map."
        )
    return columns


def _read(
    paths: list[Path], split: str, renamed: Mapping[str, str], max_photo_bytes: int, start: int = 0
) -> Iterator[Item]:
    number = 0
    for path in paths:
        columns = _columns(path, renamed)
        id_column = renamed.get(_PRODUCT_ID, _PRODUCT_ID)
        ids = [id_column] if id_column in _open(path).schema_arrow.names else []
        for raw in _batches(path, [*columns.values(), *ids], max_photo_bytes):
            if number >= start:
                row = {ours: raw[theirs] for ours, theirs in columns.items()}
                yield to_item(split, number, row, raw[id_column] if ids else None, max_photo_bytes=max_photo_bytes)
            number += 1


def _split_of(path: Path, root: Path) -> str:
    """From the file name (train-00000-of-00002.parquet), else from the folder it lies in (train/0000.parquet)."""
    folders = path.relative_to(root).parts[:-1]
    for name in (path.stem, *reversed(folders)):
        matched = _SHARD.match(name)
        if matched and matched["split"].lower() in SPLIT_NAMES:
            return split_name(matched["split"])
    return "train"


def open_folder(folder: Path, renamed: Mapping[str, str], limit: int, max_photo_bytes: int) -> Source:
    """A data-set folder: every parquet file in it (those of `data/` where there are some), a split a file name."""
    paths = sorted((folder / "data").rglob("*.parquet")) or sorted(folder.rglob("*.parquet"))
    if not paths:
        raise SourceError(f"{folder} holds no parquet file; a data-set folder has data/train-*.parquet.")
    shards: dict[str, list[Path]] = {}
    for path in paths:
        _checked_columns(path, renamed)
        shards.setdefault(_split_of(path, folder), []).append(path)
    parts = [
        Part(split, _count(shards[split]), functools.partial(_read, shards[split], split, renamed, max_photo_bytes))
        for split in sorted(shards, key=SPLIT_ORDER.index)
    ]
    return Source(str(folder), "dataset", parts, limit)


def _count(paths: list[Path]) -> int:
    return sum(_open(path).metadata.num_rows for path in paths)


def open_file(path: Path, renamed: Mapping[str, str], limit: int, max_photo_bytes: int) -> Source:
    """One parquet file: rows of the input schema, or a catalogue that a build published, with its ids and splits."""
    if not renamed and {_PRODUCT_ID, "split", "title", "thumbnail"} <= set(_open(path).schema_arrow.names):
        return _open_catalog(path, limit, max_photo_bytes)
    _checked_columns(path, renamed)
    split = _split_of(path, path.parent)
    part = Part(split, _count([path]), functools.partial(_read, [path], split, renamed, max_photo_bytes))
    return Source(str(path), "dataset", [part], limit)


def _open_catalog(path: Path, limit: int, max_photo_bytes: int) -> Source:
    columns = _columns(path, _CATALOG_COLUMNS)
    splits = [split_name(str(row["split"])) for row in _batches(path, ["split"], max_photo_bytes)]

    def read(split: str, start: int = 0) -> Iterator[Item]:
        number = 0
        for raw in _batches(path, [*columns.values(), _PRODUCT_ID, "split"], max_photo_bytes):
            if split_name(str(raw["split"])) == split:
                row = {ours: raw[theirs] for ours, theirs in columns.items()}
                if number >= start:
                    yield to_item(split, number, row, raw[_PRODUCT_ID], max_photo_bytes=max_photo_bytes)
                number += 1

    parts = [
        Part(split, splits.count(split), functools.partial(read, split))
        for split in sorted(set(splits), key=SPLIT_ORDER.index)
    ]
    return Source(str(path), "catalog", parts, limit)
