"""Photos of products: decoded within limits, made square, made small, fingerprinted, judged.

`read_photo` is the one way from the bytes of a photo to what the vision tower reads, for `ingest`, the command line and
the Space.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageStat

from pipeline.config.stages import IngestConfig
from pipeline.data.decoding import DecodedPhoto, decode_photo

SIGNATURE_SIZE = 32
"""Side of a `signature`, in pixels."""

_JUDGED_SIZE = 96
_MIN_CONTRAST = 1.0  # standard deviation of gray values
_NOISE, _BLUR = 0.6, 0.005  # Geary's C above which a photo is noise, below which it is blur
_WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Photo:
    """A photo as the vision tower reads it.

    Attributes:
        square: uint8 [side, side, 3], RGB, the whole photo on white.
        flaw: Why it shows nothing (`photo_flaw`), "" if it may show something.
    """

    square: np.ndarray
    flaw: str


def decode(data: bytes, limits: IngestConfig, *, wait: float | None = None) -> DecodedPhoto:
    """Decode a photo within the limits of the configuration (`decoding.decode_photo`).

    Args:
        data: A JPEG, PNG, WebP, HEIC or AVIF file.
        limits: Largest file and largest photo.
        wait: Seconds to wait for a decoder; None waits until there is one.

    Raises:
        ImageError: If it cannot be used, in one sentence.
        DecoderBusyError: If no decoder becomes free.
    """
    return decode_photo(data, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels, wait=wait)


def read_photo(data: bytes, limits: IngestConfig, *, wait: float | None = None) -> Photo:
    """Decode a photo, make it square with the side `limits.image_size`, and judge it.

    Args and errors are those of `decode`.
    """
    return to_photo(decode(data, limits, wait=wait).image, limits.image_size)


def to_photo(image: Image.Image, size: int) -> Photo:
    """A decoded photo as the vision tower reads it.

    Args:
        image: RGB.
        size: Side of the square in pixels.
    """
    return Photo(square(image, size), photo_flaw(image))


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
    """Why a photo shows nothing: "one color", "noise" or "blur"; "" for a photo that may show something.

    One color has no contrast. In noise, neighboring pixels are independent, which they are not even in photos of gravel
    or lace; in blur they are nearly equal, more than in soft photos of pale things. Both show in Geary's C (1954): the
    mean squared difference of neighbors over that of any two pixels. Judged at about the size that a tower sees.
    """
    size = (min(image.width, _JUDGED_SIZE), min(image.height, _JUDGED_SIZE))
    gray = np.asarray(image.resize(size, Image.Resampling.BOX), dtype=np.float64).mean(axis=2)
    variance = float(gray.var())
    if variance < _MIN_CONTRAST**2:
        return "one color"
    if min(size) < 2:
        return ""
    down, across = ((np.diff(gray, axis=axis) ** 2).mean() for axis in (0, 1))
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


def perceptual_hash(image: Image.Image) -> int:
    """64 bits that hardly change when a photo is resized or compressed again.

    The signs, about their median, of the 8 x 8 lowest DCT frequencies without the constant rows and columns, of
    the photo at 32 x 32 grays (the pHash of Zauner 2010, "Implementation and benchmarking of perceptual image hash
    functions"). Photos without detail hash by chance: compare `signature` as well.

    Args:
        image: RGB.
    """
    from scipy.fft import dctn  # takes a quarter of a second to import, and the Space never hashes

    gray = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX, reducing_gap=3.0), dtype=np.float64)
    frequencies = dctn(gray, type=2)[1:9, 1:9].ravel()
    bits = np.packbits(frequencies > np.median(frequencies))
    return int.from_bytes(bits.tobytes(), "big")


def signature(image: Image.Image) -> np.ndarray:
    """Coarse colors of the whole photo in a white square: uint8 [32, 32, 3]."""
    return np.asarray(Image.fromarray(square(image, 4 * SIGNATURE_SIZE)).reduce(4))


def brightness(image: Image.Image) -> float:
    """Mean luma from 0, black, to 1.

    Args:
        image: RGB.
    """
    return ImageStat.Stat(image.convert("L")).mean[0] / 255
