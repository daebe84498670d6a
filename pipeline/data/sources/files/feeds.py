"""Reads XML feeds: Google Merchant's RSS and Atom, and lists of products of other makers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.base import LIST_SEPARATOR, Change, Edit, Record
from pipeline.data.sources.files.packed import Packed

_ITEMS = frozenset(("item", "entry", "product", "offer", "shopitem", "article", "produkt", "produit", "producto"))
"""Local names of the element of one product, in lower case."""
_TELLING_BYTES = 200
_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")


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


@dataclass
class _Child:
    """An element of a product, by its places in the bytes of the file.

    Attributes:
        tag: As it is written.
        start: Of its first tag.
        text: Behind that.
        closing: Of its last tag; where that is the first one too, its end.
        end: Behind its last tag.
    """

    tag: str
    start: int
    text: int
    closing: int = 0
    end: int = 0


def edit_feed(path: Path, packed: Packed, target: BinaryIO, edit: Edit) -> None:
    """Write a feed again with other texts in some elements; all else is as it was, byte for byte.

    Raises:
        SourceError: If it is in an encoding whose bytes cannot be told apart, as UTF-16.
    """
    content = packed.read()
    if b"\0" in content[:_TELLING_BYTES]:
        raise SourceError(f"{path} cannot be written back in its encoding; save it as UTF-8, or name another format.")
    items, codec = _located(content)
    place = 0
    for record, children in zip(read_feed(path, packed.open), items, strict=True):
        change = edit(record)
        if change is None:
            continue
        for start, end, new in sorted(_edits(content, children, change)):
            target.write(content[place:start] + new.encode(codec, "xmlcharrefreplace"))
            place = end
    target.write(content[place:])


def _edits(content: bytes, children: list[_Child], change: Change) -> Iterator[tuple[int, int, str]]:
    """The changes of one product as (start, end, new text)."""
    added = {name: value for name, value in change.new.items() if value}
    for heading, value in change.cells.items():
        named = [child for child in children if child.tag.rpartition(":")[2] == heading]
        if named:
            child = next((one for one in named if _text(content, one).strip()), named[0])
            if child.closing == child.end:
                yield child.start, child.end, _element(child.tag, value)
            else:
                yield child.text, child.closing, escape(value)
        elif value:
            added[heading] = value
    last = max(children, key=lambda child: child.end)
    space = content[: last.start][len(content[: last.start].rstrip()) :].decode("ascii")
    prefix = "g:" if any(child.tag.startswith("g:") for child in children) else ""
    new = "".join(f"{space}{_element(prefix + name, value)}" for name, value in added.items())
    if new:
        yield last.end, last.end, new


def _text(content: bytes, child: _Child) -> bytes:
    return content[child.text : child.closing]


def _element(tag: str, value: str) -> str:
    return f"<{tag}>{escape(value)}</{tag}>"


def _located(content: bytes) -> tuple[list[list[_Child]], str]:
    """The children of each product in the order of `read_feed`, and the codec of the file."""
    items: list[list[_Child]] = []
    above: list[str] = []
    here: list[_Child] = []
    codec = ["utf-8"]
    outer = [0]  # depth of the product that is open, 0 for none
    parser = expat.ParserCreate()

    def start(tag: str, attributes: object) -> None:
        above.append(tag)
        if not outer[0] and tag.rpartition(":")[2].lower() in _ITEMS:
            outer[0] = len(above)
            here.clear()
        elif outer[0] and len(above) == outer[0] + 1:
            place = parser.CurrentByteIndex
            match = _TAG.match(content, place)
            here.append(_Child(tag, place, match.end() if match else place))

    def end(tag: str) -> None:
        if outer[0] and len(above) == outer[0] + 1:
            child, place = here[-1], parser.CurrentByteIndex
            is_empty = content[child.text - 2 : child.text] == b"/>"
            child.closing, child.end = place, place if is_empty else content.index(b">", place) + 1
        elif len(above) == outer[0]:
            outer[0] = 0
            if here:
                items.append(list(here))
        above.pop()

    def declared(version: str, encoding: str | None, standalone: int) -> None:
        codec[0] = encoding or "utf-8"

    parser.StartElementHandler, parser.EndElementHandler, parser.XmlDeclHandler = start, end, declared
    parser.Parse(content, True)
    return items, codec[0]


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
