"""Reads the rows of a text table (CSV, TSV and their kin); a row with broken quotes costs no other row its place."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Self, TextIO

from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.base import Record, cell_reader, tidy_headings, with_surplus
from pipeline.data.sources.files.dialect import Dialect

_MAX_ROW_CHARACTERS = 16_000_000
"""Bounds what an unclosed quotation mark can swallow."""
_MAX_READ_AGAIN = 64_000_000
"""Characters of all rows with broken quotes that are read a second time."""
_MAX_MENDED_LINES = 50
"""Lines of a row with stray quotation marks."""
_MAX_LINES_APART = 1000
"""Lines of a row that are kept one by one."""


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

    A row with stray quotation marks is mended where it can only be read in one way, else rejected alone.

    Raises:
        SourceError: If a row is too long, or too many quotation marks are left open.
    """
    csv.field_size_limit(_MAX_ROW_CHARACTERS)
    with open_text() as file:
        lines = _below(Lines(path, file), dialect.skipped)
        reader = _reader(lines, dialect)
        written = next(reader, [])
        lines.end_row()
        width, to_cells = len(written), cell_reader(tidy_headings(written))
        while True:
            try:
                for values in reader:
                    if len(values) > width:
                        values = _without_empty_end(values, width)
                    if any(map(str.strip, values)):
                        problem = _problem(values, written, lines.text())
                        cells = to_cells(values)
                        yield Record(lines.start, with_surplus(cells, values[width:]) if problem else cells, problem)
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


def _mended(lines: Lines, dialect: Dialect, width: int, to_cells: Callable[[Sequence[str]], dict[str, str]]) -> Record:
    """The present row, whose quotation marks are broken: read in the one way that gives it all of its cells."""
    start, text, count = lines.start, "", 0
    here = iter(list(islice(io.StringIO(lines.text(), newline=""), _MAX_MENDED_LINES)))
    for line in islice(chain(here, lines), _MAX_MENDED_LINES):
        if count and _is_row(line, dialect, width):
            break  # the quotation mark was meant to be closed before this row
        text, count = text + line, count + 1
        values = _split(text, dialect)
        if values is not None and len(values := _without_empty_end(values, width)) == width:
            lines.end_row_after(count)
            return Record(start, to_cells(values), _damage(text))
    first = io.StringIO(text, newline="").readline()
    lines.end_row_after(1)
    values = _without_empty_end(first.rstrip("\r\n").split(dialect.delimiter), width)
    if len(values) == width:  # the marks are no quotation marks
        return Record(start, to_cells([_without_lone_mark(value, dialect.quote) for value in values]), _damage(first))
    return Record(start, with_surplus(to_cells(values), values[width:]), "a quotation mark of the row is not closed")


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


@lru_cache
def _cell(delimiter: str, quote: str) -> re.Pattern[str]:
    """A cell with the delimiter after it; a quotation mark closes it only where it can end, not after a backslash."""
    mark, end = re.escape(quote), rf"(?:{re.escape(delimiter)}|\Z)"
    return re.compile(
        rf"{mark}(?P<quoted>(?:[^{mark}\\]|\\.|{mark}(?!{end}))*+){mark}(?P<end>{end})",
        re.DOTALL,
    )


def _split(text: str, dialect: Dialect) -> list[str] | None:
    """The cells of a row; None where a quotation mark is not closed."""
    text = text.rstrip("\r\n")
    pattern, values, place = _cell(dialect.delimiter, dialect.quote), [], 0
    while place <= len(text):
        if text.startswith(dialect.quote, place):
            match = pattern.match(text, place)
            if match is None:
                return None
            inner = match["quoted"].replace("\\" + dialect.quote, dialect.quote)
            values.append(inner.replace(dialect.quote * 2, dialect.quote))
            place = match.end() if match["end"] else len(text) + 1
        else:
            end = text.find(dialect.delimiter, place)
            end = len(text) if end < 0 else end
            values.append(text[place:end])
            place = end + 1
    return values
