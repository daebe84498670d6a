"""Finds how a text table is written: its delimiter, its quotation mark, and the row that holds the headings."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass

from pipeline.data.sources.files.base import fold_heading

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
"""Those that are tried, with their names for people; the first one wins a tie."""
_SEPARATOR_LINE = re.compile(r'^\ufeff?"?sep=(.)"?\s*$', re.IGNORECASE)
_MAX_HEADING_ROW = 40
_MAX_ROWS = 300


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes:
        delimiter: Between cells.
        quote: Around cells that hold a delimiter.
        skipped: Lines above the headings.
    """

    delimiter: str
    quote: str = '"'
    skipped: int = 0

    @property
    def name(self) -> str:
        """The dialect in words, for the log."""
        named = DELIMITERS.get(self.delimiter, repr(self.delimiter))
        quoting = "" if self.quote == '"' else f", quoted by {self.quote}"
        return f"separated by {named}{quoting}, headings in line {self.skipped + 1}"


@dataclass(frozen=True)
class _Guess:
    """A delimiter with what speaks for it; the largest one is taken.

    Attributes:
        known: Cells of the heading row that are known headings.
        even: Share of the rows that are as wide as the headings; 0 where there is one column only.
        dialect: With this delimiter.
    """

    known: int
    even: float
    dialect: Dialect


def find_heading(rows: Sequence[Sequence[str]], known: Container[str]) -> int:
    """Position of the row that holds the headings: the one with most known ones, else the first that is wide enough.

    Args:
        rows: The first rows of a table.
        known: Headings that mean something, as `fold_heading` gives them.
    """
    rows = rows[:_MAX_HEADING_ROW]
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    scores = [_known(row, known) for row in rows]
    likely = [place for place in range(len(rows)) if _is_heading(place, filled, scores)]
    if likely:
        place = max(likely, key=lambda place: scores[place])
        while scores[place] > 1 and scores[place + 1 : place + 2] == [scores[place]] and place + 1 in likely:
            place += 1  # two rows of headings, for people and for programs: the latter is the lower one
        return place
    usual = Counter(count for count in filled if count).most_common(1)
    enough = 0.6 * usual[0][0] if usual else 0
    return next((place for place, count in enumerate(filled) if count and count >= enough), 0)


def _is_heading(place: int, filled: Sequence[int], scores: Sequence[int]) -> bool:
    """Whether a row can hold the headings: no row above is as wide, or most of its cells are known headings."""
    if not scores[place]:
        return False
    most = scores[place] >= 3 and scores[place] * 2 >= filled[place]
    return most or all(count < filled[place] for count in filled[:place])


def _known(row: Sequence[str], known: Container[str]) -> int:
    return len({folded for cell in row if (folded := fold_heading(cell[:100])) in known})


def find_dialect(sample: str, known: Container[str], delimiter: str = "", usual: str = ",") -> Dialect:
    """The dialect of a text table.

    Args:
        sample: Its first lines, whole ones.
        known: Headings that mean something, as `fold_heading` gives them.
        delimiter: The one that people name; "" finds it.
        usual: Wins where nothing speaks for another one.
    """
    first, _, rest = sample.partition("\n")
    skipped = 0
    if separator := _SEPARATOR_LINE.match(first.rstrip("\r")):
        sample, skipped, delimiter = rest, 1, delimiter or separator[1]
    quote = "'" if re.match(r"\s*'[^'\n]*'[,;\t|]'", sample) else '"'
    candidates = [delimiter] if delimiter else sorted(DELIMITERS, key=lambda mark: mark != usual)
    guesses = [_guess(sample, mark, quote, skipped, known) for mark in candidates]
    return max(guesses, key=lambda guess: (guess.known, guess.even)).dialect


def _guess(sample: str, delimiter: str, quote: str, skipped: int, known: Container[str]) -> _Guess:
    rows: list[list[str]] = []
    starts: list[int] = []
    start = 0
    reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter, quotechar=quote)
    try:
        for row in reader:
            rows.append(row)
            starts.append(start)
            start = reader.line_num
            if len(rows) == _MAX_ROWS:
                break
    except csv.Error:  # a cell too large: what came before it decides
        pass
    if not rows:
        return _Guess(0, 0.0, Dialect(delimiter, quote, skipped))
    place = find_heading(rows, known)
    width = len(rows[place])
    below = [row for row in rows[place + 1 :] if row]
    even = sum(len(row) == width for row in below) / len(below) if below else 0.5
    dialect = Dialect(delimiter, quote, skipped + starts[place])
    return _Guess(_known(rows[place], known), even if width > 1 else 0.0, dialect)
