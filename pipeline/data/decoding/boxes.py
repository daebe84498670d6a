"""Limits on the boxes of HEIC and AVIF files (ISO/IEC 14496-12 and 23008-12), checked before anything is decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable

from pipeline.data.decoding.refusal import StructureError, refuse

MAX_BOXES = 10_000
"""Boxes at any depth: a photo of a phone has some hundred."""
MAX_ITEMS = 1_000
"""Items of a file: a photo of 48 megapixels has some 200, its tiles."""
MAX_FRAMES = 1_000
"""Samples of a track of an animation, of which the first is read."""

_AVIF = frozenset((b"avif", b"avis"))
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"))
_MAX_BRANDS_BYTES = 1_024
_CONTAINERS = {
    **dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"iprp", b"ipco"), 0),
    b"meta": 4,  # behind its version and flags
}
"""Boxes that hold boxes, with the bytes before the first of them."""


def kind_of(data: bytes) -> str:
    """Tell "HEIC" and "AVIF" by the brands of a file; "" for another one."""
    if data[4:8] != b"ftyp":
        return ""
    end = min(int.from_bytes(data[:4], "big"), _MAX_BRANDS_BYTES)
    brands = {data[8:12], *(data[place : place + 4] for place in range(16, end, 4))}
    return "AVIF" if brands & _AVIF else "HEIC" if brands & _HEIC else ""


def check_boxes(data: bytes, max_pixels: int) -> None:
    """Refuse a file with more boxes, items or frames than honest photos have, or with a picture of too many pixels.

    Args:
        data: Contents of a HEIC or AVIF file; one that is cut short passes, decoding says what is wrong with it.
        max_pixels: Largest width x height of each picture in it.

    Raises:
        StructureError: In one sentence.
    """
    checks: dict[bytes, Callable[[memoryview], None]] = {
        b"iinf": _check_items,
        b"iloc": _check_locations,
        b"stsz": _check_samples,
        b"ispe": lambda body: _check_size(body, max_pixels),
    }
    whole = memoryview(data)
    waiting, boxes = [whole], 0
    while waiting:
        inside = waiting.pop()
        place = 0
        while place + 8 <= len(inside):
            size, kind, header = (
                int.from_bytes(inside[place : place + 4], "big"),
                bytes(inside[place + 4 : place + 8]),
                8,
            )
            if size == 1:
                size, header = int.from_bytes(inside[place + 8 : place + 16], "big"), 16
            size = size or len(inside) - place
            if size < header:
                break
            boxes += 1
            if boxes > MAX_BOXES:
                raise refuse("boxes", MAX_BOXES)
            body = inside[place + header : place + size]
            if kind in _CONTAINERS:
                waiting.append(body[_CONTAINERS[kind] :])
            elif kind in checks:
                checks[kind](body)
            place += size


def _check_items(body: memoryview) -> None:
    _check_count(body[4:6] if body[:1] == b"\0" else body[4:8], "items", MAX_ITEMS)


def _check_locations(body: memoryview) -> None:
    _check_count(body[6:8] if body[:1] in (b"\0", b"\1") else body[6:10], "items", MAX_ITEMS)


def _check_samples(body: memoryview) -> None:
    _check_count(body[8:12], "frames", MAX_FRAMES)


def _check_count(number: memoryview, what: str, limit: int) -> None:
    if int.from_bytes(number, "big") > limit:
        raise refuse(what, limit)


def _check_size(body: memoryview, max_pixels: int) -> None:
    """Of an item, in its box of spatial extents (23008-12, 6.5.3)."""
    if len(body) >= 12:
        width, height = struct.unpack_from(">II", body, 4)
        if width * height > max_pixels:
            raise StructureError(f"The photo is {width} x {height} pixels; at most {max_pixels:,} are allowed.")
