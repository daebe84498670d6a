"""How shop systems want a category: in which column of their tables, and as a path, an id or a number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.data.sources import Layout
from pipeline.data.sources.files.base import fold_heading
from pipeline.data.sources.profiles.systems import GOOGLE, SHOPIFY, WOOCOMMERCE, Profile

Spelling = Callable[[Mapping[str, Any]], str | None]
"""The category of a record of `PREDICTIONS` as a column wants it; None where it has none of that kind."""
SHOPIFY_CATEGORY = "gid://shopify/TaxonomyCategory/"
_OF_GOOGLE = frozenset(("google shopping / google product category",))
"""Columns of Shopify that hold Google's categories."""
_ID = re.compile(r"gid://\S+|[a-z]{2}(?:-\d+)+", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """Where a shop system wants the category of a product.

    Attributes:
        there: Headings of the table that hold it.
        new: Heading of the column that is added where there is none.
    """

    there: tuple[str, ...]
    new: str


def wanted_headings(layout: Layout, *, has_google: bool, of_google: bool) -> Wanted | None:
    """Where the system of a table wants the category; None for a plain table, and for systems with trees of their own.

    Args:
        layout: Of the table.
        has_google: Whether a mapping gives Google's categories.
        of_google: Whether the taxonomy itself is Google's. A feed of Google without any of them is a plain table, and
            so is an export of Shopify with no others.
    """
    profile, mapped = layout.mapped.profile, layout.mapped.columns.get("ground_truth_category", ())
    if profile is None or profile.kind not in _NEW:
        return None
    if (profile is GOOGLE and not (has_google or of_google)) or (profile is SHOPIFY and of_google):
        return None
    there = tuple(heading for heading in mapped if fold_heading(heading) not in _OF_GOOGLE)
    return Wanted(there or _present(layout, profile), _new_heading(layout, profile))


_NEW = {SHOPIFY.kind: "Product Category", WOOCOMMERCE.kind: "Categories", GOOGLE.kind: "google_product_category"}
"""Systems whose categories are known, with the heading of their column."""


def _present(layout: Layout, profile: Profile) -> tuple[str, ...]:
    """Headings of categories that a column map left out."""
    names = set(profile.columns["ground_truth_category"]) - _OF_GOOGLE
    return tuple(heading for heading in layout.file.headings if fold_heading(heading) in names)[:1]


def _new_heading(layout: Layout, profile: Profile) -> str:
    present_template = any(fold_heading(heading) == "url handle" for heading in layout.file.headings)
    return "Product category" if profile.kind == SHOPIFY.kind and present_template else _NEW[profile.kind]


def spelling_of(layout: Layout, heading: str) -> Spelling:
    """How the category is written into a column: as what is there, where something is."""
    profile = layout.mapped.profile
    assert profile is not None
    if profile.kind == WOOCOMMERCE.kind:
        return lambda record: record["path"].replace("\\", "\\\\").replace(",", "\\,")
    held = _held(layout, heading)
    if profile.kind == GOOGLE.kind:
        return google_path if held == "path" else google_number
    if fold_heading(heading) == "category: id" or held == "short id":
        return _short_id
    return (lambda record: record["category_id"]) if held == "id" else (lambda record: record["path"])


def _held(layout: Layout, heading: str) -> str:
    """What most cells of a column are: "path", "id", "short id", "number"; "" where all are empty."""
    kinds: Counter[str] = Counter()
    for record in layout.file.read():
        if cell := record.cells.get(heading, "").strip():
            kinds[_kind(cell)] += 1
    return kinds.most_common(1)[0][0] if kinds else ""


def _kind(cell: str) -> str:
    if cell.isdigit():
        return "number"
    if _ID.fullmatch(cell):
        return "id" if "://" in cell else "short id"
    return "path"


def _short_id(record: Mapping[str, Any]) -> str | None:
    identifier: str | None = record["category_id"]
    return None if identifier is None else identifier.rsplit("/", 1)[-1]


def google_number(record: Mapping[str, Any]) -> str | None:
    """Number of Google's category: of the mapping, else of the taxonomy where that is Google's."""
    found: str | None = record["google_id"] or record["category_id"]
    return found if found is not None and found.isdigit() else google_path(record)


def google_path(record: Mapping[str, Any]) -> str | None:
    """Path of Google's category: of the mapping, else of the taxonomy where that is Google's."""
    of_taxonomy = record["path"] if (record["category_id"] or "").isdigit() else None
    return record["google_path"] or of_taxonomy
