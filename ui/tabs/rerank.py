"""Tab "Rerank": candidate categories of a product, ordered by its text, its photo and both, and what training moved."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from pipeline.data.text import cut_text, product_text
from pipeline.prediction.rerank import AS_THE_GATE_DECIDES, beside_untrained, moves, shares, stored_query, text_weight
from pipeline.prediction.rerank import rerank as order
from pipeline.search.query import Query
from ui import deep_links
from ui.components import candidates as drawing
from ui.components import cards
from ui.components.photo import photo_input, read_photo
from ui.workspace import (
    MAX_DESCRIPTION,
    MAX_TEXT,
    Workspace,
    bind,
    check_text,
    endpoint,
    read_listing,
    read_paths,
    refuse,
)

MAX_CANDIDATES = 100
CATALOGUE, OWN = "From the catalogue", "My own"
"""Where the product comes from."""

_LIKELIEST = 8  # candidates of an own product, where none are given
_OFFERED = 30
_SHORT = 280  # characters of a description
_SCORES = ("score", "fused", "text", "image")


def rerank(
    workspace: Workspace,
    product_id: str = "",
    candidates: str = "",
    photo: str | None = None,
    title: str = "",
    description: str = "",
    balance: float = AS_THE_GATE_DECIDES,
) -> dict[str, Any]:
    """Order candidate categories of a product, of the catalogue or one's own, by how well they fit it.

    Args:
        workspace: What is open.
        product_id: A product of the catalogue; empty for one's own.
        candidates: Category paths such as "A > B > C", one a line; empty takes the product's own candidates, and for
            one's own product the likeliest eight of the taxonomy.
        photo: Of one's own product: JPEG, PNG or WebP file, or none.
        title: Of one's own product; may be empty.
        description: Of one's own product; may be empty, may hold HTML.
        balance: Fades one modality out: 0 is the text alone, 0.5 what the gate decides, 1 the photo alone.

    Returns:
        "product"; "gate", the mean weights of "text" and "image" (null where one of the two is missing); "balance";
        "moved", in words what training moved and whether it was right; and "candidates", best first: category_path,
        whether it is the truth, the cosines text, image, fused and score (fused after fading; null where the product
        lacks the modality), for each the share among the candidates (softmax), and of the text tower before training
        the cosine, untrained, and the place it gave, place_before (null without text).
    """
    own = bool(photo or (title or "").strip() or (description or "").strip())
    if product_id and own:
        raise refuse("Give the id of a product, or a photo and a text of your own, not both.")
    if not 0 <= balance <= 1:
        raise refuse(f"The balance lies between 0 (text alone) and 1 (photo alone); it was {balance}.")
    given = read_paths(candidates, "candidates", MAX_CANDIDATES)
    if own:
        text, query, paths, product, truth = _own(workspace, photo, title, description, given)
    else:
        text, query, paths, product, truth = _stored(workspace, product_id, given)
    tools = workspace.tools
    table = order(tools.bundle, query, paths, balance)
    before = tools.encoder.untrained_cosines(text, table["category_path"].tolist()) if text else None
    table = beside_untrained(table, before)
    weight = text_weight(tools.bundle, query)
    parts = {side: shares(table[side].to_numpy(), tools.bundle.logit_scale) for side in _SCORES}
    return {
        "product": product,
        "gate": None if weight is None else {"text": weight, "image": 1 - weight},
        "balance": balance,
        "moved": moves(table, truth),
        "candidates": [
            {
                "category_path": path,
                "truth": path == truth,
                **{side: _number(table[side].iloc[place]) for side in _SCORES},
                **{f"{side}_share": _number(parts[side][place]) for side in _SCORES},
                "untrained": _number(table["untrained"].iloc[place]),
                "place_before": None if before is None else int(table["place_before"].iloc[place]),
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


def show(
    workspace: Workspace,
    product_id: str | None,
    source: str,
    photo: str | None,
    title: str | None,
    description: str | None,
    candidates: str | None,
    balance: float = AS_THE_GATE_DECIDES,
) -> tuple[str, str]:
    """The product and its candidates, as HTML."""
    listed = candidates or ""
    if source == OWN:
        if not photo and not (title or "").strip() and not (description or "").strip():
            raise refuse("There is nothing to rank for yet: give a photo, a title or a description.")
        answer = rerank(workspace, "", listed, photo, title or "", description or "", balance)
        return "", drawing.render(answer)
    if not product_id:
        return "", cards.hint("Choose a product.")
    answer = rerank(workspace, product_id, listed, balance=balance)
    told = workspace.catalog.products["description"].iloc[workspace.catalog.row(product_id)] or ""
    short = cut_text(told, _SHORT)
    product, photo_html = answer["product"], cards.thumbnail(workspace.catalog, product_id)
    card = drawing.product(photo_html, product["title"], product["category_path"], short + "…" * (short != told))
    return card, drawing.render(answer)


def show_again(workspace: Workspace, *form: Any) -> Any:
    """`show` once the slider has moved; nothing happens before there is something to rank."""
    _, source, photo, title, description, *_ = form
    if source == OWN and not photo and not (title or "").strip() and not (description or "").strip():
        return gr.skip(), gr.skip()
    return show(workspace, *form)


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
        The inputs of `show`, the product first and where it comes from second, and its outputs.
    """
    offered = _choices(products(workspace))
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=2, min_width=280):
            source = gr.Radio([CATALOGUE, OWN], value=CATALOGUE, label="Product")
            with gr.Column() as listed:
                text = gr.Textbox(label="Find a product", placeholder="part of its title, then Enter")
                chosen = gr.Dropdown(
                    offered, value=offered[0][1] if offered else None, label="Chosen", filterable=False
                )
                lucky = gr.Button("Random product")
            with gr.Column(visible=False, elem_id="own-product") as own:
                photo = photo_input("Photo of your product")
                title = gr.Textbox(label="Title of your product", max_length=MAX_TEXT)
                description = gr.Textbox(label="Its description", lines=2, max_lines=6, max_length=MAX_DESCRIPTION)
            with gr.Accordion("Own candidates", open=False):
                paths = gr.Textbox(
                    label="Category paths, one a line", lines=4, placeholder="Home & Garden > Decor > Vases"
                )
            button = gr.Button("Rerank", variant="primary")
            balance = gr.Slider(
                0,
                1,
                AS_THE_GATE_DECIDES,
                step=0.05,
                label="Text or photo",
                info="Fades one of them out: 0 is the text alone, 1 the photo alone, in the middle the gate decides.",
            )
            product = gr.HTML(js_on_load=None, elem_id="product")
        with gr.Column(scale=3, min_width=280):
            result = gr.HTML(cards.hint("Choose a product, then Rerank."), js_on_load=None, elem_id="candidates")
    private: dict[str, Any] = {"api_visibility": "private"}
    form: list[gr.components.Component] = [chosen, source, photo, title, description, paths, balance]
    outputs: list[gr.components.Component] = [product, result]
    source.change(_places, source, [listed, own], show_progress="hidden", **private)
    found = text.submit(bind(find, workspace), text, chosen, **private)
    drawn = lucky.click(bind(surprise, workspace), None, chosen, **private)
    run = bind(show, workspace)
    # not chosen.change: it is silent when a search finds the product that was chosen already
    for event in (button.click, chosen.input, found.success, drawn.success):
        event(run, form, outputs, **private)
    again: dict[str, Any] = {"trigger_mode": "always_last", "show_progress": "hidden"}
    balance.input(bind(show_again, workspace), form, outputs, **again, **private)
    deep_links.offer(
        deep_links.Target(
            "rerank",
            ["product"],
            lambda asked: [choose(workspace, asked), CATALOGUE],
            [chosen, source],
            run,
            form,
            outputs,
            "#product",
        )
    )
    endpoint(bind(rerank, workspace), [workspace.product_field(), paths, photo, title, description, balance])
    endpoint(bind(products, workspace), [gr.Textbox(visible=False, label="text", placeholder="robot")])
    return form, outputs


def _places(source: str) -> tuple[Any, Any]:
    """Which fields are seen."""
    return gr.Column(visible=source != OWN), gr.Column(visible=source == OWN)


def _stored(
    workspace: Workspace, product_id: str, given: list[str]
) -> tuple[str, Query, list[str], dict[str, Any], str | None]:
    """Text, vectors, candidates and facts of a product of the catalogue, and its true path."""
    row = workspace.row(product_id)
    paths = given or _candidates(workspace, row)
    if not paths:
        raise refuse("This product brings no candidates; write your own, one category path a line.")
    values = workspace.catalog.products.iloc[row]
    text = product_text(values["title"] or "", values["description"] or "")
    product = workspace.product(row)
    return text, stored_query(workspace.catalog, row), paths, product, product["category_path"]


def _own(
    workspace: Workspace, photo: str | None, title: str, description: str, given: list[str]
) -> tuple[str, Query, list[str], dict[str, Any], None]:
    """The same of a visitor's own product, of which no truth is known."""
    text, image = read_listing(title, description), read_photo(photo)
    if not text and image is None:
        raise refuse("There is nothing to rank for yet: give a photo, a title or a description.")
    tools = workspace.tools
    query = tools.encoder.encode(text, image)
    likeliest = [] if given else tools.predictor.score(query.fused_vector[None], query.modality).top(_LIKELIEST)[0]
    paths = given or [score.path for score in likeliest]
    nothing = dict.fromkeys(("product_id", "brand", "category_path", "predicted_path"))
    return text, query, paths, {**nothing, "title": title or None}, None


def _candidates(workspace: Workspace, row: int) -> list[str]:
    stored = workspace.catalog.products["candidates"].iloc[row]
    return [] if stored is None else list(stored)


def _with_candidates(catalog: pd.DataFrame) -> np.ndarray:
    return np.array([stored is not None and len(stored) > 0 for stored in catalog["candidates"]], dtype=bool)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _choices(offered: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [((product["title"] or "untitled")[:90], product["product_id"]) for product in offered]
