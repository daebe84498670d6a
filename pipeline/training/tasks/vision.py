"""The task that trains a whole vision tower from scratch, before the heads.

A photo learns its category, by the softmax over the pretrained text vectors of all training categories and over those
of the product's candidates; its class, by a linear classifier on the features; and its product's text, among the texts
of the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from pipeline.config.train import TrainConfig, TrainStage
from pipeline.models.encoding import encode_images, to_pixels
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import Examples, named_paths, selection_score
from pipeline.training.losses import listwise_softmax
from pipeline.training.tasks.augment import STRENGTHS, augment
from pipeline.training.tasks.base import Task
from pipeline.training.tasks.negatives import CandidateLists
from pipeline.training.tasks.sampling import draw_rows

CLASSIFIER_WEIGHT = 0.5
ALIGNMENT_WEIGHT = 0.5
LABEL_SMOOTHING = 0.1
MASKED_LOGIT = -1e4


@dataclass(frozen=True)
class VisionData:
    """Examples with their photos, and pretrained text features.

    Attributes:
        train: n training products; those without a photo are not used.
        validation: Sets whose mean `selection_score` by photo alone is the score; those without photos are left out.
        images: Image cache, uint8 [photos, side, side, 3].
        texts: float32 [n, w], features of the training products' texts (zeros without text).
        paths: float32 [p, w], features of all category paths.
    """

    train: Examples
    validation: list[Examples]
    images: np.ndarray
    texts: np.ndarray
    paths: np.ndarray


class VisionModule(nn.Module):
    """Vision tower and its projection head, with a linear classifier for training."""

    def __init__(self, model: TwoTower, classes: int) -> None:
        super().__init__()
        self.vision_tower, self.image_head = model.vision_tower, model.image_head
        self.classifier = nn.Linear(model.config.vision.width, classes)
        self.log_logit_scale = nn.Parameter(model.log_logit_scale.detach().clone())

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Outputs for pixels [b, 3, size, size].

        Returns:
            "image": unit vectors [b, d]; "classes": logits [b, classes]; "scale": the logit scale.
        """
        features = self.vision_tower(pixels)
        scale = self.log_logit_scale.exp().clamp(1, 100)
        return {"image": self.image_head(features), "classes": self.classifier(features), "scale": scale}


class VisionTask(Task):
    """Photos against category names, classes and product texts."""

    def __init__(
        self,
        model: TwoTower,
        stage: TrainStage,
        config: TrainConfig,
        data: VisionData,
        device: torch.device | str = "cpu",
    ) -> None:
        """Set up.

        Args:
            model: Its vision tower and image head are trained; its text head must start as the identity.
            stage: Names the augmentation.
            config: Weight of the listwise loss.
            data: Examples and features.
            device: Where batches go.
        """
        self.stage, self.config, self.data, self.device = stage, config, data, device
        self._lists = CandidateLists(data.train, data.paths)
        self.rows = np.flatnonzero(data.train.has_image)
        self.classes = np.unique(data.train.truth[self.rows])
        self.module: nn.Module = VisionModule(model, len(self.classes))
        self.module.requires_grad_(True)
        self.size = model.config.vision.image_size
        with torch.no_grad():
            at = model.product_center.device
            self._texts = model.text_base(torch.from_numpy(data.texts).to(at)).cpu()
            self._paths = model.text_base(torch.from_numpy(data.paths).to(at), categories=True).cpu()

    def parameters(self) -> dict[str, nn.Parameter]:
        """All parameters of the module."""
        return dict(self.module.named_parameters())

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Rows of the training products with a photo, in random order (`draw_rows`)."""
        order = self.rows[draw_rows(self.data.train.truth[self.rows], self.config.sampling_exponent, generator)]
        return [order[start : start + size] for start in range(0, len(order) - size + 1, size)] or [order]

    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """Weighted loss terms of the products `rows`, by augmented photos."""
        train = self.data.train
        photos = to_pixels(self.data.images[train.image_rows[rows]])
        views = augment(photos, self.stage.size_at(done, self.size), STRENGTHS[self.stage.views_at(done)])
        out = module(views.to(self.device))
        image, scale = out["image"], out["scale"]
        labels = torch.from_numpy(np.searchsorted(self.classes, train.truth[rows])).to(self.device)
        names = self._paths[torch.from_numpy(self.classes)].to(self.device)
        classified = F.cross_entropy(out["classes"], labels, label_smoothing=LABEL_SMOOTHING)
        return {
            "category": F.cross_entropy(scale * image @ names.T, labels),
            "classifier": CLASSIFIER_WEIGHT * classified,
            "listwise": self.config.image_weight * self._listwise(image, rows, scale),
            "alignment": ALIGNMENT_WEIGHT * self._alignment(image, rows, labels, scale),
        }

    def _listwise(self, image: Tensor, rows: np.ndarray, scale: Tensor) -> Tensor:
        """Each photo against the candidates of its product, as in inference; against drawn ones where it has none."""
        lists = self._lists.of(rows)
        candidates = torch.from_numpy(lists.candidates)
        names = self._paths[candidates.clamp(min=0)].to(self.device)
        scores = scale * torch.einsum("bd,bcd->bc", image, names)
        target = torch.from_numpy(lists.target)
        return listwise_softmax(scores, (candidates >= 0).to(self.device), target.to(self.device))

    def _alignment(self, image: Tensor, rows: np.ndarray, labels: Tensor, scale: Tensor) -> Tensor:
        """Each photo against the texts of the batch; other texts of the same category are no negatives."""
        texts = self._texts[torch.from_numpy(rows)].to(self.device)
        itself = torch.eye(len(rows), dtype=torch.bool, device=labels.device)
        same_category = (labels[:, None] == labels[None, :]) & ~itself
        logits = (scale * image @ texts.T).masked_fill(same_category, MASKED_LOGIT)
        return F.cross_entropy(logits, torch.arange(len(rows), device=labels.device))

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """`selection_score` by photo alone on every validation set with photos, and their mean."""
        sets = {number: each for number, each in enumerate(self.data.validation) if each.has_image.any()}
        if not sets:
            return {}
        assert isinstance(self.module, VisionModule)
        self.module.eval()
        metrics: dict[str, float] = {}
        among = named_paths(list(sets.values()))
        for number, examples in sets.items():
            has_image = examples.has_image
            photos = self.data.images[examples.image_rows[has_image]]
            features = torch.from_numpy(encode_images(self.module.vision_tower, photos)).to(self.device)
            vectors = np.zeros((len(examples), self._paths.shape[1]), dtype=np.float32)
            vectors[has_image] = self.module.image_head(features).cpu().numpy()
            metrics[f"validation{number}_image_score"] = selection_score(
                vectors, self._paths.numpy(), examples, has_image, among
            )
        metrics["score"] = float(np.mean(list(metrics.values())))
        return metrics
