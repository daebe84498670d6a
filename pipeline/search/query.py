"""A visitor's text and photo to vectors, by the same functions that made the catalogue's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipeline.data.images import square
from pipeline.errors import InputError

if TYPE_CHECKING:  # torch is slow to import, and a page can open without it
    from pipeline.bundle.bundle import Bundle

_REMEMBERED_TEXTS = 2_048


@dataclass(frozen=True)
class Query:
    """What is asked: vectors float32 [d], L2-normalised; None for a modality that is not there."""

    text_vector: np.ndarray | None
    image_vector: np.ndarray | None
    fused_vector: np.ndarray

    @property
    def kind(self) -> str:
        """What it is made of: "text", "image" or "fused"."""
        if self.image_vector is None:
            return "text"
        return "image" if self.text_vector is None else "fused"


class QueryEncoder:
    """Encodes queries one at a time; texts asked again are not encoded again."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._text = lru_cache(maxsize=_REMEMBERED_TEXTS)(self._encode_text)
        self._before = lru_cache(maxsize=_REMEMBERED_TEXTS)(self._encode_untrained)

    def encode(self, text: str | None, image: Image.Image | None) -> Query:
        """Vectors of a query.

        Args:
            text: What the text tower reads (`text.product_text`); None or blank for none.
            image: A decoded photo (`images.decode_image`); None for none.

        Raises:
            ValueError: If there is neither.
        """
        text = (text or "").strip()
        if not text and image is None:
            raise InputError("a query needs a text or a photo")
        text_vector = self._text(text) if text else None
        image_vector = self._encode_image(image) if image is not None else None
        return fuse(self.bundle, text_vector, image_vector)

    def untrained_cosines(self, text: str, paths: Sequence[str]) -> np.ndarray:
        """Cosines [n] of a text to n category paths by the text tower as it was before training.

        The first call loads that tower, which takes seconds.
        """
        vectors = np.stack([self._before(path) for path in paths])
        cosines: np.ndarray = vectors @ self._before(text)
        return cosines

    def _encode_untrained(self, text: str) -> np.ndarray:
        vector = self.bundle.encode_texts_untrained([text])[0]
        vector.setflags(write=False)
        return vector

    def _encode_text(self, text: str) -> np.ndarray:
        vector = self.bundle.encode_texts([text])[0]
        vector.setflags(write=False)  # shared by all who ask again
        return vector

    def _encode_image(self, image: Image.Image) -> np.ndarray:
        return self.bundle.encode_images(square(image, self.bundle.image_size)[None])[0]


def fuse(bundle: Bundle, text: np.ndarray | None, image: np.ndarray | None) -> Query:
    """The query of two vectors [d], either of which may be None (not both)."""
    blank = np.zeros(bundle.dimension, dtype=np.float32)
    fused = bundle.fuse(
        (blank if text is None else text)[None],
        (blank if image is None else image)[None],
        np.array([text is not None]),
        np.array([image is not None]),
    )[0]
    return Query(text, image, fused)
