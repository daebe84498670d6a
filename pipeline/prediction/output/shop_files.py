"""Files that bring categories into a shop: a bulk operation of Shopify, a supplemental feed of Google."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.data.sources import Layout
from pipeline.data.sources.files.base import fold_heading
from pipeline.data.sources.profiles.systems import SHOPIFY
from pipeline.errors import InputError
from pipeline.prediction.output.parts import Parts
from pipeline.prediction.output.shops import SHOPIFY_CATEGORY, google_number
from pipeline.prediction.output.tables import safe_cell, write_delimited, write_lines

_LOG = logging.getLogger("pipeline.classify")
_PRODUCT = "gid://shopify/Product/"
_PRODUCT_ID = re.compile(rf"(?:{_PRODUCT})?(?P<number>\d+)")
_ID_HEADINGS = ("id", "product id", "product gid", "admin graphql api id")


def check_bulk(layout: Layout | None, ids: Iterable[str]) -> None:
    """Make sure that categories can go to Shopify by id.

    Args:
        layout: Of the table that came in, None for other sources.
        ids: Of the categories.

    Raises:
        InputError: If the taxonomy has no ids of Shopify, or the table no ids of its products.
    """
    if not any(identifier.startswith(SHOPIFY_CATEGORY) for identifier in ids):
        raise InputError(
            "A bulk operation of Shopify takes Shopify's ids of categories, which this taxonomy has not; give that of "
            "Shopify with --taxonomy."
        )
    profile = None if layout is None else layout.mapped.profile
    if layout is None or profile is None:
        return
    if profile.kind != SHOPIFY.kind:
        raise InputError(
            f"{layout.file.path} is read as {profile.system}, whose ids are not Shopify's; name another format."
        )
    if _id_heading(layout) is None:
        raise InputError(
            f"{layout.file.path} has no column of product ids, which a bulk operation of Shopify needs; export "
            "products with ids (Matrixify, or the Admin API), or give --format same and import the CSV."
        )


def check_feed(layout: Layout | None, ids: Iterable[str], *, has_google: bool) -> None:
    """Make sure that there are ids of products and Google's categories.

    Args:
        layout: Of the table that came in, None for other sources.
        ids: Of the categories.
        has_google: Whether there is a mapping to Google's.

    Raises:
        InputError: If there are none.
    """
    if layout is not None and not {"product_id", "group"} & layout.mapped.columns.keys():
        raise InputError(
            f"{layout.file.path} has no column of product ids, by which a feed of Google is joined; name it with "
            "--columns product_id=…."
        )
    if not has_google and not any(identifier.isdigit() for identifier in ids):
        raise InputError(
            "A feed of Google takes Google's categories, which this taxonomy has not; give Shopify's mapping to them "
            "with --google-mapping."
        )


@dataclass
class _Accepted:
    """The accepted products of a result that can be written; the others are counted.

    Attributes:
        predictions: `PREDICTIONS`.
        written: Products that were written so far.
        unaccepted: Products that need review.
        unnamed: Accepted ones without the ids that the file needs.
    """

    predictions: Parts
    written: int = 0
    unaccepted: int = 0
    unnamed: int = field(default=0)

    def of(self, pair: Callable[[Mapping[str, Any]], tuple[str | None, str | None]]) -> Iterator[tuple[str, str]]:
        """Id and category of each accepted product, by what gives them of a record."""
        for record in self.predictions.records():
            if record["needs_review"]:
                self.unaccepted += 1
                continue
            identifier, category = pair(record)
            if identifier is None or category is None:
                self.unnamed += 1
            else:
                self.written += 1
                yield identifier, category

    def say(self, path: Path) -> None:
        """Count them in the log."""
        _LOG.info(
            "%s: %d products with their category; left out: %d not accepted, %d without an id of product or category",
            *(path.name, self.written, self.unaccepted, self.unnamed),
        )


def write_bulk(path: Path, layout: Layout | None, predictions: Parts) -> None:
    """Write the variables of `productUpdate`, a line for each accepted product, for a bulk operation of Shopify."""
    heading = None if layout is None else _id_heading(layout)
    cells: Mapping[int, str] = {}
    if layout is not None and heading is not None:
        cells = {record.line: record.cells.get(heading, "") for record in layout.file.read()}

    def pair(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
        found = _PRODUCT_ID.fullmatch((cells.get(record["line"]) or record["product_id"]).strip())
        category = record["category_id"] or ""
        return found and f"{_PRODUCT}{found['number']}", category if category.startswith(SHOPIFY_CATEGORY) else None

    accepted = _Accepted(predictions)
    lines = ({"product": {"id": product, "category": category}} for product, category in accepted.of(pair))
    write_lines(path, lines)
    accepted.say(path)


def write_feed(path: Path, predictions: Parts) -> None:
    """Write a supplemental feed of Google: id and category of each accepted product."""
    accepted = _Accepted(predictions)
    pairs = accepted.of(lambda record: (record["product_id"], google_number(record)))
    rows = ([product, safe_cell(category)] for product, category in pairs)
    write_delimited(path, ("id", "google_product_category"), rows, "\t")
    accepted.say(path)


def _id_heading(layout: Layout) -> str | None:
    return next((heading for heading in layout.file.headings if fold_heading(heading) in _ID_HEADINGS), None)
