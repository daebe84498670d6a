"""The hierarchical classifier: one softmax a level on product vectors, each level fed what the level above it says.

It learns from frozen vectors in seconds. Nothing ties its levels together in training; `pipeline.prediction.predictor`
reads them under the tree. Multi-task over the levels after Cerri et al. 2014, "Hierarchical multi-label classification
using local neural networks" (HMC-LMLP), with one network for all levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.stages import PredictConfig
from pipeline.taxonomy.paths import SEPARATOR, levels
from pipeline.training.losses import level_cross_entropy

_ROWS_AT_A_TIME = 4_096


@dataclass(frozen=True)
class ClassTable:
    """Which category is which class of which level.

    Attributes:
        paths: For each level, its categories; class number `len(paths[level])` of a level means "ends above it".
    """

    paths: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, truths: Sequence[str]) -> ClassTable:
        """The categories that training rows name, with all above them."""
        found: list[set[str]] = []
        for truth in dict.fromkeys(truths):
            names = levels(truth)
            for depth in range(len(names)):
                if depth == len(found):
                    found.append(set())
                found[depth].add(SEPARATOR.join(names[: depth + 1]))
        return cls(tuple(tuple(sorted(level)) for level in found))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of categories of each level."""
        return tuple(map(len, self.paths))

    def labels(self, truths: Sequence[str]) -> np.ndarray:
        """Class of each row at each level, int64 [n, levels].

        Raises:
            KeyError: If the table lacks a category.
        """
        index = [{path: number for number, path in enumerate(level)} for level in self.paths]
        rows = np.tile(np.array(self.sizes, dtype=np.int64), (len(truths), 1))
        for row, truth in enumerate(truths):
            names = levels(truth)
            for depth in range(len(names)):
                rows[row, depth] = index[depth][SEPARATOR.join(names[: depth + 1])]
        return rows


class HierarchicalClassifier(nn.Module):
    """For each level: its input (the vector, and the softmax of the level above) to a hidden layer to its classes."""

    def __init__(self, dimension: int, hidden: int, sizes: Sequence[int], dropout: float = 0.0) -> None:
        super().__init__()
        self.dimension, self.hidden, self.sizes = dimension, hidden, tuple(sizes)
        fed = [0, *(size + 1 for size in sizes[:-1])]
        self.expand = nn.ModuleList(nn.Linear(dimension + above, hidden) for above in fed)
        self.contract = nn.ModuleList(nn.Linear(hidden, size + 1) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor) -> list[Tensor]:
        """Logits of each level, [n, classes + 1], of unit vectors [n, dimension]; the last means "ends above"."""
        scaled = vectors * self.dimension**0.5  # unit variance a dimension, which the layers' initial weights expect
        outputs: list[Tensor] = []
        for expand, contract in zip(self.expand, self.contract, strict=True):
            fed = torch.cat([scaled, outputs[-1].softmax(dim=-1)], dim=-1) if outputs else scaled
            outputs.append(contract(self.dropout(F.gelu(expand(fed)))))
        return outputs

    @torch.inference_mode()
    def probabilities(self, vectors: np.ndarray) -> list[np.ndarray]:
        """Softmax of each level, float32 [n, classes + 1], of unit vectors float32 [n, dimension]."""
        device = next(self.parameters()).device
        parts = []
        for start in range(0, max(1, len(vectors)), _ROWS_AT_A_TIME):
            batch = torch.tensor(vectors[start : start + _ROWS_AT_A_TIME], dtype=torch.float32, device=device)
            parts.append([output.softmax(dim=-1).cpu().numpy() for output in self(batch)])
        return [np.concatenate(level) for level in zip(*parts, strict=True)]


def class_weights(labels: np.ndarray, sizes: Sequence[int], exponent: float) -> list[Tensor]:
    """Weight of every class of every level: its number of rows to the power of minus `exponent`.

    0 counts every row the same, 1 every class. The mean over rows is 1; classes without rows count like those with one.
    """
    found = []
    for level, size in enumerate(sizes):
        number = np.bincount(labels[:, level], minlength=size + 1).clip(min=1).astype(np.float64)
        weight = number**-exponent
        found.append(torch.tensor(weight / weight[labels[:, level]].mean(), dtype=torch.float32))
    return found


def train_classifier(
    views: Sequence[np.ndarray],
    present: Sequence[np.ndarray],
    labels: np.ndarray,
    sizes: Sequence[int],
    *,
    exponent: float,
    config: PredictConfig,
    seed: int,
) -> HierarchicalClassifier:
    """Train on frozen vectors; in each epoch a product shows one of its views, drawn at random.

    So one classifier serves text, photo and both together.

    Args:
        views: Unit vectors float32 [n, d] of each kind (text, photo, fused).
        present: For each of them bool [n], who has it; everyone has one.
        labels: int64 [n, levels], `ClassTable.labels`.
        sizes: Number of categories of each level.
        exponent: Of `class_weights`.
        config: Width, epochs, rate.
        seed: Same seed, same classifier.

    Returns:
        In evaluation mode, without gradients.
    """
    generator = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HierarchicalClassifier(views[0].shape[1], config.hidden, sizes, config.dropout)
        weights = class_weights(labels, sizes, exponent)
        level_weights = config.level_decay ** np.arange(len(sizes))
        targets, n = torch.from_numpy(labels), len(labels)
        batch = min(config.batch_size, n)
        steps = config.epochs * (n // batch)
        optimiser = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=steps)
        stacked, has = np.stack(views, axis=1), np.stack(present, axis=1)
        for _ in range(config.epochs):
            shown = (generator.random(has.shape) * has).argmax(axis=1)
            order = generator.permutation(n)
            for start in range(0, n - batch + 1, batch):
                rows = order[start : start + batch]
                outputs = model(torch.from_numpy(stacked[rows, shown[rows]]))
                loss = level_cross_entropy(outputs, targets[rows], weights, level_weights.tolist())
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
    return model.eval().requires_grad_(False)
