"""The task that trains a vision tower of our own in full, before the heads.

A photo learns its category's name, by the softmax over the untrained text vectors of all training categories, and by
that over the product's candidates; its class by a plain classifier on the features; and to find its own product text
among those of the batch. Where there is a teacher, the features also learn to say what its features are, of the
products' photos and of photos of anything.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from pipeline.config.train import TrainConfig, TrainStage
from pipeline.model.distillation import Lessons, spread
from pipeline.models.encoding import encode_images, to_pixels
from pipeline.models.two_tower import TwoTower
from pipeline.training.augment import STRENGTHS, augment
from pipeline.training.dataset import Examples, candidate_ranks
from pipeline.training.losses import listwise_softmax

CLASSIFIER_WEIGHT = 0.5
ALIGNMENT_WEIGHT = 0.5
LABEL_SMOOTHING = 0.1
HIDDEN_LOGIT = -1e4


class VisionModule(nn.Module):
    """Vision tower and its projection head, with a classifier and a map to the teacher's features for training."""

    def __init__(self, model: TwoTower, classes: int, taught: int = 0) -> None:
        super().__init__()
        width = model.config.vision.width
        self.vision_tower, self.image_head = model.vision_tower, model.image_head
        self.classifier = nn.Linear(width, classes)
        self.imitation = nn.Linear(width, taught) if taught else None
        self.log_logit_scale = nn.Parameter(model.log_logit_scale.detach().clone())

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Outputs for pixels [b, 3, size, size].

        Returns:
            "image": unit vectors [b, d]; "classes": logits [b, classes]; "scale": the logit scale; and with a teacher
            "taught": [b, width of the teacher's features].
        """
        features = self.vision_tower(pixels)
        scale = self.log_logit_scale.exp().clamp(1, 100)
        out = {"image": self.image_head(features), "classes": self.classifier(features), "scale": scale}
        return out if self.imitation is None else {**out, "taught": self.imitation(features)}


def _draw(numbers: np.ndarray, lessons: Lessons | None, generator: np.random.Generator) -> np.ndarray:
    """Photos with a view drawn for each: int [b, 2]."""
    turns = generator.integers(1 if lessons is None else lessons.turns, size=len(numbers))
    return np.stack([numbers, turns], axis=1)


class VisionTask:
    """Photos against category names, classes and product texts; with a teacher, also against its features."""

    def __init__(
        self,
        model: TwoTower,
        stage: TrainStage,
        config: TrainConfig,
        *,
        train: Examples,
        validation: list[Examples],
        images: np.ndarray,
        train_texts: np.ndarray,
        path_features: np.ndarray,
        lessons: Lessons | None = None,
        anything: Lessons | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Set up.

        Args:
            model: Its vision tower and image head learn; its text head must start as the identity.
            stage: How far views go.
            config: Weights of the teacher and of the listwise loss, share of photos of anything.
            train: Training products; those without a photo are passed over.
            validation: Sets whose mean MRR by photo alone is the score.
            images: Image cache, uint8 [n, side, side, 3].
            train_texts: float32 [n, w], untrained features of the products' texts (zeros without text).
            path_features: float32 [p, w], untrained features of all paths.
            lessons: What a teacher sees in the photos of the same training products, in their order, in the kinds of
                views of the stage.
            anything: What it sees in photos of anything, which then join every batch.
            device: Where batches go.
        """
        self.stage, self.config, self.images, self.device = stage, config, images, device
        self.train, self.validation = train, validation
        self.lessons, self.anything = lessons, anything
        self.rows = np.flatnonzero(train.has_image)
        self.classes = np.unique(train.truth[self.rows])
        taught = 0
        if lessons is not None:
            self._mean, self._deviation = spread([lessons] if anything is None else [lessons, anything])
            taught = len(self._mean)
        self.module: nn.Module = VisionModule(model, len(self.classes), taught)
        self.module.requires_grad_(True)
        self.size = model.config.vision.image_size
        self._texts = F.normalize(torch.from_numpy(train_texts), dim=-1)
        self._paths = F.normalize(torch.from_numpy(path_features), dim=-1)

    def parameters(self) -> dict[str, nn.Parameter]:
        """Everything in the module."""
        return dict(self.module.named_parameters())

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Shuffled photos as int [b, 2]: number of the photo (products first), and which view of it.

        An epoch is a pass over the products; photos of anything join them, as many as `photo_share` says.
        """
        joining = 0 if self.anything is None else min(round(size * self.config.photo_share), size - 1)
        own = size - joining
        order = generator.permutation(len(self.rows))
        starts = range(0, len(order) - own + 1, own) if len(order) >= own else [0]
        batches = []
        for start in starts:
            products = _draw(order[start : start + own], self.lessons, generator)
            batches.append(products)
            if self.anything is not None:
                others = _draw(generator.integers(len(self.anything.photos), size=joining), self.anything, generator)
                batches[-1] = np.concatenate([products, others + np.array([len(self.rows), 0])])
        return batches

    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """Weighted loss terms of the photos `rows`, as `batches` gives them, in views of the size that is due."""
        size, kind = self.stage.size_at(done, self.size), self.stage.kind_at(done)
        numbers, turns = rows[:, 0], rows[:, 1]
        is_product = numbers < len(self.rows)
        products = self.rows[numbers[is_product]]
        terms: dict[str, Tensor] = {}
        if self.lessons is None:
            photos = to_pixels(self.images[self.train.image_rows[products]])
            out = module(augment(photos, size, STRENGTHS[self.stage.views[kind][1]]).to(self.device))
        else:
            views, seen = self.lessons.batch(numbers[is_product], turns[is_product], size, kind)
            if self.anything is not None:
                more = self.anything.batch(numbers[~is_product] - len(self.rows), turns[~is_product], size, kind)
                views, seen = torch.cat([views, more[0]]), torch.cat([seen, more[1]])  # `batches` has products first
            out = module(views.to(self.device))
            targets = ((seen - self._mean) / self._deviation).to(self.device)
            likeness = F.cosine_similarity(out["taught"], targets, dim=-1)
            terms["teacher"] = self.config.teacher_weight * (1 - likeness).mean()
        if len(products) == 0:  # a process's share of a batch may hold photos of anything only
            return terms
        own = torch.from_numpy(np.flatnonzero(is_product)).to(self.device)
        image, classes = out["image"][own], out["classes"][own]
        truth = torch.from_numpy(np.searchsorted(self.classes, self.train.truth[products])).to(self.device)
        names = self._paths[torch.from_numpy(self.classes)].to(self.device)
        terms["category"] = F.cross_entropy(out["scale"] * image @ names.T, truth)
        terms["classifier"] = CLASSIFIER_WEIGHT * F.cross_entropy(classes, truth, label_smoothing=LABEL_SMOOTHING)
        terms["listwise"] = self.config.image_weight * self._listwise(image, products, out["scale"])
        terms["alignment"] = ALIGNMENT_WEIGHT * self._alignment(image, products, truth, out["scale"])
        return terms

    def _listwise(self, image: Tensor, rows: np.ndarray, scale: Tensor) -> Tensor:
        """Each photo against its product's own candidates, as it will be asked."""
        candidates = torch.from_numpy(self.train.candidates[rows])
        names = self._paths[candidates.clamp(min=0)].to(self.device)
        scores = scale * torch.einsum("bd,bcd->bc", image, names)
        mask, target = (candidates >= 0).to(self.device), torch.from_numpy(self.train.target[rows]).to(self.device)
        return listwise_softmax(scores, mask, target)

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
