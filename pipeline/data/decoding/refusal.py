"""Why a photo file is refused before it is decoded, and what a file of another format is."""

from __future__ import annotations

_FOREIGN = (
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\0", "a TIFF photo"),
    (0, b"MM\0*", "a TIFF photo"),
    (0, b"II+\0", "a TIFF photo"),
    (0, b"MM\0+", "a TIFF photo"),
    (0, b"\0\0\1\0", "an icon"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL photo"),
    (0, b"\xff\x0a", "a JPEG XL photo"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 photo"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 photo"),
    (0, b"II\xbc\1", "a JPEG XR photo"),
    (0, b"%PDF", "a PDF"),
    (4, b"ftypcrx ", "a raw photo of a camera"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
)
"""Place and bytes by which other formats are told; TIFF is what most cameras' raw photos begin like."""
_DRAWING_BYTES = 1_000


class StructureError(ValueError):
    """A photo file has too many parts; the message says which in one sentence."""


def refuse(what: str, limit: int) -> StructureError:
    """The error of a file with too many parts of one kind."""
    return StructureError(f"The photo has more than {limit:,} {what}, which no camera or editor writes; save it again.")


def foreign_format(data: bytes) -> str:
    """What a file of another format is, with its article, "" where it is not known."""
    for place, mark, name in _FOREIGN:
        if data.startswith(mark, place):
            return name
    start = data[:_DRAWING_BYTES].lstrip().lower()
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in start):
        return "an SVG drawing"
    return "a web page" if start.startswith((b"<!doctype html", b"<html")) else ""
