"""Tables of products: CSV, JSON, XML or XLSX, with headings of their own or those of a shop system's export."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.data.sources.base import SPLIT_ORDER, Item, Part, Source, split_name
from pipeline.data.sources.files import ANY_FORMAT, Format, Problems, TableFile, open_table_file
from pipeline.data.sources.folding import bad_row, folded_part
from pipeline.data.sources.photos import PhotoFinder
from pipeline.data.sources.products import ONE_CATEGORY, product_item
from pipeline.data.sources.profiles.mapping import Mapped, known_headings, map_columns
from pipeline.data.sources.profiles.options import options_text
from pipeline.data.sources.profiles.systems import SHOPIFY

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Layout:
    """A table file with what its headings mean."""

    file: TableFile
    mapped: Mapped


def open_layout(path: Path, renamed: Mapping[str, str], kind: str = "auto", form: Format = ANY_FORMAT) -> Layout:
    """Open a table and find what its headings mean; the arguments are those of `open_table`."""
    file = open_table_file(path, form, known_headings(renamed))
    required = SHOPIFY if kind == "shopify-export" else None
    return Layout(file, map_columns(path, file.headings, renamed, required, plain=kind == "table"))


def open_table(
    path: Path,
    renamed: Mapping[str, str],
    photos_in: Callable[[Path | None], PhotoFinder],
    limit: int,
    kind: str = "auto",
    form: Format = ANY_FORMAT,
) -> Source:
    """A table; the log says in one line how it is read.

    Args:
        path: The file.
        renamed: The heading of each column of ours (also "product_id" and "split"), where they differ.
        photos_in: Finds the photos that the table names, in a folder where none was named: that of a plain table, none
            for an export, whose URLs may end like any file beside it.
        limit: Rows of each split, 0 for all.
        kind: "table" for a plain table, "shopify-export", or "auto" for what the headings say.
        form: Encoding and delimiter, where they are known.
    """
    layout = open_layout(path, renamed, kind, form)
    file, mapped = layout.file, layout.mapped
    photos = photos_in(None if mapped.profile else path.parent)
    if mapped.profile is not None and mapped.profile.fold:
        parts = [folded_part(file, mapped, photos)]
    else:
        mapped, counts = _survey(file, mapped)
        order = sorted(counts, key=SPLIT_ORDER.index)
        parts = [Part(one, counts[one], functools.partial(_read, file, mapped, photos, one)) for one in order]
    _LOG.info("%s: %s; %s", path.name, file.form, mapped.said)
    return Source(str(path), mapped.profile.kind if mapped.profile else "table", parts, limit)


def _survey(file: TableFile, mapped: Mapped) -> tuple[Mapped, dict[str, int]]:
    """The rows of each split; a guessed column of ids counts only where each row has one of its own."""
    guesses = mapped.columns.get("product_id", ()) if "product_id" in mapped.guessed else ()
    seen: dict[str, set[str]] = {heading: set() for heading in guesses}
    counts: dict[str, int] = {}
    problems = Problems(file)
    for record in problems.noted(file.read()):
        name = split_name(mapped.value(record.cells, "split"))
        counts[name] = counts.get(name, 0) + 1
        for heading in tuple(seen):
            identifier = record.cells.get(heading, "").strip()
            if not record.problem and (not identifier or identifier in seen[heading]):
                del seen[heading]
            else:
                seen[heading].add(identifier)
    problems.warn()
    if not guesses:
        return mapped, counts
    others = {name: headings for name, headings in mapped.columns.items() if name != "product_id"}
    ids = {"product_id": (next(iter(seen)),)} if seen else {}
    return replace(mapped, columns={**ids, **others}), counts


def _read(file: TableFile, mapped: Mapped, photos: PhotoFinder, split: str, start: int = 0) -> Iterator[Item]:
    number, has_splits = 0, "split" in mapped.columns
    cells = mapped.profile.categories if mapped.profile else ONE_CATEGORY
    for record in file.read():
        if has_splits and split_name(mapped.value(record.cells, "split")) != split:
            continue
        if number < start:
            pass
        elif record.problem:
            yield bad_row(split, number, record)
        else:
            values = {name: mapped.value(record.cells, name) for name in mapped.columns}
            values["options"] = options_text(mapped.options, record.cells)
            yield product_item(split, number, values, photos, cells, record.line)
        number += 1
