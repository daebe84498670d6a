"""Photos of products, once decoded (`decoding`): made square, made small, fingerprinted, judged.

The Space sends a visitor's photo through the same `square` as `ingest` sends a product's.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

_JUDGED_SIZE = 96
_LEAST_CONTRAST = 1.0  # standard deviation of grey values
_NOISE, _BLUR = 0.6, 0.005  # Geary's C above which a photo is noise, below which it is blur
_WHITE = (255, 255, 255)


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


def perceptual_hash(image: Image.Image) -> int:
    """64 bits that hardly change when a photo is resized or compressed again.

    The signs, about their median, of the 8 x 8 lowest DCT frequencies without the constant rows and columns, of
    the photo at 32 x 32 greys (the pHash of Zauner 2010, "Implementation and benchmarking of perceptual image hash
    functions"). Photos without detail hash by chance: compare `signature` as well.

    Args:
        image: RGB.
    """
    from scipy.fft import dctn  # takes a quarter of a second to import, and the Space never hashes

    grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX, reducing_gap=3.0), dtype=np.float64)
    frequencies = dctn(grey, type=2)[1:9, 1:9].ravel()
    bits = np.packbits(frequencies > np.median(frequencies))
    return int.from_bytes(bits.tobytes(), "big")


SIGNATURE_SIZE = 32
"""Side of a `signature`, in pixels."""


def signature(image: Image.Image) -> np.ndarray:
    """Coarse colours of the whole photo in a white square: uint8 [32, 32, 3]."""
    return np.asarray(Image.fromarray(square(image, 4 * SIGNATURE_SIZE)).reduce(4))
