"""Folds the rows of a shop export into products: variants and further photos are rows of their own there."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.data.sources.base import BadRow, Item, Part
from pipeline.data.sources.cells import MAX_TEXT_CHARACTERS, kept
from pipeline.data.sources.files import Problems, Record, TableFile
from pipeline.data.sources.files.base import LIST_SEPARATOR
from pipeline.data.sources.photos import PhotoFinder
from pipeline.data.sources.products import ONE_CATEGORY, product_item
from pipeline.data.sources.profiles.mapping import Mapped
from pipeline.data.sources.profiles.options import OptionValues

_NOT_FOLDED = frozenset(("group", "number", "row_kind", "image_position", "product_image", "options"))
_MAX_PHOTOS = 20


class _Keys:
    """Tells which product a row belongs to."""

    def __init__(self, file: TableFile, mapped: Mapped) -> None:
        self._mapped = mapped
        self._by_parent = mapped.profile is not None and mapped.profile.fold == "parent"
        self._by_place = mapped.profile is not None and mapped.profile.fold == "above"
        self._above = ""
        self._own: dict[str, str] = {}
        if self._by_parent:
            for record in file.read():
                if not record.problem and not self.is_variant(record):
                    key = self.of(record)
                    self._own.setdefault(_folded(mapped.value(record.cells, "product_id")), key)
                    self._own.setdefault(f"id:{_folded(mapped.value(record.cells, 'number'))}", key)

    def is_variant(self, record: Record) -> bool:
        """Whether a row is a variant of a product that has a row of its own."""
        if self._by_place:
            return _folded(self._mapped.value(record.cells, "row_kind")) not in ("product", "")
        return self._by_parent and bool(self._mapped.value(record.cells, "group"))

    def of(self, record: Record) -> str:
        """The product of a row, "" if it belongs to none; rows are asked for in the order of the file."""
        if self._by_place:
            if not self.is_variant(record):
                self._above = f"line {record.line}"
            return self._above
        group = _folded(self._mapped.value(record.cells, "group"))
        if not self._by_parent:
            return group
        if group:
            return self._own.get(group, group)
        return f"line {record.line}"


def _folded(text: str) -> str:
    return text.strip().casefold()


@dataclass
class _Product:
    """What is known of a product so far.

    Attributes:
        left: Its rows that are still to come.
        own: Values of the rows that are the product itself; they go before those of `variants`.
        variants: Values of its variants.
        photos: Position and cell of each row that names one.
        options: Of all its rows.
        line: Of the first row that is the product itself, else of its first variant.
        has_own: Whether there is such a row.
    """

    left: int
    own: dict[str, str] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    photos: list[tuple[bool, float, str]] = field(default_factory=list)
    options: OptionValues = field(default_factory=OptionValues)
    line: int = 0
    has_own: bool = False

    def add(self, record: Record, mapped: Mapped, is_variant: bool) -> None:
        """Take in a row: the first one that fills a field gives the product its value."""
        self.left -= 1
        cells = record.cells
        if not self.line or not (is_variant or self.has_own):
            self.line = record.line
        self.has_own = self.has_own or not is_variant
        values = self.variants if is_variant else self.own
        for name in mapped.columns:
            if name not in _NOT_FOLDED and name not in values and (value := mapped.value(cells, name).strip()):
                values[name] = value[: MAX_TEXT_CHARACTERS + 1]
        if "product_id" not in values and (value := mapped.value(cells, "group").strip()):
            values["product_id"] = value.removeprefix("id:")
        self.options.add(mapped.options, cells)
        photo = mapped.value(cells, "product_image")
        if photo and len(self.photos) < _MAX_PHOTOS:
            self.photos.append((is_variant, _position(mapped.value(cells, "image_position")), photo))

    def values(self, mapped: Mapped) -> dict[str, str]:
        """Its fields; the photos in their order, those of the product before those of variants."""
        photos = [photo for _, _, photo in sorted(self.photos, key=lambda photo: photo[:2])]
        absent = {"tags": ""} if "tags" in mapped.columns else {}
        joined = {"product_image": LIST_SEPARATOR.join(photos), "options": self.options.text}
        return {**absent, **self.variants, **self.own, **joined}


def _position(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def folded_part(file: TableFile, mapped: Mapped, photos: PhotoFinder) -> Part:
    """The products of an export, in the order of their first rows; of those in memory, one still has rows to come.

    A row that belongs to no product, or cannot be read, is a bad row between them.
    """
    keys = _Keys(file, mapped)
    problems = Problems(file)
    counts = Counter("" if record.problem else keys.of(record) for record in problems.noted(file.read()))
    problems.warn()
    rows = len(counts) - ("" in counts) + counts[""]
    return Part("train", rows, functools.partial(_read, file, mapped, photos, keys, counts))


def _read(
    file: TableFile, mapped: Mapped, photos: PhotoFinder, keys: _Keys, counts: Mapping[str, int], start: int = 0
) -> Iterator[Item]:
    cells = mapped.profile.categories if mapped.profile else ONE_CATEGORY
    waiting: dict[str | int, _Product | Record] = {}
    number = 0
    for record in file.read():
        key = "" if record.problem else keys.of(record)
        if key:
            product = waiting.setdefault(key, _Product(counts[key]))
            assert isinstance(product, _Product)
            product.add(record, mapped, keys.is_variant(record))
        else:
            waiting[record.line] = record
        while waiting:
            first, one = next(iter(waiting.items()))
            if isinstance(one, _Product) and one.left:
                break
            del waiting[first]
            if number < start:
                pass
            elif isinstance(one, Record):
                yield bad_row("train", number, one, _no_product(mapped))
            else:
                yield product_item("train", number, one.values(mapped), photos, cells, one.line)
            number += 1


def _no_product(mapped: Mapped) -> str:
    heading = next(iter(mapped.columns.get("group", ())), "")
    return (
        f"the line has no {heading}, so it belongs to no product" if heading else "there is no product above the line"
    )


def bad_row(split: str, number: int, record: Record, reason: str = "") -> BadRow:
    """A row that cannot be a product, with its line in the file."""
    raw = {"line": record.line, **{name: kept(value) for name, value in record.cells.items()}}
    return BadRow(split, number, record.problem or reason, raw)
