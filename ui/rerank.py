"""Tab "Rerank": the candidate categories of a product, ordered by its text, its photo, and both."""

from __future__ import annotations

import random
from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from pipeline.data.cleaning import cut_text
from pipeline.serving.encoder import Query
from pipeline.serving.reranker import rerank as order
from ui import cards, links
from ui.workspace import Workspace, bind, check_text, endpoint, read_paths, refuse

MAX_CANDIDATES = 100
_OFFERED = 30
_SHORT = 280  # characters of a description
_SIDES = ("fused", "text", "image")
_NAMES = {"fused": "both", "text": "text", "image": "photo"}


def rerank(workspace: Workspace, product_id: str, candidates: str = "") -> dict[str, Any]:
    """Order candidate categories of a product of the catalogue by how well they fit it.

    Args:
        workspace: What is open.
        product_id: A product of the catalogue.
        candidates: Category paths such as "A > B > C", one a line; empty takes the product's own candidates.

    Returns:
        "product", and "candidates", best first: category_path, whether it is the truth, the cosines text, image and
        fused (null where the product lacks the modality), and for each the share among the candidates (softmax).
    """
    row = workspace.row(product_id)
    paths = read_paths(candidates, "candidates", MAX_CANDIDATES) or _candidates(workspace, row)
    if not paths:
        raise refuse("This product brings no candidates; write your own, one category path a line.")
    bundle = workspace.tools.bundle
    table = order(bundle, _stored_query(workspace, row), paths)
    truth = workspace.catalog.products["category_path"].iloc[row]
    shares = {side: _shares(table[side].to_numpy(), bundle.logit_scale) for side in _SIDES}
    return {
        "product": workspace.product(row),
        "candidates": [
            {
                "category_path": path,
                "truth": path == truth,
                **{side: _number(table[side].iloc[place]) for side in _SIDES},
                **{f"{side}_share": _number(shares[side][place]) for side in _SIDES},
            }
            for place, path in enumerate(table["category_path"])
        ],
    }


def products(workspace: Workspace, text: str = "") -> list[dict[str, Any]]:
    """Products whose title holds a text, for choosing one.

    Args:
        workspace: What is open.
        text: Part of the title, in any case; empty gives the first products that bring candidates.

    Returns:
        At most 30 products: id, title, brand, category paths.
    """
    catalog = workspace.catalog.products
    wanted = check_text(text, "text").strip()
    if wanted:
        chosen = catalog["title"].fillna("").str.contains(wanted, case=False, regex=False).to_numpy()
    else:
        chosen = _with_candidates(catalog)
    return [workspace.product(int(row)) for row in np.flatnonzero(chosen)[:_OFFERED]]


def show(workspace: Workspace, product_id: str | None, candidates: str) -> tuple[str, str]:
    """The product and its candidates, as HTML."""
    if not product_id:
        return "", cards.hint("Choose a product.")
    answer = rerank(workspace, product_id, candidates)
    product = answer["product"]
    description = workspace.catalog.products["description"].iloc[workspace.catalog.row(product_id)] or ""
    short = cut_text(description, _SHORT)
    card = (
        f'<div class="product">{cards.thumbnail(workspace.catalog, product_id)}<div>'
        f'<h3 dir="auto">{escape(product["title"] or "untitled")}</h3>{cards.breadcrumb(product["category_path"])}'
        f'<p dir="auto">{escape(short)}{"…" * (short != description)}</p></div></div>'
    )
    return card, ordered(answer["candidates"])


def ordered(candidates: Sequence[dict[str, Any]]) -> str:
    """Scored candidates as HTML: a bar for each side, the truth marked."""
    items = []
    for candidate in candidates:
        mark = '<span class="truth">✓ truth</span>' if candidate["truth"] else ""
        bars = "".join(_side(candidate, side) for side in _SIDES)
        items.append(f"<li><div>{cards.breadcrumb(candidate['category_path'])} {mark}</div>{bars}</li>")
    note = "Share among these candidates, with the cosine to the category."
    return f'<p class="hint">{note}</p><ol class="candidates">{"".join(items)}</ol>'


def find(workspace: Workspace, text: str) -> dict[str, Any]:
    """What the dropdown offers after typing into "Find"."""
    offered = _choices(products(workspace, text))
    if not offered:
        raise refuse("No title holds this text.")
    return gr.update(choices=offered, value=offered[0][1])


def surprise(workspace: Workspace) -> dict[str, Any]:
    """A random product that brings candidates, for the dropdown."""
    rows = np.flatnonzero(_with_candidates(workspace.catalog.products))
    if not len(rows):
        raise refuse("No product of this catalogue brings candidates.")
    product = workspace.product(int(random.choice(rows)))
    return gr.update(choices=_choices([product, *products(workspace)]), value=product["product_id"])


def choose(workspace: Workspace, product_id: str) -> dict[str, Any]:
    """A product of the catalogue, for the dropdown."""
    product = workspace.product(workspace.row(product_id))
    return gr.update(choices=_choices([product, *products(workspace)]), value=product_id)


def build(workspace: Workspace) -> tuple[list[gr.components.Component], list[gr.components.Component]]:
    """Lay out the tab.

    Returns:
        The inputs of `show`, the product first, and its outputs.
    """
    offered = _choices(products(workspace))
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=2, min_width=280):
            text = gr.Textbox(label="Find a product", placeholder="part of its title, then Enter")
            chosen = gr.Dropdown(offered, value=offered[0][1] if offered else None, label="Product", filterable=False)
            lucky = gr.Button("Random product")
            with gr.Accordion("Own candidates", open=False):
                own = gr.Textbox(
                    label="Category paths, one a line", lines=4, placeholder="Home & Garden > Decor > Vases"
                )
            button = gr.Button("Rerank", variant="primary")
            product = gr.HTML(js_on_load=None, elem_id="product")
        with gr.Column(scale=3, min_width=280):
            result = gr.HTML(cards.hint("Choose a product, then Rerank."), js_on_load=None, elem_id="candidates")
    private: dict[str, Any] = {"api_visibility": "private"}
    found = text.submit(bind(find, workspace), text, chosen, **private)
    drawn = lucky.click(bind(surprise, workspace), None, chosen, **private)
    # not chosen.change: it is silent when a search finds the product that was chosen already
    run = bind(show, workspace)
    for event in (button.click, chosen.input, found.success, drawn.success):
        event(run, [chosen, own], [product, result], **private)
    links.offer(
        links.Target(
            "rerank",
            ["product"],
            lambda asked: [choose(workspace, asked)],
            [chosen],
            run,
            [chosen, own],
            [product, result],
            "#product",
        )
    )
    endpoint(bind(rerank, workspace), [workspace.product_field(), own])
    endpoint(bind(products, workspace), [gr.Textbox(visible=False, label="text", placeholder="robot")])
    return [chosen, own], [product, result]


def _candidates(workspace: Workspace, row: int) -> list[str]:
    stored = workspace.catalog.products["candidates"].iloc[row]
    return [] if stored is None else list(stored)


def _with_candidates(catalog: pd.DataFrame) -> np.ndarray:
    return np.array([stored is not None and len(stored) > 0 for stored in catalog["candidates"]], dtype=bool)


def _stored_query(workspace: Workspace, row: int) -> Query:
    """The product's own vectors as a query: nothing is encoded."""
    catalog = workspace.catalog
    text, has_text = catalog.vectors("text")
    image, has_image = catalog.vectors("image")
    fused, _ = catalog.vectors("fused")
    return Query(text[row] if has_text[row] else None, image[row] if has_image[row] else None, fused[row])


def _shares(cosines: np.ndarray, scale: float) -> np.ndarray:
    """Softmax over the candidates, at the scale the model was trained with; NaN where there are no cosines."""
    logits = scale * (cosines - cosines.max())
    return np.exp(logits) / np.exp(logits).sum()


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _side(candidate: dict[str, Any], side: str) -> str:
    cosine, share = candidate[side], candidate[f"{side}_share"]
    if cosine is None:
        return ""
    return cards.bar(_NAMES[side], share, f"{cards.percent(share)} · {cosine:.2f}")


def _choices(offered: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [((product["title"] or "untitled")[:90], product["product_id"]) for product in offered]
