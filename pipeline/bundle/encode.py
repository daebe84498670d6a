"""Products to vectors: the one way from texts and photos to fused vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.bundle.protocol import Encoder
from pipeline.data.vectors import ProductVectors

if TYPE_CHECKING:
    pass


def product_vectors(bundle: Encoder, texts: Sequence[str], image: np.ndarray, has_image: np.ndarray) -> ProductVectors:
    """Encode texts, and fuse them with photos encoded before.

    Args:
        bundle: The model.
        texts: n product texts, "" for none.
        image: float32 [n, d] vectors of the photos, zeros where there is none.
        has_image: bool [n].
    """
    has_text = np.array([bool(text) for text in texts], dtype=bool)
    text = np.zeros((len(texts), bundle.dimension), dtype=np.float32)
    if has_text.any():
        text[has_text] = bundle.encode_texts([text for text in texts if text], progress=True)
    return ProductVectors(bundle.fuse(text, image, has_text, has_image), text, image, has_text, has_image)
