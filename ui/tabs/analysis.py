"""Tab "Analysis": what the products, their space and the predictions are like; all counted by the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipeline.catalog.analysis import Analysis
from ui.components import cards, charts
from ui.components.plots import drawing, plot
from ui.tabs import quality
from ui.workspace import Workspace, refuse

MISSING = (
    "This catalogue was published before the analysis was part of it: build it again with this version of the pipeline "
    "to see all that this tab shows."
)
LAYOUTS = {"UMAP": ("umap2_x", "umap2_y"), "PCA": ("pca_x", "pca_y"), "t-SNE": ("tsne_x", "tsne_y")}
GROUPS = {"Category": "category_top", "Cluster (k-means)": "cluster", "Dense region (DBSCAN)": "dbscan"}
MAX_POINTS = 8_000
"""Points that a plot shows; of more products it shows every so-manieth."""
_TYPICAL = 48
_SHOWN_EACH = 4  # products of a cluster


def show_data(
    workspace: Workspace,
) -> tuple[str, go.Figure | None, go.Figure | None, go.Figure | None, go.Figure | None, str]:
    """Facts, four figures and the typical products; only a sentence where the catalogue brings no analysis."""
    analysis = workspace.catalog.analysis
    if analysis is None:
        return cards.hint(MISSING), None, None, None, None, ""
    data = analysis["data"]
    images = data["images"]
    light = [("longer side, pixels", images["longer_side"]), ("brightness, 0 to 1", images["brightness"])]
    return (
        facts(analysis),
        charts.bars(data["tops"], "Top-level categories: products"),
        charts.tails(
            [("brands", data["brands"]["curve"]), ("categories", data["category_sizes"])],
            "The long tail of brands and of categories",
        ),
        charts.histograms(
            [("title, characters", data["title_length"]), ("description, characters", data["description_length"])],
            "How long texts are",
        ),
        charts.histograms(light, "How large and how bright photos are") if images["with_photo"] else None,
        typical(workspace, data["typical"][:_TYPICAL]),
    )


def facts(analysis: Analysis) -> str:
    """Numbers of the data, as HTML."""
    data = analysis["data"]
    brands, images, n = data["brands"], data["images"], max(1, data["products"])
    numbers = (
        (f"{data['products']:,}", "products"),
        (f"{data['categories']:,}", "categories"),
        (f"{brands['distinct']:,}", "brands"),
        (cards.percent(brands["without"] / n), "without a brand"),
        (cards.percent(images["with_photo"] / n), "with a photo"),
    )
    told = "".join(f"<li><b>{value}</b> {name}</li>" for value, name in numbers)
    groups: Sequence[tuple[str, Sequence[tuple[str, int]]]] = (
        ("Splits", list(data["splits"].items())),
        ("Depth of categories", [(f"{depth} levels", k) for depth, k in enumerate(data["depths"], start=1) if k]),
        ("Languages", [(code or "unknown", k) for code, k in data["languages"][:8]]),
        ("Largest brands", brands["largest"][:8]),
        ("Commonest sizes of photos", [(f"{width} x {height}", k) for width, height, k in images["sizes"][:8]]),
    )
    parts = "".join(
        f"<section><h4>{name}</h4>{''.join(cards.bar(escape(label), k / n, f'{k:,}') for label, k in rows)}</section>"
        for name, rows in groups
    )
    return f'<ul class="facts">{told}</ul><div class="columns">{parts}</div>'


def typical(workspace: Workspace, product_ids: Sequence[str]) -> str:
    """One product a category, the one nearest to its centre, as HTML."""
    items = "".join(
        f'<li class="card">{cards.thumbnail(workspace.catalog, one["product_id"])}<div class="card-text">'
        f"{cards.breadcrumb(one['category_path'])}</div></li>"
        for one in _products(workspace, product_ids)
    )
    return f'<h3>One product a category, nearest to its centre</h3><ol class="cards small">{items}</ol>'


def show_space(
    workspace: Workspace,
) -> tuple[str, go.Figure | None, go.Figure | None, go.Figure | None, str]:
    """Numbers, silhouette, k-distances, clusters by category, and the products nearest to each cluster's centre."""
    analysis = workspace.catalog.analysis
    if analysis is None:
        return cards.hint(MISSING), None, None, None, ""
    space, n = analysis["space"], max(1, analysis["data"]["products"])
    tried = [(float(k), score) for k, score, _ in space["silhouette"]]
    best = next(((k, score, f"K = {k}") for k, score, chosen in space["silhouette"] if chosen), None)
    reach = next(
        ((x, y, f"reach {y:.3f}") for x, y in space["k_distances"] if space["reach"] and y >= space["reach"] - 1e-5),
        None,
    )
    shared = np.array(space["shared"], dtype=float).reshape(len(space["shared"]), -1)
    shares = shared / np.maximum(shared.sum(axis=1, keepdims=True), 1)
    told = (
        f"{len(shared)} clusters by k-means on the vectors; {space['regions']} dense regions by DBSCAN on the 3D "
        f"layout ({space['min_samples']} products within reach), {cards.percent(space['in_none'] / n)} of the products "
        "in none."
    )
    silhouette = (
        charts.line(tried, "Silhouette over the number of clusters", "K", "silhouette", best) if tried else None
    )
    distances = (
        charts.line(space["k_distances"], "k-distance plot", "share of the products", "distance", reach)
        if space["k_distances"]
        else None
    )
    names = cluster_names(analysis)
    table = (
        charts.heatmap(shares, names, space["tops"], "Clusters by category", unit="of the cluster", percent=True)
        if shared.size
        else None
    )
    return cards.hint(told), silhouette, distances, table, centres(workspace, names, space["nearest"])


def cluster_names(analysis: Analysis) -> list[str]:
    """Clusters named after the top-level category that most of their products share."""
    space = analysis["space"]
    tops = [space["tops"][int(np.argmax(counts))] if any(counts) else "" for counts in space["shared"]]
    return [f"{number} · {top}" if top else str(number) for number, top in enumerate(tops)]


def centres(workspace: Workspace, names: Sequence[str], nearest: Sequence[Sequence[str]]) -> str:
    """The products nearest to each cluster's centre, as HTML."""
    rows = []
    for name, product_ids in zip(names, nearest, strict=True):
        photos = "".join(
            f'<li title="{escape(one["title"] or "untitled")}">'
            f"{cards.thumbnail(workspace.catalog, one['product_id'])}</li>"
            for one in _products(workspace, product_ids[:_SHOWN_EACH])
        )
        rows.append(f"<section><h4>{escape(name)}</h4><ul>{photos}</ul></section>")
    return f'<h3>Products nearest to each cluster\'s centre</h3><div class="centres">{"".join(rows)}</div>'


def draw_map(workspace: Workspace, layout: str, group: str) -> tuple[go.Figure | None, str]:
    """The products on a plane, and how many of them."""
    if layout not in LAYOUTS or group not in GROUPS:
        raise refuse("There is no such map.")
    products, (x, y), column = workspace.catalog.products, LAYOUTS[layout], GROUPS[group]
    placed = np.flatnonzero(products[x].notna().to_numpy())
    rows = placed[:: max(1, -(-len(placed) // MAX_POINTS))]
    chosen = products.iloc[rows]
    titles = chosen["title"].fillna("").replace("", "untitled").tolist()
    figure = charts.space_map(
        chosen[x].to_numpy(np.float32),
        chosen[y].to_numpy(np.float32),
        _groups(workspace, chosen[column]),
        titles,
        f"{layout} by {group[0].lower()}{group[1:]}",
    )
    return figure, cards.hint(f"{len(rows):,} of {len(products):,} products.")


def build(workspace: Workspace, tab: gr.Tab) -> None:
    """Lay out the tab; figures are made when their part of it is opened."""
    private: dict[str, Any] = {"api_visibility": "private"}
    with gr.Tabs():
        with gr.Tab("Data") as data:
            told = gr.HTML(js_on_load=None, elem_id="data-facts")
            with gr.Row():
                tops, tails = plot("data-tops"), plot("data-tails")
            with gr.Row():
                texts, photos = plot("data-texts"), plot("data-photos")
            one_each = gr.HTML(js_on_load=None, elem_id="data-typical")
        with gr.Tab("Space") as space:
            with gr.Row():
                layout = gr.Radio(list(LAYOUTS), value="UMAP", label="Layout")
                group = gr.Radio(list(GROUPS), value="Category", label="Colour")
            points = plot("space-map")
            number = gr.HTML(js_on_load=None, elem_id="space-points")
            summary = gr.HTML(js_on_load=None, elem_id="space-facts")
            with gr.Row():
                silhouette, distances = plot("space-silhouette"), plot("space-distances")
            table = plot("space-clusters")
            nearest = gr.HTML(js_on_load=None, elem_id="space-centres")
        with gr.Tab("Quality") as trust:
            quality.build(workspace, trust)
    drawn = [told, tops, tails, texts, photos, one_each]
    for opened in (tab, data):
        opened.select(drawing(show_data, workspace), None, drawn, **private)
    redraw = drawing(draw_map, workspace)
    space.select(redraw, [layout, group], [points, number], **private).then(
        drawing(show_space, workspace), None, [summary, silhouette, distances, table, nearest], **private
    )
    for choice in (layout, group):
        choice.input(redraw, [layout, group], [points, number], **private)


def _groups(workspace: Workspace, values: pd.Series) -> list[str]:
    """Names of groups for a legend; "" for products in none."""
    if values.name == "category_top":
        named: list[str] = values.fillna("").tolist()
        return named
    analysis = workspace.catalog.analysis
    if values.name == "cluster" and analysis is not None:
        names = cluster_names(analysis)
        return [names[number] for number in values.tolist()]
    return ["" if number < 0 else str(number) for number in values.tolist()]


def _products(workspace: Workspace, product_ids: Sequence[str]) -> list[dict[str, Any]]:
    return [workspace.product(workspace.catalog.row(product_id)) for product_id in product_ids]
