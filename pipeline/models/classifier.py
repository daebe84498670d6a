"""Hierarchical classifier: one softmax per level on product vectors, each level fed the output of the level above.

Nothing ties its levels together in training; `pipeline.prediction` combines them under the tree. Multi-task over the
levels after Cerri et al. 2014, "Hierarchical multi-label classification using local neural networks" (HMC-LMLP), with
one network for all levels. `pipeline.training.classifier` trains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.taxonomy.paths import SEPARATOR, levels

_ROWS_AT_A_TIME = 4_096


@dataclass(frozen=True)
class ClassTable:
    """The classes of every level.

    Attributes:
        paths: For each level, its categories; class number `len(paths[level])` of a level means "ends above it".
    """

    paths: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, truths: Sequence[str]) -> ClassTable:
        """The categories of training rows and all their ancestors."""
        classes: list[set[str]] = []
        for truth in dict.fromkeys(truths):
            names = levels(truth)
            for depth in range(len(names)):
                if depth == len(classes):
                    classes.append(set())
                classes[depth].add(SEPARATOR.join(names[: depth + 1]))
        return cls(tuple(tuple(sorted(level)) for level in classes))

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
    """One hidden layer per level, from the vector and the softmax of the level above to the classes of the level."""

    def __init__(self, dimension: int, hidden: int, sizes: Sequence[int], dropout: float = 0.0) -> None:
        super().__init__()
        self.dimension, self.hidden, self.sizes = dimension, hidden, tuple(sizes)
        above = [0, *(size + 1 for size in sizes[:-1])]
        self.expand = nn.ModuleList(nn.Linear(dimension + size, hidden) for size in above)
        self.contract = nn.ModuleList(nn.Linear(hidden, size + 1) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor) -> list[Tensor]:
        """Logits of each level, [n, classes + 1], of unit vectors [n, dimension]; the last means "ends above"."""
        scaled = vectors * self.dimension**0.5  # unit variance per dimension, which the initial weights assume
        outputs: list[Tensor] = []
        for expand, contract in zip(self.expand, self.contract, strict=True):
            inputs = torch.cat([scaled, outputs[-1].softmax(dim=-1)], dim=-1) if outputs else scaled
            outputs.append(contract(self.dropout(F.gelu(expand(inputs)))))
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
