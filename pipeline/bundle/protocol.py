"""The part of a model bundle that prediction and evaluation need, so that tests and floors can stand in for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from pipeline.bundle.aliases import NameVectors
    from pipeline.bundle.predictor_state import PredictorParts


class Encoder(Protocol):
    """What measuring needs of a model bundle (`pipeline.bundle.bundle.Bundle` is one)."""

    categories: tuple[str, ...]
    predictor: PredictorParts | None
    category_vectors: np.ndarray
    names: NameVectors | None

    @property
    def logit_scale(self) -> float:
        """Factor on cosines before a softmax."""

    def was_seen(self, path: str) -> bool:
        """Whether some training product had this very path as its truth."""

    @property
    def dimension(self) -> int:
        """Size d of the shared space."""

    @property
    def image_size(self) -> int:
        """Side of the square photos, in pixels."""

    def encode_texts(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d]."""

    def encode_images(self, images: np.ndarray, progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d] of photos, uint8 [n, image_size, image_size, 3]."""

    def encode_categories(self, paths: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, d]."""

    def encode_names(self, paths: Sequence[str], names: Mapping[str, Sequence[str]]) -> NameVectors | None:
        """Vectors of what paths are called in other languages, None where its predictor does not read them."""

    def encode_texts_untrained(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, width]."""

    def fuse(self, text: np.ndarray, image: np.ndarray, has_text: np.ndarray, has_image: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d]."""
