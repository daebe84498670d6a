"""Tab "Rerank": ranks candidate categories of a product by text, photo and both, and compares with before training."""

from __future__ import annotations

import functools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from pipeline.data.text import cut_text
from pipeline.prediction.rerank import AS_THE_GATE_DECIDES, beside_untrained, moves, shares, text_weight
from pipeline.prediction.rerank import rerank as order
from ui import deep_links
from ui.api.answers import Candidate, Product, Reranking
from ui.components import candidates as drawing
from ui.components import cards
from ui.components.examples import scroll_to
from ui.components.photo import photo_input
from ui.components.tree.picker import tree_picker
from ui.components.tree.trees import model_names
from ui.tabs.rerank_form import (
    CATALOGUE,
    NOTHING_GIVEN,
    OWN,
    Listing,
    RerankForm,
    Subject,
    own_subject,
    stored_subject,
    with_candidates,
)
from ui.workspace import (
    MAX_DESCRIPTION,
    MAX_TEXT,
    Fields,
    Workspace,
    bind,
    check_text,
    endpoint,
    read_paths,
    refuse,
)

MAX_CANDIDATES = 100
_OFFERED = 30
_DESCRIPTION_LENGTH = 280  # characters


def rerank(
    workspace: Workspace,
    product_id: str = "",
    candidates: str = "",
    photo: str | None = None,
    title: str = "",
    description: str = "",
    balance: float = AS_THE_GATE_DECIDES,
) -> Reranking:
    """Rank candidate categories of a product, from the catalogue or your own, by how well they fit it.

    Args:
        workspace: The open catalogue and its model.
        product_id: A product of the catalogue; empty for your own product.
        candidates: Category paths such as "A > B > C", one a line; if empty, the candidates of the catalogue's product,
            or the eight most likely categories for your own product.
        photo: Photo of your own product: JPEG, PNG, WebP, HEIC or AVIF file, or none.
        title: Title of your own product; may be empty.
        description: Description of your own product; may be empty, may contain HTML.
        balance: Fades one input out: 0 is the text alone, 0.5 the gate's weights, 1 the photo alone.

    Returns:
        "product"; "gate", the mean weights of "text" and "image" (null if one of the two is missing); "balance";
        "moved", a sentence about what training changed and whether it was right; and "candidates", best first:
        category_path, category_id (null without one), whether it is the true one, the cosines text, image, fused and
        score, less a margin where training had products of the category (score is fused after fading; null if the
        product lacks the input), for each its share among the candidates
        (softmax), and from the text tower before
        training the cosine, untrained, and the rank, place_before (null without a text).
    """
    listing = Listing(photo, title, description)
    if product_id and not listing.is_empty:
        raise refuse("Give either the id of a product or a photo and a text of your own, not both.")
    if not 0 <= balance <= 1:
        raise refuse(f"The balance must be between 0 (text alone) and 1 (photo alone); it was {balance}.")
    paths = read_paths(candidates, "candidates", MAX_CANDIDATES)
    if listing.is_empty:
        subject = stored_subject(workspace, product_id, paths)
    else:
        subject = own_subject(workspace, listing, paths)
    bundle = workspace.tools.bundle
    table = _ranking(workspace, subject, balance)
    weight = text_weight(bundle, subject.query)
    return {
        "product": subject.product,
        "gate": None if weight is None else {"text": weight, "image": 1 - weight},
        "balance": balance,
        "moved": moves(table, subject.truth),
        "candidates": _answers(table, subject.truth, bundle.category_ids, bundle.logit_scale),
    }


def _ranking(workspace: Workspace, subject: Subject, balance: float) -> pd.DataFrame:
    """Rank the candidates of a product, with the cosines and places of the untrained text tower beside."""
    tools = workspace.tools
    table = order(tools.bundle, subject.query, subject.paths, balance)
    untrained = None
    if subject.text:
        untrained = tools.encoder.untrained_cosines(subject.text, table["category_path"].tolist())
    return beside_untrained(table, untrained)


def _answers(table: pd.DataFrame, truth: str | None, ids: Mapping[str, str], logit_scale: float) -> list[Candidate]:
    """Convert a ranking to plain values, with the share of each candidate."""
    part = {side: shares(table[side].to_numpy(), logit_scale) for side in ("score", "fused", "text", "image")}
    return [
        {
            "category_path": row["category_path"],
            "category_id": ids.get(row["category_path"]),
            "truth": row["category_path"] == truth,
            "score": _number(row["score"]),
            "fused": _number(row["fused"]),
            "text": _number(row["text"]),
            "image": _number(row["image"]),
            "score_share": _number(part["score"][place]),
            "fused_share": _number(part["fused"][place]),
            "text_share": _number(part["text"][place]),
            "image_share": _number(part["image"][place]),
            "untrained": _number(row["untrained"]),
            "place_before": None if np.isnan(row["place_before"]) else int(row["place_before"]),
        }
        for place, row in enumerate(table.to_dict("records"))
    ]


def products(workspace: Workspace, text: str = "") -> list[Product]:
    """Find products whose title contains a text, to choose one.

    Args:
        workspace: The open catalogue and its model.
        text: Part of the title, in upper or lower case; empty gives the first products that have candidates.

    Returns:
        At most 30 products: id, title, brand, category paths.
    """
    catalog = workspace.catalog.products
    part = check_text(text, "text").strip()
    if part:
        chosen = catalog["title"].fillna("").str.contains(part, case=False, regex=False).to_numpy()
    else:
        chosen = with_candidates(catalog)
    return [workspace.product(int(row)) for row in np.flatnonzero(chosen)[:_OFFERED]]


def show(workspace: Workspace, *fields: Any) -> tuple[str, str]:
    """Rank the candidates of the product in the form and render both as HTML."""
    form = RerankForm(*fields)
    if form.source == OWN:
        if form.listing.is_empty:
            raise refuse(NOTHING_GIVEN)
        listing = form.listing
        answer = rerank(
            workspace, "", form.candidates or "", listing.photo, listing.title, listing.description, form.balance
        )
        return "", drawing.render(answer)
    if not form.product_id:
        return "", cards.hint("Choose a product.")
    answer = rerank(workspace, form.product_id, form.candidates or "", balance=form.balance)
    return _product_card(workspace, form.product_id), drawing.render(answer)


def show_again(workspace: Workspace, *fields: Any) -> Any:
    """Rank again after the slider has moved; does nothing as long as there is no product."""
    form = RerankForm(*fields)
    if form.source == OWN and form.listing.is_empty:
        return gr.skip(), gr.skip()
    return show(workspace, *fields)


def find(workspace: Workspace, text: str) -> dict[str, Any]:
    """Choices of the dropdown after a search for a title."""
    offered = _choices(products(workspace, text))
    if not offered:
        raise refuse("No title contains this text.")
    return gr.update(choices=offered, value=offered[0][1])


def surprise(workspace: Workspace) -> dict[str, Any]:
    """Choose a random product that has candidates, in the dropdown."""
    rows = np.flatnonzero(with_candidates(workspace.catalog.products))
    if not len(rows):
        raise refuse("No product of this catalogue has candidates.")
    product = workspace.product(int(random.choice(rows)))
    return gr.update(choices=_choices([product, *products(workspace)]), value=product["product_id"])


def choose(workspace: Workspace, product_id: str) -> dict[str, Any]:
    """Choose a product of the catalogue in the dropdown."""
    product = workspace.product(workspace.row(product_id))
    return gr.update(choices=_choices([product, *products(workspace)]), value=product_id)


def build(workspace: Workspace) -> Fields:
    """Lay out the tab.

    Returns:
        The fields of `RerankForm` and the outputs of `show`.
    """
    offered = _choices(products(workspace))
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=2, min_width=280):
            source = gr.Radio([CATALOGUE, OWN], value=CATALOGUE, label="Product")
            with gr.Column() as listed:
                text = gr.Textbox(label="Find a product", placeholder="Part of its title, then Enter")
                chosen = gr.Dropdown(
                    offered, value=offered[0][1] if offered else None, label="Chosen", filterable=False
                )
                lucky = gr.Button("Random product")
            with gr.Column(visible=False, elem_id="own-product") as own_fields:
                photo = photo_input("Photo of your product")
                title = gr.Textbox(label="Title of your product", max_length=MAX_TEXT)
                description = gr.Textbox(label="Its description", lines=2, max_lines=6, max_length=MAX_DESCRIPTION)
            with gr.Accordion("Own candidates", open=False):
                paths = tree_picker(functools.partial(model_names, workspace), "Candidates", "rerank-candidates")
            button = gr.Button("Rerank", variant="primary")
            balance = gr.Slider(
                0,
                1,
                AS_THE_GATE_DECIDES,
                step=0.05,
                label="Text or photo",
                info="Fades one of them out: 0 is the text alone, 1 the photo alone, 0.5 as the model weighs them.",
            )
            product = gr.HTML(js_on_load=None, elem_id="product")
        with gr.Column(scale=3, min_width=280):
            result = gr.HTML(cards.hint("Choose a product, then Rerank."), js_on_load=None, elem_id="candidates")
    private: dict[str, Any] = {"api_visibility": "private"}
    form: list[gr.components.Component] = [chosen, source, photo, title, description, paths, balance]
    outputs: list[gr.components.Component] = [product, result]
    source.change(_visible_fields, source, [listed, own_fields], show_progress="hidden", **private)
    searched = text.submit(bind(find, workspace), text, chosen, **private)
    drawn = lucky.click(bind(surprise, workspace), None, chosen, **private)
    run = bind(show, workspace)
    # not chosen.change: it does not fire when a search finds the product that is already chosen
    for event in (button.click, chosen.input, searched.success, drawn.success):
        event(run, form, outputs, **private).success(js=scroll_to("#candidates"), **private)
    again: dict[str, Any] = {"trigger_mode": "always_last", "show_progress": "hidden"}
    balance.input(bind(show_again, workspace), form, outputs, **again, **private)
    deep_links.offer(
        deep_links.Target(
            "rerank",
            ["product"],
            lambda product_id: [choose(workspace, product_id), CATALOGUE],
            [chosen, source],
            run,
            form,
            outputs,
            "#product",
        )
    )
    given = gr.Textbox(visible=False, label="candidates", placeholder="Home & Garden > Decor > Vases")
    endpoint(bind(rerank, workspace), [workspace.product_field(), given, photo, title, description, balance])
    endpoint(bind(products, workspace), [gr.Textbox(visible=False, label="text", placeholder="robot")])
    return Fields(form, outputs)


def _visible_fields(source: str) -> tuple[Any, Any]:
    """Show the fields of the chosen source."""
    return gr.Column(visible=source != OWN), gr.Column(visible=source == OWN)


def _product_card(workspace: Workspace, product_id: str) -> str:
    """Render a product of the catalogue with the beginning of its description."""
    row = workspace.row(product_id)
    product = workspace.product(row)
    description = workspace.catalog.products["description"].iloc[row] or ""
    short = cut_text(description, _DESCRIPTION_LENGTH)
    if short != description:
        short += "…"
    photo_html = cards.thumbnail(workspace.catalog, product_id)
    return drawing.product(photo_html, product["title"], product["category_path"], short)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _choices(offered: Sequence[Product]) -> list[tuple[str, str]]:
    return [((product["title"] or "untitled")[:90], product["product_id"]) for product in offered]
