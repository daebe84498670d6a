"""The log of a training as JSON lines, and its plot: losses and validation metrics over the steps of all stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from pipeline.artifacts import atomic_path


class JsonLog:
    """A log of JSON lines, appended to; the steps that a resumed stage repeats are dropped in reading."""

    def __init__(self, path: Path, enabled: bool = True) -> None:
        self.path, self.enabled = path, enabled
        path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, record: dict[str, Any]) -> None:
        """Append one record."""
        if self.enabled:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")

    def read(self) -> list[dict[str, Any]]:
        """All records, the last one of each (stage, step, kind of record)."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        records = [json.loads(line) for line in lines if line.endswith("}")]
        return list({(r.get("stage"), r.get("step"), "score" in r): r for r in records}.values())


def draw_curves(records: list[dict[str, Any]], path: Path) -> None:
    """Draw a PNG from the records of the training log, stages one after the other."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    losses, metrics = figure.subplots(1, 2)
    offset = 0
    for stage in dict.fromkeys(r["stage"] for r in records if "loss" in r):
        of_stage = [r for r in records if r["stage"] == stage]
        steps = [r for r in of_stage if "loss" in r]
        losses.plot([offset + r["step"] for r in steps], [r["loss"] for r in steps], label=stage, linewidth=0.8)
        validated = [r for r in of_stage if "score" in r]
        for name in sorted({key for r in validated for key in r} - {"stage", "step"}):
            points = [(offset + r["step"], r[name]) for r in validated if name in r]
            metrics.plot(*zip(*points, strict=True), marker="o", markersize=3, label=f"{stage} {name}")
        offset += max((r["step"] for r in of_stage), default=0)
    for axes, title in ((losses, "loss"), (metrics, "validation")):
        axes.set_title(title)
        axes.set_xlabel("step")
        if axes.lines:
            axes.legend(fontsize=6)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
