"""Photos of a raw row: all that can be used, and what a build keeps of the first that shows something."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from pipeline.config.stages import IngestConfig
from pipeline.data.decoding import DecodedPhoto, ImageError
from pipeline.data.images import Photo, brightness, decode, perceptual_hash, signature, thumbnail, to_photo
from pipeline.data.sources import RawRow

THUMBNAIL_QUALITY = 75
"""Of WebP."""


@dataclass(frozen=True)
class PhotoFacts:
    """What a build keeps of a photo besides its pixels; prediction needs none of it.

    Attributes:
        digest: SHA-256 of its file.
        width: Of the source photo, in pixels.
        height: Of the source photo, in pixels.
        thumbnail: WebP.
        brightness: Mean luma, 0 to 1.
        hash: 64-bit perceptual hash.
        signature: uint8 [32, 32, 3], coarse colors.
    """

    digest: str
    width: int
    height: int
    thumbnail: bytes
    brightness: float
    hash: int
    signature: np.ndarray


def _facts(data: bytes, decoded: DecodedPhoto, config: IngestConfig) -> PhotoFacts:
    image = decoded.image
    return PhotoFacts(
        digest=hashlib.sha256(data).hexdigest(),
        width=decoded.width,
        height=decoded.height,
        thumbnail=thumbnail(image, config.thumbnail_size, THUMBNAIL_QUALITY),
        brightness=brightness(image),
        hash=perceptual_hash(image),
        signature=signature(image),
    )


@dataclass(frozen=True)
class RowPhotos:
    """The photos of a row.

    Attributes:
        first: The one that is shown.
        facts: Of it, where they are wanted.
        more: Others that show something.
        problem: Why there is none.
        notes: What was left out.
    """

    first: Photo | None
    facts: PhotoFacts | None
    more: tuple[Photo, ...]
    problem: str
    notes: tuple[str, ...]


def photos_of(item: RawRow, config: IngestConfig, *, with_facts: bool = True) -> RowPhotos:
    """Decode the photos of a row. The first that shows something is the product's; of the others, those that do.

    Args:
        item: The row.
        config: Limits and sizes.
        with_facts: Whether the facts of the first one are wanted: they take twice the time of decoding it.
    """
    files = [data for data in dict.fromkeys((item.image, *item.more_images)) if data is not None]
    read: list[tuple[bytes, DecodedPhoto, Photo]] = []
    problem = item.note
    for data in files:
        try:
            decoded = decode(data, config)
        except ImageError as error:
            problem = problem or str(error)
        else:
            read.append((data, decoded, to_photo(decoded.image, config.image_size)))
    if not read:
        return RowPhotos(None, None, (), problem, ("photo unusable" if files else "photo missing",))
    read.sort(key=lambda one: bool(one[2].flaw))
    notes = ("one of several photos unusable",) if len(read) < len(files) else ()
    more = tuple(photo for _, _, photo in read[1:] if not photo.flaw)
    data, decoded, first = read[0]
    facts = _facts(data, decoded, config) if with_facts else None
    return RowPhotos(first, facts, more, item.note, notes)
