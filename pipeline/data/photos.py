"""Photos of a raw row: all that can be used, the first that shows something with what later stages need of it."""

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
class CleanPhoto(Photo):
    """A photo as the vision tower reads it, and all else that later stages need of it.

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


def clean_photo(data: bytes, config: IngestConfig) -> CleanPhoto:
    """Decode a photo once and derive from it all that later stages need.

    Raises:
        ImageError: If it cannot be used.
    """
    decoded = decode(data, config)
    return _whole_photo(data, decoded, to_photo(decoded.image, config.image_size), config)


def _whole_photo(data: bytes, decoded: DecodedPhoto, photo: Photo, config: IngestConfig) -> CleanPhoto:
    """A decoded photo with all that later stages need of it."""
    image = decoded.image
    return CleanPhoto(
        square=photo.square,
        flaw=photo.flaw,
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
        more: Others that show something.
        problem: Why there is none.
        notes: What was left out.
    """

    first: CleanPhoto | None
    more: tuple[Photo, ...]
    problem: str
    notes: tuple[str, ...]


def photos_of(item: RawRow, config: IngestConfig) -> RowPhotos:
    """Decode the photos of a row. The first that shows something is the product's; of the others, those that do."""
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
        return RowPhotos(None, (), problem, ("photo unusable" if files else "photo missing",))
    read.sort(key=lambda one: bool(one[2].flaw))
    notes = ("one of several photos unusable",) if len(read) < len(files) else ()
    more = tuple(photo for _, _, photo in read[1:] if not photo.flaw)
    return RowPhotos(_whole_photo(*read[0], config), more, item.note, notes)
