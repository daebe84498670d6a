"""Table files of any format: `open_table_file` finds out how a file is written and gives its rows as texts by heading.

Of CSV and its kin, encoding, delimiter and heading row are found; JSON, JSON Lines, XML feeds and XLSX workbooks are
told by their content; all of them may be packed as gzip or zip.
"""

from __future__ import annotations

import codecs
import functools
import io
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TextIO
from xml.etree.ElementTree import ParseError

from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files import delimited, feeds, objects, sheets
from pipeline.data.sources.files.base import (
    ANY_FORMAT,
    Edit,
    Format,
    Problems,
    Record,
    TableFile,
    unreadable,
)
from pipeline.data.sources.files.dialect import find_dialect
from pipeline.data.sources.files.packed import PACKED_SUFFIXES, Packed, unpack
from pipeline.data.sources.files.written import Encoding, Written, encoding_of
from pipeline.encoding import NotTextError, encoding_name, find_encoding

__all__ = ["ANY_FORMAT", "SUFFIXES", "Format", "Problems", "Record", "TableFile", "open_table_file"]

SUFFIXES = (
    ".csv",
    ".tsv",
    ".txt",
    ".tab",
    ".psv",
    ".json",
    ".jsonl",
    ".ndjson",
    ".xml",
    ".xlsx",
    ".xlsm",
    *PACKED_SUFFIXES,
)
"""Endings of table files; one without any of them is read too where it is named as a source."""
_SAMPLE_CHARACTERS = 2**18
_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, ParseError, RuntimeError, KeyError)
"""What damaged archives and workbooks raise; KeyError: a part of one is missing."""
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls); save it as .xlsx or CSV",
    b"%PDF": "a PDF; give the table itself",
    b"PAR1": "parquet; name it .parquet",
    b"\x89PNG": "a photo; give the table itself",
    b"\xff\xd8\xff": "a photo; give the table itself",
}


def open_table_file(path: Path, wanted: Format, known: Container[str]) -> TableFile:
    """Open a table file.

    Args:
        path: Of the file.
        wanted: What people say about it.
        known: Headings that mean something, folded: they tell the heading row and the delimiter.

    Raises:
        SourceError: If it cannot be read, is empty, or is no table.
    """
    try:
        packed = unpack(path)
        head = packed.head()
        for beginning, what in _FOREIGN.items():
            if head.startswith(beginning):
                raise SourceError(f"{path} is {what}.")
        opened = _open(packed, head, wanted, known)
    except _DAMAGE as error:
        raise unreadable(path, error, "export it again") from error
    if not any(opened.headings):
        raise SourceError(f"{path} is empty; a table starts with a line of headings.")
    form = f"{packed.how}, {opened.form}" if packed.how else opened.form
    read = functools.partial(_guarded, path, opened.read)
    return replace(opened, form=form, read=read, pack=packed.pack)


def _guarded(path: Path, read: Callable[[], Iterator[Record]]) -> Iterator[Record]:
    """The rows; damage that comes up while they are read is one sentence."""
    try:
        yield from read()
    except UnicodeDecodeError as error:
        raise _undecodable(path, error) from error
    except _DAMAGE as error:
        raise unreadable(path, error, "export it again") from error


def _open(packed: Packed, head: bytes, wanted: Format, known: Container[str]) -> TableFile:
    path = packed.path
    if packed.is_workbook:
        place = sheets.find_place(packed.open, known)
        form = f"XLSX, sheet '{place.sheet}', headings in row {place.skipped + 1}"
        read = functools.partial(sheets.read_sheet, packed.open, place)
        edited = functools.partial(sheets.edit_sheet, packed.open, place, path.suffix.lower() == ".xlsm")
        return TableFile(path, place.headings, form, read, edited=edited)
    codec = wanted.encoding or _find(packed)
    if codec.replace("_", "-").lower() == "utf-8" and head.startswith(codecs.BOM_UTF8):
        codec = "utf-8-sig"
    open_text = functools.partial(_open_text, packed, codec)
    try:
        with open_text() as file:
            sample = file.read(_SAMPLE_CHARACTERS)
    except UnicodeError as error:
        raise _undecodable(path, error) from error
    except LookupError as error:
        raise SourceError(f"There is no encoding '{codec}'; name one such as utf-8 or windows-1252.") from error
    start, suffix = sample.lstrip()[:200].lower(), Path(packed.name).suffix.lower()
    if start.startswith("<?xml") or (start.startswith("<") and suffix in (".xml", ".rss", ".atom", "")):
        read = functools.partial(feeds.read_feed, path, packed.open)
        edited = functools.partial(feeds.edit_feed, path, packed)
        return TableFile(path, objects.headings_of(read()), "XML", read, edited=edited)
    if start.startswith(("{", "[")) and suffix not in (".csv", ".tsv"):
        return _open_objects(packed, open_text, sample, encoding_of(codec, head))
    usual = {".tsv": "\t", ".tab": "\t", ".psv": "|"}.get(suffix, ",")
    whole = sample if len(sample) < _SAMPLE_CHARACTERS else sample[: sample.rfind("\n") + 1]
    dialect = find_dialect(whole, known, wanted.delimiter, usual)
    with open_text() as file:
        headings = delimited.read_headings(path, file, dialect)
    form = f"{encoding_name(codec)}, {dialect.name}"
    read = functools.partial(delimited.read_rows, path, open_text, dialect)
    rows = functools.partial(delimited.written_rows, path, open_text, dialect)
    written = Written(path, encoding_of(codec, head), dialect, len(headings), rows, packed.open)
    return TableFile(path, headings, form, read, written)


def _open_objects(packed: Packed, open_text: Callable[[], TextIO], sample: str, encoding: Encoding) -> TableFile:
    """JSON, or JSON Lines where the first line is a whole object and others follow."""
    first, _, rest = sample.lstrip().partition("\n")
    if Path(packed.name).suffix.lower() in (".jsonl", ".ndjson") or (
        first.rstrip().endswith("}") and rest.lstrip().startswith("{")
    ):

        def read() -> Iterator[Record]:
            return (objects.to_record(number, value) for number, value in objects.line_objects(open_text))

        def edited(target: BinaryIO, edit: Edit) -> None:
            target.write(encoding.mark)
            with open_text() as file:
                for number, line in enumerate(file, start=1):
                    target.write(encoding.encode(objects.edit_line(number, line, edit) if line.strip() else line))

        return TableFile(packed.path, objects.headings_of(read()), "JSON Lines", read, edited=edited)
    packed.read()  # refuses one that is too large
    with open_text() as file:
        values = objects.objects_of(packed.path, file.read())
    records = [objects.to_record(number, value) for number, value in enumerate(values, start=1)]

    def edited_whole(target: BinaryIO, edit: Edit) -> None:
        with open_text() as file:
            target.write(encoding.mark + encoding.encode(objects.edit_objects(packed.path, file.read(), edit)))

    headings = objects.headings_of(iter(records))
    return TableFile(packed.path, headings, "JSON", lambda: iter(records), edited=edited_whole)


def _find(packed: Packed) -> str:
    try:
        return find_encoding(packed.open)
    except NotTextError as error:
        raise SourceError(
            f"{packed.path} is no table: {error}; give CSV, TSV, JSON, JSON Lines, XML, XLSX or parquet."
        ) from error


def _open_text(packed: Packed, codec: str) -> TextIO:
    """The file as text with its own line ends; bytes that are not UTF-8 become surrogates, for which rows are told."""
    errors = "surrogateescape" if codec in ("utf-8", "utf-8-sig") else "strict"
    return io.TextIOWrapper(packed.open(), encoding=codec, errors=errors, newline="")


def _undecodable(path: Path, error: UnicodeError) -> SourceError:
    return SourceError(f"{path} is no text in the encoding that was named or found ({error}); name it with --encoding.")
