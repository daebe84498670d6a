"""CSV and TSV tables with headings of their own, photos by name or URL."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TextIO

from pipeline.data.sources.base import (
    COLUMNS,
    CONTENT_COLUMNS,
    SPLIT_ORDER,
    BadRow,
    Item,
    Part,
    Source,
    SourceError,
    split_name,
)
from pipeline.data.sources.cells import kept, to_item
from pipeline.data.sources.photos import PhotoFinder

DELIMITERS = {".csv": ",", ".tsv": "\t"}
EXTRA_COLUMNS = ("product_id", "split")
_CANDIDATE_SEPARATORS = ("|", ";", "\n")
_EXTRA = "__extra__"
_MAX_ROW_CHARACTERS = 16_000_000
"""Bounds what an unclosed quotation mark can swallow."""


class _Lines:
    """The lines of a table, for `csv`; a row does not take in more of them than `_MAX_ROW_CHARACTERS` characters."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path, self._file = path, file
        self._line, self._start, self._size = 0, 1, 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_MAX_ROW_CHARACTERS + 1)
        if not line:
            raise StopIteration
        self._line, self._size = self._line + 1, self._size + len(line)
        if self._size > _MAX_ROW_CHARACTERS:
            raise SourceError(
                f"{self._path}: the row that begins in line {self._start:,} has more than {_MAX_ROW_CHARACTERS:,} "
                "characters; close the quotation mark that is left open there, or shorten the row."
            )
        return line

    def row_ends(self) -> None:
        """Note that a row is complete and the next line begins another."""
        self._start, self._size = self._line + 1, 0


def _unreadable(path: Path, error: Exception) -> SourceError:
    """Error for a file that is not a table in UTF-8, or that cannot be opened."""
    if isinstance(error, UnicodeDecodeError):
        return SourceError(f"{path} is not UTF-8 text ({error}); save it as UTF-8 CSV.")
    if isinstance(error, OSError):
        return SourceError(f"{path} cannot be read ({error.strerror}); check its permissions.")
    return SourceError(f"{path} cannot be read as a table ({error}); export it again.")


def read_csv(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a table by heading; cells beyond the headings are listed under `_EXTRA`.

    Raises:
        SourceError: If the file is not a UTF-8 table.
    """
    csv.field_size_limit(_MAX_ROW_CHARACTERS)
    delimiter = DELIMITERS.get(path.suffix.lower(), ",")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _Lines(path, file)
            for row in csv.DictReader(lines, delimiter=delimiter, restkey=_EXTRA):
                lines.row_ends()
                yield row
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise _unreadable(path, error) from error


def headings(path: Path) -> list[str]:
    """The headings of a table.

    Raises:
        SourceError: If the file is not a UTF-8 table or is empty.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(_Lines(path, file), delimiter=DELIMITERS.get(path.suffix.lower(), ",")), [])
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise _unreadable(path, error) from error
    if not names:
        raise SourceError(f"{path} is empty; a table starts with a line of headings.")
    return names


def _candidates(value: str | None) -> list[str]:
    text = value or ""
    separator = next((mark for mark in _CANDIDATE_SEPARATORS if mark in text), None)
    return [path for path in (text.split(separator) if separator else [text]) if path.strip()]


def to_row(split: str, number: int, cells: Mapping[str, Any], columns: Mapping[str, str], photos: PhotoFinder) -> Item:
    """A table's row as an item; `columns` gives the heading of each of our columns that the table has."""
    if _EXTRA in cells:
        reason = f"the row has {len(cells[_EXTRA])} more cells than there are headings"
        return BadRow(split, number, reason, {str(k): kept(v) for k, v in cells.items()})
    raw: dict[str, Any] = {ours: cells.get(theirs) for ours, theirs in columns.items()}
    photo = photos.find(raw.get("product_image") or "")
    raw["product_image"] = photo.data
    raw["potential_product_categories"] = _candidates(raw.get("potential_product_categories"))
    return to_item(split, number, raw, raw.get("product_id"), note=photo.note, max_photo_bytes=photos.max_bytes)


def _mapped(path: Path, renamed: Mapping[str, str]) -> dict[str, str]:
    present = headings(path)
    unknown = [theirs for theirs in renamed.values() if theirs not in present]
    if unknown:
        raise SourceError(f"{path} has no column {', '.join(unknown)}; it has {', '.join(present)}.")
    wanted = {ours: renamed.get(ours, ours) for ours in (*COLUMNS, *EXTRA_COLUMNS)}
    columns = {ours: theirs for ours, theirs in wanted.items() if theirs in present}
    if not any(ours in columns for ours in CONTENT_COLUMNS):
        raise SourceError(
            f"{path} has none of the columns {', '.join(CONTENT_COLUMNS)} (it has {', '.join(present)}); "
            "name its own ones with a column map."
        )
    return columns


def open_table(path: Path, renamed: Mapping[str, str], photos: PhotoFinder, limit: int) -> Source:
    """A CSV or TSV file of UTF-8.

    Args:
        path: The file; its first line holds the headings.
        renamed: The heading of each column of ours (also "product_id" and "split"), where they differ.
        photos: Finds the photos that `product_image` names.
        limit: Rows of each split, 0 for all.
    """
    columns = _mapped(path, renamed)
    split_column = columns.get("split")
    counts: dict[str, int] = {}
    for cells in read_csv(path):
        name = split_name(cells.get(split_column) or "") if split_column else "train"
        counts[name] = counts.get(name, 0) + 1

    def read(split: str) -> Iterator[Item]:
        number = 0
        for cells in read_csv(path):
            if split_column is None or split_name(cells.get(split_column) or "") == split:
                yield to_row(split, number, cells, columns, photos)
                number += 1

    order = sorted(counts, key=SPLIT_ORDER.index)
    return Source(str(path), "table", [Part(s, counts[s], functools.partial(read, s)) for s in order], limit)
