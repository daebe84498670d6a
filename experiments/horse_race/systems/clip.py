"""CLIP from the hub, frozen: photos and texts to vectors of one space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

from pipeline.data.vectors import unit
from pipeline.models.checkpoints import TowerError

CLIP_ID = "openai/clip-vit-base-patch32"
PROMPT = "a product photo of {}"
_AT_A_TIME = 64


class Clip:
    """A CLIP checkpoint with its processor and tokenizer."""

    def __init__(self, model_id: str = CLIP_ID) -> None:
        """Load it from the hub, from its cache or from a folder.

        Raises:
            TowerError: If it is in none of them.
        """
        try:
            self.model = CLIPModel.from_pretrained(model_id).eval().requires_grad_(False)
            self._processor = CLIPImageProcessorPil.from_pretrained(model_id)
            self._tokenizer = AutoTokenizer.from_pretrained(model_id)
        except OSError as error:
            reason = str(error).splitlines()[0]
            raise TowerError(f"CLIP '{model_id}' cannot be loaded: {reason}") from error

    @torch.inference_mode()
    def photos(self, images: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d] of photos, zeros where there is none.

        Args:
            images: uint8 [photos, side, side, 3].
            rows: int [n], rows of it, -1 = no photo.
        """
        vectors = np.zeros((len(rows), self.model.config.projection_dim), dtype=np.float32)
        for part in _parts(np.flatnonzero(rows >= 0)):
            pixels = self._processor(images=list(images[rows[part]]), return_tensors="pt")["pixel_values"]
            vectors[part] = self.model.get_image_features(pixel_values=pixels).pooler_output.numpy()
        return unit(vectors)

    @torch.inference_mode()
    def texts(self, names: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, d] of what products are called, each in the prompt; zeros for ""."""
        vectors = np.zeros((len(names), self.model.config.projection_dim), dtype=np.float32)
        for part in _parts(np.array([row for row, name in enumerate(names) if name], dtype=np.int64)):
            prompts = [PROMPT.format(names[row]) for row in part]
            inputs = self._tokenizer(prompts, padding=True, truncation=True, return_tensors="pt")
            vectors[part] = self.model.get_text_features(**inputs).pooler_output.numpy()
        return unit(vectors)


def _parts(rows: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), _AT_A_TIME):
        yield rows[start : start + _AT_A_TIME]
