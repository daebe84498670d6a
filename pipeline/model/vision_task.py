"""The task that trains a vision tower of our own in full, before the heads.

A photo learns its category's name, by the softmax over the untrained text vectors of all training categories and by
a plain classifier on the features, and to find its own product text among those of the batch.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from pipeline.config import TrainStage
from pipeline.model.augment import augment
from pipeline.model.examples import Examples
from pipeline.model.features import encode_images, to_pixels
from pipeline.model.matching import candidate_ranks
from pipeline.model.two_tower import TwoTower

CLASSIFIER_WEIGHT = 0.5
ALIGNMENT_WEIGHT = 0.5
LABEL_SMOOTHING = 0.1
HIDDEN_LOGIT = -1e4


class VisionModule(nn.Module):
    """Vision tower, its projection head and a classifier that only training uses."""

    def __init__(self, model: TwoTower, classes: int) -> None:
        super().__init__()
        self.vision_tower, self.image_head = model.vision_tower, model.image_head
        self.classifier = nn.Linear(model.config.vision.width, classes)
        self.log_logit_scale = nn.Parameter(model.log_logit_scale.detach().clone())

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Unit vectors [b, d], class logits [b, classes] and the logit scale of pixels [b, 3, size, size]."""
        features = self.vision_tower(pixels)
        scale = self.log_logit_scale.exp().clamp(1, 100)
        return {"image": self.image_head(features), "classes": self.classifier(features), "scale": scale}


class VisionTask:
    """Photos against category names, classes and product texts."""

    def __init__(
        self,
        model: TwoTower,
        stage: TrainStage,
        *,
        train: Examples,
        validation: list[Examples],
        images: np.ndarray,
        train_texts: np.ndarray,
        path_features: np.ndarray,
        device: torch.device | str = "cpu",
    ) -> None:
        """Set up.

        Args:
            model: Its vision tower and image head learn; its text head must start as the identity.
            stage: Batch size and such.
            train: Training products; those without a photo are passed over.
            validation: Sets whose mean MRR by photo alone is the score.
            images: Image cache, uint8 [n, size, size, 3].
            train_texts: float32 [n, w], untrained features of the products' texts (zeros without text).
            path_features: float32 [p, w], untrained features of all paths.
            device: Where batches go.
        """
        self.stage, self.images, self.device = stage, images, device
        self.train, self.validation = train, validation
        self.rows = np.flatnonzero(train.has_image)
        self.classes = np.unique(train.truth[self.rows])
        self.module: nn.Module = VisionModule(model, len(self.classes))
        self.module.requires_grad_(True)
        self.size = model.config.vision.image_size
        self._texts = F.normalize(torch.from_numpy(train_texts), dim=-1)
        self._paths = F.normalize(torch.from_numpy(path_features), dim=-1)

    def parameters(self) -> dict[str, nn.Parameter]:
        """Everything in the module."""
        return dict(self.module.named_parameters())

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Shuffled products with a photo."""
        order = generator.permutation(self.rows)
        return [order[start : start + size] for start in range(0, len(order) - size + 1, size)] or [order]

    def losses(self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator) -> dict[str, Tensor]:
        """Weighted loss terms of the products `rows`."""
        views = augment(to_pixels(self.images[self.train.image_rows[rows]]), self.size)
        out = module(views.to(self.device))
        truth = torch.from_numpy(np.searchsorted(self.classes, self.train.truth[rows])).to(self.device)
        names = self._paths[torch.from_numpy(self.classes)].to(self.device)
        return {
            "category": F.cross_entropy(out["scale"] * out["image"] @ names.T, truth),
            "classifier": CLASSIFIER_WEIGHT * F.cross_entropy(out["classes"], truth, label_smoothing=LABEL_SMOOTHING),
            "alignment": ALIGNMENT_WEIGHT * self._alignment(out["image"], rows, truth, out["scale"]),
        }

    def _alignment(self, image: Tensor, rows: np.ndarray, truth: Tensor, scale: Tensor) -> Tensor:
        """Each photo against the texts of the batch; texts of the same category are no negatives."""
        texts = self._texts[torch.from_numpy(rows)].to(self.device)
        same = (truth[:, None] == truth[None, :]) & ~torch.eye(len(rows), dtype=torch.bool, device=truth.device)
        logits = (scale * image @ texts.T).masked_fill(same, HIDDEN_LOGIT)
        return F.cross_entropy(logits, torch.arange(len(rows), device=truth.device))

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean reciprocal rank by photo alone on every validation set, and their mean."""
        assert isinstance(self.module, VisionModule)
        self.module.eval()
        metrics: dict[str, float] = {}
        for number, examples in enumerate(self.validation):
            kept = examples.has_image
            features = encode_images(self.module.vision_tower, self.images[examples.image_rows[kept]])
            vectors = np.zeros((len(examples), self._paths.shape[1]), dtype=np.float32)
            vectors[kept] = self.module.image_head(torch.from_numpy(features).to(self.device)).cpu().numpy()
            ranks = candidate_ranks(vectors, self._paths.numpy(), examples, kept)
            metrics[f"validation{number}_image_mrr"] = float((1 / ranks).mean()) if len(ranks) else 0.0
        metrics["score"] = float(np.mean(list(metrics.values()))) if metrics else 0.0
        return metrics

    def state(self) -> dict[str, Tensor]:
        """Nothing beside the module."""
        return {}

    def load(self, state: dict[str, Tensor]) -> None:
        """Nothing to take back."""
