"""From the fields of a product, as a table names them, to an item: its photo, its category, its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pipeline.data.sources.base import Item
from pipeline.data.sources.cells import OTHER_CATEGORIES, to_item
from pipeline.data.sources.files.base import LIST_SEPARATOR
from pipeline.data.sources.photos import PhotoFinder
from pipeline.data.sources.profiles.systems import CategoryCells

_CANDIDATE_SEPARATORS = (LIST_SEPARATOR, "|", ";")
MAX_OTHER_CATEGORIES = 50
"""Paths that are kept of a product's cell."""
_SECONDHAND_TAGS = frozenset(("secondhand", "second-hand", "second hand", "pre-owned", "preowned", "used"))
_CONDITIONS = {
    **dict.fromkeys(("new", "neu", "neuf", "nuevo", "nuovo", "nieuw", "nowy"), False),
    **dict.fromkeys(("used", "gebraucht", "occasion", "usado", "usato", "gebruikt", "używany"), True),
}
_LEVEL = re.compile(r"[>»›→]")
ONE_CATEGORY = CategoryCells()


def product_item(
    split: str,
    number: int,
    values: Mapping[str, str],
    photos: PhotoFinder,
    cells: CategoryCells = ONE_CATEGORY,
    line: int = 0,
) -> Item:
    """An item of the fields of a product.

    Args:
        split: Our name of it.
        number: Of the product in the split.
        values: Texts by field (`mapping.FIELDS`, and those of profiles); all may be absent.
        photos: Finds the photos.
        cells: How category cells are written.
        line: Of the table's file, in which the product's own row begins.
    """
    named = (values.get("product_image"), values.get("more_images"))
    photo, *more = photos.find_some(LIST_SEPARATOR.join(filter(None, named)) or values.get("variant_image") or "")
    tags = [tag.strip() for tag in values.get("tags", "").replace(LIST_SEPARATOR, ",").split(",") if tag.strip()]
    paths = category_paths(values.get("ground_truth_category", ""), cells)
    raw: dict[str, Any] = {
        "product_title": values.get("product_title"),
        "product_description": values.get("product_description"),
        "product_image": photo.data,
        "potential_product_categories": candidate_paths(values.get("potential_product_categories", "")),
        "ground_truth_category": paths[0] if paths else "",
        OTHER_CATEGORIES: paths[1:MAX_OTHER_CATEGORIES],
        "ground_truth_brand": values.get("ground_truth_brand"),
        "ground_truth_is_secondhand": _secondhand(values, tags),
        "source": values.get("source"),
        "language": values.get("language"),
        **{name: values.get(name) for name in ("product_type", "tags", "collections", "options")},
    }
    identifier = values.get("product_id")
    return to_item(
        split,
        number,
        raw,
        identifier,
        note=photo.note,
        max_photo_bytes=photos.max_bytes,
        line=line,
        more_images=tuple(one.data for one in more if one.data is not None),
    )


def _secondhand(values: Mapping[str, str], tags: list[str]) -> str | bool | None:
    if "condition" in values:
        return _CONDITIONS.get(values["condition"].strip().casefold())
    if "tags" in values:
        return any(tag.casefold() in _SECONDHAND_TAGS for tag in tags)
    return values.get("ground_truth_is_secondhand")


def candidate_paths(cell: str) -> list[str]:
    """The paths of a cell that lists candidates."""
    separator = next((mark for mark in _CANDIDATE_SEPARATORS if mark in cell), None)
    return [path for path in (cell.split(separator) if separator else [cell]) if path.strip()]


def category_paths(cell: str, written: CategoryCells) -> list[str]:
    """The paths of a category cell, the deepest first; of equally deep ones in their order.

    Args:
        cell: One path, or several ones on lines of their own.
        written: How several ones are written on a line: a separator within a name has a backslash before it, or its
            path is in quotation marks.
    """
    lines = cell.split(LIST_SEPARATOR) if LIST_SEPARATOR in cell else [cell]
    listed = [path for line in lines for path in (_listed(line, written.between) if written.between else [line])]
    paths = [_levels(path, written) if written.level else path for path in listed]
    return sorted(filter(str.strip, paths), key=lambda path: len(_LEVEL.findall(path)), reverse=True)


def _levels(path: str, written: CategoryCells) -> str:
    """A path with ">" between its levels, without the root that all have."""
    names = [name.strip() for name in path.split(written.level)]
    return " > ".join(names[1:] if names[0].casefold() == written.root else names)


@lru_cache
def _path_in_list(between: str) -> re.Pattern[str]:
    mark = re.escape(between)
    return re.compile(rf'\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>(?:\\.|[^{mark}\\])*))\s*(?:{mark}|$)')


def _listed(cell: str, between: str) -> list[str]:
    """The paths between separators."""
    paths = []
    for match in _path_in_list(between).finditer(cell):
        text = match["quoted"] if match["quoted"] is not None else match["plain"]
        paths.append(re.sub(r"\\(.)", r"\1", text).strip())
    return [path for path in paths if path]
