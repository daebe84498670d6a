"""Part "Systems" of the tab Analysis: other published systems beside our model, measured on the same rows."""

from __future__ import annotations

import json
from html import escape
from typing import Any, NamedTuple

import gradio as gr
import plotly.graph_objects as go

from pipeline.artifacts import REPOSITORY
from ui.components import cards, charts
from ui.components.plots import drawing, plot
from ui.tabs.quality import FigureRow, table
from ui.workspace import Workspace, refuse

RACE = REPOSITORY / "assets" / "race.json"
"""What `experiments.horse_race` wrote into the folder of a race."""
SPLITS = {
    "Test rows": "test",
    "Held-out categories": "heldout",
    "Held-out sources": "heldout-source",
}
_MEANING = {
    "test": "rows of shops that training had, and of nearly all the categories",
    "heldout": "rows of categories that training had no product of",
    "heldout-source": "rows of shops that training had no product of",
}
_COLUMNS = {
    "Acc@1": ("rerank", "acc1"),
    "Acc@3": ("rerank", "acc3"),
    "Acc@5": ("rerank", "acc5"),
    "mrr": ("rerank", "mrr"),
    "hF1": ("open", "hf1"),
    "top level": ("open", "top1"),
    "whole path": ("open", "acc1"),
    "macro-F1": ("open", "macro_f1"),
    "accepted": ("open", "coverage"),
    "of these right": ("open", "precision"),
    "ECE": ("open", "ece"),
    "P@1": ("neighbors", "p1"),
    "P@3": ("neighbors", "p3"),
}
"""Part and name of each figure by its heading."""
_MISSING = "This copy of the Space has no figures of other systems; python -m experiments.horse_race makes them."


class SystemsView(NamedTuple):
    """Outputs of `show_systems` in their order."""

    text: str
    speed: go.Figure | None = None
    depths: go.Figure | None = None


def show_systems(workspace: Workspace, choice: str) -> SystemsView:
    """Render what every system reaches on one split as a table with intervals, what it costs, and two charts."""
    if choice not in SPLITS:
        raise refuse("There are no such rows.")
    if not RACE.exists():
        return SystemsView(cards.hint(_MISSING))
    race, split = json.loads(RACE.read_text(encoding="utf-8")), SPLITS[choice]
    measured = {name: one for name, one in race["systems"].items() if split in one.get("splits", {})}
    budget, rows = race["budget"], race["rows"]
    message = (
        f"{rows.get(split, 0):,} {_MEANING[split]}. Every system learned from the same {rows.get('train', 0):,} "
        f"products ({budget['epochs']} passes); ours was trained before, from more rows and by its own recipe. Values "
        "in %, in brackets the 95% bootstrap interval."
    )
    figures = [FigureRow((one["title"],), _figures(one["splits"][split])) for one in measured.values()]
    used = [heading for heading in _COLUMNS if any(row.figures[heading] for row in figures)]
    figures = [FigureRow(row.labels, {heading: row.figures[heading] for heading in used}) for row in figures]
    return SystemsView(
        f"{cards.hint(message)}{table(figures)}<h3>What each costs</h3>{_costs(race['systems'])}",
        _speed(measured, split),
        _depths(measured, split),
    )


def _figures(parts: dict[str, Any]) -> dict[str, Any]:
    """Figures of one system by heading, None for those that it does not have."""
    return {heading: parts.get(part, {}).get(name) for heading, (part, name) in _COLUMNS.items()}


def _costs(systems: dict[str, Any]) -> str:
    """Render parameters, training, speed and memory of every system as a table."""
    heads = ("parameters", "training, CPU minutes", "rows a CPU second", "memory, MB")
    body = ""
    for one in systems.values():
        if "skipped" in one:
            continue
        seconds, speed = one["train_seconds"], one["speed"]
        cells = (
            f"{one['parameters'] / 1e6:.1f} M" if one["parameters"] else "none",
            "none" if seconds is None else f"{seconds / 60:.1f}",
            f"{speed['rows_per_second']:,.0f}",
            f"{speed['resident_mb']:,.0f}",
        )
        body += f'<tr><th scope="row">{escape(one["title"])}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    head = "".join(f"<th>{name}</th>" for name in heads)
    whole = f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="figures" role="region" aria-label="Costs" tabindex="0">{whole}</div>'


def _speed(measured: dict[str, Any], split: str) -> go.Figure | None:
    """hF1 over all paths against rows a CPU second."""
    points = [
        (one["title"], one["speed"]["rows_per_second"], one["splits"][split]["open"]["hf1"]["value"])
        for one in measured.values()
        if "open" in one["splits"][split]
    ]
    return (
        charts.labeled(points, "Accuracy against speed", "rows a CPU second", "hF1 over all paths") if points else None
    )


def _depths(measured: dict[str, Any], split: str) -> go.Figure | None:
    """Share of the rows that are right down to each level."""
    lines = [
        (one["title"], [(int(depth), value["value"]) for depth, value in one["splits"][split]["levels"].items()])
        for one in measured.values()
        if "levels" in one["splits"][split]
    ]
    return charts.lines(lines, "Right down to each level", "level", "share of the rows") if lines else None


def build(workspace: Workspace, tab: gr.Tab) -> None:
    """Lay out this part; it is filled when it is opened."""
    private: dict[str, Any] = {"api_visibility": "private"}
    split = gr.Radio(list(SPLITS), value=next(iter(SPLITS)), label="Rows")
    text = gr.HTML(js_on_load=None, elem_id="systems-table")
    with gr.Row():
        speed, depths = plot("systems-speed"), plot("systems-depths")
    for event in (tab.select, split.input):
        event(drawing(show_systems, workspace), split, [text, speed, depths], **private)
