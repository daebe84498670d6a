"""CSV and TSV tables with headings of their own, photos by name or URL."""

from __future__ import annotations

import csv
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.data.sources.base import (
    COLUMNS,
    CONTENT_COLUMNS,
    SPLIT_ORDER,
    BadRow,
    Item,
    Part,
    RawRow,
    Source,
    SourceError,
    split_name,
    to_item,
)
from pipeline.data.sources.photos import PhotoFinder

DELIMITERS = {".csv": ",", ".tsv": "\t"}
EXTRA_COLUMNS = ("product_id", "split")
_CANDIDATE_SEPARATORS = ("|", ";", "\n")
_TRUE = frozenset(("true", "1", "yes", "y", "t"))
_FALSE = frozenset(("false", "0", "no", "n", "f"))
_EXTRA = "__extra__"


def read_csv(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a table by heading; cells beyond the headings are listed under `_EXTRA`.

    Raises:
        SourceError: If the file is not a UTF-8 table.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    delimiter = DELIMITERS.get(path.suffix.lower(), ",")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.DictReader(lines, delimiter=delimiter, restkey=_EXTRA)
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text ({error}); save it as UTF-8.") from error
    except (csv.Error, OSError) as error:
        raise SourceError(f"{path} cannot be read as a table ({error}); export it again.") from error


def headings(path: Path) -> list[str]:
    """The headings of a table.

    Raises:
        SourceError: If the file is not a UTF-8 table or is empty.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            found = next(csv.reader(lines, delimiter=DELIMITERS.get(path.suffix.lower(), ",")), [])
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise SourceError(f"{path} cannot be read as a UTF-8 table ({error}); save it as UTF-8 CSV.") from error
    if not found:
        raise SourceError(f"{path} is empty; a table starts with a line of headings.")
    return found


def _boolean(value: str | None) -> bool | None:
    word = (value or "").strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _candidates(value: str | None) -> list[str]:
    text = value or ""
    separator = next((mark for mark in _CANDIDATE_SEPARATORS if mark in text), None)
    return [path for path in (text.split(separator) if separator else [text]) if path.strip()]


def to_row(split: str, number: int, cells: Mapping[str, Any], columns: Mapping[str, str], photos: PhotoFinder) -> Item:
    """A table's row as an item; `columns` gives the heading of each of our columns that the table has."""
    if _EXTRA in cells:
        reason = f"the row has {len(cells[_EXTRA])} more cells than there are headings"
        return BadRow(split, number, reason, {str(k): v for k, v in cells.items()})
    raw: dict[str, Any] = {ours: cells.get(theirs) for ours, theirs in columns.items()}
    photo = photos.find(raw.get("product_image") or "")
    raw["product_image"] = photo.data
    raw["potential_product_categories"] = _candidates(raw.get("potential_product_categories"))
    raw["ground_truth_is_secondhand"] = _boolean(raw.get("ground_truth_is_secondhand"))
    item = to_item(split, number, raw, product_id=(raw.get("product_id") or "").strip() or None)
    return replace(item, note=photo.note) if isinstance(item, RawRow) else item


def _mapped(path: Path, renamed: Mapping[str, str]) -> dict[str, str]:
    present = headings(path)
    unknown = [theirs for theirs in renamed.values() if theirs not in present]
    if unknown:
        raise SourceError(f"{path} has no column {', '.join(unknown)}; it has {', '.join(present)}.")
    wanted = {ours: renamed.get(ours, ours) for ours in (*COLUMNS, *EXTRA_COLUMNS)}
    found = {ours: theirs for ours, theirs in wanted.items() if theirs in present}
    if not any(ours in found for ours in CONTENT_COLUMNS):
        raise SourceError(
            f"{path} has none of the columns {', '.join(CONTENT_COLUMNS)} (it has {', '.join(present)}); "
            "name its own ones with a column map."
        )
    return found


def open_table(path: Path, renamed: Mapping[str, str], images: Path | None, fetch: bool, limit: int) -> Source:
    """A CSV or TSV file of UTF-8.

    Args:
        path: The file; its first line holds the headings.
        renamed: The heading of each column of ours (also "product_id" and "split"), where they differ.
        images: Folder of the photos that `product_image` names; None: the folder of the file.
        fetch: Whether URLs may be downloaded.
        limit: Rows of each split, 0 for all.
    """
    columns = _mapped(path, renamed)
    folder = images or path.parent
    if not folder.is_dir():
        raise SourceError(f"The folder of photos {folder} does not exist; name an existing one.")
    split_column = columns.get("split")
    counts: dict[str, int] = {}
    for cells in read_csv(path):
        name = split_name(cells.get(split_column) or "") if split_column else "train"
        counts[name] = counts.get(name, 0) + 1

    def read(split: str) -> Iterator[Item]:
        photos = PhotoFinder(folder, fetch)
        number = 0
        for cells in read_csv(path):
            if split_column is None or split_name(cells.get(split_column) or "") == split:
                yield to_row(split, number, cells, columns, photos)
                number += 1

    order = sorted(counts, key=SPLIT_ORDER.index)
    return Source(str(path), "table", [Part(s, counts[s], functools.partial(read, s)) for s in order], limit)
