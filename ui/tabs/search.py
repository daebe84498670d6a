"""Tab "Search": finds products of the catalogue by text, by photo, or by a weighted mix of both."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from pipeline.data.text import clean_text, cut_text
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.filters import worded
from pipeline.search.index_check import compare
from pipeline.search.neighbors import nearest_products
from pipeline.search.query import Query
from ui import deep_links
from ui.api.answers import SimilarProduct
from ui.components import cards, examples, results
from ui.components.photo import photo_input
from ui.components.picking import pickable, picked
from ui.tabs.search_form import (
    MAX_PAGE,
    MAX_RESULTS,
    SearchForm,
    check_count,
    cosine_limit,
    filtered_rows,
    lay_out_filters,
    read_query,
)
from ui.workspace import MAX_TEXT, Fields, Workspace, bind, endpoint, refuse

_START = "Describe what you are looking for, or add a photo of it."
_QUOTED = 80  # characters of the text that the sentence repeats
_NOTHING = "Nothing in this catalogue is like “{}”. Describe a product in other words, or add a photo of it."
_SCAN = (
    "The index (FAISS) answers fast. This check repeats the search with it and with a scan of every vector of the "
    "catalogue, and compares the results and the times."
)


def search(
    workspace: Workspace,
    text: str = "",
    photo: str | None = None,
    text_weight: float = 0.5,
    count: int = 12,
    template: str | None = None,
    category: str | None = None,
    brand: str | None = None,
    threshold: float = NEAR_DUPLICATE,
    page: int = 1,
) -> list[SimilarProduct]:
    """Find products of the catalogue by text, photo or both; near-duplicates of a better result are skipped.

    Args:
        workspace: The open catalogue and its model.
        text: What to look for; may be empty.
        photo: JPEG, PNG, WebP, HEIC or AVIF file, or none.
        text_weight: Weight of the text if both are given, 0 (photo only) to 1 (text only).
        count: Number of products, 1 to 48.
        template: Sentence in which the model reads the text, with {} for the text; by default the text alone.
        category: Only products in this category or below it.
        brand: Only products of this brand.
        threshold: Similarity (cosine) above which a product counts as the same as a better result, 0 to 1; 1 keeps all.
        page: Page of `count` products, 1 to 20.

    Returns:
        Products, best first: id, title, brand, category paths, and the similarity they are ranked by: a
        cosine, or for text alone a mix of cosine and shared words (BM25), each scaled so that the best is 1. None if no
        product shares a word with the text and the text looks like no product at all, such as random letters.
    """
    form = SearchForm(text, photo, text_weight, count, template, category, brand, threshold)
    return find_products(workspace, form, page)


def find_products(workspace: Workspace, form: SearchForm, page: int) -> list[SimilarProduct]:
    """Return one page of `search`.

    Raises:
        gr.Error: In one sentence, if a field of the form cannot be used.
    """
    words, query = read_query(workspace, form.text, form.photo, form.template)
    if not 0 <= form.text_weight <= 1:
        raise refuse(f"The weight of the text must be between 0 and 1; it was {form.text_weight}.")
    check_count(form.count)
    if not 1 <= page <= MAX_PAGE:
        raise refuse(f"The page must be between 1 and {MAX_PAGE}; it was {page}.")
    if _is_like_nothing(workspace, words, query):
        return []
    count = int(form.count)
    hits = workspace.tools.search.search(
        query,
        page * count,
        words=words,
        text_weight=form.text_weight,
        threshold=cosine_limit(form.threshold),
        allowed=filtered_rows(workspace, form.category, form.brand),
    )
    return [workspace.describe(hit) for hit in hits[(page - 1) * count :]]


def _is_like_nothing(workspace: Workspace, words: str, query: Query) -> bool:
    """Whether a text without a photo looks like no product to the model, and no product shares a word with it."""
    tools = workspace.tools
    if query.text_vector is None or query.image_vector is not None or tools.search.lexical.scores(words).any():
        return False
    return tools.predictor.are_products(query.text_vector[None], ["text"]) == [False]


def neighbors(
    workspace: Workspace, product_id: str, count: int = 12, threshold: float = NEAR_DUPLICATE
) -> list[SimilarProduct]:
    """Find the products of the catalogue that are most similar to one of them; near-duplicates are skipped.

    Args:
        workspace: The open catalogue and its model.
        product_id: A product of the catalogue.
        count: Number of products, 1 to 48.
        threshold: Similarity (cosine) above which two products count as the same, 0 to 1; 1 keeps all.

    Returns:
        Products, most similar first: id, title, brand, category paths, the similarity they are ranked by (cosine of
        text and photo together), and the similarities of the texts and of the photos alone, null if one of the two
        products has none.
    """
    check_count(count)
    hits = nearest_products(workspace.catalog, workspace.row(product_id), count, cosine_limit(threshold))
    return [workspace.describe(hit) for hit in hits]


def show(workspace: Workspace, form: SearchForm, page: int = 1) -> tuple[str, str]:
    """Search and render the result as HTML: a sentence about the search, and a page of products."""
    _ = workspace.tools  # load the model first, so that loading is not part of the time
    start = time.perf_counter()
    products = find_products(workspace, form, page)
    milliseconds = 1000 * (time.perf_counter() - start)
    if products:
        first = (page - 1) * form.count + 1
        last, total = first + len(products) - 1, len(workspace.catalog)
        message = f"Products {first} to {last} of {total:,}, in {milliseconds:,.0f} ms."
    elif page > 1:
        message = "There are no more products."
    elif _is_like_nothing(workspace, *read_query(workspace, form.text, form.photo, form.template)):
        return cards.hint(_NOTHING.format(cut_text(clean_text(form.text), _QUOTED))), ""
    else:
        message = "No product passes these filters."
    if form.text.strip() and form.template:
        message += f" The text was read as: {worded(clean_text(form.text), form.template)}."
    message += " " + results.skipping(form.threshold)
    more = page < MAX_PAGE and len(products) == form.count
    return cards.hint(message), results.listed(workspace.catalog, products) + results.pages(page, more)


def run_form(workspace: Workspace, *fields: Any) -> tuple[str, str, SearchForm]:
    """Search with the fields of the tab, and keep them: the next page uses them, whatever is typed meanwhile."""
    form = SearchForm(*fields)
    return *show(workspace, form), form


def pick(workspace: Workspace, last_form: SearchForm | None, event: gr.EventData) -> tuple[str, str]:
    """Answer a button in the results: another page, or the products most similar to one.

    Args:
        workspace: The open catalogue and its model.
        last_form: The form whose results are shown; None before the first search.
        event: Of the button.
    """
    value, form = picked(event), last_form or SearchForm()
    if not value.startswith(results.LIKE):
        number = value.removeprefix(results.PAGE)
        page = int(number) if number.isdecimal() and len(number) < 4 else 0
        return show(workspace, form, page)
    product_id = value.removeprefix(results.LIKE)
    similar = neighbors(workspace, product_id, form.count, form.threshold)
    title = workspace.product(workspace.row(product_id))["title"] or "untitled"
    message = f'Most similar to "{title}". {results.skipping(form.threshold)}'
    return cards.hint(message), results.listed(workspace.catalog, similar)


def compare_with_scan(workspace: Workspace, text: str, photo: str | None, count: int, template: str | None) -> str:
    """Compare the index with the exact scan for the current form, as HTML."""
    _, query = read_query(workspace, text, photo, template)
    check_count(count)
    tools = workspace.tools
    searches = (
        ("text", query.text_vector, tools.search.by_text),
        ("photo", query.image_vector, tools.search.by_image),
    )
    return "".join(
        cards.hint(results.compared(kind, compare(index, vector, count)))
        for kind, vector, index in searches
        if vector is not None
    )


def fill(number: int) -> tuple[str, str | None]:
    """Title and photo of an example, for the form."""
    example = examples.chosen(number)
    return example.title, example.path


def build(workspace: Workspace) -> Fields:
    """Lay out the tab.

    Returns:
        The fields of `SearchForm` and the outputs of `show`.
    """
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=3, min_width=280):
            text = gr.Textbox(label="Text", placeholder="a warm coat for rainy days", max_length=MAX_TEXT)
            weight = gr.Slider(
                0,
                1,
                0.5,
                step=0.05,
                label="Weight of the text",
                info="If both are given: 0 is the photo only, 1 the text only.",
            )
            count = gr.Slider(4, MAX_RESULTS, 12, step=4, label="Products")
            button = gr.Button("Search", variant="primary")
        with gr.Column(scale=2, min_width=280):
            photo = photo_input()
    tiles = examples.build()
    template, category, brand, threshold = lay_out_filters(workspace)
    message = gr.HTML(cards.hint(_START), js_on_load=None, elem_id="search-done")
    found = pickable(elem_id="found")
    scan = gr.Button("Check the index against an exact scan", elem_classes="to-galaxy")
    compared = gr.HTML(cards.hint(_SCAN), js_on_load=None, elem_id="search-compared")
    last_form = gr.State()
    inputs: list[gr.components.Component] = [text, photo, weight, count, template, category, brand, threshold]
    outputs: list[gr.components.Component] = [message, found]
    with_form = [*outputs, last_form]
    run = bind(run_form, workspace)
    private: dict[str, Any] = {"api_visibility": "private"}
    asked = gr.on([button.click, text.submit, template.submit], run, inputs, with_form, **private)
    asked.success(js=examples.scroll_to("#search-done"), **private)
    shown = found.select(bind(pick, workspace), last_form, outputs, **private)
    shown.success(js=examples.scroll_to("#search-done"), **private)
    scan.click(bind(compare_with_scan, workspace), [text, photo, count, template], compared, **private)
    examples.run_on_click(tiles, fill, [text, photo], run, inputs, with_form, reveal="#found .card")
    deep_links.offer(
        deep_links.Target("search", ["q"], deep_links.texts, [text], run, inputs, with_form, "#found .card")
    )
    fields = [gr.Textbox(visible=False, label=name) for name in ("template", "category", "brand")]
    page = gr.Number(1, visible=False, label="page")
    endpoint(bind(search, workspace), [text, photo, weight, count, *fields, threshold, page])
    endpoint(bind(neighbors, workspace), [workspace.product_field(), count, threshold])
    return Fields(inputs, outputs)
