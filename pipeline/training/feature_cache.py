"""Features of the frozen towers, encoded once and kept on disk for the later stages and builds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accelerate import Accelerator

from pipeline.artifacts import atomic_path
from pipeline.config.model import TowerConfig
from pipeline.models.encoding import TokenCache, encode_categories, encode_images, encode_texts
from pipeline.models.towers import TextTower, VisionTower
from pipeline.provenance import hash_ids
from pipeline.training.dataset import Examples


@dataclass(frozen=True)
class FeatureCache:
    """A folder of feature arrays, one file per tower state and set of inputs.

    Attributes:
        folder: Where the files are.
        accelerator: The first of its processes encodes, the others wait.
        seed: Of the build, which random towers depend on.
        products: Fingerprint of the products and their photos.
    """

    folder: Path
    accelerator: Accelerator
    seed: int
    products: str

    def texts(self, tower: TextTower, tokens: TokenCache, texts: Sequence[str], name: str) -> np.ndarray:
        """Features of texts by the pretrained text tower, float32 [n, text width]; zeros for empty texts.

        Args:
            tower: The pretrained text tower.
            tokens: Its tokenizer.
            texts: n texts.
            name: Of the file and of the progress bar.
        """

        def encode() -> np.ndarray:
            features = encode_texts(tower, tokens, texts, progress=name)
            features[[not text for text in texts]] = 0.0
            return features

        return self._cached(f"{name}-{self._key(tower.config, hash_ids(texts))}", encode)

    def categories(self, tower: TextTower, tokens: TokenCache, paths: Sequence[str], *, names: bool) -> np.ndarray:
        """Features of category paths by the pretrained text tower, float32 [p, text width] (`encode_categories`)."""
        name = f"{'named-' if names else ''}paths"

        def encode() -> np.ndarray:
            return encode_categories(tower, tokens, paths, names=names, progress=name)

        return self._cached(f"{name}-{self._key(tower.config, hash_ids(paths))}", encode)

    def images(
        self, tower: VisionTower, examples: Examples, images: np.ndarray, *, state: str, name: str
    ) -> np.ndarray:
        """Features of the examples' photos by the current vision tower, float32 [n, vision width]; zeros without photo.

        Args:
            tower: The vision tower.
            examples: n products.
            images: Image cache, uint8 [photos, side, side, 3].
            state: Identifies the weights of the tower.
            name: Of the file.
        """

        def encode() -> np.ndarray:
            features = np.zeros((len(examples), tower.config.width), dtype=np.float32)
            has_image = examples.has_image
            features[has_image] = encode_images(tower, images[examples.image_rows[has_image]], progress="photos")
            return features

        return self._cached(f"{name}-{self._key(tower.config, state)}", encode)

    def _key(self, tower: TowerConfig, content: str) -> str:
        """Hash of everything the features depend on; adapters are not part of the pretrained tower."""
        pretrained = replace(tower, lora_targets=(), lora_rank=0, lora_alpha=0)
        parts = repr(pretrained) + str(self.seed) + content + self.products
        return hashlib.sha256(parts.encode()).hexdigest()[:16]

    def _cached(self, name: str, encode: Callable[[], np.ndarray]) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        with self.accelerator.main_process_first():
            if not path.exists():
                with atomic_path(path) as temporary, temporary.open("wb") as file:
                    np.save(file, encode())
        features: np.ndarray = np.load(path)
        return features
