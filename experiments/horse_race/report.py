"""The table of the race as Markdown and as JSON, and its two plots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from experiments.horse_race.race import MEASURED, Race
from pipeline.artifacts import atomic_path, write_json

SPLIT_TITLES = {
    "test": "Test rows: sources that training had, and nearly all of the categories",
    "heldout": "Held-out categories: training had no product of them",
    "heldout-source": "Held-out sources: training had no product of these shops",
}
COLUMNS = (
    ("Acc@1", "rerank", "acc1"),
    ("Acc@3", "rerank", "acc3"),
    ("Acc@5", "rerank", "acc5"),
    ("MRR", "rerank", "mrr"),
    ("hF1", "open", "hf1"),
    ("top level", "open", "top1"),
    ("macro-F1", "open", "macro_f1"),
    ("accepted", "open", "coverage"),
    ("of these right", "open", "precision"),
    ("ECE", "open", "ece"),
    ("P@1", "neighbors", "p1"),
    ("P@3", "neighbors", "p3"),
)
"""Heading, part and name of a figure; all in %."""
_WITH_INTERVAL = {"acc1", "hf1", "macro_f1"}

Results = Mapping[str, Mapping[str, Any]]


def summary(race: Race, results: Results) -> dict[str, Any]:
    """The race as JSON, without what only its making needs: budget, rows of each split, systems."""
    splits = [split for split in ("train", *MEASURED) if len(race.rows(split))]
    kept = ("title", "skipped", "train_seconds", "parameters", "speed", "splits")
    return {
        "budget": {name: race.identity()[name] for name in ("rows", "epochs", "measured", "seed")},
        "rows": {split: len(race.rows(split)) for split in splits},
        "systems": {name: {key: one[key] for key in kept if key in one} for name, one in results.items()},
    }


def write(folder: Path, race: Race, results: Results) -> None:
    """Write race.json, race.md, speed.png and depths.png."""
    write_json(folder / "race.json", summary(race, results))
    with atomic_path(folder / "race.md") as temporary:
        temporary.write_text(render(race, results) + "\n", encoding="utf-8")
    for name, figure in (("speed.png", speed_plot(results)), ("depths.png", depth_plot(results))):
        with atomic_path(folder / name) as temporary:
            figure.savefig(temporary, format="png", dpi=120, bbox_inches="tight")


def render(race: Race, results: Results) -> str:
    """Tables in Markdown: what each system costs, then a table for each split."""
    facts = summary(race, results)
    epochs = facts["budget"]["epochs"]
    lines = [
        f"Budget: {facts['rows'].get('train', 0):,} training rows, {epochs} epochs; "
        + ", ".join(f"{split} {count:,} rows" for split, count in facts["rows"].items() if split != "train")
        + ".",
        "",
        "| system | parameters | training, CPU time | rows a CPU second | memory |",
        "|---|---|---|---|---|",
        *(_cost(one) for one in results.values()),
    ]
    for split in MEASURED:
        measured = [one for one in results.values() if split in one.get("splits", {})]
        if measured:
            lines += ["", f"**{SPLIT_TITLES[split]}** ({measured[0]['splits'][split]['n']:,} rows)", ""]
            lines += ["| system | " + " | ".join(heading for heading, *_ in COLUMNS) + " |"]
            lines += ["|---" * (len(COLUMNS) + 1) + "|"]
            lines += [_row(one, split) for one in measured]
    return "\n".join(lines)


def _cost(one: Mapping[str, Any]) -> str:
    if "skipped" in one:
        return f"| {one['title']} | not run: {one['skipped']} | | | |"
    seconds, speed = one["train_seconds"], one["speed"]
    training = "none" if seconds is None else f"{seconds / 60:.1f} min"
    memory = f"{speed['resident_mb']:,.0f} MB" if "resident_mb" in speed else ""
    millions = f"{one['parameters'] / 1e6:.1f} M" if one["parameters"] else "none"
    return f"| {one['title']} | {millions} | {training} | {speed['rows_per_second']:,.0f} | {memory} |"


def _row(one: Mapping[str, Any], split: str) -> str:
    cells = []
    for _, part, name in COLUMNS:
        value = one["splits"][split].get(part, {}).get(name)
        text = "" if value is None else f"{100 * value['value']:.1f}"
        if value is not None and name in _WITH_INTERVAL:
            text += f" [{100 * value['low']:.1f} to {100 * value['high']:.1f}]"
        cells.append(text)
    return f"| {one['title']} | " + " | ".join(cells) + " |"


def speed_plot(results: Results) -> Figure:
    """hF1 over all paths on the test rows against rows a CPU second."""
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    for one in _measured(results):
        x, y = one["speed"]["rows_per_second"], 100 * one["splits"]["test"]["open"]["hf1"]["value"]
        axes.scatter([x], [y])
        axes.annotate(one["title"], (x, y), textcoords="offset points", xytext=(5, 4), fontsize=8)
    axes.set(xscale="log", xlabel="rows a CPU second, towers included", ylabel="hF1 over all paths, test, %")
    axes.grid(alpha=0.3)
    return figure


def depth_plot(results: Results) -> Figure:
    """Share of the test rows that are right down to each level."""
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    for one in _measured(results):
        depths = one["splits"]["test"]["levels"]
        axes.plot([int(depth) for depth in depths], [100 * value["value"] for value in depths.values()], marker="o")
        axes.annotate(one["title"], (1, 100 * depths["1"]["value"]), fontsize=7)
    axes.set(xlabel="level, the top first", ylabel="right down to there, test, % of the rows that have it")
    axes.grid(alpha=0.3)
    return figure


def _measured(results: Results) -> list[Mapping[str, Any]]:
    return [one for one in results.values() if "open" in one.get("splits", {}).get("test", {})]
