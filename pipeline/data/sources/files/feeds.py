"""Reads XML feeds: Google Merchant's RSS and Atom, and lists of products of other makers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.base import LIST_SEPARATOR, Record

_ITEMS = frozenset(("item", "entry", "product", "offer", "shopitem", "article", "produkt", "produit", "producto"))
"""Local names of the element of one product, in lower case."""


def read_feed(path: Path, open_file: Callable[[], BinaryIO]) -> Iterator[Record]:
    """The products of a feed, by the names of their elements without name spaces; no more than one is in memory.

    An element that comes several times is a list, a nested one ("shipping") its texts under "outer inner".

    Raises:
        SourceError: If it is no XML, or defines entities.
    """
    number, inside = 0, 0
    above: list[Element] = []
    try:
        with open_file() as file:
            for event, element in iterparse(file, events=("start", "end"), forbid_dtd=False):
                is_item = _local(element.tag).lower() in _ITEMS
                if event == "start":
                    inside += is_item
                    above.append(element)
                    continue
                above.pop()
                inside -= is_item
                if is_item and not inside and len(element):
                    number += 1
                    yield Record(number, _cells(element))
                if not inside:
                    element.clear()
                    if above:
                        above[-1].remove(element)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise SourceError(f"{path} is not readable XML ({error or type(error).__name__}); export it again.") from error


def _local(tag: object) -> str:
    """The name of an element without its name space; "" for a comment."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _cells(item: Element) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    tags: dict[str, object] = {}
    for name, value in item.attrib.items():
        values[_local(name)] = [value]
    for child in item:
        name = _local(child.tag)
        inner = {f"{name} {_local(one.tag)}": (one.text or "").strip() for one in child}
        text = (child.text or "").strip() or child.get("href", "")
        if tags.setdefault(name, child.tag) == child.tag:
            values.setdefault(name, []).append(text)
        elif not any(values[name]):  # the same name in two name spaces: the first filled one
            values[name] = [text]
        for nested, value in inner.items():
            values.setdefault(nested, []).append(value)
    return {name: LIST_SEPARATOR.join(filter(None, texts)) for name, texts in values.items()}
