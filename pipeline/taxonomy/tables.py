"""Tables of categories: a CSV whose rows have an id, that of the parent and a name, or an id and a whole path."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError

_ID = ("id", "category_id", "categoryid", "code")
_PARENT = ("parent", "parent_id", "parentid", "parent_category_id")
_NAME = ("name", "category_name", "category", "title")
_PATH = ("path", "full_name", "full_path", "category_path")
_SEPARATORS = ("\t", ";", ",", "|")
_LEVELS = ">»›→＞"
_NO_PARENT = frozenset(("", "0", "-1", "null", "none"))


@dataclass(frozen=True)
class TableEntry:
    """A category of a table, its path put together from the names of its parents."""

    place: str
    id: str
    path: str


@dataclass(frozen=True)
class _Row:
    place: str
    parent: str
    name: str


@dataclass(frozen=True)
class _Layout:
    """Where the columns of a table are; `parent` and `name` are -1 where it has whole paths, and the reverse."""

    separator: str
    id: int
    parent: int = -1
    name: int = -1
    path: int = -1


def is_table(heading: str) -> bool:
    """Whether a line is the heading of such a table."""
    return _layout(heading) is not None


def parse_table(lines: Sequence[str], skipped: int = 0) -> list[TableEntry]:
    """The categories of a table, in its order.

    Args:
        lines: The heading (`is_table`) and all that follows it.
        skipped: Lines of the file before the heading, for messages.

    Raises:
        InputError: Half a sentence that begins with the line, if a row is not as the heading says.
    """
    layout = _layout(lines[0])
    assert layout is not None
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=layout.separator, strict=True)
    whole = layout.path >= 0
    rows: dict[str, _Row] = {}
    begun = 0
    try:
        next(reader)
        begun = reader.line_num
        for cells in reader:
            place, begun = f"line {skipped + begun + 1}", reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            identifier = _cell(cells, layout.id, "id", place)
            if identifier in rows:
                raise InputError(f"{place}: the id '{identifier}' stands on {rows[identifier].place} too; delete one")
            name = _cell(cells, layout.path if whole else layout.name, "path" if whole else "name", place)
            parent = "" if whole else cells[layout.parent].strip() if layout.parent < len(cells) else ""
            rows[identifier] = _Row(place, parent, name)
    except csv.Error as error:
        raise InputError(f"line {skipped + begun + 1}: {error}; mend its quotes") from error
    if whole:
        return [TableEntry(row.place, identifier, row.name) for identifier, row in rows.items()]
    return [TableEntry(row.place, identifier, _path(identifier, rows)) for identifier, row in rows.items()]


def _layout(heading: str) -> _Layout | None:
    for separator in _SEPARATORS:
        names = [cell.strip().strip('"').casefold() for cell in heading.split(separator)]
        found = {key: _column(names, known) for key, known in (("id", _ID), ("path", _PATH))}
        tree = {key: _column(names, known) for key, known in (("parent", _PARENT), ("name", _NAME))}
        if found["id"] < 0:
            continue
        if min(tree.values()) >= 0:
            return _Layout(separator, found["id"], **tree)
        if found["path"] >= 0:
            return _Layout(separator, **found)
    return None


def _column(names: Sequence[str], known: Sequence[str]) -> int:
    """Position of the column that is called one of `known`, the first of these that there is; -1 for none."""
    return next((names.index(name) for name in known if name in names), -1)


def _cell(cells: Sequence[str], column: int, name: str, place: str) -> str:
    text = cells[column].strip() if column < len(cells) else ""
    if not text:
        raise InputError(f"{place}: the column '{name}' is empty; fill it in or delete the line")
    return text


def _path(identifier: str, rows: Mapping[str, _Row]) -> str:
    """Names from the top level down to a category.

    Raises:
        InputError: If a parent is missing, parents run in a circle, or a name would read as several levels.
    """
    names: list[str] = []
    row, seen = rows[identifier], {identifier}
    while True:
        if split := next((sign for sign in _LEVELS if sign in row.name), ""):
            raise InputError(f"{row.place}: the name '{row.name}' has '{split}', which separates levels; write another")
        names.append(row.name)
        parent = row.parent
        if parent not in rows and parent.casefold() in _NO_PARENT:
            return " > ".join(reversed(names))
        if parent not in rows:
            raise InputError(f"{row.place}: the parent '{parent}' has no line; add it, or leave the parent empty")
        if parent in seen:
            raise InputError(f"{row.place}: the category is below itself, through '{parent}'; give it another parent")
        seen.add(parent)
        row = rows[parent]
