"""Tab "Galaxy": every product as a point in three dimensions, coloured by its top-level category."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr
import pandas as pd
import plotly.graph_objects as go

from ui import figures
from ui.workspace import Workspace, bind, endpoint, refuse

ALL = "All categories"


def galaxy(workspace: Workspace) -> list[dict[str, Any]]:
    """The top-level categories of the catalogue and where they lie in the galaxy.

    Returns:
        Largest first: category, number of products, and the mean x, y, z of their points.
    """
    products = workspace.catalog.products
    means = products.groupby("category_top")[["x", "y", "z"]].mean()
    places = dict(zip(means.index, means.to_numpy(float).tolist(), strict=True))
    return [
        {"category": top, "products": n, **dict(zip("xyz", places[top], strict=True))}
        for top, n in top_counts(products).items()
    ]


def draw(workspace: Workspace, only: str = ALL) -> go.Figure:
    """The galaxy with one top-level category lit, or all."""
    tops = top_counts(workspace.catalog.products)
    if only != ALL and only not in tops:
        raise refuse("The catalogue has no such top-level category.")
    columns = ["x", "y", "z", "title", "category_path", "category_top"]
    palette = figures.colours(tops)
    return figures.galaxy(workspace.catalog.products[columns], palette, only=None if only == ALL else only)


def top_counts(products: pd.DataFrame) -> dict[str, int]:
    """Number of products of each top-level category, largest first."""
    counts = products["category_top"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    return {str(top): int(n) for top, n in counts.items()}


def legend(counts: dict[str, int]) -> str:
    """The colours with their categories and counts, as HTML."""
    palette = figures.colours(counts)
    chips = "".join(
        f'<li><span style="background:{palette[top]}"></span>{escape(top)} <i>{n:,}</i></li>'
        for top, n in counts.items()
    )
    return f'<ul class="legend">{chips}</ul>'


def build(workspace: Workspace, tab: gr.Tab) -> None:
    """Lay out the tab; the points are sent when it is first opened."""
    counts = top_counts(workspace.catalog.products)
    only = gr.Dropdown([ALL, *counts], value=ALL, label="Light up", elem_id="galaxy-only")
    plot = gr.Plot(show_label=False, elem_id="galaxy-plot")
    gr.HTML(legend(counts), js_on_load=None)
    handler = bind(draw, workspace)
    tab.select(handler, only, plot, api_visibility="private")
    only.input(handler, only, plot, api_visibility="private")
    endpoint(bind(galaxy, workspace), [])
