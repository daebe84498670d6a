"""Decoding of one photo in this process: upright, on white, RGB, and no larger than any tower takes.

`worker.py` calls this in a process that can be killed; nothing else should decode untrusted photos with it.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import AvifImagePlugin, ExifTags, Image

from pipeline.data.decoding.boxes import kind_of
from pipeline.data.decoding.refusal import StructureError, foreign_format
from pipeline.data.decoding.structure import check_structure
from pipeline.errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
"""As Pillow names them."""
FORMATS_IN_WORDS = "JPEG, PNG, WebP, HEIC or AVIF"
MIN_SIDE_PIXELS = 448
"""A photo is reduced by a whole number that leaves its shorter side at least this: twice what `compact` reads, and more
than any tower takes."""
MAX_SIDE_PIXELS = 4_096
"""A long photo is reduced further, until its longer side is below twice this."""
_MOST_PIXELS = {"WEBP": 16_000_000, "HEIF": 30_000_000, "AVIF": 26_000_000}
"""Width x height by format, where its decoder takes much memory: 16 bytes a pixel for WebP, 7 for HEIC, 10 for AVIF."""
_NAMES = {"WEBP": "WebP", "HEIF": "HEIC", "AVIF": "AVIF"}

_WHITE = (255, 255, 255)
_STRIP_PIXELS = 1_000_000  # converted at a time, so that a conversion needs little beside the decoded photo
_DECODING_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, RuntimeError, struct.error, zlib.error),
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF orientation

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a worker has one core, and each thread takes memory


class ImageError(InputError):
    """A photo cannot be used; the message says why in one sentence."""


@dataclass(frozen=True)
class DecodedPhoto:
    """A photo as pixels.

    Attributes:
        image: RGB, upright, at a reduced scale.
        width: Of the photo as it is stored, in pixels.
        height: Of the photo as it is stored, in pixels.
    """

    image: Image.Image
    width: int
    height: int


def decode_image(data: bytes, *, max_bytes: int, max_pixels: int) -> DecodedPhoto:
    """Decode a photo: upright (EXIF), first frame, on white, RGB, at a reduced scale where it is large.

    Args:
        data: A JPEG, PNG, WebP, HEIC or AVIF file.
        max_bytes: Largest file.
        max_pixels: Largest width x height, checked before the pixels are decoded.

    Returns:
        The photo, its shorter side at least `MIN_SIDE_PIXELS` where it was that large.

    Raises:
        ImageError: If the file is too large, of another format, damaged, cut short, or made to keep a decoder busy.
    """
    image = _open(data, max_bytes, max_pixels)
    width, height = image.size
    try:
        image.draft("RGB", (MIN_SIDE_PIXELS, MIN_SIDE_PIXELS))
        image.load()
        return DecodedPhoto(_upright(image, _reduce(image)), width, height)
    except MemoryError as error:
        raise ImageError(f"The photo takes too much memory to decode ({width} x {height} pixels).") from error
    except _DECODING_ERRORS as error:
        raise ImageError(
            f"The photo is a damaged {_NAMES.get(str(image.format), image.format)} file ({error})."
        ) from error


def _open(data: bytes, max_bytes: int, max_pixels: int) -> Image.Image:
    if not data:
        raise ImageError("The photo is empty: it has no bytes.")
    if len(data) > max_bytes:
        raise ImageError(f"The photo has {len(data):,} bytes; at most {max_bytes:,} are allowed.")
    kind = kind_of(data)
    try:
        check_structure(data, max_pixels)
        image = Image.open(io.BytesIO(data), formats=_formats(kind))
    except StructureError as error:
        raise ImageError(str(error)) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"The photo has far more pixels than the {max_pixels:,} that are allowed.") from error
    except _DECODING_ERRORS as error:
        raise ImageError(_unreadable(data, kind)) from error
    limit = min(max_pixels, _MOST_PIXELS.get(image.format or "", max_pixels))
    if image.width * image.height > limit:
        as_what = f" as {_NAMES[str(image.format)]}" if limit < max_pixels else ""
        raise ImageError(f"The photo is {image.width} x {image.height} pixels; at most {limit:,} are allowed{as_what}.")
    return image


def _formats(kind: str) -> tuple[str, ...]:
    """Of Pillow, those that a file can be of; `kind` as `kind_of` gives it."""
    if kind == "HEIC":
        enable_heic()
        return ("HEIF",)
    return ("AVIF",) if kind == "AVIF" else ("JPEG", "PNG", "WEBP")


def enable_heic() -> None:
    """Teach Pillow to read HEIC, in this process alone; a worker does that before its memory is limited.

    pi-heif is pillow-heif without encoders: its wheel lacks x265, which is under the GPL. AVIF is Pillow's own.
    """
    import pi_heif

    if "HEIF" not in Image.OPEN:
        pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)


def _unreadable(data: bytes, kind: str) -> str:
    """Why a file cannot be opened, in one sentence."""
    if kind:
        return f"The photo is a damaged {kind} file, or is none but by name."
    if foreign := foreign_format(data):
        return f"This is {foreign}; save it as JPEG."
    return f"The photo is not a readable {FORMATS_IN_WORDS} file."


def _reduce(image: Image.Image) -> Image.Image:
    """RGB of any mode, each side divided by the same whole number; strip by strip, so that little memory is needed."""
    width, height = image.size
    factor = max(1, min(width, height) // MIN_SIDE_PIXELS, max(width, height) // MAX_SIDE_PIXELS)
    if factor == 1 and width * height <= _STRIP_PIXELS:
        return to_rgb(image)
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, _STRIP_PIXELS // (width * factor))
    for top in range(0, height, rows):
        strip = to_rgb(image.crop((0, top, width, min(top + rows, height))))
        reduced.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return reduced


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB of any mode: 16-bit grays scaled to 8 bits, transparency on white."""
    if image.mode.startswith("I"):
        gray = np.asarray(image, dtype=np.int64).clip(0, 65535) >> 8
        return Image.fromarray(gray.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (*_WHITE, 255))
        return Image.alpha_composite(ground, layered).convert("RGB")
    return image.convert("RGB")


def _upright(stored: Image.Image, reduced: Image.Image) -> Image.Image:
    """The reduced photo turned as the EXIF data of the stored one say.

    Where they cannot be read it stays as it is, as in browsers. Not by `ImageOps.exif_transpose`, which also writes the
    data again, and fails in many ways where they are damaged.
    """
    try:
        orientation = stored.getexif().get(ExifTags.Base.Orientation)
    except _DECODING_ERRORS:
        return reduced
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return reduced if turn is None else reduced.transpose(turn)
