"""Reads XLSX workbooks row by row: the sheet and the row with most of the known headings."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from itertools import islice
from typing import Any, BinaryIO

from pipeline.data.sources.files.base import (
    Edit,
    Record,
    cell_reader,
    fold_heading,
    tidy_headings,
    to_text,
    with_surplus,
)
from pipeline.data.sources.files.dialect import find_heading

MAX_CELL_CHARACTERS = 32_767
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that a sheet cannot hold."""
_LOOKED_AT = 40
"""Rows of each sheet."""
_MAX_SHEETS = 50


@dataclass(frozen=True)
class Place:
    """Where the table of a workbook is.

    Attributes:
        sheet: Name of its sheet.
        skipped: Rows above the headings.
        headings: Of its columns.
    """

    sheet: str
    skipped: int
    headings: tuple[str, ...]


def find_place(open_file: Callable[[], BinaryIO], known: Container[str]) -> Place:
    """The sheet and the row of the headings; of several sheets with as many known headings, the first one."""
    places = []
    with _workbook(open_file) as book:
        for sheet in book.worksheets[:_MAX_SHEETS]:
            rows = list(islice(_rows(sheet), _LOOKED_AT))
            if any(any(row) for row in rows):
                skipped = find_heading(rows, known)
                places.append(Place(sheet.title, skipped, tidy_headings(rows[skipped])))
    return max(places, key=lambda place: _known(place, known), default=Place("", 0, ()))


def read_sheet(open_file: Callable[[], BinaryIO], place: Place) -> Iterator[Record]:
    """The rows below the headings; empty ones are left out."""
    to_cells, width = cell_reader(place.headings), len(place.headings)
    with _workbook(open_file) as book:
        for number, values in enumerate(_rows(book[place.sheet]), start=1):
            if number <= place.skipped + 1 or not any(map(str.strip, values)):
                continue
            more = sum(bool(value.strip()) for value in values[width:])
            problem = f"the row has {more} more cells than there are headings" if more else ""
            cells = to_cells(values)
            yield Record(number, with_surplus(cells, values[width:]) if problem else cells, problem)


def edit_sheet(open_file: Callable[[], BinaryIO], place: Place, macros: bool, target: BinaryIO, edit: Edit) -> None:
    """Write the workbook again with other values in some cells; all else is what openpyxl keeps of it.

    Args:
        open_file: Opens the workbook.
        place: Of its table.
        macros: Whether it has macros, which are kept.
        target: Takes the new one.
        edit: What is changed; a value is a text, whatever it begins with.
    """
    from openpyxl import load_workbook

    changes = [(record.line, change) for record in read_sheet(open_file, place) if (change := edit(record))]
    with open_file() as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = load_workbook(file, keep_vba=macros, rich_text=True)
    sheet, width = book[place.sheet], len(place.headings)
    columns = {heading: number for number, heading in reversed(list(enumerate(place.headings, start=1)))}
    added = dict.fromkeys(heading for _, change in changes for heading in change.new)
    columns |= {heading: number for number, heading in enumerate(added, start=width + 1)}
    texts = [(place.skipped + 1, columns[heading], heading) for heading in added]
    texts += [
        (row, columns[heading], value)
        for row, change in changes
        for heading, value in (*change.cells.items(), *change.new.items())
    ]
    for row, column, value in texts:
        cell = sheet.cell(row, column)
        cell.value = ILLEGAL.sub("", value)[:MAX_CELL_CHARACTERS] or None
        if cell.value is not None:
            cell.data_type = "s"
    book.save(target)


def _known(place: Place, known: Container[str]) -> int:
    return sum(fold_heading(heading) in known for heading in set(place.headings))


@contextmanager
def _workbook(open_file: Callable[[], BinaryIO]) -> Iterator[Any]:
    from openpyxl import load_workbook  # slow to import, and no other format needs it

    with open_file() as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of styles and validations that it does not know
        book = load_workbook(file, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()


def _rows(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # files of other programs name wrong ones
    for row in sheet.iter_rows(values_only=True):
        yield [value.isoformat() if isinstance(value, date | time) else to_text(value) for value in row]
