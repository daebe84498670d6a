"""Limits on the parts of a photo file (scans, segments, chunks, frames), checked before anything is decoded.

Bytes and pixels do not bound the work of a decoder: a progressive JPEG repeats its scans, each over all pixels (ITU-T
T.81, annex G); a PNG or WebP file of 20 MB has room for a million empty chunks.
"""

from __future__ import annotations

import re
import struct

from pipeline.data.decoding.boxes import check_boxes, kind_of
from pipeline.data.decoding.refusal import StructureError, refuse

MAX_SCANS = 40
"""Scans of a JPEG: encoders write 1 to 12 of them."""
MAX_SEGMENTS = 2_000
"""Marker segments of a JPEG: metadata of 20 MB takes 305 of them."""
MAX_CHUNKS = 10_000
"""Chunks of a PNG or WebP file: encoders write image data in pieces of 8 KB, so 20 MB take 2,500 of them."""
MAX_FRAMES = 1_000
"""Frames of an animation, of which the first is read."""
MAX_COEFFICIENT_BYTES = 260_000_000
"""Memory for the coefficients of a progressive JPEG, which a decoder holds for the whole photo."""

_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")  # in coded data, FF 00 is a byte and FF D0 to D7 are restarts
_EOI, _SOS = 0xD9, 0xDA
_SCAN = b"\xff\xda"
_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_STANDALONE = frozenset((0x01, 0xD8))
_COEFFICIENTS_OF_A_BLOCK = 64 * 2  # bytes: 8 x 8 of 16 bits
_PNG = b"\x89PNG\r\n\x1a\n"


def check_structure(data: bytes, max_pixels: int) -> None:
    """Refuse a file with more scans, segments, chunks, boxes or frames than honest photos have.

    A file of another format, or one that is cut short, passes: decoding says what is wrong with it.

    Args:
        data: Contents of a photo file.
        max_pixels: Largest width x height of a HEIC or AVIF file, which has several pictures in it.

    Raises:
        StructureError: In one sentence.
    """
    if data.startswith(b"\xff\xd8"):
        _check_jpeg(data)
    elif data.startswith(_PNG):
        _check_png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        _check_webp(data)
    elif kind_of(data):
        check_boxes(data, max_pixels)


def _check_jpeg(data: bytes) -> None:
    """Walk the markers up to the end of the first picture; where there are few scans, up to the first of them."""
    few = data.count(_SCAN) <= MAX_SCANS  # far faster than walking, and never less than the number of scans
    scans = segments = 0
    place = 2
    while match := _MARKER.search(data, place):
        marker, place = match[1][0], match.end()
        if marker == _EOI:
            return
        if marker in _STANDALONE:
            continue
        segments += 1
        if segments > MAX_SEGMENTS:
            raise refuse("segments", MAX_SEGMENTS)
        if marker == _SOS:
            if few:
                return
            scans += 1
            if scans > MAX_SCANS:
                raise refuse("scans", MAX_SCANS)
        elif marker in _PROGRESSIVE:
            _check_coefficients(data, place)
        if place + 2 > len(data):
            return
        place += max(2, int.from_bytes(data[place : place + 2], "big"))


def _check_coefficients(data: bytes, place: int) -> None:
    """Refuse a frame header (T.81, B.2.2) whose coefficients take more memory than is given to a photo.

    Args:
        data: The file.
        place: Of the header's length, behind its marker.
    """
    if place + 8 > len(data):
        return
    height, width, count = struct.unpack_from(">HHB", data, place + 3)
    components = data[place + 8 : place + 8 + 3 * count]
    factors = [(byte >> 4, byte & 15) for byte in components[1::3]]
    if len(factors) != count or not all(across and down for across, down in factors):
        return  # damaged: decoding says so
    widest, tallest = max(across for across, _ in factors), max(down for _, down in factors)
    blocks = sum(-(-width * across // (8 * widest)) * -(-height * down // (8 * tallest)) for across, down in factors)
    if blocks * _COEFFICIENTS_OF_A_BLOCK > MAX_COEFFICIENT_BYTES:
        raise StructureError(
            f"The photo is a progressive JPEG of {width} x {height} pixels, which takes more than "
            f"{MAX_COEFFICIENT_BYTES // 1_000_000} MB to decode; save it as a baseline JPEG, or smaller."
        )


def _check_png(data: bytes) -> None:
    chunks = frames = 0
    place = len(_PNG)
    while place + 8 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if kind == b"IEND":
            return
        chunks += 1
        frames += kind == b"fcTL"
        _check_counts(chunks, frames)
        place += 12 + length


def _check_webp(data: bytes) -> None:
    chunks = frames = 0
    place = 12
    while place + 8 <= len(data):
        kind, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        chunks += 1
        frames += kind == b"ANMF"
        _check_counts(chunks, frames)
        place += 8 + length + length % 2


def _check_counts(chunks: int, frames: int) -> None:
    if chunks > MAX_CHUNKS:
        raise refuse("chunks", MAX_CHUNKS)
    if frames > MAX_FRAMES:
        raise refuse("frames", MAX_FRAMES)
