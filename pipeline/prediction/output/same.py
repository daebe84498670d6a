"""Writes the table that came in with its categories: nothing but their column is another one.

Delimited tables, JSON and XML come back byte for byte but for that, workbooks as openpyxl keeps them.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.artifacts import atomic_path
from pipeline.data.sources import Layout
from pipeline.data.sources.files.base import Change, Record, fold_heading
from pipeline.data.sources.files.written import Written
from pipeline.data.sources.profiles.systems import GOOGLE, SHOPIFY
from pipeline.errors import InputError
from pipeline.prediction.output.parts import Parts
from pipeline.prediction.output.shops import Spelling, spelling_of, wanted_headings
from pipeline.prediction.output.tables import safe_cell, text_of

_LOG = logging.getLogger("pipeline.classify")
_ADDED = ("predicted_category", "predicted_category_id", "confidence", "accepted")
_ADDED_OF_GOOGLE = ("predicted_google_id", "predicted_google_category")
DECIDED_BY = "decided_by"
"""Column of `PREDICTIONS` that a review adds: "person", "assistant" or "model"."""


@dataclass(frozen=True)
class _Value:
    """What is written of a product.

    Attributes:
        cells: Of the columns that are there, by their number.
        new: Of the new ones.
        is_part: Whether the category is only the accepted part of a longer path; it replaces none that is there.
    """

    cells: Mapping[int, str]
    new: Sequence[str]
    is_part: bool = False


@dataclass(frozen=True)
class _Plan:
    """The cells to be written.

    Attributes:
        spellings: How the category is written into each column that is there, by its number from 0.
        added: New columns behind the last one: heading, and how a category is written there.
        is_shop: Whether the columns are those of a shop system, which accepted categories alone go into.
    """

    spellings: Mapping[int, Spelling]
    added: Mapping[str, Spelling]
    is_shop: bool

    def value(self, record: Mapping[str, Any], *, is_part: bool) -> _Value | None:
        """What is written of a product; None where it has nothing for some column."""
        there = {column: spell(record) for column, spell in self.spellings.items()}
        new = [spell(record) for spell in self.added.values()]
        if self.is_shop and None in (*there.values(), *new):
            return None
        cells = {column: safe_cell(value or "") for column, value in there.items()}
        return _Value(cells, [safe_cell(value or "") for value in new], is_part)


def _plan(layout: Layout, *, has_google: bool, of_google: bool, is_reviewed: bool) -> _Plan:
    """What is written where, in the words of the shop system that a table is of."""
    wanted = wanted_headings(layout, has_google=has_google, of_google=of_google)
    headings = layout.file.headings
    if wanted is None:
        names = (*_ADDED, *(_ADDED_OF_GOOGLE if has_google else ()), *((DECIDED_BY,) if is_reviewed else ()))
        return _Plan({}, {_free(name, headings): _PLAIN[name] for name in names}, is_shop=False)
    if wanted.there:
        return _Plan({headings.index(one): spelling_of(layout, one) for one in wanted.there}, {}, is_shop=True)
    return _Plan({}, {wanted.new: spelling_of(layout, wanted.new)}, is_shop=True)


_PLAIN: Mapping[str, Spelling] = {
    "predicted_category": lambda record: record["path"],
    "predicted_category_id": lambda record: record["category_id"],
    "confidence": lambda record: text_of(record["probabilities"][-1]) if record["probabilities"] else None,
    "accepted": lambda record: text_of(not record["needs_review"]),
    "predicted_google_id": lambda record: record["google_id"],
    "predicted_google_category": lambda record: record["google_path"],
    DECIDED_BY: lambda record: record[DECIDED_BY],
}


def _free(name: str, headings: Sequence[str]) -> str:
    """The name, with a number where a column has it already."""
    taken = {fold_heading(heading) for heading in headings}
    numbered = (name if number == 1 else f"{name}_{number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbered if fold_heading(one) not in taken)


def write_same(path: Path, layout: Layout, predictions: Parts, *, has_google: bool) -> None:
    """Write a table again with the categories of its products, atomically.

    Args:
        path: Of the result.
        layout: The table that came in; it can be written back.
        predictions: `PREDICTIONS` of its products, with `DECIDED_BY` after a review.
        has_google: Whether these have Google's categories.

    Raises:
        InputError: If a category has letters that the encoding of the table lacks.
    """
    written = layout.file.written
    of_google = any(
        (identifier or "").isdigit() for part in predictions for identifier in part["category_id"].to_pylist()
    )
    is_reviewed = DECIDED_BY in predictions.schema.names
    plan = _plan(layout, has_google=has_google, of_google=of_google, is_reviewed=is_reviewed)
    if layout.mapped.profile is GOOGLE and not plan.is_shop:
        _LOG.warning("%s: without --google-mapping its own column stays, and new ones are added", path.name)
    elif layout.mapped.profile is SHOPIFY and not plan.is_shop:
        _LOG.warning("%s: the taxonomy is Google's, so its own column stays, and new ones are added", path.name)
    values, kept, accepted = _values(plan, predictions)
    asked = _Values(layout, plan, values, kept)
    try:
        with atomic_path(path) as temporary, layout.file.pack(temporary) as file:
            if written is not None:
                _write_texts(file, written, plan, asked)
            else:
                assert layout.file.edited is not None
                layout.file.edited(file, asked.change)
    except UnicodeEncodeError as error:
        codec = error.encoding if written is None else written.encoding.codec
        raise InputError(
            f"A category holds {error.object[error.start : error.end]!r}, which the encoding of "
            f"{layout.file.path.name} ({codec}) lacks; give the command again with --format csv, which goes "
            "on from what is done and writes UTF-8."
        ) from error
    _LOG.info("%s: %s", path.name, _said(layout, plan, values, kept, accepted))


def _said(layout: Layout, plan: _Plan, values: Mapping[int, _Value], kept: Mapping[str, int], whole: int) -> str:
    """How many products have a category where, and why others have none."""
    columns = [layout.file.headings[column] for column in plan.spellings] or [*plan.added]
    in_part = sum(value.is_part for value in values.values())
    accepted = f", {in_part} of them down to the level that is accepted" if in_part else ""
    if not plan.is_shop:
        accepted = f", {whole} of them accepted"
    why = ", ".join(f"{number} {reason}" for reason, number in kept.items())
    rest = f"; {sum(kept.values())} keep what they had ({why})" if kept else ""
    return f"{len(values)} products have a category in {', '.join(columns)}{accepted}{rest}"


def _values(plan: _Plan, predictions: Parts) -> tuple[dict[int, _Value], Counter[str], int]:
    """What is written of each product by its line, how many have nothing by the reason, how many are accepted.

    Products of one category share what is written, so that a product of a shop takes a few bytes.
    """
    values: dict[int, _Value] = {}
    shared: dict[tuple[Any, ...], _Value] = {}
    kept: Counter[str] = Counter()
    accepted = 0
    for record in predictions.records():
        accepted += not record["needs_review"]
        is_part = plan.is_shop and record["needs_review"]
        if is_part and not record["accepted_path"]:
            kept["not accepted"] += 1
        elif (value := plan.value(_accepted_part(record) if is_part else record, is_part=is_part)) is not None:
            key = (*value.cells.values(), *value.new, is_part)
            values[record["line"]] = shared.setdefault(key, value)
        else:
            kept["without an id or a category of the mapping"] += 1
    return values, kept, accepted


def _accepted_part(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as if its path ended where it is no longer accepted."""
    names = {"path": "accepted_path", "category_id": "accepted_id"}
    names |= {"google_id": "accepted_google_id", "google_path": "accepted_google_path"}
    return {**record, **{name: record[part] for name, part in names.items()}}


class _Values:
    """What is written of each record of a table, asked for in the order of the file.

    Args:
        layout: The table.
        plan: What is written where.
        values: Of products, by the line of each; those that are not written in the end are taken out.
        kept: Counts these, by the reason.
    """

    def __init__(self, layout: Layout, plan: _Plan, values: dict[int, _Value], kept: Counter[str]) -> None:
        self._layout, self._values, self._kept = layout, values, kept
        self._groups: dict[str, _Value] = {}
        self._follows = layout.mapped.profile is not None and layout.mapped.profile.fold == "same"
        self._nothing = _Value({}, [""] * len(plan.added))
        self._held = {column: layout.file.headings[column] for column in plan.spellings}
        self._added = tuple(plan.added)

    def of(self, record: Record) -> _Value:
        """What is written of a record; nothing but empty new cells, in most."""
        old = {column: record.cells.get(name, "").strip() for column, name in self._held.items()}
        found = self._values.get(record.line)
        if found is not None and found.is_part and any(old.values()):
            del self._values[record.line]
            self._kept["accepted in part alone"] += 1
            found = None
        if self._follows and (group := self._layout.mapped.value(record.cells, "group").strip().casefold()):
            if found is not None:
                self._groups.setdefault(group, found)
            elif group in self._groups and not self._groups[group].is_part:
                # a variant or a photo: its category, where it has one, is that of the product
                cells = {column: value for column, value in self._groups[group].cells.items() if old[column]}
                found = _Value(cells, self._nothing.new)
        return found or self._nothing

    def leave(self, record: Record) -> None:
        """Count a record that cannot be changed."""
        if self._values.pop(record.line, None) is not None:
            self._kept["in a row with broken quotation marks"] += 1

    def change(self, record: Record) -> Change | None:
        """What is written of a record of a table that is not delimited."""
        value = self.of(record)
        if not (value.cells or any(value.new)):
            return None
        cells = {self._held[column]: text for column, text in value.cells.items()}
        return Change(cells, dict(zip(self._added, value.new, strict=True)))


def _texts(written: Written, plan: _Plan, values: _Values) -> Iterator[str]:
    """The rows as they are written; those too damaged to tell their cells stay as they came."""
    for row in written.rows():
        if row.is_headings:
            yield (written.rewrite(row, {}, list(plan.added)) if plan.added else None) or row.text
            continue
        if row.record is None:
            yield row.text
            continue
        value = values.of(row.record)
        text = written.rewrite(row, value.cells, value.new) if value.cells or value.new else row.text
        if text is None:
            values.leave(row.record)
        yield row.text if text is None else text


def _write_texts(file: BinaryIO, written: Written, plan: _Plan, values: _Values) -> None:
    file.write(written.encoding.mark)
    for text in _texts(written, plan, values):
        file.write(written.encoding.encode(text))
