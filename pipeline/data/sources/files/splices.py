"""Changes in the text of JSON: where each object and each of its values stands, so that all else stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.data.sources.files.base import Change

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Spans:
    """Where an object of JSON stands in its text.

    Attributes:
        value: The object.
        start: Of its first brace.
        members: Start and end of each value, by its name.
    """

    value: dict[str, Any]
    start: int
    members: Mapping[str, tuple[int, int]]


def locate(text: str) -> tuple[Any, dict[int, Spans]]:
    """The value of a JSON text, and the places of all objects in it by their `id`.

    Raises:
        ValueError, IndexError, RecursionError: If it is no JSON.
    """
    found: dict[int, Spans] = {}
    value, _ = _value(text, _skipped(text, 0), found)
    return value, found


def splice(text: str, spans: Spans, change: Change, names: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """The changes of one object as (start, end, new text).

    Args:
        text: In which it stands.
        spans: Of the object.
        change: Of its record.
        names: Name of a value by the heading of its record, where the two differ.
    """
    changes: list[tuple[int, int, str]] = []
    added: dict[str, str] = {}
    for heading, value in (*change.cells.items(), *((name, value) for name, value in change.new.items() if value)):
        name = names.get(heading) or next((one for one in spans.members if one.strip() == heading), heading)
        if name in spans.members:
            start, end = spans.members[name]
            changes.append((start, end, _written(text, [value] if text[start] == "[" else value)))
        elif value:
            added[name] = value
    return [*changes, *_additions(text, spans, added)]


def spliced(text: str, changes: list[tuple[int, int, str]]) -> str:
    """The text with its changes, none of which overlap."""
    parts, place = [], 0
    for start, end, new in sorted(changes):
        parts += [text[place:start], new]
        place = end
    return "".join((*parts, text[place:]))


def _value(text: str, place: int, found: dict[int, Spans]) -> tuple[Any, int]:
    """The value at a place, and where it ends."""
    if text[place] == "{":
        return _object(text, place, found)
    if text[place] != "[":
        return _DECODER.raw_decode(text, place)
    values: list[Any] = []
    place = _skipped(text, place + 1)
    while text[place] != "]":
        value, place = _value(text, place, found)
        values.append(value)
        place = _behind(text, place, "]")
    return values, place + 1


def _object(text: str, start: int, found: dict[int, Spans]) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    members: dict[str, tuple[int, int]] = {}
    place = _skipped(text, start + 1)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        first = _skipped(text, _skipped(text, place) + 1)
        values[name], place = _value(text, first, found)
        members[name] = (first, place)
        place = _behind(text, place, "}")
    found[id(values)] = Spans(values, start, members)
    return values, place + 1


def _behind(text: str, place: int, end: str) -> int:
    """Where the next value begins, or where the list or the object ends."""
    place = _skipped(text, place)
    if text[place] == ",":
        return _skipped(text, place + 1)
    if text[place] != end:
        raise ValueError(f"character {place} is neither a comma nor '{end}'")
    return place


def _skipped(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    assert match is not None
    return match.end()


def _written(text: str, value: Any) -> str:
    """A new value, in the way of the text: escaped where that has no letters beyond ASCII."""
    return json.dumps(value, ensure_ascii=text.isascii())


def _additions(text: str, spans: Spans, added: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """New values behind the last one of an object, with the spaces that stand between the others."""
    if not added:
        return []
    if not spans.members:
        inside = ", ".join(f"{_written(text, name)}: {_written(text, value)}" for name, value in added.items())
        return [(spans.start + 1, spans.start + 1, inside)]
    places = sorted(spans.members.values())
    colon = ": " if text[places[0][0] - 1] == " " else ":"
    before = text[spans.start + 1 : text.index('"', spans.start)]
    between = f",{before}" if "\n" in before else ", " if colon == ": " else ","
    new = "".join(f"{between}{_written(text, name)}{colon}{_written(text, value)}" for name, value in added.items())
    return [(places[-1][1], places[-1][1], new)]
