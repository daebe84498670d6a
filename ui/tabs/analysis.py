"""Tab "Analysis": figures of the data, the vector space and the predictions; all counted by the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipeline.catalog.analysis import Analysis, SpaceFacts
from ui.api.answers import Product
from ui.components import cards, charts
from ui.components.plots import drawing, plot
from ui.tabs import quality, speed, systems
from ui.workspace import Workspace, refuse

MISSING = (
    "This catalogue was published by an older version without the analysis. Build it again with this version of the "
    "pipeline to see this tab."
)
LAYOUTS = {
    "UMAP": ("umap2_x", "umap2_y"),
    "UMAP, 3D": ("x", "y", "z"),
    "PCA": ("pca_x", "pca_y"),
    "PCA, 3D": ("pca_x", "pca_y", "pca_z"),
    "t-SNE": ("tsne_x", "tsne_y"),
}
GROUPS = {"Category": "category_top", "Cluster (k-means)": "cluster", "Dense region (DBSCAN)": "dbscan"}
MAX_POINTS = 8_000
"""Largest number of points in a plot; of more products, every n-th is shown."""
_TYPICAL = 48
_PER_CLUSTER = 4  # products


class DataView(NamedTuple):
    """Outputs of the part "Data" in their order; only `facts`, a sentence, if the catalogue has no analysis."""

    facts: str
    tops: go.Figure | None = None
    tails: go.Figure | None = None
    texts: go.Figure | None = None
    photos: go.Figure | None = None
    typical: str = ""


class SpaceView(NamedTuple):
    """Outputs of the part "Space" in their order; only `facts`, a sentence, if the catalogue has no analysis."""

    facts: str
    silhouette: go.Figure | None = None
    distances: go.Figure | None = None
    clusters: go.Figure | None = None
    centers: str = ""


def show_data(workspace: Workspace) -> DataView:
    """Draw the part "Data": facts, four figures and the typical products."""
    analysis = workspace.catalog.analysis
    if analysis is None:
        return DataView(cards.hint(MISSING))
    data = analysis["data"]
    images = data["images"]
    light = [("longer side, pixels", images["longer_side"]), ("brightness, 0 to 1", images["brightness"])]
    return DataView(
        facts=facts(analysis),
        tops=charts.bars(data["tops"], "Top-level categories: products") if data["tops"] else None,
        tails=charts.tails(
            [("brands", data["brands"]["curve"]), ("categories", data["category_sizes"])],
            "The long tail of brands and categories",
        ),
        texts=charts.histograms(
            [("title, characters", data["title_length"]), ("description, characters", data["description_length"])],
            "Length of texts",
        ),
        photos=charts.histograms(light, "Size and brightness of photos") if images["with_photo"] else None,
        typical=typical(workspace, data["typical"][:_TYPICAL]),
    )


def facts(analysis: Analysis) -> str:
    """Render the numbers of the data."""
    data = analysis["data"]
    brands, images, n = data["brands"], data["images"], max(1, data["products"])
    numbers = (
        (f"{data['products']:,}", "products"),
        (f"{data['categories']:,}", "categories"),
        (f"{brands['distinct']:,}", "brands"),
        (cards.percent(brands["without"] / n), "without a brand"),
        (cards.percent(images["with_photo"] / n), "with a photo"),
    )
    summary = "".join(f"<li><b>{value}</b> {name}</li>" for value, name in numbers)
    groups: Sequence[tuple[str, Sequence[tuple[str, int]]]] = (
        ("Splits", list(data["splits"].items())),
        (
            "Depth of categories",
            [
                (f"{depth} {'level' if depth == 1 else 'levels'}", k)
                for depth, k in enumerate(data["depths"], start=1)
                if k
            ],
        ),
        ("Languages", [(code or "unknown", k) for code, k in data["languages"][:8]]),
        ("Largest brands", brands["largest"][:8]),
        ("Most common sizes of photos", [(f"{width} x {height}", k) for width, height, k in images["sizes"][:8]]),
    )
    parts = "".join(
        f"<section><h3>{name}</h3>{''.join(cards.bar(escape(label), k / n, f'{k:,}') for label, k in rows)}</section>"
        for name, rows in groups
    )
    return f'<ul class="facts">{summary}</ul><div class="columns">{parts}</div>'


def typical(workspace: Workspace, product_ids: Sequence[str]) -> str:
    """Render one product a category, the nearest to its center; "" without categories."""
    if not product_ids:
        return ""
    items = "".join(
        f'<li class="card">{cards.thumbnail(workspace.catalog, product["product_id"])}<div class="card-text">'
        f"{cards.breadcrumb(product['category_path'])}</div></li>"
        for product in _products(workspace, product_ids)
    )
    return f'<h3>One product per category, the nearest to its center</h3><ol class="cards small">{items}</ol>'


def show_space(workspace: Workspace) -> SpaceView:
    """Draw the part "Space": numbers, silhouette, k-distances, clusters by category, and products near the centers."""
    analysis = workspace.catalog.analysis
    if analysis is None:
        return SpaceView(cards.hint(MISSING))
    space, n = analysis["space"], max(1, analysis["data"]["products"])
    message = (
        f"{len(space['shared'])} clusters by k-means on the vectors; {space['regions']} dense regions by DBSCAN on the "
        f"3D layout ({space['min_samples']} products within reach), {cards.percent(space['in_none'] / n)} of the "
        "products in none."
    )
    names = cluster_names(analysis)
    return SpaceView(
        facts=cards.hint(message),
        silhouette=_silhouette(space),
        distances=_distances(space),
        clusters=_clusters(space, names),
        centers=centers(workspace, names, space["nearest"]),
    )


def _silhouette(space: SpaceFacts) -> go.Figure | None:
    """Curve of the silhouette over K with the chosen K marked; None if no K was tried."""
    tried = [(float(k), score) for k, score, _ in space["silhouette"]]
    if not tried:
        return None
    best = next((charts.Mark(k, score, f"K = {k}") for k, score, chosen in space["silhouette"] if chosen), None)
    return charts.line(tried, "Silhouette over the number of clusters", "K", "silhouette", best)


def _distances(space: SpaceFacts) -> go.Figure | None:
    """Curve of the k-distances with the reach of DBSCAN marked; None if there are none."""
    points, reach = space["k_distances"], space["reach"]
    if not points:
        return None
    mark = next((charts.Mark(x, y, f"reach {y:.3f}") for x, y in points if reach and y >= reach - 1e-5), None)
    return charts.line(points, "k-distance plot", "share of the products", "distance", mark)


def _clusters(space: SpaceFacts, names: Sequence[str]) -> go.Figure | None:
    """Heatmap of the categories in each cluster; None without clusters."""
    shared = np.array(space["shared"], dtype=float).reshape(len(space["shared"]), -1)
    if not shared.size:
        return None
    shares = shared / np.maximum(shared.sum(axis=1, keepdims=True), 1)
    return charts.heatmap(shares, names, space["tops"], "Clusters by category", unit="of the cluster", percent=True)


def cluster_names(analysis: Analysis) -> list[str]:
    """Name clusters after the top-level category of most of their products."""
    space = analysis["space"]
    tops = [space["tops"][int(np.argmax(counts))] if any(counts) else "" for counts in space["shared"]]
    return [f"{number} · {top}" if top else str(number) for number, top in enumerate(tops)]


def centers(workspace: Workspace, names: Sequence[str], nearest: Sequence[Sequence[str]]) -> str:
    """Render the products nearest to each cluster's center."""
    rows = []
    for name, product_ids in zip(names, nearest, strict=True):
        photos = "".join(
            f'<li title="{escape(product["title"] or "untitled")}">'
            f"{cards.thumbnail(workspace.catalog, product['product_id'])}</li>"
            for product in _products(workspace, product_ids[:_PER_CLUSTER])
        )
        rows.append(f"<section><h4>{escape(name)}</h4><ul>{photos}</ul></section>")
    return f'<h3>Products nearest to each cluster\'s center</h3><div class="centers">{"".join(rows)}</div>'


def draw_map(workspace: Workspace, layout: str, group: str) -> tuple[go.Figure | None, str]:
    """Draw the products on a plane or in space, with a sentence about their number."""
    if layout not in LAYOUTS or group not in GROUPS:
        raise refuse("There is no map of this layout and grouping.")
    products, axes, column = workspace.catalog.products, list(LAYOUTS[layout]), GROUPS[group]
    placed = np.flatnonzero(products[axes[0]].notna().to_numpy())
    rows = placed[:: max(1, -(-len(placed) // MAX_POINTS))]
    chosen = products.iloc[rows]
    titles = chosen["title"].fillna("").replace("", "untitled").tolist()
    figure = charts.space_map(
        chosen[axes].to_numpy(np.float32),
        _groups(workspace, chosen[column]),
        titles,
        f"{layout} by {group[0].lower()}{group[1:]}",
    )
    return figure, cards.hint(f"{len(rows):,} of {len(products):,} products.")


def build(workspace: Workspace, tab: gr.Tab) -> None:
    """Lay out the tab; figures are drawn when their part of it is opened."""
    private: dict[str, Any] = {"api_visibility": "private"}
    with gr.Tabs(overflow_behavior="wrap"):  # on a phone the last would hide in a menu
        with gr.Tab("Data") as data:
            numbers = gr.HTML(js_on_load=None, elem_id="data-facts")
            with gr.Row():
                tops, tails = plot("data-tops"), plot("data-tails")
            with gr.Row():
                texts, photos = plot("data-texts"), plot("data-photos")
            one_each = gr.HTML(js_on_load=None, elem_id="data-typical")
        with gr.Tab("Space") as space:
            with gr.Row():
                layout = gr.Radio(list(LAYOUTS), value="UMAP", label="Layout")
                group = gr.Radio(list(GROUPS), value="Category", label="Color")
            points = plot("space-map")
            number = gr.HTML(js_on_load=None, elem_id="space-points")
            summary = gr.HTML(js_on_load=None, elem_id="space-facts")
            with gr.Row():
                silhouette, distances = plot("space-silhouette"), plot("space-distances")
            table = plot("space-clusters")
            nearest = gr.HTML(js_on_load=None, elem_id="space-centers")
        with gr.Tab("Quality") as trust:
            quality.build(workspace, trust)
        with gr.Tab("Systems") as race:
            systems.build(workspace, race)
        with gr.Tab("Speed"):
            speed.build(workspace)
    data_outputs = [numbers, tops, tails, texts, photos, one_each]
    for opened in (tab, data):
        opened.select(drawing(show_data, workspace), None, data_outputs, **private)
    redraw = drawing(draw_map, workspace)
    space.select(redraw, [layout, group], [points, number], **private).then(
        drawing(show_space, workspace), None, [summary, silhouette, distances, table, nearest], **private
    )
    for choice in (layout, group):
        choice.input(redraw, [layout, group], [points, number], **private)


def _groups(workspace: Workspace, values: pd.Series) -> list[str]:
    """Name the group of each product for a legend; "" for none."""
    if values.name == "category_top":
        named: list[str] = values.fillna("").tolist()
        return named
    analysis = workspace.catalog.analysis
    if values.name == "cluster" and analysis is not None:
        names = cluster_names(analysis)
        return [names[number] for number in values.tolist()]
    return ["" if number < 0 else str(number) for number in values.tolist()]


def _products(workspace: Workspace, product_ids: Sequence[str]) -> list[Product]:
    return [workspace.product(workspace.catalog.row(product_id)) for product_id in product_ids]
