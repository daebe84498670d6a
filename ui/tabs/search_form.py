"""The form of tab "Search": its fields, the checks of their values, and the query made from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import gradio as gr
import numpy as np

from pipeline.data.text import clean_text
from pipeline.errors import UserError
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.filters import HOLE, allowed_rows, worded
from pipeline.search.query import Query
from pipeline.taxonomy.paths import Taxonomy
from ui.components.photo import read_photo
from ui.workspace import Workspace, check_text, refuse

MAX_RESULTS = 48
MAX_PAGE = 20
MAX_TEMPLATE = 200
_BRANDS = 500  # in the list; any other brand can be typed


@dataclass(frozen=True)
class SearchForm:
    """The fields of the tab in their order; `search` documents each of them."""

    text: str = ""
    photo: str | None = None
    text_weight: float = 0.5
    count: int = 12
    template: str | None = None
    category: str | None = None
    brand: str | None = None
    threshold: float = NEAR_DUPLICATE


def lay_out_filters(workspace: Workspace) -> tuple[gr.Textbox, gr.Dropdown, gr.Dropdown, gr.Slider]:
    """Lay out the fields template, category, brand and threshold.

    Only the last has an initial value: Gradio would write one again, over what was typed, when it shows the fields.
    """
    products = workspace.catalog.products
    paths = list(Taxonomy.of(products["category_path"].dropna().unique()).paths)
    brands = [name for name, _ in Counter(products["brand"].dropna()).most_common(_BRANDS) if name]
    with gr.Accordion("Filters, wording, near-duplicates", open=False), gr.Row():
        category = gr.Dropdown(paths, value=None, label="Only this category", info="Includes the categories below it.")
        brand = gr.Dropdown(
            sorted(brands), value=None, allow_custom_value=True, label="Only this brand", info="Choose one or type it."
        )
        template = gr.Textbox(
            label="Wording",
            info=f"Sentence in which the model reads your text, with {HOLE} for the text. Empty: the text alone.",
            placeholder=f"a photo of {HOLE}",
            max_length=MAX_TEMPLATE,
        )
        threshold = gr.Slider(
            0.8,
            1,
            NEAR_DUPLICATE,
            step=0.005,
            label="Near-duplicate above",
            info="A product this similar (cosine) to a better one is skipped; 1 keeps all.",
        )
    return template, category, brand, threshold


def read_query(workspace: Workspace, text: str, photo: str | None, template: str | None) -> tuple[str, Query]:
    """Clean the words of a query, "" for none, and encode the query.

    Raises:
        gr.Error: If there is neither text nor photo, or one of the fields cannot be used.
    """
    words = clean_text(check_text(text, "text"))
    if not words and not photo:
        raise refuse("There is nothing to search for yet: enter a text or add a photo.")
    try:
        sentence = worded(words, check_text(template, "wording", MAX_TEMPLATE))
    except UserError as error:
        raise refuse(str(error)) from error
    tools = workspace.tools
    return words, tools.encoder.encode(sentence, read_photo(photo, tools.bundle.image_size))


def filtered_rows(workspace: Workspace, category: str | None, brand: str | None) -> np.ndarray | None:
    """Mask of the rows that pass the filters: bool [n], None without a filter.

    Raises:
        gr.Error: If a filter leaves no product.
    """
    products = workspace.catalog.products
    filters = {
        "category": check_text(category, "category").strip(),
        "brand": check_text(brand, "brand").strip(),
    }
    for name, value in filters.items():
        allowed = allowed_rows(products, **{name: value})
        if allowed is not None and not allowed.any():
            raise refuse(f"No product of this catalogue has this {name}.")
    return allowed_rows(products, **filters)


def cosine_limit(threshold: float) -> float:
    """Cosine above which products are skipped; 2 (above every cosine) skips none.

    Raises:
        gr.Error: If the threshold is not between 0 and 1.
    """
    if not 0 <= threshold <= 1:
        raise refuse(f"The similarity of near-duplicates must be between 0 and 1; it was {threshold}.")
    return threshold if threshold < 1 else 2.0


def check_count(count: int) -> None:
    """Refuse a number of products that is not between 1 and `MAX_RESULTS`.

    Raises:
        gr.Error: If it is not.
    """
    if not 1 <= count <= MAX_RESULTS:
        raise refuse(f"The number of products must be between 1 and {MAX_RESULTS}; it was {count}.")
