"""Plots of calibrated confidences: reliability before and after calibration, precision against coverage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pipeline.artifacts import atomic_path
from pipeline.metrics.hierarchical import coverage_curve, reliability
from pipeline.prediction.fitting.predictions import LevelPredictions
from pipeline.types import Modality


def draw_reliability(predictions: Mapping[Modality, LevelPredictions], path: Path) -> None:
    """Accuracy over confidence of all levels, one panel a modality."""
    figure = Figure(figsize=(4 * len(predictions), 4), layout="constrained")
    panels = figure.subplots(1, len(predictions), squeeze=False)[0]
    for axes, (modality, levels) in zip(panels, predictions.items(), strict=True):
        weights = np.broadcast_to(levels.weights[:, None], levels.present.shape)[levels.present]
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for name, values in (("before calibration", levels.probability), ("after", levels.confidence)):
            points = reliability(values[levels.present], levels.correct[levels.present], weights)
            axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", markersize=3, label=name)
        axes.set(title=modality, xlabel="confidence", ylabel="share that is correct", xlim=(0, 1), ylim=(0, 1))
        axes.legend(fontsize=7)
    _save(figure, path)


def draw_coverage(predictions: Mapping[Modality, LevelPredictions], target_precision: float, path: Path) -> None:
    """Precision over coverage, one line a level, with the target precision."""
    figure = Figure(figsize=(4 * len(predictions), 4), layout="constrained")
    panels = figure.subplots(1, len(predictions), squeeze=False)[0]
    for axes, (modality, levels) in zip(panels, predictions.items(), strict=True):
        axes.axhline(target_precision, color="grey", linewidth=0.8)
        for level in np.flatnonzero(levels.present.any(axis=0)).tolist():
            present = levels.present[:, level]
            curve = coverage_curve(
                levels.confidence[present, level], levels.correct[present, level], levels.weights[present]
            )
            axes.plot(curve[1], curve[2], label=f"level {level + 1}", linewidth=1)
        axes.set(title=modality, xlabel="coverage", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(fontsize=7)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
