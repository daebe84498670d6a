"""The product export of a Shopify shop: a CSV with one line a variant or a further photo, folded into products."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.data.sources.base import BadRow, Item, Part, RawRow, Source, SourceError
from pipeline.data.sources.photos import PhotoFinder
from pipeline.data.sources.tables import headings, read_csv

_REQUIRED = ("Handle", "Title")
_RECOGNISED_BY = frozenset(("Handle", "Title", "Body (HTML)"))
_FOLDED = ("Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Image Src", "Variant Image")
_SECONDHAND_TAGS = frozenset(("secondhand", "second-hand", "second hand", "pre-owned", "preowned", "used"))


def is_shopify_export(path: Path) -> bool:
    """Whether the headings are those of a product export."""
    return set(headings(path)) >= _RECOGNISED_BY


def open_shopify(path: Path, renamed: Mapping[str, str], images: Path | None, fetch: bool, limit: int) -> Source:
    """A product export.

    The first line of a handle that fills a column gives the product its value; a photo of the product goes before
    one of a variant. The category is "Product Category"; "Type" and "Tags" join the description where they say more.

    Args:
        path: The CSV file.
        renamed: The file's heading of an export column, where it differs ("Title" -> "Titel").
        images: Folder of downloaded photos, looked up by the last part of "Image Src".
        fetch: Whether "Image Src" may be downloaded.
        limit: Products, 0 for all.
    """
    present = headings(path)
    missing = [name for name in _REQUIRED if renamed.get(name, name) not in present]
    if missing:
        raise SourceError(
            f"{path} is no Shopify product export: it has no column {', '.join(missing)}; export the products as CSV, "
            "or read it as a table with a column map."
        )
    if images is not None and not images.is_dir():
        raise SourceError(f"The folder of photos {images} does not exist; name an existing one.")
    handle = renamed.get("Handle", "Handle")
    handles = [(cells.get(handle) or "").strip() for cells in read_csv(path)]
    rows = len(set(handles) - {""}) + handles.count("")
    read = functools.partial(_read, path, renamed, images, fetch)
    return Source(str(path), "shopify-export", [Part("train", rows, read)], limit)


def _read(path: Path, renamed: Mapping[str, str], images: Path | None, fetch: bool) -> Iterator[Item]:
    photos = PhotoFinder(images, fetch)
    handle = renamed.get("Handle", "Handle")
    products: dict[str, dict[str, str]] = {}
    bad: list[dict[str, Any]] = []
    for number, cells in enumerate(read_csv(path)):
        name = (cells.get(handle) or "").strip()
        if not name:
            bad.append({"line": number + 2, **{str(key): value for key, value in cells.items()}})
            continue
        folded = products.setdefault(name, {})
        for column in _FOLDED:
            value = (cells.get(renamed.get(column, column)) or "").strip()
            if value:
                folded.setdefault(column, value)
    number = -1
    for number, (name, folded) in enumerate(products.items()):
        yield _product(number, name, folded, photos)
    for offset, raw in enumerate(bad, start=number + 1):
        yield BadRow("train", offset, "the line has no Handle, so it belongs to no product", raw)


def _product(number: int, handle: str, cells: Mapping[str, str], photos: PhotoFinder) -> RawRow:
    photo = photos.find(cells.get("Image Src") or cells.get("Variant Image") or "")
    tags = [tag.strip() for tag in cells.get("Tags", "").split(",") if tag.strip()]
    body = cells.get("Body (HTML)", "")
    extra = [word for word in (cells.get("Type", ""), *tags) if word and word.casefold() not in body.casefold()]
    return RawRow(
        split="train",
        row=number,
        title=cells.get("Title", ""),
        description=f"{body} {', '.join(extra)}".strip(),
        image=photo.data,
        candidates=[],
        category=cells.get("Product Category"),
        brand=cells.get("Vendor", ""),
        is_secondhand=any(tag.casefold() in _SECONDHAND_TAGS for tag in tags),
        product_id=handle,
        note=photo.note,
    )
