"""Tab "Search": products of the catalogue by text, by photo, or by both with a weight between them."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from pipeline.data.cleaning import clean_text
from pipeline.serving.index import NEAR_DUPLICATE
from pipeline.serving.neighbours import nearest_products
from ui import cards, examples, links
from ui.photo import photo_input, read_photo
from ui.workspace import MAX_TEXT, Workspace, bind, check_text, endpoint, refuse

MAX_RESULTS = 48
_START = "Describe what you look for, or show a photo of it."


def search(
    workspace: Workspace, text: str = "", photo: str | None = None, text_weight: float = 0.5, count: int = 12
) -> list[dict[str, Any]]:
    """Find products of the catalogue by text, photo or both; near-duplicates of a better result are skipped.

    Args:
        workspace: What is open.
        text: What to look for; may be empty.
        photo: JPEG, PNG or WebP file, or none.
        text_weight: With both, the share of the text in the similarity, 0 to 1.
        count: Number of products, 1 to 48.

    Returns:
        Products, best first: id, title, brand, category paths, and the similarity they are ranked by: a
        cosine, or for text alone cosine and shared words (BM25) fused, the best of each being 1.
    """
    wanted = clean_text(check_text(text, "text"))
    image = read_photo(photo)
    if not wanted and image is None:
        raise refuse("There is nothing to look for yet: give a text or a photo.")
    if not 0 <= text_weight <= 1:
        raise refuse(f"The weight of the text lies between 0 and 1; it was {text_weight}.")
    _check_count(count)
    tools = workspace.tools
    query = tools.encoder.encode(wanted, image)
    hits = tools.search.search(query, int(count), words=wanted, text_weight=text_weight)
    return [workspace.describe(hit) for hit in hits]


def neighbours(workspace: Workspace, product_id: str, count: int = 12) -> list[dict[str, Any]]:
    """Find the products of the catalogue nearest to one of them; near-duplicates of it and of one another are skipped.

    Args:
        workspace: What is open.
        product_id: A product of the catalogue.
        count: Number of products, 1 to 48.

    Returns:
        Products, nearest first: id, title, brand, category paths, the similarity they are ranked by (cosine of text
        and photo together), and those of the texts and of the photos alone, null where one of the two has none.
    """
    _check_count(count)
    hits = nearest_products(workspace.catalog, workspace.row(product_id), count, NEAR_DUPLICATE)
    return [workspace.describe(hit) for hit in hits]


def show(workspace: Workspace, text: str, photo: str | None, text_weight: float, count: int) -> tuple[str, str]:
    """The answer of `search` as HTML: what was done, and the products."""
    start = time.perf_counter()
    products = search(workspace, text, photo, text_weight, count)
    took = 1000 * (time.perf_counter() - start)
    done = (
        f"{len(products)} of {len(workspace.catalog):,} products in {took:,.0f} ms; "
        f"near-duplicates (similarity above {NEAR_DUPLICATE}) are skipped."
    )
    return cards.hint(done), cards.product_cards(workspace.catalog, products)


def fill(number: int) -> tuple[str, str | None]:
    """What an example looks for: its title and its photo, for the form."""
    example = examples.load_examples()[number]
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
    done = gr.HTML(cards.hint(_START), js_on_load=None, elem_id="search-done")
    found = gr.HTML(js_on_load=None, elem_id="found")
    inputs: list[gr.components.Component] = [text, photo, weight, count]
    outputs: list[gr.components.Component] = [done, found]
    run = bind(show, workspace)
    gr.on([button.click, text.submit], run, inputs, outputs, api_visibility="private")
    examples.run_on_click(tiles, fill, [text, photo], run, inputs, outputs, reveal="#found .card")
    links.offer(links.Target("search", ["q"], links.texts, [text], run, inputs, outputs, "#found .card"))
    endpoint(bind(search, workspace), inputs)
    endpoint(bind(neighbours, workspace), [workspace.product_field(), count])
    return inputs, outputs


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_RESULTS:
        raise refuse(f"Between 1 and {MAX_RESULTS} products can be asked for; it was {count}.")
