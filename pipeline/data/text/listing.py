"""The text of a product: its parts for people, and the one text that the model reads of them.

The text tower reads `title | type | vendor | tags | options | description`, each part only where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.config.stages import IngestConfig
from pipeline.data.text.cleaning import RAW_TEXT_FACTOR, clean_text, cut_text, shown_text
from pipeline.data.text.placeholders import is_empty, is_row_type, steers_the_shop

MAX_TITLE_CHARACTERS = 500
"""Characters of a cleaned title; longer ones are cut between words."""
MAX_FIELD_CHARACTERS = 1_000
"""Characters that are kept of a type, the tags, the collections or the options."""
MAX_TYPE_READ, MAX_TAGS_READ, MAX_OPTIONS_READ, MAX_VENDOR_READ = 80, 100, 60, 40
"""Characters of each part that the model reads.

The tower reads 96 tokens, of about three characters each. On 4,000 products of 26 shops in a dozen languages, title,
type and vendor are 27 of them in the median and 54 for nine of ten; tags that are as long as may be are 26 more, and
options 21. So a usual product keeps at least 20 tokens, and one without options 40, for its description. Nine types of
ten have at most 80 characters; a longer one keeps its deepest levels.
"""
_VALUES_READ = 4
"""Values of an option that the model reads: they tell sizes of shoes from those of shirts, the others add nothing."""
SEPARATOR = " | "
TEXT_PARTS = SEPARATOR.join(("title", "type", "vendor", "tags", "options", "description"))
"""What the text tower reads."""
FIELD_COLUMNS = ("product_type", "tags", "collections", "options")
"""Columns of the product tables besides title, description and brand that the model reads; "" where missing."""

_BETWEEN_TAGS = re.compile(r"[,;|\n]")
_BETWEEN_OPTIONS = re.compile(r"[;|\n]")
_BETWEEN_TYPES = re.compile(r"\n")
_TYPE_PREFIX = re.compile(r"^\s*type\s*:\s*", re.IGNORECASE)
_LEVEL = " > "
_AFTER_TITLE = " .,:;!?-–—|"


@dataclass(frozen=True)
class Fields:
    """What a shop says of a product beside its title and description, as it came; each may be empty.

    Attributes:
        vendor: Or brand.
        product_type: The shop's own label of the kind of product; several stand on lines of their own.
        tags: Between commas, or on lines of their own.
        collections: The same.
        options: What variants differ in, such as "Color: Red, Blue; Size: S".
    """

    vendor: str = ""
    product_type: str = ""
    tags: str = ""
    collections: str = ""
    options: str = ""


NO_FIELDS = Fields()
"""Nothing but title and description is known."""


@dataclass(frozen=True)
class ListingText:
    """Text of a product for people, cleaned and cut, and what the model reads of it.

    Attributes:
        title: At most `MAX_TITLE_CHARACTERS`.
        description: At most `IngestConfig.max_text_characters`.
        fields: Cleaned; all tags that the shop has, between commas.
        cut: Which of "title" and "description" were longer.
    """

    title: str
    description: str
    fields: Fields = NO_FIELDS
    cut: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Input of the text tower, "" for none; vendor and options alone say nothing of a product."""
        title, description = clean_text(self.title), clean_text(self.description)
        kind, vendor, tags, options = _parts(self.fields, title)
        if not (title or kind or tags or description):
            return ""
        parts = (title, kind, vendor, tags, options, _behind(title, description))
        return SEPARATOR.join(part for part in parts if part)

    @property
    def text_without_fields(self) -> str:
        """The same without type, tags, collections and options; the vendor stays."""
        return replace(self, fields=Fields(vendor=self.fields.vendor)).text


def listing_text(
    title: str | None, description: str | None, limits: IngestConfig, fields: Fields = NO_FIELDS
) -> ListingText:
    """Clean and cut the texts of a product, by the one rule of `ingest`, the command line and the Space.

    Args:
        title: As it came; may hold markup.
        description: As it came; may hold markup.
        limits: How long a description may be.
        fields: As they came; words that stand for nothing are left out.
    """
    short_title, title_cut = _clean_and_cut(title or "", MAX_TITLE_CHARACTERS)
    short_description, description_cut = _clean_and_cut(description or "", limits.max_text_characters)
    cut = {"title": title_cut, "description": description_cut}
    cleaned = Fields(
        vendor="" if is_empty(fields.vendor) else clean_text(fields.vendor),
        product_type=_joined(_types(fields.product_type), ", "),
        tags=_joined(_items(fields.tags, _BETWEEN_TAGS), ", "),
        collections=_joined(_items(fields.collections, _BETWEEN_TAGS), ", "),
        options=_joined(_options(fields.options), "; "),
    )
    return ListingText(
        short_title, short_description, cleaned, tuple(field for field, was_cut in cut.items() if was_cut)
    )


def stored_listing(product: Mapping[Any, Any]) -> ListingText:
    """The text of a product from the columns of a product table; one that is missing or null is empty."""
    values = {name: product.get(name) for name in ("title", "description", "brand", *FIELD_COLUMNS)}
    texts = {name: value if isinstance(value, str) else "" for name, value in values.items()}
    title, description, vendor = texts.pop("title"), texts.pop("description"), texts.pop("brand")
    return ListingText(title, description, Fields(vendor=vendor, **texts))


def _clean_and_cut(raw: str, max_characters: int) -> tuple[str, bool]:
    """The cleaned text cut to a number of characters, and whether it was longer."""
    max_raw = max_characters * RAW_TEXT_FACTOR
    cleaned = shown_text(raw[:max_raw])
    return cut_text(cleaned, max_characters), len(raw) > max_raw or len(cleaned) > max_characters


def _parts(fields: Fields, title: str) -> Iterator[str]:
    """What the model reads between title and description, in this order; "" for what is not there."""
    kind = clean_text(fields.product_type).replace("_", " ").strip()
    while len(kind) > MAX_TYPE_READ and _LEVEL in kind:
        kind = kind.partition(_LEVEL)[2]
    yield cut_text(kind, MAX_TYPE_READ)
    vendor = cut_text(clean_text(fields.vendor), MAX_VENDOR_READ)
    yield "" if _begins_with(title, vendor) else vendor
    tags = (*_items(fields.tags, _BETWEEN_TAGS), *_items(fields.collections, _BETWEEN_TAGS))
    told = dict.fromkeys(clean_text(tag) for tag in tags if not steers_the_shop(tag))
    yield _as_many(list(told), ", ", MAX_TAGS_READ)
    yield _as_many([clean_text(option) for option in _options(fields.options, _VALUES_READ)], "; ", MAX_OPTIONS_READ)


def _behind(title: str, description: str) -> str:
    """A description that begins with the title, without it."""
    return description[len(title) :].lstrip(_AFTER_TITLE) if _begins_with(description, title) else description


def _begins_with(text: str, words: str) -> bool:
    """Whether a text begins with these words and goes on with another one, whatever their case."""
    after = text[len(words) : len(words) + 1]
    return bool(words) and text[: len(words)].casefold() == words.casefold() and not after.isalnum()


def _items(cell: str, between: re.Pattern[str]) -> list[str]:
    """The distinct entries of a cell for people, without words that stand for nothing."""
    cleaned = (shown_text(part) for part in between.split(cell[: MAX_FIELD_CHARACTERS * RAW_TEXT_FACTOR]))
    distinct = {item.casefold(): item for item in reversed([item for item in cleaned if not is_empty(item)])}
    return list(reversed(distinct.values()))


def _types(cell: str) -> list[str]:
    """The types of a cell; WooCommerce and Magento call the kind of a row its type."""
    lines = "\n".join(_TYPE_PREFIX.sub("", line) for line in cell.split("\n"))
    return [kind for kind in _items(lines, _BETWEEN_TYPES) if not is_row_type(kind)]


def _options(cell: str, most: int | None = None) -> list[str]:
    """The options of a cell with at most so many values each, without those whose only value stands for nothing."""
    kept = []
    for option in _items(cell, _BETWEEN_OPTIONS):
        name, colon, values = option.partition(":")
        if listed := _items(values if colon else name, _BETWEEN_TAGS)[:most]:
            kept.append((f"{name.strip()}: " if colon and name.strip() else "") + ", ".join(listed))
    return kept


def _joined(items: list[str], between: str) -> str:
    return _as_many(items, between, MAX_FIELD_CHARACTERS)


def _as_many(items: list[str], between: str, limit: int) -> str:
    """As many of the items, from the first, as a number of characters holds; of the first a part, if need be."""
    text = ""
    for item in items:
        longer = f"{text}{between}{item}" if text else cut_text(item, limit)
        if len(longer) > limit:
            break
        text = longer
    return text
