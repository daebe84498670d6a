"""Product exports of Shopify shops: CSV with one line per variant or further photo, folded into products."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.data.sources.base import BadRow, Item, Part, Source, SourceError
from pipeline.data.sources.cells import MAX_TEXT_CHARACTERS, kept, to_item
from pipeline.data.sources.photos import PhotoFinder
from pipeline.data.sources.tables import headings, read_csv

_REQUIRED = ("Handle", "Title")
_RECOGNIZED_BY = frozenset(("Handle", "Title", "Body (HTML)"))
_FOLDED = ("Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Image Src", "Variant Image")
_SECONDHAND_TAGS = frozenset(("secondhand", "second-hand", "second hand", "pre-owned", "preowned", "used"))


def is_shopify_export(path: Path) -> bool:
    """Tell a product export by its headings."""
    return set(headings(path)) >= _RECOGNIZED_BY


def open_shopify(path: Path, renamed: Mapping[str, str], photos: PhotoFinder, limit: int) -> Source:
    """A product export.

    The first line of a handle that fills a column gives the product its value; a photo of the product goes before
    one of a variant. The category is "Product Category"; "Type" and "Tags" join the description where they say more.

    Args:
        path: The CSV file.
        renamed: The file's heading of an export column, where it differs ("Title" -> "Titel").
        photos: Finds the photos that "Image Src" and "Variant Image" name.
        limit: Products, 0 for all.
    """
    present = headings(path)
    missing = [name for name in _REQUIRED if renamed.get(name, name) not in present]
    if missing:
        raise SourceError(
            f"{path} is no Shopify product export: it has no column {', '.join(missing)}; export the products as CSV, "
            "or read it as a table with a column map."
        )
    handle = renamed.get("Handle", "Handle")
    handles = [(cells.get(handle) or "").strip() for cells in read_csv(path)]
    rows = len(set(handles) - {""}) + handles.count("")
    read = functools.partial(_read, path, renamed, photos)
    return Source(str(path), "shopify-export", [Part("train", rows, read)], limit)


def _read(path: Path, renamed: Mapping[str, str], photos: PhotoFinder) -> Iterator[Item]:
    handle = renamed.get("Handle", "Handle")
    products: dict[str, dict[str, str]] = {}
    bad: list[dict[str, Any]] = []
    for number, cells in enumerate(read_csv(path)):
        name = (cells.get(handle) or "").strip()
        if not name:
            bad.append({"line": number + 2, **{str(key): kept(value) for key, value in cells.items()}})
            continue
        folded = products.setdefault(name, {})
        for column in _FOLDED:
            value = (cells.get(renamed.get(column, column)) or "").strip()
            if value:
                # cut, since the whole file is in memory until all variants are known
                folded.setdefault(column, value[: MAX_TEXT_CHARACTERS + 1])
    number = -1
    for number, (name, folded) in enumerate(products.items()):
        yield _product(number, name, folded, photos)
    for offset, raw in enumerate(bad, start=number + 1):
        yield BadRow("train", offset, "the line has no Handle, so it belongs to no product", raw)


def _product(number: int, handle: str, cells: Mapping[str, str], photos: PhotoFinder) -> Item:
    photo = photos.find(cells.get("Image Src") or cells.get("Variant Image") or "")
    tags = [tag.strip() for tag in cells.get("Tags", "").split(",") if tag.strip()]
    body = cells.get("Body (HTML)", "")
    extra = [word for word in (cells.get("Type", ""), *tags) if word and word.casefold() not in body.casefold()]
    raw = {
        "product_title": cells.get("Title"),
        "product_description": f"{body} {', '.join(extra)}".strip(),
        "product_image": photo.data,
        "ground_truth_category": cells.get("Product Category"),
        "ground_truth_brand": cells.get("Vendor"),
        "ground_truth_is_secondhand": any(tag.casefold() in _SECONDHAND_TAGS for tag in tags),
    }
    return to_item("train", number, raw, handle, note=photo.note, max_photo_bytes=photos.max_bytes)
