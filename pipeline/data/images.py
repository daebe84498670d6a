"""Photos of products: decoded within limits, made square, made small, fingerprinted.

The Space sends a visitor's photo through the same `decode_image` and `square` as `ingest` sends a product's.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import numpy as np
from PIL import ExifTags, Image

FORMATS = ("JPEG", "PNG", "WEBP")
ENOUGH_PIXELS = 512
"""A large JPEG is decoded at a reduced scale, whose sides are still at least this: no tower takes more."""
_JUDGED_SIZE = 96
_LEAST_CONTRAST = 1.0  # standard deviation of grey values
_NOISE, _BLUR = 0.6, 0.005  # Geary's C above which a photo is noise, below which it is blur
_WHITE = (255, 255, 255)
_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, struct.error, zlib.error)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF orientation


class ImageError(ValueError):
    """A photo cannot be used; the message says why in one sentence."""


def _open(data: bytes, max_bytes: int, max_pixels: int) -> Image.Image:
    if not data:
        raise ImageError("The photo is empty: it has no bytes.")
    if len(data) > max_bytes:
        raise ImageError(f"The photo has {len(data):,} bytes; at most {max_bytes:,} are allowed.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageError(f"The photo has far more pixels than the {max_pixels:,} that are allowed.") from error
    except _DECODING_ERRORS as error:
        raise ImageError("The photo is not a readable JPEG, PNG or WebP file.") from error
    if image.width * image.height > max_pixels:
        raise ImageError(f"The photo is {image.width} x {image.height} pixels; at most {max_pixels:,} are allowed.")
    return image


def source_size(data: bytes) -> tuple[int, int]:
    """Width and height of a photo as it is stored, from its header alone; (0, 0) if it has none."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return image.size
    except (*_DECODING_ERRORS, Image.DecompressionBombError):
        return 0, 0


def _to_rgb(image: Image.Image) -> Image.Image:
    """RGB of any mode: 16-bit greys scaled to 8 bits, transparency on white."""
    if image.mode.startswith("I"):
        grey = np.asarray(image, dtype=np.int64).clip(0, 65535) >> 8
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (*_WHITE, 255))
        return Image.alpha_composite(ground, layered).convert("RGB")
    return image.convert("RGB")


def _upright(image: Image.Image) -> Image.Image:
    """The photo turned as its EXIF data say; as it is stored where they cannot be read, as browsers do.

    Not `ImageOps.exif_transpose`, which also writes the data again, and fails in many ways where they are damaged.
    """
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except _DECODING_ERRORS:
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def decode_image(data: bytes, *, max_bytes: int, max_pixels: int) -> Image.Image:
    """Decode a photo: upright (EXIF), first frame, on white, RGB.

    Args:
        data: A JPEG, PNG or WebP file.
        max_bytes: Largest file.
        max_pixels: Largest width x height, checked before the pixels are decoded.

    Returns:
        An RGB image. A large JPEG comes at a reduced scale, its shorter side at least `ENOUGH_PIXELS`.

    Raises:
        ImageError: If the file is too large, of another format, damaged or cut short.
    """
    image = _open(data, max_bytes, max_pixels)
    try:
        image.draft("RGB", (ENOUGH_PIXELS, ENOUGH_PIXELS))
        image.load()
        return _to_rgb(_upright(image))
    except _DECODING_ERRORS as error:
        raise ImageError(f"The photo is a damaged {image.format} file ({error}).") from error


def _fit(image: Image.Image, size: int) -> Image.Image:
    """Resized (up or down, bicubic) so that its longest side is `size`."""
    scale = size / max(image.size)
    shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if shape == image.size else image.resize(shape, Image.Resampling.BICUBIC, reducing_gap=3.0)


def square(image: Image.Image, size: int) -> np.ndarray:
    """The whole photo in a white square.

    Args:
        image: RGB.
        size: Side in pixels.

    Returns:
        uint8 [size, size, 3].
    """
    fitted = _fit(image, size)
    canvas = Image.new("RGB", (size, size), _WHITE)
    canvas.paste(fitted, ((size - fitted.width) // 2, (size - fitted.height) // 2))
    return np.asarray(canvas)


def photo_flaw(image: Image.Image) -> str:
    """What makes a photo say nothing: "one colour", "noise", "blur", or "" for a photo that may show something.

    One colour has no contrast. In noise neighbouring pixels know nothing of each other, which even photos of gravel or
    lace do; in blur they know nearly all, which even soft photos of pale things do not. Both show in Geary's C (1954):
    the mean square by which neighbours differ over that of any two pixels. Judged at about the size that a tower sees.
    """
    size = (min(image.width, _JUDGED_SIZE), min(image.height, _JUDGED_SIZE))
    grey = np.asarray(image.resize(size, Image.Resampling.BOX), dtype=np.float64).mean(axis=2)
    variance = float(grey.var())
    if variance < _LEAST_CONTRAST**2:
        return "one colour"
    if min(size) < 2:
        return ""
    down, across = ((np.diff(grey, axis=axis) ** 2).mean() for axis in (0, 1))
    geary = (down + across) / 2 / (2 * variance)
    return "noise" if geary > _NOISE else "blur" if geary < _BLUR else ""


def thumbnail(image: Image.Image, size: int, quality: int) -> bytes:
    """A small WebP; never larger than the photo.

    Args:
        image: RGB.
        size: Longest side in pixels.
        quality: 1 to 100, of WebP.
    """
    small = _fit(image, size) if max(image.size) > size else image
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", quality=quality, method=2)
    return buffer.getvalue()


@cache
def _cosines() -> np.ndarray:
    """float64 [8, 32]: the DCT-II basis of the frequencies 1 to 8 over 32 samples."""
    frequency = np.arange(1, 9)[:, None]
    sample = np.arange(32)[None, :]
    return np.cos(np.pi * frequency * (2 * sample + 1) / 64)


def perceptual_hash(image: Image.Image) -> int:
    """64 bits that hardly change when a photo is resized or compressed again.

    The signs, about their median, of the 8 x 8 lowest DCT frequencies without the constant rows and columns, of
    the photo at 32 x 32 greys (the pHash of Zauner 2010, "Implementation and benchmarking of perceptual image hash
    functions"). Photos without detail hash by chance: compare `signature` as well.

    Args:
        image: RGB.
    """
    grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX, reducing_gap=3.0), dtype=np.float64)
    basis = _cosines()
    frequencies = (basis @ grey @ basis.T).ravel()
    bits = np.packbits(frequencies > np.median(frequencies))
    return int.from_bytes(bits.tobytes(), "big")


SIGNATURE_SIZE = 32
"""Side of a `signature`, in pixels."""


def signature(image: Image.Image) -> np.ndarray:
    """Coarse colours of the whole photo in a white square: uint8 [32, 32, 3]."""
    return np.asarray(Image.fromarray(square(image, 4 * SIGNATURE_SIZE)).reduce(4))
