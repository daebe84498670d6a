"""Ways between the galaxy and the other tabs: what is found there is shown here, what is chosen here is taken there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from ui.tabs import classify, galaxy, rerank, search
from ui.workspace import Workspace, bind

_Inputs = Sequence[gr.components.Component]


def show_listing(workspace: Workspace, photo: str | None, title: str, description: str) -> tuple[dict[str, Any], Any]:
    """Where a visitor's own product lies in the galaxy: among those most similar to it."""
    answer = classify.classify(workspace, photo, title, description)
    found = [*answer["same_product"], *answer["similar"]]  # no evidence of itself, but it shows where it lies
    return galaxy.lit(workspace, "Your product lies among these", found, own=True), gr.Tabs(selected="galaxy")


def show_results(workspace: Workspace, *inputs: Any) -> tuple[dict[str, Any], Any]:
    """Where the products that a search finds lie in the galaxy."""
    found = search.search(workspace, *inputs)
    return galaxy.lit(workspace, "Found by your search", found), gr.Tabs(selected="galaxy")


def take_to_search(workspace: Workspace, event: gr.EventData) -> tuple[str, str, Any]:
    """The products most alike to the one whose button was pressed, in tab Search."""
    return *galaxy.alike(workspace, _product_id(event)), gr.Tabs(selected="search")


def take_to_rerank(workspace: Workspace, event: gr.EventData) -> tuple[Any, str, Any]:
    """The product whose button was pressed, in tab Rerank."""
    return rerank.choose(workspace, _product_id(event)), rerank.CATALOGUE, gr.Tabs(selected="rerank")


def connect(
    workspace: Workspace,
    *,
    tabs: gr.Tabs,
    sky: gr.HTML,
    to_sky: Sequence[tuple[gr.Button, Callable[..., Any], _Inputs]],
    results: _Inputs,
    candidates: tuple[_Inputs, _Inputs],
) -> None:
    """Bind the buttons and events; needs the tabs laid out.

    Args:
        workspace: What is open.
        tabs: Its tabs, of the ids "search", "galaxy" and "rerank".
        sky: The galaxy.
        to_sky: Buttons with the handler that shows something in the galaxy and its inputs.
        results: Outputs of `search.show`.
        candidates: Inputs and outputs of `rerank.show`.
    """
    private: dict[str, Any] = {"api_visibility": "private"}
    for button, handler, inputs in to_sky:
        button.click(bind(handler, workspace), inputs, [sky, tabs], **private)
    sky.similar(bind(take_to_search, workspace), None, [*results, tabs], **private)
    taken = sky.rerank(bind(take_to_rerank, workspace), None, [*candidates[0][:2], tabs], **private)
    taken.success(bind(rerank.show, workspace), *candidates, **private)


def _product_id(event: gr.EventData) -> str:
    """What came from a browser, so may be anything; a product's id is looked up by whoever gets it."""
    return str(getattr(event, "product_id", ""))
