"""Writes tables of results as new files: CSV, TSV, JSON Lines, XLSX, parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.artifacts import atomic_path
from pipeline.data.schema import write_parts
from pipeline.errors import InputError
from pipeline.prediction.output.parts import Parts

_DIGITS = 4
"""Of shares."""
_BETWEEN = " | "
"""Stands between the values of a list."""
_IDS = frozenset(("product_id",))
"""Columns that other files are joined by, so that they stay as they came."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MAX_SHEET_ROWS = 1_048_575
_MAX_SHEET_CHARACTERS = 32_767


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before one that begins like it."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def write_new(path: Path, form: str, table: Parts, more: Mapping[str, Parts] | None = None) -> None:
    """Write a table, atomically.

    Args:
        path: Of the file.
        form: "csv", "tsv", "jsonl", "parquet" or "xlsx"; or a delimiter.
        table: What to write.
        more: Further sheets by name, of an XLSX file.

    Raises:
        InputError: If a sheet cannot hold that many rows.
    """
    if form == "parquet":
        write_parts(path, table.schema, table)
    elif form == "jsonl":
        write_lines(path, (_rounded(record) for record in table.records()))
    elif form == "xlsx":
        _write_sheets(path, {"Products": table, **(more or {})})
    else:
        write_delimited(path, table.schema.names, _text_rows(table), {"csv": ",", "tsv": "\t"}.get(form, form))


def write_delimited(path: Path, headings: Sequence[str], rows: Iterator[Sequence[str]], delimiter: str) -> None:
    """Write a delimited table in UTF-8, atomically; its cells are written as they are."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows(rows)


def write_lines(path: Path, records: Iterator[Mapping[str, Any]]) -> None:
    """Write JSON Lines, atomically."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)


def text_of(value: Any) -> str:
    """A value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}f}"
    if isinstance(value, list):
        return _BETWEEN.join(map(text_of, value))
    return str(value)


def _text_rows(table: Parts) -> Iterator[list[str]]:
    for record in table.records():
        texts = {name: text_of(value) for name, value in record.items()}
        yield [text if name in _IDS else safe_cell(text) for name, text in texts.items()]


def _rounded(value: Any) -> Any:
    """A value whose shares have no digits beyond those that mean something."""
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return {name: _rounded(one) for name, one in value.items()} if isinstance(value, dict) else value


def _write_sheets(path: Path, sheets: Mapping[str, Parts]) -> None:
    from openpyxl import Workbook  # slow to import, and no other format needs it
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    for table in sheets.values():
        if len(table) > _MAX_SHEET_ROWS:
            raise InputError(
                f"{path} cannot hold {len(table):,} rows, a sheet ends at {_MAX_SHEET_ROWS:,}; give the command again "
                "with a file that ends in .csv, which goes on from what is done."
            )
    book = Workbook(write_only=True)

    def cell_of(sheet: Any, value: Any) -> Any:
        if isinstance(value, bool | int | float):
            return round(value, _DIGITS) if isinstance(value, float) else value
        text = ILLEGAL_CHARACTERS_RE.sub("", text_of(value))[:_MAX_SHEET_CHARACTERS]
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"  # a text, whatever it begins with: never a formula
        return cell

    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        sheet.append(table.schema.names)
        for record in table.records():
            sheet.append([cell_of(sheet, value) for value in record.values()])
    with atomic_path(path) as temporary:
        book.save(temporary)
