"""Plots of how far confidences can be trusted: reliability before and after calibration, coverage against precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure

from pipeline.artifacts import atomic_path
from pipeline.metrics.hierarchical import coverage_curve, reliability


class Judgement(Protocol):
    """Predictions of n rows; arrays [n, levels] but for the weights [n]."""

    @property
    def probability(self) -> np.ndarray:
        """Before calibration."""

    @property
    def confidence(self) -> np.ndarray:
        """After it."""

    @property
    def there(self) -> np.ndarray:
        """Whether the predicted path has the level."""

    @property
    def right(self) -> np.ndarray:
        """Whether it is right down to there."""

    @property
    def weights(self) -> np.ndarray:
        """Of the rows."""


def draw_reliability(judged: Mapping[str, Judgement], path: Path) -> None:
    """Accuracy over confidence of all levels, one panel a kind of query."""
    figure = Figure(figsize=(4 * len(judged), 4), layout="constrained")
    for axes, (kind, found) in zip(figure.subplots(1, len(judged), squeeze=False)[0], judged.items(), strict=True):
        weights = np.broadcast_to(found.weights[:, None], found.there.shape)[found.there]
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for name, values in (("before calibration", found.probability), ("after", found.confidence)):
            points = reliability(values[found.there], found.right[found.there], weights)
            axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", markersize=3, label=name)
        axes.set(title=kind, xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
        axes.legend(fontsize=7)
    _save(figure, path)


def draw_coverage(judged: Mapping[str, Judgement], precision: float, path: Path) -> None:
    """Precision over coverage, one line a level, with the precision that is asked for."""
    figure = Figure(figsize=(4 * len(judged), 4), layout="constrained")
    for axes, (kind, found) in zip(figure.subplots(1, len(judged), squeeze=False)[0], judged.items(), strict=True):
        axes.axhline(precision, color="grey", linewidth=0.8)
        for level in np.flatnonzero(found.there.any(axis=0)).tolist():
            kept = found.there[:, level]
            curve = coverage_curve(found.confidence[kept, level], found.right[kept, level], found.weights[kept])
            axes.plot(curve[1], curve[2], label=f"level {level + 1}", linewidth=1)
        axes.set(title=kind, xlabel="coverage", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(fontsize=7)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
