"""Links between the galaxy and the other tabs: results are highlighted there, its products open in tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from pydantic import TypeAdapter, ValidationError

from pipeline.data.text import clean_text
from ui.api.answers import Highlight, NearProduct
from ui.guard.faults import refuse
from ui.tabs import classify, galaxy, rerank, search
from ui.workspace import MAX_TEXT, Fields, Workspace, bind

_NEAR = TypeAdapter(dict[str, float])  # product id -> similarity, best first
_LONGEST = 20_000  # characters of what a button names


@dataclass(frozen=True)
class GalaxyButton:
    """A button whose handler highlights products in the galaxy.

    Attributes:
        button: The button.
        handler: Returns the value of the galaxy and the update of the tabs.
        inputs: Inputs of the handler.
    """

    button: gr.Button
    handler: Callable[..., Any]
    inputs: Sequence[gr.components.Component]


def show_listing(
    workspace: Workspace, photo: str | None, title: str, description: str, event: gr.EventData
) -> tuple[Highlight, Any]:
    """Highlight the products most similar to the one that an answer is for, among which it lies in the galaxy.

    The answer's button names them; where it does not, the product is classified again.
    """
    similar: Sequence[NearProduct] | None = _near(workspace, getattr(event, "near", None))
    if similar is None:
        answer = classify.classify(workspace, *classify.listing_of(event, photo, title, description))
        similar = [*answer["same_product"], *answer["similar"]]
    value = galaxy.highlight(workspace, "Your product lies among these", similar, own_product=True)
    return value, gr.Tabs(selected="galaxy")


def _near(workspace: Workspace, text: object) -> list[NearProduct] | None:
    """Products and similarities of an answer's button, None without them.

    Raises:
        gr.Error: If they are not what a button says: they come from a browser.
    """
    if text is None:
        return None
    try:
        near = _NEAR.validate_json(str(text)[:_LONGEST])
        for product_id in near:
            workspace.catalog.row(product_id)
    except (ValidationError, KeyError) as error:
        raise refuse("The button names no products of this catalogue; classify the product again.") from error
    return [{"product_id": product_id, "similarity": similarity} for product_id, similarity in near.items()]


def search_for_listing(
    workspace: Workspace, photo: str | None, title: str, description: str, event: gr.EventData
) -> tuple[str, str | None, Any]:
    """Fill tab Search with the product that an answer is for: its title, else its description, and its photo."""
    photo, title, description = classify.listing_of(event, photo, title, description)
    return title or clean_text(description)[:MAX_TEXT], photo, gr.Tabs(selected="search")


def show_results(workspace: Workspace, *fields: Any) -> tuple[Highlight, Any]:
    """Highlight the results of a search in the galaxy."""
    products = search.search(workspace, *fields)
    return galaxy.highlight(workspace, "Found by your search", products), gr.Tabs(selected="galaxy")


def take_to_search(workspace: Workspace, event: gr.EventData) -> tuple[str, str, Any]:
    """Show the products most similar to the one whose button was pressed, in tab Search."""
    return *galaxy.similar_products(workspace, _product_id(event)), gr.Tabs(selected="search")


def take_to_rerank(workspace: Workspace, event: gr.EventData) -> tuple[Any, str, Any]:
    """Choose the product whose button was pressed, in tab Rerank."""
    return rerank.choose(workspace, _product_id(event)), rerank.CATALOGUE, gr.Tabs(selected="rerank")


def connect(
    workspace: Workspace,
    *,
    tabs: gr.Tabs,
    galaxy_view: gr.HTML,
    listing: classify.Listing,
    to_galaxy: Sequence[GalaxyButton],
    search_fields: Fields,
    rerank_fields: Fields,
) -> None:
    """Bind the buttons and events; the tabs must be laid out.

    Args:
        workspace: The open catalogue and its model.
        tabs: The tabs, with the ids "search", "galaxy" and "rerank".
        galaxy_view: The galaxy.
        listing: Tab Classify.
        to_galaxy: Buttons that highlight something in the galaxy.
        search_fields: The components of tab Search.
        rerank_fields: The components of tab Rerank, the product and its source first.
    """
    private: dict[str, Any] = {"api_visibility": "private"}
    for link in to_galaxy:
        link.button.click(bind(link.handler, workspace), link.inputs, [galaxy_view, tabs], **private)
    text_and_photo = search_fields.inputs[:2]
    for answer in (listing.answer, listing.first):
        answer.galaxy(bind(show_listing, workspace), listing.form, [galaxy_view, tabs], **private)
        filled = answer.similar(bind(search_for_listing, workspace), listing.form, [*text_and_photo, tabs], **private)
        filled.success(bind(search.run_form, workspace), search_fields.inputs, search_fields.outputs, **private)
    galaxy_view.similar(bind(take_to_search, workspace), None, [*search_fields.outputs, tabs], **private)
    product_and_source = rerank_fields.inputs[:2]
    chosen = galaxy_view.rerank(bind(take_to_rerank, workspace), None, [*product_and_source, tabs], **private)
    chosen.success(bind(rerank.show, workspace), rerank_fields.inputs, rerank_fields.outputs, **private)


def _product_id(event: gr.EventData) -> str:
    """Product id of an event; it comes from a browser, so the handlers check it."""
    return str(getattr(event, "product_id", ""))
