"""Where the cells of a row are in its text, of a sound row and of one with broken quotation marks."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.data.sources.files.dialect import Dialect


@lru_cache
def _sound_cell(delimiter: str, quote: str) -> re.Pattern[str]:
    """A quoted cell with the delimiter after it, as `csv` reads it."""
    mark, end = re.escape(quote), _end(delimiter)
    return re.compile(rf"{mark}(?:[^{mark}]|{mark}{mark})*+{mark}(?P<end>{end})")


@lru_cache
def _broken_cell(delimiter: str, quote: str) -> re.Pattern[str]:
    """A cell with the delimiter after it; a quotation mark closes it only where it can end, not after a backslash."""
    mark, end = re.escape(quote), _end(delimiter)
    return re.compile(rf"{mark}(?:[^{mark}\\]|\\.|{mark}(?!{end}))*+{mark}(?P<end>{end})", re.DOTALL)


def _end(delimiter: str) -> str:
    return rf"(?:{re.escape(delimiter)}|\Z)"


def sound_places(body: str, dialect: Dialect) -> list[slice] | None:
    """Where the cells of a sound row are, quotation marks included; None where one is not closed.

    Args:
        body: The row without the end of its last line.
        dialect: Of the table.
    """
    return _places(body, dialect, _sound_cell(dialect.delimiter, dialect.quote))


def mended_places(body: str, dialect: Dialect) -> list[slice] | None:
    """Where the cells of a row with stray quotation marks are; None where one is not closed."""
    return _places(body, dialect, _broken_cell(dialect.delimiter, dialect.quote))


def plain_places(body: str, dialect: Dialect) -> list[slice]:
    """Where the cells of a row are whose quotation marks are none."""
    places, start = [], 0
    for cell in body.split(dialect.delimiter):
        places.append(slice(start, start + len(cell)))
        start += len(cell) + 1
    return places


def _places(body: str, dialect: Dialect, pattern: re.Pattern[str]) -> list[slice] | None:
    places, place = [], 0
    while place <= len(body):
        if body.startswith(dialect.quote, place):
            match = pattern.match(body, place)
            if match is None:
                return None
            places.append(slice(place, match.start("end")))
            place = match.end() if match["end"] else len(body) + 1
        else:
            end = body.find(dialect.delimiter, place)
            end = len(body) if end < 0 else end
            places.append(slice(place, end))
            place = end + 1
    return places


def without_quotes(cell: str, quote: str) -> str:
    """The value of a cell with stray quotation marks."""
    return cell[1:-1].replace("\\" + quote, quote).replace(quote * 2, quote) if cell.startswith(quote) else cell
