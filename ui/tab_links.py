"""Links between the galaxy and the other tabs: results are highlighted there, its products open in tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.api.answers import Highlight
from ui.tabs import classify, galaxy, rerank, search
from ui.workspace import Fields, Workspace, bind


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


def show_listing(workspace: Workspace, photo: str | None, title: str, description: str) -> tuple[Highlight, Any]:
    """Highlight the products most similar to a visitor's own, among which it lies in the galaxy."""
    answer = classify.classify(workspace, photo, title, description)
    # the product itself is left out of the evidence, but it shows the position
    similar = [*answer["same_product"], *answer["similar"]]
    value = galaxy.highlight(workspace, "Your product lies among these", similar, own_product=True)
    return value, gr.Tabs(selected="galaxy")


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
    to_galaxy: Sequence[GalaxyButton],
    search_fields: Fields,
    rerank_fields: Fields,
) -> None:
    """Bind the buttons and events; the tabs must be laid out.

    Args:
        workspace: The open catalogue and its model.
        tabs: The tabs, with the ids "search", "galaxy" and "rerank".
        galaxy_view: The galaxy.
        to_galaxy: Buttons that highlight something in the galaxy.
        search_fields: The components of tab Search.
        rerank_fields: The components of tab Rerank, the product and its source first.
    """
    private: dict[str, Any] = {"api_visibility": "private"}
    for link in to_galaxy:
        link.button.click(bind(link.handler, workspace), link.inputs, [galaxy_view, tabs], **private)
    galaxy_view.similar(bind(take_to_search, workspace), None, [*search_fields.outputs, tabs], **private)
    product_and_source = rerank_fields.inputs[:2]
    chosen = galaxy_view.rerank(bind(take_to_rerank, workspace), None, [*product_and_source, tabs], **private)
    chosen.success(bind(rerank.show, workspace), rerank_fields.inputs, rerank_fields.outputs, **private)


def _product_id(event: gr.EventData) -> str:
    """Product id of an event; it comes from a browser, so the handlers check it."""
    return str(getattr(event, "product_id", ""))
