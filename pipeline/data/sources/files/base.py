"""Records of a table file, whatever its format, and how people say which format it is."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pipeline.data.sources.base import SourceError

if TYPE_CHECKING:
    from pipeline.data.sources.files.written import Written

LIST_SEPARATOR = "\n"
"""Between the values of a cell that is a list in its file (JSON, XML); no name of a photo or category holds one."""
SURPLUS = "(beyond the headings)"
"""Name of the cells of a rejected row that have no heading."""
MAX_MEMORY_BYTES = 256 * 2**20
"""Of a file, or a part of one, that is in memory as a whole."""
MAX_UNPACKED_BYTES = 8 * 2**30
"""Of a packed file, which is unpacked while it is read."""
_MAX_NAMED = 5
"""Rows that cannot be read that the log names."""
_LOG = logging.getLogger(__name__)
_SPACE = re.compile(r"[\s_\-\u200b\ufeff]+")


@dataclass(frozen=True)
class Format:
    """What people say about a file; what they leave open is found out.

    Attributes:
        encoding: Name of a codec of Python; "" finds it.
        delimiter: One character; "" finds it.
    """

    encoding: str = ""
    delimiter: str = ""


ANY_FORMAT = Format()
"""Nothing is said about the file."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table file.

    Attributes:
        line: Line of the file in which it begins (of a sheet or a list: its number), from 1.
        cells: Texts by heading, the first filled one where a heading is there twice.
        problem: Why it cannot be read; "" for a sound row.
    """

    line: int
    cells: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True)
class Change:
    """New values of a record.

    Attributes:
        cells: By the heading of a column that there is.
        new: By the heading of a column that is added; the same ones in each change of a file.
    """

    cells: Mapping[str, str]
    new: Mapping[str, str]


Edit = Callable[[Record], Change | None]
"""What is changed of a record, None for nothing; records are asked for in the order of the file."""


@dataclass(frozen=True)
class TableFile:
    """An opened table file.

    Attributes:
        path: For messages.
        headings: In the order of the file, as written there but for spaces around them.
        form: How it is read, for the log: encoding, delimiter, line of the headings.
        read: Starts a new pass over its rows; empty ones are left out.
        written: How a delimited table is written, None for all others.
        edited: Writes a table of another format again with other values in some of its records; None where that cannot
            be done.
        pack: Opens a new file, packed like the table's.
    """

    path: Path
    headings: tuple[str, ...]
    form: str
    read: Callable[[], Iterator[Record]] = field(repr=False)
    written: Written | None = field(default=None, repr=False)
    edited: Callable[[BinaryIO, Edit], None] | None = field(default=None, repr=False)
    pack: Callable[[Path], AbstractContextManager[BinaryIO]] = field(default=lambda path: path.open("wb"), repr=False)


class Problems:
    """Counts the rows of a file that cannot be read, and says in one line of the log where the first ones are."""

    def __init__(self, file: TableFile) -> None:
        self._file, self._count = file, 0
        self._first: list[str] = []

    def noted(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records, as they are."""
        for record in records:
            if record.problem:
                self._count += 1
                if len(self._first) < _MAX_NAMED:
                    self._first.append(f"line {record.line}: {record.problem}")
            yield record

    def warn(self) -> None:
        """Name the first rows in the log, if there are any."""
        if self._count:
            more = f", and {self._count - len(self._first)} more" if self._count > len(self._first) else ""
            first = "; ".join(self._first)
            _LOG.warning("%s: %d rows cannot be read: %s%s", self._file.path.name, self._count, first, more)


def fold_heading(heading: str) -> str:
    """The heading without the differences that mean nothing: case, width, spaces, "_" and "-"."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", heading).casefold()).strip(" :*")


def cell_reader(headings: Sequence[str]) -> Callable[[Sequence[str]], dict[str, str]]:
    """How the values of a row become cells by heading; columns without a heading are left out."""
    if all(headings) and len(set(headings)) == len(headings):
        return lambda values: dict(zip(headings, values, strict=False))

    def read(values: Sequence[str]) -> dict[str, str]:
        cells: dict[str, str] = {}
        for heading, value in zip(headings, values, strict=False):
            if heading and not cells.get(heading, "").strip():
                cells[heading] = value
        return cells

    return read


def with_surplus(cells: Mapping[str, str], surplus: Iterable[str]) -> dict[str, str]:
    """The cells of a row that is rejected, with those beyond the headings, so that nothing of it is lost."""
    more = LIST_SEPARATOR.join(surplus)
    return {**cells, SURPLUS: more} if more else dict(cells)


def tidy_headings(values: Sequence[str]) -> tuple[str, ...]:
    """Headings without the spaces around them, which no column map repeats."""
    return tuple(value.strip().strip("\ufeff") for value in values)


def to_text(value: Any) -> str:
    """A value of JSON or of a spreadsheet as the text of a cell; lists are joined by `LIST_SEPARATOR`."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if value != value else str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    if isinstance(value, Iterable):
        return LIST_SEPARATOR.join(text for item in value if (text := to_text(item)))
    return str(value)


def unreadable(path: Path, error: Exception, advice: str) -> SourceError:
    """Error for a file that cannot be opened, or that is damaged; `advice` ends the sentence."""
    if isinstance(error, OSError) and error.strerror:
        return SourceError(f"{path} cannot be read ({error.strerror}); check its permissions.")
    return SourceError(f"{path} cannot be read ({error}); {advice}.")
