"""Part "Quality" of the tab Analysis: figures of `evaluate`, confusions, calibration and wrongly predicted products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
import plotly.graph_objects as go

from pipeline.catalog.analysis import leaves
from pipeline.taxonomy.paths import levels
from ui.components import cards, charts
from ui.components.picking import pick_button, pickable, picked
from ui.components.plots import drawing, plot
from ui.workspace import Workspace, bind, refuse

_SPLITS = ("test", "validation", "heldout", "heldout-source")
_EVERY = "All wrong predictions"
_PAGE = 24
_PARTS = {
    "rerank": "Ranking the candidates",
    "open": "Choosing from the whole taxonomy",
    "retrieval": "Nearest products of the same top-level category",
}
_FOLDED = {
    "seen": "Categories seen in training",
    "unseen": "Categories not seen in training",
}
_NAMES = {
    "acc1": "Acc@1", "acc3": "Acc@3", "acc5": "Acc@5", "mrr": "MRR", "hf1": "hF1", "top1": "top level",
    "hp": "h precision", "hr": "h recall", "p1": "P@1", "p3": "P@3", "ece": "ECE",
}  # fmt: skip
_MEANINGS = {
    "acc1": "Share of products whose first category is the true one",
    "acc3": "Share of products with the true category among the first three",
    "acc5": "Share of products with the true category among the first five",
    "mrr": "Mean reciprocal rank: 1 where the true category is first, 1/2 where it is second, and so on",
    "hf1": "Hierarchical F1: how much of the path is right, level by level; a near miss counts more than a far one",
    "top1": "Share of products whose top-level category is right",
    "hp": "Hierarchical precision: share of the predicted levels that are right",
    "hr": "Hierarchical recall: share of the true levels that were predicted",
    "p1": "Precision at 1: share of products whose nearest neighbor has the same top-level category",
    "p3": "Precision at 3: share of the three nearest neighbors with the same top-level category",
    "ece": "Expected calibration error: how far confidence and share of right answers lie apart, on average",
}
"""What figures mean, shown on hover and to screen readers."""
_CHARTED = ("acc1", "acc3", "mrr", "hf1", "top1")
_NO_ANALYSIS = "This catalogue has no confusions and no calibration: it was published by an older version."
_NO_FIGURES = "The model has no figures: it was not evaluated when it was built."


@dataclass(frozen=True)
class FigureRow:
    """A row of a table of figures: its labels from the outermost, and its figures by name."""

    labels: tuple[str, ...]
    figures: dict[str, Any]


class TrustView(NamedTuple):
    """Outputs of `show_trust` in their order."""

    facts: str
    confusions: go.Figure | None = None
    reliability: go.Figure | None = None
    coverage: go.Figure | None = None


def show_figures(workspace: Workspace, split: str) -> tuple[go.Figure | None, str]:
    """Draw the main figures of a split as a chart, and render all of them as tables, with their intervals."""
    metrics = workspace.tools.bundle.meta.get("metrics", {})
    if split not in metrics:
        others = ", ".join(name for name in _SPLITS if name in metrics)
        return None, cards.hint(f"The model has no figures of this split; it has {others}." if others else _NO_FIGURES)
    figures = metrics[split]
    counts = " · ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in figures["n"].items())
    charted = [
        charts.Interval(kind.replace("_", " "), _NAMES.get(name, name), one["value"], one["low"], one["high"])
        for kind, members in figures.get("rerank", {}).items()
        for name, one in members.items()
        if name in _CHARTED and "value" in one
    ]
    chart = charts.intervals(charted, "Ranking the candidates, with 95% intervals") if charted else None
    tables = "".join(
        f"<h4>{title}</h4>{tables_of(figures[part])}" for part, title in _PARTS.items() if figures.get(part)
    )
    skipped = "".join(cards.hint(f"Left out: {sentence}") for sentence in figures.get("skipped", ()))
    return chart, f"{cards.hint(f'Rows: {counts}. In brackets the 95% bootstrap interval.')}{tables}{skipped}"


def tables_of(figures: dict[str, Any]) -> str:
    """Render a part of the evaluation: a table of the main figures, the others in folded tables below it."""
    main = {name: below for name, below in figures.items() if name not in _FOLDED}
    rows = [*_rows(main, ())]
    folded = [("Level by level", [*_rows_of_levels(main, ())])]
    folded += [(title, [*_rows(figures[name], ())]) for name, title in _FOLDED.items() if name in figures]
    more = "".join(
        f'<details class="more"><summary>{title}</summary>{table(below)}</details>' for title, below in folded if below
    )
    return table(rows) + more


def table(rows: Sequence[FigureRow]) -> str:
    """Render figures as an HTML table, one column a figure."""
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    head = "".join(f'<th scope="col">{_heading(name)}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape(" · ".join(row.labels).replace("_", " "))}</th>'
        f"{''.join(f'<td>{_cell(name, row.figures.get(name))}</td>' for name in names)}</tr>"
        for row in rows
    )
    whole = f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="figures" role="region" aria-label="Figures" tabindex="0">{whole}</div>'


def _heading(name: str) -> str:
    """Render the name of a figure, with its meaning where it is a term."""
    shown, meaning = escape(_NAMES.get(name, name.replace("_", " "))), _MEANINGS.get(name)
    return f'<abbr title="{meaning}" tabindex="0">{shown}</abbr>' if meaning else shown


def _rows(figures: dict[str, Any], labels: tuple[str, ...]) -> Iterator[FigureRow]:
    """Collect the rows of a nested dictionary of figures."""
    direct = _figures(figures)
    if direct:
        yield FigureRow(labels, direct)
    for name, below in figures.items():
        if isinstance(below, dict) and name not in direct:
            yield from _rows(below, (*labels, name))


def _rows_of_levels(figures: dict[str, Any], labels: tuple[str, ...]) -> Iterator[FigureRow]:
    """Collect the rows of single levels, where there are figures of levels."""
    direct = _figures(figures)
    by_level = {name: one["levels"] for name, one in direct.items() if "levels" in one}
    for level in sorted({level for one in by_level.values() for level in one}, key=int):
        of_level = {name: one[level] for name, one in by_level.items() if level in one}
        yield FigureRow((*labels, f"level {level}"), of_level)
    for name, below in figures.items():
        if isinstance(below, dict) and name not in direct:
            yield from _rows_of_levels(below, (*labels, name))


def _figures(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in figures.items() if isinstance(one, dict) and "value" in one}


def _cell(name: str, figure: dict[str, float] | None) -> str:
    if figure is None:
        return ""
    scale, digits = (1, 3) if name == "mrr" else (100, 1)
    value, low, high = (f"{scale * figure[key]:.{digits}f}" for key in ("value", "low", "high"))
    return f"<b>{value}</b> [{low} to {high}]"


def show_trust(workspace: Workspace) -> TrustView:
    """Draw how reliable the catalogue's predictions are: numbers, confusions, reliability, precision over coverage."""
    analysis = workspace.catalog.analysis
    if analysis is None:
        return TrustView(cards.hint(_NO_ANALYSIS))
    facts = analysis["predictions"]
    if not facts["known"]:
        return TrustView(cards.hint("No product of this catalogue has a true category to compare with."))
    known = facts["known"]
    message = (
        f"Of {known:,} products with a category, {cards.percent(facts['right'] / known)} are predicted correctly down "
        f"to the last level and {cards.percent(facts['wrong'] / known)} wrongly at some level; the other predictions "
        f"stop above the last level. The top level is correct for {cards.percent(facts['top_right'] / known)}. "
        f"Confidences are measured on the {facts['rows']:,} products outside the train split; a model trained "
        "elsewhere may have seen some of them."
    )
    counts = np.array(facts["confused"], dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    confusions = charts.heatmap(
        shares,
        facts["tops"],
        facts["tops"],
        "Predicted (columns), true (rows)",
        unit="of the row",
        percent=True,
    )
    if not facts["levels"]:
        return TrustView(cards.hint(message), confusions)
    return TrustView(
        cards.hint(message),
        confusions,
        charts.reliability(facts["levels"], "Reliability: share correct at each confidence"),
        charts.coverage(facts["levels"], "Precision over coverage"),
    )


def pairs(workspace: Workspace) -> list[tuple[str, str]]:
    """Choices that narrow the list of wrong predictions, as (label, value)."""
    analysis = workspace.catalog.analysis
    confused = [] if analysis is None else analysis["predictions"]["pairs"]
    return [
        (_EVERY, _EVERY),
        *((f"{levels(true)[-1]} → {levels(guess)[-1]} ({n:,})", f"{true}\n{guess}") for true, guess, n in confused),
    ]


def list_wrong(workspace: Workspace, pair: str, page: float) -> str:
    """Render a page of wrongly predicted products, the most confident first, to pick from."""
    rows = wrong_rows(workspace, pair)
    if not len(rows):
        return cards.hint("No product is predicted wrongly here.")
    last = -(-len(rows) // _PAGE)
    number = min(max(1, int(page)), last)
    items = "".join(_wrong(workspace, int(row)) for row in rows[_PAGE * (number - 1) : _PAGE * number])
    message = cards.hint(f"{len(rows):,} products, the most confident first; page {number} of {last}.")
    return f'{message}<ol class="cards small">{items}</ol>'


def wrong_rows(workspace: Workspace, pair: str) -> np.ndarray:
    """Rows whose predicted path leaves the true one: int64 [m], the most confident first.

    Args:
        workspace: The open catalogue and its model.
        pair: "true path, newline, predicted path", or all.
    """
    products = workspace.catalog.products
    both = zip(products["category_path"], products["predicted_path"], strict=True)
    chosen = [
        isinstance(true, str)
        and isinstance(guess, str)
        and leaves(true, guess)
        and pair in (_EVERY, f"{true}\n{guess}")
        for true, guess in both
    ]
    rows = np.flatnonzero(chosen)
    sure = np.array([float(products["predicted_confidences"].iloc[row][-1]) for row in rows.tolist()])
    return rows[np.argsort(-sure, kind="stable")]


def show_wrong(workspace: Workspace, event: gr.EventData) -> str:
    """Render the picked product: its photo and text, the true path, and the confidence of each predicted level."""
    try:
        row = workspace.catalog.row(picked(event))
    except KeyError as error:
        raise refuse("The catalogue has no such product.") from error
    product = workspace.product(row)
    values = workspace.catalog.products.iloc[row]
    sure: Sequence[float] = values["predicted_confidences"]
    names = levels(product["predicted_path"]) if product["predicted_path"] else ()
    steps = "".join(cards.bar(escape(level), float(share)) for level, share in zip(names, sure, strict=True))
    return (
        f'<div class="product">{cards.thumbnail(workspace.catalog, product["product_id"])}<div>'
        f'<h3 dir="auto">{escape(product["title"] or "untitled")}</h3>'
        f"<p>True category</p>{cards.breadcrumb(product['category_path'])}"
        f'<p dir="auto">{escape((values["description"] or "")[:400])}</p></div></div>'
        f"<p>Predicted category, with the confidence of each level</p>{steps}"
    )


def build(workspace: Workspace, tab: gr.Tab) -> None:
    """Lay out this part; it is filled when it is opened."""
    private: dict[str, Any] = {"api_visibility": "private"}
    gr.HTML("<h3>Wrongly predicted products</h3>", js_on_load=None)
    with gr.Row():
        pair = gr.Dropdown([_EVERY], value=_EVERY, label="Confusion", elem_id="quality-pair")
        page = gr.Number(1, label="Page", minimum=1, precision=0)
    one = gr.HTML(cards.hint("Click a product to see it."), js_on_load=None, elem_id="quality-one")
    wrong = pickable(elem_id="quality-wrong")
    gr.HTML("<h3>How good predictions are</h3>", js_on_load=None)
    facts = gr.HTML(js_on_load=None, elem_id="quality-facts")
    with gr.Row():
        reliable = plot("quality-reliability")
        covered = plot("quality-coverage")
    confusions = plot("quality-confusions")
    split = gr.Radio(list(_SPLITS), value=_SPLITS[0], label="Split")
    chart = plot("quality-chart")
    figures = gr.HTML(js_on_load=None, elem_id="quality-figures")
    listing = bind(list_wrong, workspace)
    tab.select(bind(_offer, workspace), None, pair, **private).then(listing, [pair, page], wrong, **private).then(
        drawing(show_trust, workspace), None, [facts, confusions, reliable, covered], **private
    ).then(drawing(show_figures, workspace), split, [chart, figures], **private)
    split.input(drawing(show_figures, workspace), split, [chart, figures], **private)
    pair.input(lambda: 1, None, page, **private).then(listing, [pair, page], wrong, **private)
    page.input(listing, [pair, page], wrong, **private)
    wrong.select(bind(show_wrong, workspace), None, one, **private)


def _offer(workspace: Workspace) -> Any:
    return gr.update(choices=pairs(workspace), value=_EVERY)


def _wrong(workspace: Workspace, row: int) -> str:
    product = workspace.product(row)
    sure = float(workspace.catalog.products["predicted_confidences"].iloc[row][-1])
    true, guess = (escape(levels(str(product[name]))[-1]) for name in ("category_path", "predicted_path"))
    inner = (
        f"{cards.thumbnail(workspace.catalog, product['product_id'])}"
        f'<span class="card-text"><b dir="auto">{escape(product["title"] or "untitled")}</b>'
        f"<span>{true} → {guess}, {cards.percent(sure)} sure</span></span>"
    )
    return f'<li class="card">{pick_button(product["product_id"], inner, "pick whole")}</li>'
