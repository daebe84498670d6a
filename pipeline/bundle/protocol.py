"""The part of a model bundle that prediction and evaluation need, so that tests and floors can stand in for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from pipeline.bundle.aliases import AliasVectors
from pipeline.bundle.predictor_state import PredictorParts


class ProductEncoder(Protocol):
    """Texts and photos to vectors of one space."""

    @property
    def dimension(self) -> int:
        """Size d of the shared space."""

    def encode_texts(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d]."""

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d] of photos, uint8 [n, side, side, 3]."""

    def fuse(self, text: np.ndarray, image: np.ndarray, has_text: np.ndarray, has_image: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d]."""


class Encoder(ProductEncoder, Protocol):
    """A model bundle as prediction and evaluation see it (`pipeline.bundle.bundle.Bundle` is one)."""

    categories: tuple[str, ...]
    predictor: PredictorParts | None
    category_vectors: np.ndarray
    category_ids: dict[str, str]
    aliases: AliasVectors | None

    @property
    def logit_scale(self) -> float:
        """Factor on cosines before a softmax."""

    @property
    def image_size(self) -> int:
        """Side of the square photos, in pixels."""

    def was_seen(self, path: str) -> bool:
        """Whether some training product had this very path as its truth."""

    def encode_categories(self, paths: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, d]."""

    def encode_aliases(self, paths: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> AliasVectors | None:
        """Vectors of the names of paths in other languages, None where its predictor does not read them."""

    def encode_texts_untrained(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, width]."""

    def encode_categories_untrained(self, paths: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, width] of category paths."""

    def gate(self, text: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Weight of the text in every dimension of the fused vector, [n, d] in (0, 1)."""
