"""Tab "Search": products of the catalogue by text, by photo, or by both with a weight between them."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import gradio as gr
import numpy as np

from pipeline.data.text import clean_text
from pipeline.errors import UserError
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.filters import HOLE, allowed_rows, worded
from pipeline.search.index_check import compare
from pipeline.search.neighbors import nearest_products
from pipeline.search.query import Query
from pipeline.taxonomy.paths import Taxonomy
from ui import deep_links
from ui.components import cards, examples, results
from ui.components.photo import photo_input, read_photo
from ui.components.picking import pickable, picked
from ui.workspace import MAX_TEXT, Workspace, bind, check_text, endpoint, refuse

MAX_RESULTS = 48
MAX_PAGE = 20
MAX_TEMPLATE = 200
_BRANDS = 500  # offered; another one can be typed
_START = "Describe what you look for, or show a photo of it."
_SCAN = (
    "The index (FAISS) answers fast. This asks it again and, beside it, compares with every vector of the catalogue: "
    "whether both find the same, and how long each takes."
)
_Form = tuple[Any, ...]  # the arguments of `show`, as far as `threshold`
_BLANK: _Form = ("", None, 0.5, 12, None, None, None, NEAR_DUPLICATE)


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
) -> list[dict[str, Any]]:
    """Find products of the catalogue by text, photo or both; near-duplicates of a better result are skipped.

    Args:
        workspace: What is open.
        text: What to look for; may be empty.
        photo: JPEG, PNG or WebP file, or none.
        text_weight: With both, the share of the text in the similarity, 0 to 1.
        count: Number of products, 1 to 48.
        template: How the text tower reads the text, with {} in its place; by default as it is.
        category: Only products in this category or below it.
        brand: Only products of this brand.
        threshold: Similarity (cosine) above which a product counts as the same as a better result, 0 to 1; 1 keeps all.
        page: Which `count` products, 1 to 20.

    Returns:
        Products, best first: id, title, brand, category paths, and the similarity they are ranked by: a
        cosine, or for text alone cosine and shared words (BM25) fused, the best of each being 1.
    """
    wanted, query = _read(workspace, text, photo, template)
    if not 0 <= text_weight <= 1:
        raise refuse(f"The weight of the text lies between 0 and 1; it was {text_weight}.")
    _check_count(count)
    if not 1 <= page <= MAX_PAGE:
        raise refuse(f"There are pages 1 to {MAX_PAGE}; asked for was {page}.")
    hits = workspace.tools.search.search(
        query,
        page * int(count),
        words=wanted,
        text_weight=text_weight,
        threshold=_limit(threshold),
        allowed=_allowed(workspace, category, brand),
    )
    return [workspace.describe(hit) for hit in hits[(page - 1) * int(count) :]]


def neighbours(
    workspace: Workspace, product_id: str, count: int = 12, threshold: float = NEAR_DUPLICATE
) -> list[dict[str, Any]]:
    """Find the products of the catalogue nearest to one of them; near-duplicates of it and of one another are skipped.

    Args:
        workspace: What is open.
        product_id: A product of the catalogue.
        count: Number of products, 1 to 48.
        threshold: Similarity (cosine) above which a product counts as the same as another, 0 to 1; 1 keeps all.

    Returns:
        Products, nearest first: id, title, brand, category paths, the similarity they are ranked by (cosine of text
        and photo together), and those of the texts and of the photos alone, null where one of the two has none.
    """
    _check_count(count)
    hits = nearest_products(workspace.catalog, workspace.row(product_id), count, _limit(threshold))
    return [workspace.describe(hit) for hit in hits]


def show(
    workspace: Workspace,
    text: str,
    photo: str | None,
    text_weight: float,
    count: int,
    template: str | None = None,
    category: str | None = None,
    brand: str | None = None,
    threshold: float = NEAR_DUPLICATE,
    page: int = 1,
) -> tuple[str, str]:
    """The answer of `search` as HTML: what was done, and a page of products."""
    _ = workspace.tools  # whoever comes first waits for the model, which is no part of the search
    start = time.perf_counter()
    products = search(workspace, text, photo, text_weight, count, template, category, brand, threshold, page)
    took = 1000 * (time.perf_counter() - start)
    if products:
        first = (page - 1) * count + 1
        told = f"Products {first} to {first + len(products) - 1} of {len(workspace.catalog):,}, in {took:,.0f} ms."
    else:
        told = "There are no more products." if page > 1 else "No product passes these filters."
    if text.strip() and template:
        told += f" The text tower read: {worded(clean_text(text), template)}."
    told += " " + results.skipping(threshold)
    return cards.hint(told), results.listed(workspace.catalog, products) + results.pages(
        page, page < MAX_PAGE and len(products) == count
    )


def ask(workspace: Workspace, *form: Any) -> tuple[str, str, _Form]:
    """`show` of the form, and the form as it was: its pages go on with it, whatever is typed meanwhile."""
    return *show(workspace, *form), form


def pick(workspace: Workspace, asked: _Form | None, event: gr.EventData) -> tuple[str, str]:
    """What a button in the results asks for: another page, or the products most alike to one.

    Args:
        workspace: What is open.
        asked: What `ask` kept of the search whose results are shown; None before the first.
        event: Of the button.
    """
    wanted, form = picked(event), asked or _BLANK
    if not wanted.startswith(results.LIKE):
        number = wanted.removeprefix(results.PAGE)
        page = int(number) if number.isdecimal() and len(number) < 4 else 0
        return show(workspace, *(*form, page))
    count, threshold = form[3], form[-1]
    product_id = wanted.removeprefix(results.LIKE)
    found = neighbours(workspace, product_id, count, threshold)
    title = workspace.product(workspace.row(product_id))["title"] or "untitled"
    return cards.hint(f'Most similar to "{title}". {results.skipping(threshold)}'), results.listed(
        workspace.catalog, found
    )


def beside_scan(workspace: Workspace, text: str, photo: str | None, count: int, template: str | None) -> str:
    """The index beside the exact scan, on what the form holds, as HTML."""
    _, query = _read(workspace, text, photo, template)
    _check_count(count)
    tools = workspace.tools
    asked = (
        ("text", query.text_vector, tools.search.by_text),
        ("photo", query.image_vector, tools.search.by_image),
    )
    return "".join(
        cards.hint(results.compared(kind, compare(index, vector, count)))
        for kind, vector, index in asked
        if vector is not None
    )


def fill(number: int) -> tuple[str, str | None]:
    """What an example looks for: its title and its photo, for the form."""
    example = examples.chosen(number)
    return example.title, example.path


def build(workspace: Workspace) -> tuple[list[gr.components.Component], list[gr.components.Component]]:
    """Lay out the tab.

    Returns:
        The inputs of `search` and the outputs of `show`.
    """
    tiles = examples.build()
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=3, min_width=280):
            text = gr.Textbox(label="Text", placeholder="a warm coat for rainy days", max_length=MAX_TEXT)
            weight = gr.Slider(
                0,
                1,
                0.5,
                step=0.05,
                label="Weight of the text",
                info="With text and photo: 0 is photo only, 1 text only.",
            )
            count = gr.Slider(4, MAX_RESULTS, 12, step=4, label="Products")
            button = gr.Button("Search", variant="primary")
        with gr.Column(scale=2, min_width=280):
            photo = photo_input()
    template, category, brand, threshold = _settings(workspace)
    done = gr.HTML(cards.hint(_START), js_on_load=None, elem_id="search-done")
    found = pickable(elem_id="found")
    scan = gr.Button("Check the index against an exact scan", elem_classes="to-galaxy")
    compared = gr.HTML(cards.hint(_SCAN), js_on_load=None, elem_id="search-compared")
    asked = gr.State()
    inputs: list[gr.components.Component] = [text, photo, weight, count, template, category, brand, threshold]
    outputs: list[gr.components.Component] = [done, found]
    kept = [*outputs, asked]
    run = bind(ask, workspace)
    private: dict[str, Any] = {"api_visibility": "private"}
    gr.on([button.click, text.submit, template.submit], run, inputs, kept, **private)
    shown = found.select(bind(pick, workspace), asked, outputs, **private)
    shown.success(js=examples.scroll_to("#search-done"), **private)
    scan.click(bind(beside_scan, workspace), [text, photo, count, template], compared, **private)
    examples.run_on_click(tiles, fill, [text, photo], run, inputs, kept, reveal="#found .card")
    deep_links.offer(deep_links.Target("search", ["q"], deep_links.texts, [text], run, inputs, kept, "#found .card"))
    fields = [gr.Textbox(visible=False, label=name) for name in ("template", "category", "brand")]
    page = gr.Number(1, visible=False, label="page")
    endpoint(bind(search, workspace), [text, photo, weight, count, *fields, threshold, page])
    endpoint(bind(neighbours, workspace), [workspace.product_field(), count, threshold])
    return inputs, outputs


def _settings(workspace: Workspace) -> tuple[gr.Textbox, gr.Dropdown, gr.Dropdown, gr.Slider]:
    """The fields template, category, brand and threshold.

    None but the last has a first value: Gradio writes one again, over what was typed, in the frame that shows them.
    """
    products = workspace.catalog.products
    paths = list(Taxonomy.of(products["category_path"].dropna().unique()).paths)
    brands = [name for name, _ in Counter(products["brand"].dropna()).most_common(_BRANDS) if name]
    with gr.Accordion("Filters, wording, near-duplicates", open=False), gr.Row():
        category = gr.Dropdown(paths, value=None, label="Only this category", info="With those below it.")
        brand = gr.Dropdown(
            sorted(brands), value=None, allow_custom_value=True, label="Only this brand", info="Pick one or type it."
        )
        template = gr.Textbox(
            label="Wording",
            info=f"How the text tower reads the text, which stands for {HOLE}. Empty: as it is.",
            placeholder=f"a photo of {HOLE}",
            max_length=MAX_TEMPLATE,
        )
        threshold = gr.Slider(
            0.8,
            1,
            NEAR_DUPLICATE,
            step=0.005,
            label="Near-duplicate above",
            info="Cosine from which a product is skipped as the same as a better one; 1 keeps all.",
        )
    return template, category, brand, threshold


def _read(workspace: Workspace, text: str, photo: str | None, template: str | None) -> tuple[str, Query]:
    """The words looked for, "" for none, and what is asked of the vectors."""
    wanted = clean_text(check_text(text, "text"))
    if not wanted and not photo:
        raise refuse("There is nothing to look for yet: give a text or a photo.")
    try:
        read = worded(wanted, check_text(template, "wording", MAX_TEMPLATE))
    except UserError as error:
        raise refuse(str(error)) from error
    tools = workspace.tools
    return wanted, tools.encoder.encode(read, read_photo(photo, tools.bundle.image_size))


def _allowed(workspace: Workspace, category: str | None, brand: str | None) -> np.ndarray | None:
    """The rows that pass the filters, each of which some product must pass."""
    products = workspace.catalog.products
    chosen, name = check_text(category, "category").strip(), check_text(brand, "brand").strip()
    for given, what in (({"category": chosen}, "category"), ({"brand": name}, "brand")):
        allowed = allowed_rows(products, **given)
        if allowed is not None and not allowed.any():
            raise refuse(f"No product of this catalogue has this {what}.")
    return allowed_rows(products, chosen, name)


def _limit(threshold: float) -> float:
    """The cosine above which products are skipped; none is above 2."""
    if not 0 <= threshold <= 1:
        raise refuse(f"The similarity of near-duplicates lies between 0 and 1; it was {threshold}.")
    return threshold if threshold < 1 else 2.0


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_RESULTS:
        raise refuse(f"Between 1 and {MAX_RESULTS} products can be asked for; it was {count}.")
