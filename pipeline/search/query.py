"""A visitor's text and photo to vectors, by the same functions that made the catalogue's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipeline.bundle.encode import encode_products
from pipeline.bundle.protocol import Encoder
from pipeline.data.images import Photo
from pipeline.data.vectors import ProductVectors
from pipeline.errors import InputError
from pipeline.types import Modality

_REMEMBERED_TEXTS = 2_048


@dataclass(frozen=True)
class Query:
    """Vectors of a query, float32 [d], L2-normalized; None for a modality that it lacks.

    Attributes:
        text_vector: Of its text.
        image_vector: Of its photo.
        fused_vector: Of what there is.
        photo_flaw: Why its photo shows nothing, "" otherwise; beside a text such a photo was left out.
    """

    text_vector: np.ndarray | None
    image_vector: np.ndarray | None
    fused_vector: np.ndarray
    photo_flaw: str = ""

    @property
    def modality(self) -> Modality:
        """Parts of its fused vector: "text", "image", or "fused" for both."""
        if self.image_vector is None:
            return "text"
        return "image" if self.text_vector is None else "fused"

    def vector(self, modality: Modality) -> np.ndarray:
        """Its vector of a modality.

        Raises:
            ValueError: If it has none.
        """
        found = {"text": self.text_vector, "image": self.image_vector, "fused": self.fused_vector}[modality]
        if found is None:
            raise ValueError(f"This query has no {modality}.")
        return found

    @classmethod
    def of(cls, vectors: ProductVectors, row: int, photo_flaw: str = "") -> Query:
        """One of some products."""
        text = vectors.text[row] if vectors.has_text[row] else None
        image = vectors.image[row] if vectors.has_image[row] else None
        return cls(text, image, vectors.fused[row], photo_flaw)


class QueryEncoder:
    """Encodes queries one at a time; the vectors of recent texts are remembered."""

    def __init__(self, bundle: Encoder) -> None:
        self.bundle = bundle
        self._text = lru_cache(maxsize=_REMEMBERED_TEXTS)(self._encode_text)
        self._untrained: dict[str, np.ndarray] = {}

    def encode(self, text: str | None, photo: Photo | None) -> Query:
        """Vectors of a query; a photo that shows nothing is left out beside a text.

        Args:
            text: As the text tower reads it (`text.listing`); None or blank for none.
            photo: As `images.read_photo` gives it, with the side `bundle.image_size`; None for none.

        Raises:
            ValueError: If there is neither.
        """
        text = (text or "").strip()
        if not text and photo is None:
            raise InputError("There is nothing to look for: a query needs a text or a photo.")
        return Query.of(encode_products(self, [text], [photo]), 0, "" if photo is None else photo.flaw)

    @property
    def dimension(self) -> int:
        """Size d of the shared space."""
        return self.bundle.dimension

    def encode_texts(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d]."""
        return np.stack([self._text(text) for text in texts])

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d] of photos, uint8 [n, side, side, 3]."""
        return self.bundle.encode_images(images)

    def fuse(self, text: np.ndarray, image: np.ndarray, has_text: np.ndarray, has_image: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d]."""
        return self.bundle.fuse(text, image, has_text, has_image)

    def untrained_cosines(self, text: str, paths: Sequence[str]) -> np.ndarray:
        """Cosines [n] of a text to n category paths by the pretrained text tower.

        The first call loads that tower, which takes seconds.
        """
        vectors = self._untrained_vectors(paths)
        cosines: np.ndarray = vectors @ self._untrained_vectors([text])[0]  # apart: a batch is as long as its longest
        return cosines

    def _untrained_vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, width]; those that are not remembered are encoded at once."""
        known = {text: vector for text in texts if (vector := self._untrained.get(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known |= zip(new, self.bundle.encode_texts_untrained(new), strict=True)
            self._untrained |= {text: known[text] for text in new}
            for oldest in list(self._untrained)[:-_REMEMBERED_TEXTS]:
                self._untrained.pop(oldest, None)
        return np.stack([known[text] for text in texts])

    def _encode_text(self, text: str) -> np.ndarray:
        vector = self.bundle.encode_texts([text])[0]
        vector.setflags(write=False)  # shared by all who ask again
        return vector
