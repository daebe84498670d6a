"""The page: a header about the open catalogue, and the tabs; or one sentence if nothing can be opened."""

from __future__ import annotations

import functools
from html import escape
from pathlib import Path

import gradio as gr

from ui import deep_links, product, tab_links
from ui.galaxy import routes
from ui.guard.inputs import Page
from ui.tabs import analysis, catalog, categories, classify, galaxy, rerank, review, search
from ui.tabs.review.reviews import Reviews
from ui.workspace import Workspace

TITLE = "Product Galaxy"
SENTENCE = (
    "Give a product's photo or title and get its category, with how sure that is. For everybody who sorts a catalogue."
)
_DEMO = (
    "This is a <b>demo catalogue</b>: its products are made up and their photos are rendered. Build your own with "
    "<code>python -m pipeline build --preset compact --source YOUR_DATA --out runs/mine</code>."
)

# the page's own answers come first: the small galaxy is fetched once the browser has nothing else to do
_LIVE = """
const canvas = element.querySelector("canvas");
const address = (path) => new URL(`galaxy/${path}`, document.baseURI).href;
const start = () => import(address("scripts/live.js")).then(
  ({ live }) => live(canvas, address(`data/sample?v=${canvas.dataset.version}`)),
);
setTimeout(() => (window.requestIdleCallback ? requestIdleCallback(start, { timeout: 4000 }) : start()), 600);
"""


_SKIP = """
element.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault();
    const panels = [...document.querySelectorAll('[role=tabpanel]')];
    const open = panels.find((panel) => panel.offsetParent !== null);
    open.tabIndex = -1;
    open.focus();
});
"""
"""Script of the header: its first link leads to what the open tab holds."""


def header(workspace: Workspace) -> str:
    """Render what the page is for, and an About panel with the facts of the open catalogue."""
    catalog = workspace.catalog
    facts = [f"{len(catalog):,} products", f"{catalog.products['category_path'].nunique():,} categories"]
    preset = catalog.meta.get("provenance", {}).get("preset")
    if preset:
        facts.append(f"preset {preset}")
    demo = f'<p class="demo" role="note">{_DEMO}</p>' if catalog.meta.get("demo") else ""
    name, summary = escape(workspace.name), escape(" · ".join(facts))
    return (
        f'<a class="skip" href="#content">Skip to the content</a>'
        f'<header><canvas class="live" data-version="{routes.version(catalog)}" aria-hidden="true"></canvas>'
        f"<h1>{TITLE}</h1><p>{SENTENCE}</p><details><summary>About</summary>"
        f"<div><p>Open: <code>{name}</code> · {summary}.</p>{demo}</div></details></header>"
    )


def build(workspace: Workspace, shared_review: Path | None = None) -> gr.Blocks:
    """Build the page of the Space for an open catalogue.

    Args:
        workspace: The catalogue and its model.
        shared_review: File of a review that all visitors work on; None: each has reviews of their own.
    """
    reviews = Reviews(workspace, shared_review)
    with Page(title=TITLE) as page:
        gr.HTML(header(workspace), js_on_load=_LIVE + _SKIP, elem_id="header")
        memory, review_memory = catalog.lay_out_memory(), review.lay_out_memory()
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            with gr.Tab("Classify", id="classify"):
                _heading("Classify")
                listing = classify.build(workspace)
            with gr.Tab("Catalog", id="catalog"):
                _heading("Catalog")
                jobs, to_review = catalog.build(workspace, tabs, memory)
            with gr.Tab("Review", id="review"):
                _heading("Review")
                opened_review = review.build(workspace, reviews, tabs, review_memory)
            with gr.Tab("Search", id="search"):
                _heading("Search")
                search_fields = search.build(workspace)
                searched = gr.Button("Show the results in the galaxy", elem_classes="to-galaxy")
            with gr.Tab("Galaxy", id="galaxy"):
                _heading("Galaxy")
                galaxy_view = galaxy.build(workspace)
            with gr.Tab("Categories", id="categories") as tab:
                _heading("Categories")
                categories.build(workspace, tab)
            with gr.Tab("Rerank", id="rerank"):
                _heading("Rerank")
                rerank_fields = rerank.build(workspace)
            with gr.Tab("Analysis", id="analysis") as tab:
                _heading("Analysis")
                analysis.build(workspace, tab)
        opened = product.build(workspace)
        review.feed_from_classify(reviews, listing, tabs, opened_review)
        review.open_from_catalog(reviews, jobs, to_review, tabs, opened_review)
        tab_links.connect(
            workspace,
            tabs=tabs,
            galaxy_view=galaxy_view,
            opened=opened,
            listing=listing,
            to_galaxy=[tab_links.GalaxyButton(searched, tab_links.show_results, search_fields.states)],
            search_fields=search_fields,
            rerank_fields=rerank_fields,
        )
        deep_links.follow(page, tabs)
        page.load(
            functools.partial(classify.first_answer, workspace),
            None,
            listing.first,
            show_progress="hidden",
            api_visibility="private",
        )
    return page


def _heading(tab: str) -> None:
    """Lay out the heading of a tab, for screen readers: its name is already to be seen."""
    gr.HTML(f'<h2 class="visually-hidden">{tab}</h2>', js_on_load=None, elem_classes="tab-heading")


def build_refusal(sentence: str) -> gr.Blocks:
    """Build a page with only a sentence that explains why there is nothing to see."""
    with gr.Blocks(title=TITLE) as page:
        gr.HTML(
            f'<header><h1>{TITLE}</h1></header><p class="refusal" role="alert">{escape(sentence)}</p>', js_on_load=None
        )
    return page
