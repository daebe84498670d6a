"""Tab "Galaxy": every product is a point in space, every category of depth 2 a marker; ui/galaxy/static draws them.

The script fetches the chart and the photos (`routes`), calls the server functions of this module after a click, and
triggers events that lead to other tabs. Results of other tabs reach it as the component's value.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from pipeline.search.filters import in_category
from pipeline.search.neighbors import centroid_of, nearest_products
from ui.api.answers import (
    CategoryPanel,
    DistantProduct,
    Highlight,
    NamedRow,
    NearProduct,
    Neighbor,
    ProductPanel,
    TextMatches,
    TopCategory,
)
from ui.galaxy import routes
from ui.galaxy.page import template
from ui.galaxy.selection import export_rows, selection, similar_to
from ui.guard.faults import reported
from ui.workspace import Workspace, bind, check_text, endpoint, refuse, text_or_none

_NEIGHBORS = 12
_PER_END = 6  # nearest, and as many farthest products of a category
_DESCRIPTION_LENGTH = 1_200  # characters in the panel
_NO_CATEGORY = "The catalogue has no such category."
_START = """
const events = ["similar", "rerank"];
const send = (name, data) => events.includes(name) && trigger(name, data);
import(new URL("galaxy/scripts/main.js", document.baseURI).href).then(
  ({ start }) => start({ element, server, props, watch, send }),
);
"""


def galaxy(workspace: Workspace) -> list[TopCategory]:
    """List the top-level categories of the catalogue with their positions in the galaxy.

    Returns:
        Largest first: category, number of products, and the mean x, y, z of their points.
    """
    products = workspace.catalog.products
    counts = products["category_top"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    means = products.groupby("category_top")[["x", "y", "z"]].mean()
    positions = {top: (float(x), float(y), float(z)) for top, x, y, z in means.itertuples()}
    answer: list[TopCategory] = []
    for top, n in counts.items():
        x, y, z = positions[top]
        answer.append({"category": str(top), "products": int(n), "x": x, "y": y, "z": z})
    return answer


def product(workspace: Workspace, question: Any) -> ProductPanel:
    """Content of the panel for a product.

    Args:
        workspace: The open catalogue and its model.
        question: {"row": its row} or {"product_id": its id}; it comes from a browser, so it may be anything.

    Returns:
        Its facts, the "confidence" of its whole predicted path (0 to 1 or None), whether it has candidates, and
        "neighbors": row, title and similarity (cosine), most similar first.
    """
    catalog = workspace.catalog
    row = _row(workspace, question)
    values = catalog.products.iloc[row]
    description = text_or_none(values.get("description")) or ""
    if len(description) > _DESCRIPTION_LENGTH:
        description = description[:_DESCRIPTION_LENGTH].rstrip() + " …"
    confidences = values.get("predicted_confidences")
    candidates = values.get("candidates")
    return {
        **workspace.product(row),
        "row": row,
        "description": description,
        "split": text_or_none(values.get("split")),
        "language": text_or_none(values.get("language")),
        "confidence": float(confidences[-1]) if confidences is not None and len(confidences) else None,
        "candidates": candidates is not None and len(candidates) > 0,
        "neighbors": [
            {**_named(workspace, hit.row), "similarity": hit.score}
            for hit in nearest_products(catalog, row, _NEIGHBORS)
        ],
    }


def category(workspace: Workspace, path: Any) -> CategoryPanel:
    """Content of the panel for a category.

    Args:
        workspace: The open catalogue and its model.
        path: Category path of any depth; it comes from a browser, so it may be anything.

    Returns:
        "members" (number of products in it or below it), "dispersion" (mean distance to the center), and products
        "nearest" to the center and "farthest" from it: row, title and distance (1 - cosine).
    """
    if not isinstance(path, str) or not path:
        raise refuse(_NO_CATEGORY)
    rows = members(workspace.catalog.products["category_path"], path)
    if not len(rows):
        raise refuse(_NO_CATEGORY)
    center = centroid_of(workspace.catalog, rows)
    pairs = list(zip(center.rows.tolist(), center.distances.tolist(), strict=True))
    return {
        "category": path,
        "members": len(rows),
        "dispersion": center.dispersion,
        "nearest": _distant(workspace, pairs[:_PER_END]),
        "farthest": _distant(workspace, pairs[: -_PER_END - 1 : -1]),
    }


def find(workspace: Workspace, text: Any) -> TextMatches:
    """Find products with all words of a text in their title or brand, in upper or lower case.

    Returns:
        "mask": one bit a product in the order of the catalogue, lowest bit first, in base64.
    """
    products = workspace.catalog.products
    texts = products["title"].fillna("") + "\n" + products["brand"].fillna("")
    matches = np.ones(len(products), dtype=bool)
    for word in check_text(text if isinstance(text, str) else "", "text").split():
        matches &= texts.str.contains(word, case=False, regex=False).to_numpy(bool)
    return {"mask": base64.b64encode(np.packbits(matches, bitorder="little").tobytes()).decode()}


def members(paths: pd.Series, category: str) -> np.ndarray:
    """Rows of the products in a category or below it: int64 [m].

    Args:
        paths: Category path of each product, None if unknown.
        category: Category path.
    """
    return np.flatnonzero(in_category(paths, category))


def highlight(
    workspace: Workspace, name: str, products: Sequence[NearProduct], *, own_product: bool = False
) -> Highlight:
    """Build the component's value that highlights products and flies to them.

    Args:
        workspace: The open catalogue and its model.
        name: Title of the panel.
        products: Products, best first.
        own_product: Whether they are the neighbors of a visitor's own product, which is marked among them.
    """
    named: list[Neighbor] = [
        {**_named(workspace, workspace.catalog.row(product["product_id"])), "similarity": product["similarity"]}
        for product in products
    ]
    # the time makes two equal values differ, so that the same search can be shown twice
    return {"name": name, "products": named, "own_product": own_product, "requested_at": time.monotonic()}


def build(workspace: Workspace) -> gr.HTML:
    """Lay out the tab; the chart is fetched when it is first opened.

    Returns:
        The component: its value comes from `highlight`, its events `similar` and `rerank` carry a product_id.
    """
    handlers: tuple[Callable[..., Any], ...] = (product, category, find, selection, similar_to, export_rows)
    functions = [_answering(bind(handler, workspace)) for handler in handlers]
    # ${...} and {{...}} are Gradio's templates: nothing from outside may be inserted, only the version
    component = gr.HTML(
        html_template=template(routes.version(workspace.catalog)),
        js_on_load=_START,
        server_functions=functions,
        apply_default_css=False,
        elem_id="galaxy",
    )
    endpoint(bind(galaxy, workspace), [])
    return component


def _answering(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap a handler for calls from the script: an error becomes the answer {"refused": sentence}."""

    def answer(question: Any) -> Any:
        try:
            return handler(question)
        except gr.Error as error:
            return {"refused": error.message}
        except Exception as error:  # noqa: BLE001  Gradio would answer with a status only
            return {"refused": reported(error)}

    answer.__name__ = handler.__name__
    return answer


def _row(workspace: Workspace, question: Any) -> int:
    """Row that the script asks for.

    Raises:
        gr.Error: If the catalogue has no such product.
    """
    fields = question if isinstance(question, dict) else {}
    row, product_id = fields.get("row"), fields.get("product_id")
    if isinstance(row, int) and not isinstance(row, bool) and 0 <= row < len(workspace.catalog):
        return row
    try:
        return workspace.catalog.row(str(product_id))
    except KeyError as error:
        raise refuse("The catalogue has no such product.") from error


def _distant(workspace: Workspace, pairs: Sequence[tuple[int, float]]) -> list[DistantProduct]:
    """Name the products of (row, distance)."""
    return [{**_named(workspace, row), "distance": distance} for row, distance in pairs]


def _named(workspace: Workspace, row: int) -> NamedRow:
    return {"row": row, "title": text_or_none(workspace.catalog.products["title"].iloc[row])}
