"""Tab "Galaxy": every product a point in space, every category of depth 2 a star; ui/galaxy/static draws them.

The script fetches the chart and the photos (`routes`), calls the server functions here for what a click asks for,
and triggers events that lead to other tabs. What other tabs found reaches it as the component's value.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from pipeline.search.filters import in_category
from pipeline.search.neighbors import centroid_of, nearest_products
from ui.components import cards, results
from ui.galaxy import routes
from ui.guard.faults import reported
from ui.workspace import Workspace, bind, check_text, endpoint, refuse

_NEIGHBOURS = 12
_AT_THE_ENDS = 6  # nearest and farthest products that are shown of a category
_LONG = 1_200  # characters of a description in the panel
_KEYS = (
    "Drag to turn, scroll or pinch to come closer. "
    "Keys: / search, n next neighbour, p the one before, h whole galaxy, Esc close."
)

# ${...} and {{...}} are Gradio's templates: only the version, which is ours, goes into it
_TEMPLATE = """
<div class="sky" data-version="VERSION">
  <div class="sky-controls"></div>
  <div class="sky-stage">
    <div class="sky-holder">
      <div class="sky-view" role="img" aria-label="All products as points in space"></div>
      <div class="sky-names" aria-hidden="true"></div>
      <div class="sky-tip" hidden></div>
      <button type="button" class="sky-home" title="Show the whole galaxy (key h)">Whole galaxy</button>
    </div>
    <aside class="sky-panel" aria-label="What is chosen" hidden></aside>
  </div>
  <p class="sky-alert" role="alert"></p>
  <p class="sky-status hint" role="status"></p>
  <ul class="sky-legend legend"></ul>
  <p class="hint">KEYS</p>
</div>
"""

_START = """
const events = ["similar", "rerank"];
const send = (name, data) => events.includes(name) && trigger(name, data);
import(new URL("galaxy/scripts/main.js", document.baseURI).href).then(
  ({ start }) => start({ element, server, props, watch, send }),
);
"""


def galaxy(workspace: Workspace) -> list[dict[str, Any]]:
    """The top-level categories of the catalogue and where they lie in the galaxy.

    Returns:
        Largest first: category, number of products, and the mean x, y, z of their points.
    """
    products = workspace.catalog.products
    counts = products["category_top"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    means = products.groupby("category_top")[["x", "y", "z"]].mean()
    places = dict(zip(means.index, means.to_numpy(float).tolist(), strict=True))
    return [
        {"category": str(top), "products": int(n), **dict(zip("xyz", places[top], strict=True))}
        for top, n in counts.items()
    ]


def product(workspace: Workspace, question: Any) -> dict[str, Any]:
    """What the panel shows of a product.

    Args:
        workspace: What is open.
        question: {"row": its row} or {"product_id": its id}; comes from a browser, so may be anything.

    Returns:
        The facts of it as plain values, "confidence" of its whole predicted path (0 to 1 or None), whether it brings
        candidates, and "neighbours": row, title, and similarity (cosine), most alike first.
    """
    catalog = workspace.catalog
    row = _row(workspace, question)
    values = catalog.products.iloc[row]
    description = _text(values.get("description")) or ""
    confidences = values.get("predicted_confidences")
    candidates = values.get("candidates")
    return {
        **workspace.product(row),
        "row": row,
        "description": description if len(description) <= _LONG else description[:_LONG].rstrip() + " …",
        "split": _text(values.get("split")),
        "language": _text(values.get("language")),
        "confidence": float(confidences[-1]) if confidences is not None and len(confidences) else None,
        "candidates": candidates is not None and len(candidates) > 0,
        "neighbours": [
            {**_named(workspace, hit.row), "similarity": hit.score}
            for hit in nearest_products(catalog, row, _NEIGHBOURS)
        ],
    }


def star(workspace: Workspace, category: Any) -> dict[str, Any]:
    """What the panel shows of a category.

    Args:
        workspace: What is open.
        category: Its path, of any depth; comes from a browser, so may be anything.

    Returns:
        "members" (how many products are in it or below it), "dispersion" (mean distance to the centre), and products
        "nearest" to the centre and "farthest" from it: row, title and distance (1 - cosine).
    """
    asked = category if isinstance(category, str) else ""
    rows = members(workspace.catalog.products["category_path"], asked)
    if not asked or not len(rows):
        raise refuse("The catalogue has no such category.")
    centre = centroid_of(workspace.catalog, rows)
    pairs = list(zip(centre.rows.tolist(), centre.distances.tolist(), strict=True))
    nearest, farthest = (
        [{**_named(workspace, row), "distance": distance} for row, distance in ordered[:_AT_THE_ENDS]]
        for ordered in (pairs, pairs[::-1])
    )
    return {
        "category": asked,
        "members": len(rows),
        "dispersion": centre.dispersion,
        "nearest": nearest,
        "farthest": farthest,
    }


def find(workspace: Workspace, text: Any) -> dict[str, str]:
    """Which products hold all words of a text in their title or brand, in any case.

    Returns:
        "mask": one bit a product in the order of the catalogue, lowest bit first, in base64.
    """
    products = workspace.catalog.products
    held = products["title"].fillna("") + "\n" + products["brand"].fillna("")
    found = np.ones(len(products), dtype=bool)
    for word in check_text(text if isinstance(text, str) else "", "text").split():
        found &= held.str.contains(word, case=False, regex=False).to_numpy(bool)
    return {"mask": base64.b64encode(np.packbits(found, bitorder="little").tobytes()).decode()}


def members(paths: pd.Series, category: str) -> np.ndarray:
    """Rows of the products in a category or below it: int64 [m].

    Args:
        paths: Category path of each product, None where unknown.
        category: A path.
    """
    return np.flatnonzero(in_category(paths, category))


def lit(workspace: Workspace, name: str, found: list[dict[str, Any]], *, own: bool = False) -> dict[str, Any]:
    """The component's value that lights up products and flies to them.

    Args:
        workspace: What is open.
        name: What the panel calls them.
        found: Products with `product_id` and `similarity`, best first.
        own: They are the neighbours of a visitor's own product, which is marked among them.
    """
    rows = [workspace.catalog.row(one["product_id"]) for one in found]
    products = [
        {**_named(workspace, row), "similarity": one["similarity"]} for row, one in zip(rows, found, strict=True)
    ]
    # told apart by time, for the same search may be shown twice
    return {"name": name, "products": products, "own": own, "asked": time.monotonic()}


def build(workspace: Workspace) -> gr.HTML:
    """Lay out the tab; the chart is fetched when it is first opened.

    Returns:
        The component: its value is of `lit`, its events `similar` and `rerank` bring a product_id.
    """
    template = _TEMPLATE.replace("VERSION", routes.version(workspace.catalog)).replace("KEYS", escape(_KEYS))
    functions = [_answering(bind(handler, workspace)) for handler in (product, star, find)]
    sky = gr.HTML(
        html_template=template, js_on_load=_START, server_functions=functions, apply_default_css=False, elem_id="galaxy"
    )
    endpoint(bind(galaxy, workspace), [])
    return sky


def alike(workspace: Workspace, product_id: str) -> tuple[str, str]:
    """The products most alike to one of the catalogue, as tab Search shows them: what was done, and the products."""
    row = _row(workspace, {"product_id": product_id})
    title = _named(workspace, row)["title"] or "untitled"
    found = [workspace.describe(hit) for hit in nearest_products(workspace.catalog, row, _NEIGHBOURS)]
    return cards.hint(f'Most similar to "{title}".'), results.listed(workspace.catalog, found)


def _answering(handler: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """The handler for a call from the script: a refusal is an answer with the sentence."""

    def answer(question: Any) -> dict[str, Any]:
        try:
            return handler(question)
        except gr.Error as error:
            return {"refused": error.message}
        except Exception as error:  # noqa: BLE001  Gradio would answer with a status alone
            return {"refused": reported(error)}

    answer.__name__ = handler.__name__
    return answer


def _row(workspace: Workspace, question: Any) -> int:
    asked = question if isinstance(question, dict) else {}
    row, product_id = asked.get("row"), asked.get("product_id")
    if isinstance(row, int) and not isinstance(row, bool) and 0 <= row < len(workspace.catalog):
        return row
    try:
        return workspace.catalog.row(str(product_id))
    except KeyError as error:
        raise refuse("The catalogue has no such product.") from error


def _named(workspace: Workspace, row: int) -> dict[str, Any]:
    return {"row": row, "title": _text(workspace.catalog.products["title"].iloc[row])}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
