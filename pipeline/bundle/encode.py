"""Products to vectors: the one way from texts and photos to text, photo and fused vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.bundle.protocol import ProductEncoder
from pipeline.data.images import Photo
from pipeline.data.vectors import ProductVectors

_PHOTOS_AT_A_TIME = 256  # 256 x 256 x 256 x 3 bytes are 50 MB


def cached_photos(products: pd.DataFrame, images: np.ndarray) -> list[Photo | None]:
    """The photos of products in the image cache; their pixels are read when they are encoded.

    Args:
        products: n rows of `schema.PRODUCTS`.
        images: Memory-mapped cache, uint8 [m, side, side, 3].
    """
    pairs = zip(products["image_row"].tolist(), products["photo_flaw"].tolist(), strict=True)
    return [None if row < 0 else Photo(images[row], flaw) for row, flaw in pairs]


def encode_products(
    encoder: ProductEncoder, texts: Sequence[str], photos: Sequence[Photo | None], progress: bool = False
) -> ProductVectors:
    """Encode n products. A photo that shows nothing is left out beside a text; alone it counts.

    Args:
        encoder: The model.
        texts: As the text tower reads them, "" for none.
        photos: None where there is none; only a batch of their pixels is read at a time.
        progress: Whether to show a bar.

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
    rows = np.flatnonzero(has_image)
    for start in tqdm(range(0, len(rows), _PHOTOS_AT_A_TIME), desc="photos", disable=not progress):
        part = rows[start : start + _PHOTOS_AT_A_TIME]
        squares = np.stack([photo.square for row in part.tolist() if (photo := used[row]) is not None])
        image[part] = encoder.encode_images(squares)
    return ProductVectors(encoder.fuse(text, image, has_text, has_image), text, image, has_text, has_image)
