"""The plot of a training: losses and validation metrics over the steps of all stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from pipeline.artifacts import atomic_path


def draw_curves(records: list[dict[str, Any]], path: Path) -> None:
    """Draw a PNG from the records of the training log, stages one after the other."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    losses, metrics = figure.subplots(1, 2)
    offset = 0
    for stage in dict.fromkeys(r["stage"] for r in records if "loss" in r):
        own = [r for r in records if r["stage"] == stage]
        steps = [r for r in own if "loss" in r]
        losses.plot([offset + r["step"] for r in steps], [r["loss"] for r in steps], label=stage, linewidth=0.8)
        measured = [r for r in own if "score" in r]
        for name in sorted({key for r in measured for key in r} - {"stage", "step"}):
            points = [(offset + r["step"], r[name]) for r in measured if name in r]
            metrics.plot(*zip(*points, strict=True), marker="o", markersize=3, label=f"{stage} {name}")
        offset += max((r["step"] for r in own), default=0)
    for axes, title in ((losses, "loss"), (metrics, "validation")):
        axes.set_title(title)
        axes.set_xlabel("step")
        if axes.lines:
            axes.legend(fontsize=6)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
