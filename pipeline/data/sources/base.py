"""Rows of all sources: raw rows, and bad rows with a reason; no row is dropped silently."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol, get_args

from pipeline.errors import UserError
from pipeline.types import Split

COLUMNS = (
    "product_title",
    "product_description",
    "product_image",
    "potential_product_categories",
    "ground_truth_category",
    "ground_truth_brand",
    "ground_truth_is_secondhand",
    "source",
    "language",
    "product_type",
    "tags",
    "collections",
    "options",
)
"""The input schema: that of Shopify/product-catalogue, then what shops say besides.

A source needs a title, a description or an image of these.
"""
CONTENT_COLUMNS = COLUMNS[:3]

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "heldout": "heldout",
    "heldout-source": "heldout-source",
}
"""Our name of a split by the source's name; all others are read as train."""

SPLIT_ORDER: tuple[Split, ...] = get_args(Split)


class SourceError(UserError):
    """A source cannot be read; one sentence says what, where, and what to do."""


class UnknownHeadingError(SourceError):
    """A column map names headings that a source does not have.

    Attributes:
        headings: Those.
    """

    def __init__(self, message: str, headings: Sequence[str]) -> None:
        super().__init__(message)
        self.headings = frozenset(headings)


@dataclass(frozen=True)
class RawRow:
    """One row of a source, as given.

    Attributes:
        split: Our name of it (`types.Split`).
        row: Number of the row in its split, from 0.
        title: As given.
        description: As given; may hold markup.
        image: Bytes of a photo's file, None if there is none.
        more_images: Of further photos, in the order of the source.
        candidates: Category paths as given.
        category: The true path as given, None if unknown.
        brand: As given, "" if unknown.
        is_secondhand: None if unknown.
        product_id: The source's own id, None if it has none.
        source: Whole sources can be held out and are measured on their own; "" until `named` gives it.
        language: As given, "" if unknown.
        product_type: The shop's own label of the kind of product, as given; several are on lines of their own.
        tags: As given.
        collections: As given.
        options: What variants differ in, as in "Color: Red, Blue", each on a line of its own.
        other_categories: More paths that the source gives the product, as given, the best first.
        note: Why the photo is missing although the source names one.
        notes: Other losses in reading the row; equal ones are counted.
        line: Line of the table in which the product's own row begins, from 1 (of a sheet or a list: its number); 0
            where it is of no table.
    """

    split: str
    row: int
    title: str
    description: str
    image: bytes | None
    candidates: list[str]
    category: str | None
    brand: str
    is_secondhand: bool | None
    product_id: str | None = None
    source: str = ""
    language: str = ""
    product_type: str = ""
    tags: str = ""
    collections: str = ""
    options: str = ""
    other_categories: tuple[str, ...] = ()
    note: str = ""
    notes: tuple[str, ...] = ()
    line: int = 0
    more_images: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be a product, kept with the reason."""

    split: str
    row: int
    reason: str
    raw: Mapping[str, Any]


Item = RawRow | BadRow


class Reader(Protocol):
    """Starts a new pass over some rows."""

    def __call__(self, start: int = 0) -> Iterator[Item]:
        """The rows from number `start` on; no photo of those before it is read."""


@dataclass(frozen=True)
class Part:
    """One split of a source.

    Attributes:
        split: Our name of it.
        rows: Number of rows.
        read: Starts a new pass over its rows.
    """

    split: str
    rows: int
    read: Reader


@dataclass(frozen=True)
class Source:
    """An opened source; iterating reads it once more from the start.

    Attributes:
        name: For messages.
        kind: Of the source: "hub", "dataset", "table", "shopify-export" or "catalog".
        parts: Its splits, train first.
        limit: Rows read of each split at most, 0 for all.
    """

    name: str
    kind: str
    parts: Sequence[Part]
    limit: int = 0

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(dict.fromkeys(part.split for part in self.parts))

    @property
    def total(self) -> int:
        """Rows that iterating gives."""
        return sum(min(part.rows, self.limit) if self.limit else part.rows for part in self.parts)

    def __iter__(self) -> Iterator[Item]:
        for part in self.parts:
            yield from islice(part.read(), self.limit or None)

    def whole(self, start: int = 0) -> Iterator[Item]:
        """The rows of all parts, without the limit, from number `start` on, as `Reader` has it."""
        for part in self.parts:
            if start < part.rows:
                yield from part.read(start)
            start = max(0, start - part.rows)


def named(source: Source, name: str) -> Source:
    """The source with a name for the rows that name no source of their own."""
    parts = [replace(part, read=functools.partial(_with_name, part, name)) for part in source.parts]
    return replace(source, parts=parts)


def _with_name(part: Part, name: str, start: int = 0) -> Iterator[Item]:
    for item in part.read(start):
        yield item if isinstance(item, BadRow) or item.source else replace(item, source=name)


def join_sources(sources: Sequence[Source]) -> Source:
    """Join several sources; the rows of a split are numbered consecutively, in the order of the sources.

    A validation or held-out split that only some of them have counts as train, so that one is later cut from all of
    them: else rows of the others would take no part in selection or in tests on unseen categories. A test split stays.
    """
    shared = set.intersection(*(set(source.splits) for source in sources)) | {"test"}
    parts = []
    for split in SPLIT_ORDER:
        before = 0
        for part in (part for source in sources for part in source.parts):
            if (part.split if part.split in shared else "train") == split:
                parts.append(Part(split, part.rows, functools.partial(_renumbered, part, split, before)))
                before += part.rows
    kinds = dict.fromkeys(source.kind for source in sources)
    return Source(" + ".join(source.name for source in sources), ", ".join(kinds), parts, sources[0].limit)


def _renumbered(part: Part, split: str, before: int, start: int = 0) -> Iterator[Item]:
    for item in part.read(start):
        yield replace(item, split=split, row=item.row + before)


def split_name(name: str) -> str:
    """Our name of a split; "train" for an unknown one."""
    return SPLIT_NAMES.get(name.strip().lower(), "train")
