"""Tab "Search": finds products of the catalogue by text, by photo, or by a weighted mix of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from pipeline.data.text import clean_text, cut_text
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.filters import worded
from pipeline.search.neighbors import nearest_products
from pipeline.search.product_search import Examples
from pipeline.search.query import Query
from pipeline.search.strength import WEAK
from ui import deep_links
from ui.api.answers import Product, SimilarProduct
from ui.components import cards, examples, results
from ui.components.photo import photo_input
from ui.components.picking import pickable, picked
from ui.tabs.search_form import (
    MAX_EXAMPLES,
    MAX_PAGE,
    MAX_RESULTS,
    Asked,
    SearchForm,
    Trail,
    check_count,
    cosine_limit,
    filtered_rows,
    lay_out_filters,
    read_query,
    turned,
)
from ui.workspace import MAX_TEXT, Fields, Workspace, bind, endpoint, refuse

_START = "Describe what you are looking for, or add a photo of it."
_QUOTED = 80  # characters of the text that the sentence repeats
_NOTHING = "Nothing in this catalogue is like {}. Describe a product in other words, or add a photo of it."
_WEAK = "Nothing in this catalogue matches that well. These products come nearest."


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
    like: str = "",
    unlike: str = "",
) -> list[SimilarProduct]:
    """Find products of the catalogue by text, photo, both or examples; near-duplicates of better ones are skipped.

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
        like: Ids of products that results are to be like, one a line, with or without a text and a photo.
        unlike: Ids of products that results are not to be like, one a line.

    Returns:
        Products, best first: id, title, brand, category paths; "strength", how well each matches: "strong", "fair" or
        "weak" (what matches less is not returned, so the list may be empty); the similarity they are ranked by: a
        cosine, or for text alone a mix of cosine and shared words (BM25), each scaled so that the best is 1, with
        a tenth of the cosine with the product's category; and the cosines with the text and the photo alone.
    """
    form = SearchForm(text, photo, text_weight, count, template, category, brand, threshold)
    return find_products(workspace, Asked(form, _read_ids(like), _read_ids(unlike), page))


def _read_ids(text: str) -> tuple[str, ...]:
    product_ids = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(product_ids) > MAX_EXAMPLES:
        raise refuse(f"At most {MAX_EXAMPLES} products can be examples; these are {len(product_ids)}.")
    return product_ids


def find_products(workspace: Workspace, asked: Asked) -> list[SimilarProduct]:
    """Return one page of `search`.

    Raises:
        gr.Error: In one sentence, if something of it cannot be used.
    """
    form, page = asked.form, asked.page
    if asked.is_empty:
        raise refuse("There is nothing to search for yet: enter a text or add a photo.")
    examples = Examples(tuple(map(workspace.row, asked.like)), tuple(map(workspace.row, asked.unlike)))
    words, query = read_query(workspace, form.text, form.photo, form.template)
    if not 0 <= form.text_weight <= 1:
        raise refuse(f"The weight of the text must be between 0 and 1; it was {form.text_weight}.")
    check_count(form.count)
    if not 1 <= page <= MAX_PAGE:
        raise refuse(f"The page must be between 1 and {MAX_PAGE}; it was {page}.")
    if query is not None and not asked.like and _is_nonsense(workspace, words, query):
        return []
    count = int(form.count)
    hits = workspace.tools.search.search(
        query,
        page * count,
        words=words,
        text_weight=form.text_weight,
        threshold=cosine_limit(form.threshold),
        allowed=filtered_rows(workspace, form.category, form.brand),
        examples=examples,
        least=WEAK,
    )
    return [workspace.describe(hit) for hit in hits[(page - 1) * count :]]


def _is_nonsense(workspace: Workspace, words: str, query: Query) -> bool:
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
        Products, most similar first: id, title, brand, category paths, "strength" (strong, fair, weak or null), the
        similarity they are ranked by (cosine of text and photo together), and the similarities of the texts and of the
        photos alone, null if one of the two products has none.
    """
    check_count(count)
    hits = nearest_products(workspace.catalog, workspace.row(product_id), count, cosine_limit(threshold))
    return [workspace.describe(hit) for hit in hits]


def show(workspace: Workspace, trail: Trail) -> tuple[str, str, Trail]:
    """Search for the last step of a trail.

    Returns:
        HTML of what was asked with a sentence about the results, HTML of a page of products, and the trail.
    """
    asked = trail.now
    form = asked.form
    products = find_products(workspace, asked)
    chips = results.query(
        clean_text(form.text),
        bool(form.photo),
        _products(workspace, asked.like),
        _products(workspace, asked.unlike),
        back=len(trail.steps) > 1,
    )
    message = _sentence(asked, products)
    if form.text.strip() and form.template:
        message += f" The text was read as: {worded(clean_text(form.text), form.template)}."
    more = asked.page < MAX_PAGE and len(products) == form.count
    listed = results.listed(workspace.catalog, products) if products else ""
    return chips + cards.hint(message), listed + results.pages(asked.page, more), trail


def _sentence(asked: Asked, products: Sequence[SimilarProduct]) -> str:
    form = asked.form
    if products:
        first = (asked.page - 1) * form.count + 1
        nearest = "" if any(one["strength"] != "weak" for one in products) or asked.page > 1 else f"{_WEAK} "
        return f"{nearest}Products {first} to {first + len(products) - 1}. {results.skipping(form.threshold)}"
    if asked.page > 1:
        return "There are no more products that match."
    if form.category or form.brand:
        return "No product that passes these filters matches."
    text = cut_text(clean_text(form.text), _QUOTED)
    return _NOTHING.format(f"“{text}”" if text else "that")


def _products(workspace: Workspace, product_ids: Sequence[str]) -> list[Product]:
    return [workspace.product(workspace.row(product_id)) for product_id in product_ids]


def run_form(workspace: Workspace, trail: Trail | None, *fields: Any) -> tuple[str, str, Trail]:
    """Search with the fields of the tab, anew: without the examples of the search before."""
    return show(workspace, (trail or Trail()).then(Asked(SearchForm(*fields))))


def pick(workspace: Workspace, trail: Trail | None, event: gr.EventData) -> tuple[Any, ...]:
    """Answer a button in the results: another page, more or less like a product, less of the query, the way back.

    Args:
        workspace: The open catalogue and its model.
        trail: Of the session; None before the first search.
        event: Of the button.

    Returns:
        Of `show`, and the text and the photo of the form.
    """
    value, steps = picked(event), trail or Trail()
    changed = steps.back() if value == results.BACK else steps.then(turned(steps.now, value))
    if changed.now.is_empty:  # its last part was taken away
        return results.query("", False, (), (), back=True) + cards.hint(_START), "", changed, "", None
    form = changed.now.form
    return *show(workspace, changed), form.text, form.photo


def show_like(workspace: Workspace, product_ids: Sequence[str]) -> tuple[str, str, Trail]:
    """Show the products most similar to some of the catalogue, such as those that were selected elsewhere."""
    return show(workspace, Trail((Asked(like=tuple(dict.fromkeys(product_ids))[:MAX_EXAMPLES]),)))


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
    message = pickable(cards.hint(_START), elem_id="search-done")
    found = pickable(elem_id="found")
    trail = gr.State()
    form: list[gr.components.Component] = [text, photo, weight, count, template, category, brand, threshold]
    inputs = [trail, *form]
    outputs: list[gr.components.Component] = [message, found, trail]
    run = bind(run_form, workspace)
    private: dict[str, Any] = {"api_visibility": "private"}
    asked = gr.on([button.click, text.submit, template.submit], run, inputs, outputs, **private)
    asked.success(js=examples.scroll_to("#search-done"), **private)
    for part in (message, found):
        shown = part.select(bind(pick, workspace), trail, [*outputs, text, photo], **private)
        shown.success(js=examples.scroll_to("#search-done"), **private)
    examples.run_on_click(tiles, fill, [text, photo], run, inputs, outputs, reveal="#found .card")
    deep_links.offer(deep_links.Target("search", ["q"], deep_links.texts, [text], run, inputs, outputs, "#found .card"))
    fields = [gr.Textbox(visible=False, label=name) for name in ("template", "category", "brand")]
    page = gr.Number(1, visible=False, label="page")
    like, unlike = (gr.Textbox(visible=False, label=name) for name in ("like", "unlike"))
    endpoint(bind(search, workspace), [text, photo, weight, count, *fields, threshold, page, like, unlike])
    endpoint(bind(neighbors, workspace), [workspace.product_field(), count, threshold])
    return Fields(form, outputs, [trail])
