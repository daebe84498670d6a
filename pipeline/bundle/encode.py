"""Products to vectors: the one way from texts and photos to text, photo and fused vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.bundle.protocol import ProductEncoder
from pipeline.data.images import Photo
from pipeline.data.vectors import ProductVectors, unit

if TYPE_CHECKING:  # both import torch, which takes seconds, and the Space encodes queries by this module
    from pipeline.bundle.bundle import Bundle
    from pipeline.models.feature_store import FeatureStore

_PHOTOS_AT_A_TIME = 1024  # 1024 x 256 x 256 x 3 bytes are 200 MB


class RememberingEncoder:
    """A bundle that looks the features of its frozen towers up in a store, and puts there what is new.

    A tower whose weights training changed has no features there: it encodes as ever.
    """

    def __init__(self, bundle: Bundle, store: FeatureStore) -> None:
        self.bundle, self.store = bundle, store

    @property
    def dimension(self) -> int:
        """Size d of the shared space."""
        return self.bundle.dimension

    def encode_texts(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d]."""
        bundle, label = self.bundle, "texts" if progress else ""
        if not bundle.config.text.is_frozen:
            return bundle.encode_texts(texts, progress)
        return bundle.project_texts(self.store.texts(bundle.model.text_tower, bundle.tokens, texts, progress=label))

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d] of photos, uint8 [n, side, side, 3]."""
        bundle = self.bundle
        if not bundle.config.vision.is_frozen:
            return bundle.encode_images(images)
        return bundle.project_images(self.store.photos(bundle.model.vision_tower, images, np.arange(len(images))))

    def fuse(self, text: np.ndarray, image: np.ndarray, has_text: np.ndarray, has_image: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d]."""
        return self.bundle.fuse(text, image, has_text, has_image)


def cached_photos(products: pd.DataFrame, images: np.ndarray) -> list[Photo | None]:
    """The photos of products in the image cache; their pixels are read when they are encoded.

    Args:
        products: n rows of `schema.PRODUCTS`.
        images: Memory-mapped cache, uint8 [m, side, side, 3].
    """
    pairs = zip(products["image_row"].tolist(), products["photo_flaw"].tolist(), strict=True)
    return [None if row < 0 else Photo(images[row], flaw) for row, flaw in pairs]


def further_photos(products: pd.DataFrame, images: np.ndarray) -> list[list[Photo]]:
    """The photos of products behind the first of each; arguments as of `cached_photos`."""
    pairs = zip(products["image_row"].tolist(), products["more_photos"].tolist(), strict=True)
    return [[Photo(images[row + number], "") for number in range(1, count + 1)] for row, count in pairs]


def encode_products(
    encoder: ProductEncoder,
    texts: Sequence[str],
    photos: Sequence[Photo | None],
    progress: bool = False,
    *,
    more: Sequence[Sequence[Photo]] | None = None,
) -> ProductVectors:
    """Encode n products. A photo that shows nothing is left out beside a text; alone it counts.

    The photo vector of a product with several photos is the mean of theirs, of length 1.

    Args:
        encoder: The model.
        texts: As the text tower reads them, "" for none.
        photos: None where there is none; only a batch of their pixels is read at a time.
        progress: Whether to show a bar.
        more: Further photos of each product that has one; None: there are none.

    Returns:
        Vectors in the order of the products; `has_image` is False for a photo that was left out.
    """
    has_text = np.array([bool(text) for text in texts], dtype=bool)
    used = [
        None if photo is None or (photo.flaw and text) else photo for text, photo in zip(texts, photos, strict=True)
    ]
    has_image = np.array([photo is not None for photo in used], dtype=bool)
    text = np.zeros((len(texts), encoder.dimension), dtype=np.float32)
    image = np.zeros_like(text)
    if has_text.any():
        text[has_text] = encoder.encode_texts([text for text in texts if text], progress)
    others = [()] * len(texts) if more is None else more
    shown = [(row, photo) for row, first in enumerate(used) if first is not None for photo in (first, *others[row])]
    for start in tqdm(range(0, len(shown), _PHOTOS_AT_A_TIME), desc="photos", disable=not progress):
        part = shown[start : start + _PHOTOS_AT_A_TIME]
        np.add.at(image, [row for row, _ in part], _distinct(encoder, [photo.square for _, photo in part]))
    image[has_image] = unit(image[has_image])
    return ProductVectors(encoder.fuse(text, image, has_text, has_image), text, image, has_text, has_image)


def _distinct(encoder: ProductEncoder, squares: Sequence[np.ndarray]) -> np.ndarray:
    """Unit vectors float32 [n, d] of n photos, each picture encoded once: variants of a product often share theirs."""
    places: dict[bytes, int] = {}
    kept: list[np.ndarray] = []
    rows = []
    for square in squares:
        key = hashlib.sha256(square.tobytes()).digest()
        if key not in places:
            places[key] = len(kept)
            kept.append(square)
        rows.append(places[key])
    return encoder.encode_images(np.stack(kept))[rows]
