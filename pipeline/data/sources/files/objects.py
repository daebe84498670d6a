"""Reads JSON (a list of objects, or one that holds it, such as Shopify's products.json) and JSON Lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.base import LIST_SEPARATOR, Edit, Record, to_text
from pipeline.data.sources.files.splices import locate, splice, spliced

_LISTS = ("products", "items", "data", "results", "rows", "records", "entries", "@graph", "itemListElement", "edges")
"""Names of the list in a JSON file that is an object, or of an object that holds it."""
_INSIDE = ("node", "item")
"""Names of the object in each entry of a list of GraphQL or schema.org."""
_MAX_DEPTH = 4
_PHOTO = re.compile("image|photo|picture|thumbnail|src|url|link", re.IGNORECASE)
_OF_PHOTO, _OF_THING = (
    ("src", "contentUrl", "url", "link"),
    ("path", "full_name", "fullName", "name", "title", "value", "id"),
)
"""Names of what stands for an object in a cell: of a photo its address, of a brand or category its name."""
_SHOPIFY = {"title": "Title", "handle": "Handle", "body_html": "Body (HTML)", "vendor": "Vendor"}
_SHOPIFY_LATER = {"product_type": "Type", "tags": "Tags", "images": "Image Src", "category": "Product Category"}
_SHOPIFY_KEYS = frozenset(("handle", "title", "body_html"))


def objects_of(path: Path, text: str) -> list[Any]:
    """The objects of a JSON file.

    Raises:
        SourceError: If it is no JSON, or holds no list of objects.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} is not readable JSON ({error}); export it again.") from error
    return objects_in(path, whole)


def objects_in(path: Path, whole: Any) -> list[Any]:
    """The objects of a value of JSON.

    Raises:
        SourceError: If it holds no list of objects.
    """
    listed = _listed(whole)
    objects = [whole] if listed is None and isinstance(whole, dict) else listed or []
    if not any(isinstance(one, dict) for one in objects):
        raise SourceError(f"{path} holds no list of objects; give a JSON list with an object for each product.")
    objects = [next((one[name] for name in _INSIDE if isinstance(one, dict) and name in one), one) for one in objects]
    typed = [one for one in objects if isinstance(one, dict) and "product" in str(one.get("@type", "")).lower()]
    return typed or objects


def edit_objects(path: Path, text: str, edit: Edit) -> str:
    """A JSON file with other values in some of its objects; all else is as it was written."""
    whole, places = locate(text)
    changes: list[tuple[int, int, str]] = []
    for number, value in enumerate(objects_in(path, whole), start=1):
        if id(value) in places and (change := edit(to_record(number, value))):
            changes += splice(text, places[id(value)], change, _names(value))
    return spliced(text, changes)


def edit_line(number: int, line: str, edit: Edit) -> str:
    """A line of a JSON Lines file with other values in its object; one that is no object stays as it is."""
    try:
        value, places = locate(line)
    except (ValueError, IndexError, RecursionError):
        return line
    change = edit(to_record(number, value)) if id(value) in places else None
    return line if change is None else spliced(line, splice(line, places[id(value)], change, _names(value)))


def _names(value: Mapping[str, Any]) -> Mapping[str, str]:
    """Names of values by the headings that their record has, where these are others."""
    return {heading: name for name, heading in (_SHOPIFY | _SHOPIFY_LATER).items()} if _is_shopify(value) else {}


def _is_shopify(value: Mapping[str, Any]) -> bool:
    return value.keys() >= _SHOPIFY_KEYS


def _listed(value: Any, depth: int = 0) -> list[Any] | None:
    """The list of objects in a value of JSON, None if there is none."""
    if isinstance(value, list) or depth == _MAX_DEPTH or not isinstance(value, dict):
        return value if isinstance(value, list) else None
    inner = (_listed(value[name], depth + 1) for name in _LISTS if isinstance(value.get(name), dict | list))
    return next((found for found in inner if found is not None), None)


def line_objects(open_text: Callable[[], TextIO]) -> Iterator[tuple[int, Any]]:
    """The number and the value of each line of a JSON Lines file; a ValueError in place of one that is no JSON."""
    with open_text() as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError) as error:
                    yield number, ValueError(f"the line is no JSON ({error})")


def to_record(number: int, value: Any) -> Record:
    """An object as a record; another value is one with a problem."""
    if isinstance(value, ValueError):
        return Record(number, {}, str(value))
    if not isinstance(value, Mapping):
        return Record(number, {"value": to_text(value)[:1000]}, "it is no object with names and values")
    if _is_shopify(value):
        return Record(number, _shopify(value))
    return Record(number, {str(name).strip(): to_text(_plain(str(name), one)) for name, one in value.items()})


def _plain(name: str, value: Any, depth: int = 0) -> Any:
    """A value without objects: each becomes what stands for it under this name."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [_plain(name, one, depth + 1) for one in value]
    if not isinstance(value, Mapping):
        return value
    names = (*_OF_PHOTO, *_OF_THING) if _PHOTO.search(name) else _OF_THING
    return next((_plain(name, value[inner], depth + 1) for inner in names if value.get(inner)), None)


def headings_of(records: Iterator[Record]) -> tuple[str, ...]:
    """All names of some records, in the order in which they come up."""
    names: dict[str, None] = {}
    for record in records:
        if not record.problem:
            names.update(dict.fromkeys(record.cells))
    return tuple(names)


def _shopify(product: Mapping[str, Any]) -> dict[str, str]:
    """A product of Shopify's products.json under the headings of a product export."""
    photos: Sequence[Any] = product.get("images") or []
    placed = [photo for photo in photos if isinstance(photo, Mapping)]
    urls = [to_text(photo.get("src")) for photo in sorted(placed, key=_position)]
    tags, category = product.get("tags"), product.get("category")
    cells = {heading: to_text(product.get(name)) for name, heading in _SHOPIFY.items()}
    return {
        **({"ID": to_text(product["id"])} if "id" in product else {}),
        **cells,
        _SHOPIFY_LATER["product_type"]: to_text(product.get("product_type")),
        _SHOPIFY_LATER["tags"]: ", ".join(map(to_text, tags)) if isinstance(tags, list) else to_text(tags),
        **_shopify_options(product.get("options")),
        _SHOPIFY_LATER["images"]: LIST_SEPARATOR.join(filter(None, urls)),
        _SHOPIFY_LATER["category"]: to_text(
            (category.get("full_name") or category.get("fullName") or category.get("id"))
            if isinstance(category, Mapping)
            else category
        ),
    }


def _shopify_options(options: Any) -> dict[str, str]:
    """The options of a product in products.json: objects with a name and values."""
    cells = {}
    for number, option in enumerate(options if isinstance(options, list) else [], start=1):
        if isinstance(option, Mapping) and isinstance(option.get("values"), list):
            cells[f"Option{number} Name"] = to_text(option.get("name"))
            cells[f"Option{number} Value"] = ", ".join(map(to_text, option["values"]))
    return cells


def _position(photo: Mapping[str, Any]) -> float:
    position = photo.get("position")
    return position if isinstance(position, int | float) else float("inf")
