"""Reads the rows of a text table (CSV, TSV and their kin); a row with broken quotes costs no other row its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.base import Record, cell_reader, tidy_headings, with_surplus
from pipeline.data.sources.files.dialect import Dialect
from pipeline.data.sources.files.quoting import mended_places, without_quotes

_MAX_ROW_CHARACTERS = 16_000_000
"""Bounds what an unclosed quotation mark can swallow."""
_MAX_READ_AGAIN = 64_000_000
"""Characters of all rows with broken quotes that are read a second time."""
_MAX_MENDED_LINES = 50
"""Lines of a row with stray quotation marks."""
_MAX_LINES_APART = 1000
"""Lines of a row that are kept one by one."""


class WrittenRow(NamedTuple):
    """A row of a file as it is written there, read or not; the texts of all rows together are the file.

    Attributes:
        text: Its lines, with their ends.
        record: None for what is no product: lines above the headings, the headings, an empty row.
        is_headings: Whether it holds the headings.
        is_mended: Whether its quotation marks are broken (`_mended`).
    """

    text: str
    record: Record | None = None
    is_headings: bool = False
    is_mended: bool = False


class Lines:
    """The lines of a table, for `csv`; those of the present row are kept, so that they can be read in another way.

    Args:
        path: For messages.
        file: Text, opened with its own line ends.
    """

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._files = [file]  # the last one is read first: it holds what is read again
        self._lines: list[str] = []
        self._joined = ""
        self._count = self._size = self._read_again = 0
        self.start = 1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._files[-1].readline(_MAX_ROW_CHARACTERS + 1)
        while not line:
            if len(self._files) == 1:
                raise StopIteration
            self._files.pop()
            line = self._files[-1].readline(_MAX_ROW_CHARACTERS + 1)
        self._lines.append(line)
        self._count += 1
        self._size += len(line)
        if self._size > _MAX_ROW_CHARACTERS:
            raise SourceError(
                f"{self._path}: the row that begins in line {self.start:,} has more than {_MAX_ROW_CHARACTERS:,} "
                "characters; close the quotation mark that is left open there, or shorten the row."
            )
        if len(self._lines) > _MAX_LINES_APART:
            self._join()
        return line

    def _join(self) -> None:
        """Keep the lines so far as one text, which takes a twentieth of the memory."""
        self._joined += "".join(self._lines)
        self._lines.clear()

    def text(self) -> str:
        """All lines of the present row."""
        self._join()
        return self._joined

    def end_row(self) -> None:
        """Note that a row is complete and the next line begins another."""
        self.start += self._count
        self._lines.clear()
        self._joined = ""
        self._count = self._size = 0

    def end_row_after(self, lines: int) -> None:
        """Note that only the first lines belong to the present row; the others are read again.

        Raises:
            SourceError: If too much is read again.
        """
        rest = io.StringIO(self.text(), newline="")
        size = sum(len(rest.readline()) for _ in range(lines))
        self._read_again += self._size - size
        if self._read_again > _MAX_READ_AGAIN:
            raise SourceError(
                f"{self._path}: too many quotation marks are left open up to line {self.start:,}; export it again."
            )
        self._files.append(rest)
        self._count = lines
        self.end_row()


def read_headings(path: Path, file: TextIO, dialect: Dialect) -> tuple[str, ...]:
    """The headings of a table, () for an empty one."""
    lines = _below(Lines(path, file), dialect.skipped)
    csv.field_size_limit(_MAX_ROW_CHARACTERS)
    return tidy_headings(next(csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote), []))


def read_rows(path: Path, open_text: Callable[[], TextIO], dialect: Dialect) -> Iterator[Record]:
    """The rows below the headings, by heading; empty ones are left out.

    Raises:
        SourceError: As `written_rows`.
    """
    return (row.record for row in written_rows(path, open_text, dialect) if row.record is not None)


def written_rows(path: Path, open_text: Callable[[], TextIO], dialect: Dialect) -> Iterator[WrittenRow]:
    """All rows of a file, those above the headings too.

    A row with stray quotation marks is mended where it can only be read in one way, else rejected alone.

    Raises:
        SourceError: If a row is too long, or too many quotation marks are left open.
    """
    csv.field_size_limit(_MAX_ROW_CHARACTERS)
    with open_text() as file:
        lines = Lines(path, file)
        for _ in range(dialect.skipped):
            next(lines, "")
            yield WrittenRow(lines.text())
            lines.end_row()
        reader = _reader(lines, dialect)
        written = next(reader, [])
        yield WrittenRow(lines.text(), is_headings=True)
        lines.end_row()
        width, to_cells = len(written), cell_reader(tidy_headings(written))
        while True:
            try:
                for values in reader:
                    if len(values) > width:
                        values = _without_empty_end(values, width)
                    text, record = lines.text(), None
                    if any(map(str.strip, values)):
                        problem, cells = _problem(values, written, text), to_cells(values)
                        cells = with_surplus(cells, values[width:]) if problem else cells
                        record = Record(lines.start, cells, problem)
                    yield WrittenRow(text, record)
                    lines.end_row()
                return
            except csv.Error:
                yield _mended(lines, dialect, width, to_cells)
                reader = _reader(lines, dialect)


def _reader(lines: Lines, dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)


def _below(lines: Lines, skipped: int) -> Lines:
    for _ in range(skipped):
        next(lines, "")
        lines.end_row()
    return lines


def _without_empty_end(values: Sequence[str], width: int) -> list[str]:
    """The values without the empty ones that a spreadsheet adds beyond the headings."""
    end = len(values)
    while end > width and not values[end - 1].strip():
        end -= 1
    return list(values[:end])


def _problem(values: Sequence[str], written: Sequence[str], text: str) -> str:
    if len(values) > len(written):
        return f"the row has {len(values) - len(written)} more cells than there are headings"
    if values == written:
        return "the row repeats the headings"
    return _damage(text)


def _damage(text: str) -> str:
    """What is wrong with a row that holds bytes which are no characters: surrogates (`surrogateescape`)."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "the row holds bytes that are no characters of the file's encoding"
    return ""


def _mended(
    lines: Lines, dialect: Dialect, width: int, to_cells: Callable[[Sequence[str]], dict[str, str]]
) -> WrittenRow:
    """The present row, whose quotation marks are broken: read in the one way that gives it all of its cells."""
    start, text, count = lines.start, "", 0
    here = iter(list(islice(io.StringIO(lines.text(), newline=""), _MAX_MENDED_LINES)))
    for line in islice(chain(here, lines), _MAX_MENDED_LINES):
        if count and _is_row(line, dialect, width):
            break  # the quotation mark was meant to be closed before this row
        text, count = text + line, count + 1
        body = text.rstrip("\r\n")
        values = [without_quotes(body[place], dialect.quote) for place in mended_places(body, dialect) or ()]
        if len(values := _without_empty_end(values, width)) == width:
            lines.end_row_after(count)
            return WrittenRow(text, Record(start, to_cells(values), _damage(text)), is_mended=True)
    first = io.StringIO(text, newline="").readline()
    lines.end_row_after(1)
    values = _without_empty_end(first.rstrip("\r\n").split(dialect.delimiter), width)
    if len(values) == width:  # the marks are no quotation marks
        cells = to_cells([_without_lone_mark(value, dialect.quote) for value in values])
        return WrittenRow(first, Record(start, cells, _damage(first)), is_mended=True)
    cells, problem = with_surplus(to_cells(values), values[width:]), "a quotation mark of the row is not closed"
    return WrittenRow(first, Record(start, cells, problem), is_mended=True)


def _without_lone_mark(value: str, quote: str) -> str:
    """The value without a quotation mark at its beginning that nothing closes."""
    return value[1:] if value.startswith(quote) and value.count(quote) == 1 else value


def _is_row(line: str, dialect: Dialect, width: int) -> bool:
    """Whether a line can be a whole row of more than one cell."""
    try:
        values = next(csv.reader([line], delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True), [])
    except csv.Error:
        return False
    return len(values) == width > 1
