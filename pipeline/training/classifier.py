"""Training of the hierarchical classifier on frozen product vectors; takes seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.config.stages import PredictorConfig
from pipeline.models.classifier import HierarchicalClassifier
from pipeline.training.losses import level_cross_entropy

WEIGHT_DECAY = 0.01


def class_weights(labels: np.ndarray, sizes: Sequence[int], exponent: float) -> list[Tensor]:
    """Weight of every class of every level: its number of rows to the power of -`exponent`.

    Exponent 0 weights every row the same, 1 every class. The mean over rows is 1; classes without rows get the weight
    of a class with one.

    Returns:
        For each level float32 [classes + 1].
    """
    weights = []
    for level, size in enumerate(sizes):
        rows = np.bincount(labels[:, level], minlength=size + 1).clip(min=1).astype(np.float64)
        weight = rows**-exponent
        weights.append(torch.tensor(weight / weight[labels[:, level]].mean(), dtype=torch.float32))
    return weights


def train_classifier(
    views: Sequence[np.ndarray],
    present: Sequence[np.ndarray],
    labels: np.ndarray,
    sizes: Sequence[int],
    *,
    exponent: float,
    config: PredictorConfig,
    seed: int,
) -> HierarchicalClassifier:
    """Train one classifier for text, photo and both: in each epoch a product shows one of its views, drawn at random.

    Args:
        views: Unit vectors float32 [n, d] of each modality (text, photo, fused).
        present: For each of them bool [n], the products that have it; every product has one.
        labels: int64 [n, levels], `ClassTable.labels`.
        sizes: Number of categories of each level.
        exponent: Of `class_weights`.
        config: Width, epochs, learning rate.
        seed: Same seed, same classifier.

    Returns:
        In evaluation mode, without gradients.
    """
    generator = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HierarchicalClassifier(views[0].shape[1], config.hidden, sizes, config.dropout)
        weights = class_weights(labels, sizes, exponent)
        _fit(model, np.stack(views, axis=1), np.stack(present, axis=1), labels, weights, config, generator)
    return model.eval().requires_grad_(False)


def _fit(
    model: HierarchicalClassifier,
    views: np.ndarray,
    present: np.ndarray,
    labels: np.ndarray,
    weights: Sequence[Tensor],
    config: PredictorConfig,
    generator: np.random.Generator,
) -> None:
    """AdamW with a one-cycle schedule; views float32 [n, modalities, d], present bool [n, modalities]."""
    targets, n = torch.from_numpy(labels), len(labels)
    level_weights = (config.level_decay ** np.arange(labels.shape[1])).tolist()
    batch_size = min(config.batch_size, n)
    steps = config.epochs * (n // batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=steps)
    for _ in range(config.epochs):
        drawn = (generator.random(present.shape) * present).argmax(axis=1)
        order = generator.permutation(n)
        for start in range(0, n - batch_size + 1, batch_size):
            rows = order[start : start + batch_size]
            outputs = model(torch.from_numpy(views[rows, drawn[rows]]))
            loss = level_cross_entropy(outputs, targets[rows], weights, level_weights)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
