"""Part "Systems" of the tab Analysis: other published systems beside our model, measured on the same rows."""

from __future__ import annotations

import json
from html import escape
from typing import Any, NamedTuple

import gradio as gr
import plotly.graph_objects as go

from pipeline.artifacts import RACE
from ui.components import cards, charts
from ui.components.plots import drawing, plot
from ui.tabs.quality import FigureRow, table
from ui.workspace import Workspace, refuse

SPLITS = {
    "Test rows": "test",
    "Held-out categories": "heldout",
    "Held-out sources": "heldout-source",
}
_MEANING = {
    "test": "rows of categories and shops that training had",
    "heldout": "rows of categories that training had no product of",
    "heldout-source": "rows of shops that training had no product of",
}
_PARTS = ("rerank", "open", "neighbors")
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
        f"products ({budget['epochs']} passes; ours by its own recipe). Values in %, in brackets the 95% bootstrap "
        "interval."
    )
    figures = [
        FigureRow((one["title"],), {k: v for part in _PARTS for k, v in one["splits"][split].get(part, {}).items()})
        for one in measured.values()
    ]
    return SystemsView(
        f"{cards.hint(message)}{table(figures)}<h3>What each costs</h3>{_costs(race['systems'])}",
        _speed(measured, split),
        _depths(measured, split),
    )


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
    return f'<div class="figures"><table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div>'


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
    return charts.lines(lines, "Right down to each level", "level", "share of the rows that have it") if lines else None


def build(workspace: Workspace, tab: gr.Tab) -> None:
    """Lay out this part; it is filled when it is opened."""
    private: dict[str, Any] = {"api_visibility": "private"}
    split = gr.Radio(list(SPLITS), value=next(iter(SPLITS)), label="Rows")
    text = gr.HTML(js_on_load=None, elem_id="systems-table")
    with gr.Row():
        speed, depths = plot("systems-speed"), plot("systems-depths")
    for event in (tab.select, split.input):
        event(drawing(show_systems, workspace), split, [text, speed, depths], **private)
