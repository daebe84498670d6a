"""Layout and events of tab "Review".

The key of a review and the name of its reviewer are kept in the session storage of the browser's tab, so that a reload
finds both again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from ui.components import cards
from ui.components.picking import pickable
from ui.tabs.catalog.jobs import Jobs
from ui.tabs.catalog.tab import ReviewButton
from ui.tabs.classify import Listing, listing_of
from ui.tabs.review import answers, handlers, view
from ui.tabs.review import endpoint as programs
from ui.tabs.review.reviews import Reviews
from ui.tabs.review.script import KEYS, REMEMBER, STORE
from ui.workspace import Workspace, bind, endpoint

_FETCH = """(address) => {
    const link = Object.assign(document.createElement('a'), {href: address, download: ''});
    document.body.append(link);
    link.click();
    link.remove();
}"""


def lay_out_memory() -> gr.HTML:
    """Create what remembers a visitor's review, to stand outside of the tabs."""
    return pickable(elem_id="review-memory", script=REMEMBER)


def build(workspace: Workspace, reviews: Reviews, tabs: gr.Tabs, memory: gr.HTML) -> list[gr.components.Component]:
    """Lay out the tab.

    Args:
        workspace: The open catalogue.
        reviews: That are open.
        tabs: Of the page, with the tab "review".
        memory: Of `lay_out_memory`.

    Returns:
        The components that an opened review changes.
    """
    key, address = gr.Textbox(visible=False, label="key"), gr.Textbox(visible=False, label="address")
    product = gr.Number(visible=False, label="product", precision=0)
    with gr.Column(elem_id="review-start") as start:
        gr.HTML(cards.hint(view.START), js_on_load=None)
        begin = gr.Button(
            "Review this catalogue" if reviews.shared is None else "Open the review",
            variant="primary",
            interactive=workspace.predicts_categories,
            elem_id="review-begin",
        )
    with gr.Column(visible=False, elem_id="review-work") as work:
        desk = gr.HTML("", js_on_load=KEYS, elem_id="review-desk")
        words = gr.Textbox(
            label="Search the taxonomy",
            placeholder="Words in any language, or an id; Enter takes the first, Esc leaves",
            max_length=200,
            elem_id="review-search",
        )
        found = gr.HTML("", js_on_load=None, visible=False, elem_id="review-found")
        with gr.Row(elem_classes="get", elem_id="review-get"):
            form = gr.Dropdown([("CSV", "csv")], value="csv", label="Format", filterable=False, min_width=150)
            get = gr.Button("Download", variant="primary", min_width=120)
            other = gr.Button("Another review", size="md", min_width=120)
        links = gr.HTML("", js_on_load=None, visible=False, elem_id="review-links")
        with gr.Accordion("More: second look, history, gaps of the taxonomy, assistants", open=False):
            with gr.Row(equal_height=True):
                percent = gr.Slider(1, 20, 4, step=1, label="Second look: say that at most so many % are wrong")
                look = gr.Button("Take a second look", min_width=160)
            with gr.Row():
                told = gr.Button("History", min_width=120)
                lacking = gr.Button("Gaps of the taxonomy", min_width=160)
                back = gr.Button("Take back all of assistants", min_width=160)
            shown = gr.HTML("", js_on_load=None, elem_id="review-more")
            program = gr.HTML("", js_on_load=None)
    opened = [key, start, work, desk, product, form, program]

    private: dict[str, Any] = {"api_visibility": "private"}
    quiet: dict[str, Any] = {**private, "show_progress": "hidden"}
    fast: dict[str, Any] = {**quiet, "queue": False}
    begun = begin.click(bind(handlers.open_catalog, reviews), None, opened, show_progress_on=begin, **private)
    begun.success(None, key, None, js=STORE, **private)
    restored = memory.select(bind(handlers.restore, reviews), None, [tabs, *opened], **quiet)
    restored.success(None, key, None, js=STORE, **private)
    other.click(bind(handlers.close, reviews), None, opened, **quiet).success(None, key, None, js=STORE, **private)
    desk.select(bind(handlers.pick, reviews), key, [desk, product, words, found], **fast)
    words.change(bind(handlers.look_up, reviews), [key, product, words], found, trigger_mode="always_last", **fast)
    look.click(bind(handlers.look, reviews), [key, percent], [desk, product], **quiet)
    told.click(bind(handlers.history, reviews), key, shown, **quiet)
    lacking.click(bind(handlers.gaps, reviews), key, shown, **private)
    back.click(bind(handlers.clear, reviews), key, [desk, product], **quiet)
    written = get.click(bind(handlers.download, reviews), [key, form], [links, address], **private)
    written.success(None, address, None, js=_FETCH, **private)
    for handler, inputs in programs.endpoints():
        endpoint(bind(handler, reviews), inputs)
    return opened


def feed_from_classify(
    reviews: Reviews, listing: Listing, tabs: gr.Tabs, opened: list[gr.components.Component]
) -> None:
    """Let answers of tab Classify be accepted or corrected.

    Args:
        reviews: That are open.
        listing: Tab Classify.
        tabs: Of the page.
        opened: Of `build`.
    """
    private: dict[str, Any] = {"api_visibility": "private"}
    key = opened[0]
    for answer in (listing.answer, listing.first):
        accepted = answer.accept(_of_listing(reviews, answers.accept), [key, *listing.form], opened, **private)
        accepted.success(None, key, None, js=STORE, **private)
        corrected = answer.correct(
            _of_listing(reviews, answers.correct), [key, *listing.form], [tabs, *opened], **private
        )
        corrected.success(None, key, None, js=STORE, **private)


def _of_listing(reviews: Reviews, handler: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """A handler of the product that an answer's button is for: that of an example, or of the form."""

    def handle(
        opened: Reviews, key: str, photo: str | None, title: str, description: str, event: gr.EventData
    ) -> list[Any]:
        return handler(opened, key, *listing_of(event, photo, title, description))

    return bind(handle, reviews)


def open_from_catalog(
    reviews: Reviews, jobs: Jobs, asked: ReviewButton, tabs: gr.Tabs, opened: list[gr.components.Component]
) -> None:
    """Let a button of tab Catalog open the review of its file.

    Args:
        reviews: That are open.
        jobs: Files that are open.
        asked: The button.
        tabs: Of the page.
        opened: Of `build`.
    """

    def open_job(found: Jobs, key: str, precision: float) -> list[Any]:
        return handlers.open_job(reviews, found, key, precision)

    private: dict[str, Any] = {"api_visibility": "private"}
    clicked = asked.button.click(bind(open_job, jobs), asked.inputs, [tabs, *opened], **private)
    clicked.success(None, opened[0], None, js=STORE, **private)
