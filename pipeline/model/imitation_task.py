"""The task that lets a vision tower of our own learn from a teacher alone, before it hears of any category.

Features learn to say what the teacher's features are of the same view, and which view of the batch they are of. No
label is needed, so products' photos and photos of anything count alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from pipeline.config.train import TrainConfig, TrainStage
from pipeline.model.distillation import Lessons, spread
from pipeline.models.towers import VisionTower

HELD_OUT = 50  # every so manieth photo is not learnt from
VALIDATED = 1_000  # photos at most, of each of the lessons
INVERSE_TEMPERATURE = 1 / 0.07
"""Of the softmax over the views of a batch (van den Oord et al. 2018, "Contrastive predictive coding")."""


class ImitationModule(nn.Module):
    """A vision tower and a map of its features to the teacher's."""

    def __init__(self, tower: VisionTower, taught: int) -> None:
        super().__init__()
        self.vision_tower = tower
        self.imitation = nn.Linear(tower.config.width, taught)

    def forward(self, pixels: Tensor) -> Tensor:
        """What the teacher's features might be, [b, taught], for pixels [b, 3, size, size]."""
        features: Tensor = self.imitation(self.vision_tower(pixels))
        return features


class ImitationTask:
    """Views of photos against what a teacher sees in them."""

    def __init__(
        self,
        tower: VisionTower,
        stage: TrainStage,
        config: TrainConfig,
        lessons: Sequence[Lessons],
        device: torch.device | str = "cpu",
    ) -> None:
        """Set up.

        Args:
            tower: What learns.
            stage: How large views are, and of which kind.
            config: Weight of the teacher.
            lessons: Of products' photos and of others, each in the kinds of views of the stage; photos are numbered
                through.
            device: Where batches go.

        Raises:
            ValueError: If there is no photo to learn from.
        """
        self.stage, self.config, self.device = stage, config, device
        self.lessons = list(lessons)
        self.starts = np.cumsum([0, *(len(each.photos) for each in self.lessons)])
        self.held_out = np.arange(self.starts[-1]) % HELD_OUT == HELD_OUT - 1
        if not self.starts[-1] - self.held_out.sum():
            raise ValueError("A teacher needs photos to teach with: no training row has one, and --photos names none.")
        self._mean, self._deviation = spread(self.lessons)
        self.module: nn.Module = ImitationModule(tower, len(self._mean))
        self.module.requires_grad_(True)
        self.size = tower.config.image_size

    def parameters(self) -> dict[str, nn.Parameter]:
        """Everything in the module."""
        return dict(self.module.named_parameters())

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Shuffled photos as int [b, 2]: number of the photo, and which view of it."""
        order = generator.permutation(np.flatnonzero(~self.held_out))
        places = np.searchsorted(self.starts, order, side="right") - 1
        turns = generator.integers(np.array([each.turns for each in self.lessons])[places])
        pairs = np.stack([order, turns], axis=1)
        return [pairs[start : start + size] for start in range(0, len(pairs) - size + 1, size)] or [pairs]

    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """Weighted loss terms of the photos `rows`, as `batches` gives them."""
        views, seen = self._shown(rows, self.stage.size_at(done, self.size), self.stage.kind_at(done))
        cosines = F.normalize(module(views.to(self.device)), dim=-1) @ self._targets(seen).T
        which = torch.arange(len(cosines), device=cosines.device)
        return {
            "teacher": self.config.teacher_weight * (1 - cosines.diagonal()).mean(),
            "contrast": F.cross_entropy(INVERSE_TEMPERATURE * cosines, which),
        }

    def _targets(self, seen: Tensor) -> Tensor:
        """Unit vectors of the teacher's features about their mean."""
        return F.normalize((seen - self._mean) / self._deviation, dim=-1).to(self.device)

    def _shown(self, rows: np.ndarray, size: int, kind: int) -> tuple[Tensor, Tensor]:
        """Views of photos, float [b, 3, size, size], and what the teacher sees in them, float [b, width]."""
        places = np.searchsorted(self.starts, rows[:, 0], side="right") - 1
        order = np.argsort(places, kind="stable")
        parts = []
        for place in np.unique(places):
            numbers, turns = rows[order[places[order] == place]].T
            parts.append(self.lessons[place].batch(numbers - self.starts[place], turns, size, kind))
        back = torch.from_numpy(np.argsort(order))
        views, seen = (torch.cat(part)[back] for part in zip(*parts, strict=True))
        return views, seen

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean cosine with what the teacher sees in photos not learnt from, of each of the lessons, and their mean."""
        self.module.eval()
        metrics: dict[str, float] = {}
        last = len(self.stage.views) - 1
        for place, (start, end) in enumerate(pairwise(self.starts)):
            numbers = start + np.flatnonzero(self.held_out[start:end])[:VALIDATED]
            cosines = [
                F.cosine_similarity(self.module(views.to(self.device)), self._targets(seen), dim=-1)
                for part in np.array_split(numbers, max(1, len(numbers) // self.stage.batch_size))
                if len(part)
                for views, seen in [self._shown(np.stack([part, np.zeros_like(part)], axis=1), self.size, last)]
            ]
            if cosines:
                metrics[f"lessons{place}_cosine"] = float(torch.cat(cosines).mean())
        metrics["score"] = float(np.mean(list(metrics.values()))) if metrics else 0.0
        return metrics

    def state(self) -> dict[str, Tensor]:
        """Nothing beside the module."""
        return {}

    def load(self, state: dict[str, Tensor]) -> None:
        """Nothing to take back."""
