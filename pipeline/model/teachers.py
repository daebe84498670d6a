"""Teachers: trained vision models, frozen, whose features a vision tower of our own learns to match.

A teacher is a vision tower of the hub, or a LiteRT file (`.tflite`), which the package ai-edge-litert runs
(requirements-distill.txt).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from transformers import AutoConfig, ImageProcessingMixin
from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

from pipeline.config.model import TowerConfig
from pipeline.models.towers import TowerError, VisionTower

LITERT_SUFFIX = ".tflite"
HOW_TO = "`pip install -r requirements-distill.txt` installs what runs it"


class Teacher(Protocol):
    """A frozen model of photos."""

    config: TowerConfig

    def __call__(self, pixels: Tensor) -> np.ndarray:
        """Features, float32 [n, width], of pixels float [n, 3, size, size] in [0, 255], RGB."""
        ...


class TowerTeacher:
    """A vision tower of the hub, of a folder or of a package."""

    def __init__(self, config: TowerConfig) -> None:
        self.config = config
        self._tower = VisionTower(config).eval()

    @torch.inference_mode()
    def __call__(self, pixels: Tensor) -> np.ndarray:
        """Pooled features."""
        return self._tower(pixels).float().numpy()


class LiteRtTeacher:
    """A quantised or float LiteRT model with an input [1, size, size, 3]; one of its inner tensors is the feature.

    `config.pooling` does not matter; `config.options` names the tensor: (("tensor", NAME),).
    """

    def __init__(self, config: TowerConfig) -> None:
        """Open the file.

        Raises:
            TowerError: If it is missing, is not the expected one, cannot be run, or has no such tensor.
        """
        self.config = config
        path = Path(config.model_id)
        if not path.is_file():
            raise TowerError(f"The teacher {path} does not exist; name a {LITERT_SUFFIX} file with --teacher.")
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise TowerError(f"The teacher {path} needs the package ai-edge-litert; {HOW_TO}.") from error
        try:
            self._model = Interpreter(str(path), num_threads=os.cpu_count(), experimental_preserve_all_tensors=True)
            self._model.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise TowerError(f"The teacher {path} is no model that LiteRT can run ({error}).") from error
        self._input: dict[str, Any] = self._model.get_input_details()[0]
        name = dict(config.options).get("tensor")
        found = [tensor for tensor in self._model.get_tensor_details() if tensor["name"] == name]
        if not found:
            raise TowerError(f"The teacher {path} has no tensor '{name}', which should be its feature.")
        self._feature: dict[str, Any] = found[0]

    def __call__(self, pixels: Tensor) -> np.ndarray:
        """The feature tensor of every photo, dequantised."""
        photos = _quantised(pixels.permute(0, 2, 3, 1).contiguous(), self._input)
        features = np.empty((len(photos), self.config.width), dtype=np.float32)
        for row in range(len(photos)):
            self._model.set_tensor(self._input["index"], photos[row : row + 1])
            self._model.invoke()
            features[row] = _dequantised(self._model.get_tensor(self._feature["index"]), self._feature).reshape(-1)
        return features


def _quantised(photos: Tensor, tensor: dict[str, Any]) -> np.ndarray:
    """Photos in [0, 255] as the tensor wants them: bytes as they are, floats in [-1, 1]."""
    if tensor["dtype"] == np.uint8:
        return photos.round().to(torch.uint8).numpy()
    return (photos / 127.5 - 1).numpy().astype(tensor["dtype"])


def _dequantised(values: np.ndarray, tensor: dict[str, Any]) -> np.ndarray:
    scale, zero = tensor["quantization"]
    return (values.astype(np.float32) - zero) * scale if scale else values.astype(np.float32)


def load_teacher(config: TowerConfig) -> Teacher:
    """The teacher that a tower configuration describes.

    Raises:
        TowerError: If it cannot be loaded; the message says what to do.
    """
    return LiteRtTeacher(config) if config.model_id.endswith(LITERT_SUFFIX) else TowerTeacher(config)


def teacher_tower(location: str) -> TowerConfig:
    """The tower configuration of a teacher: what --teacher names.

    Args:
        location: A LiteRT file of a MobileNet-V2, as Coral published them; else a hub id or a folder of a transformers
            checkpoint with a vision model in it (SigLIP, CLIP, DINOv2, ViT, ConvNeXt, ResNet and the like).

    Raises:
        TowerError: If there is no such file, or the checkpoint has no vision model.
    """
    path = Path(location)
    if location.endswith(LITERT_SUFFIX):
        if not path.is_file():
            raise TowerError(f"The teacher {path} does not exist; name a {LITERT_SUFFIX} file with --teacher.")
        return TowerConfig(
            model_id=location,
            model_class="LiteRT",
            pooling="pooler",
            width=1280,
            image_size=224,
            options=(("tensor", "MobilenetV2/Logits/AvgPool"),),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
    try:
        whole = AutoConfig.from_pretrained(location)
        photos, _ = ImageProcessingMixin.get_image_processor_dict(location)
    except (OSError, ValueError) as error:
        raise TowerError(f"The teacher '{location}' cannot be loaded: {error}") from error
    vision = getattr(whole, "vision_config", whole)
    size = getattr(vision, "image_size", None) or next(iter(photos.get("size", {}).values()), None)
    width = getattr(vision, "hidden_size", None) or (getattr(vision, "hidden_sizes", None) or [None])[-1]
    name = MODEL_MAPPING_NAMES.get(vision.model_type)
    if not (isinstance(size, int) and isinstance(width, int) and isinstance(name, str)):
        raise TowerError(f"The checkpoint '{location}' ({whole.model_type}) has no vision model that can teach.")
    mean, deviation = (photos.get(key) or [0.5] * 3 for key in ("image_mean", "image_std"))
    return TowerConfig(
        model_id=location,
        model_class=name,
        pooling="pooler",
        width=width,
        image_size=size,
        image_mean=tuple(mean),
        image_std=tuple(deviation),
    )
