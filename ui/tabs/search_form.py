"""What is asked in tab "Search": the fields of its form, their checks, the query, and the steps of a session."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import gradio as gr
import numpy as np

from pipeline.data.text import clean_text
from pipeline.errors import UserError
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.filters import HOLE, allowed_rows, worded
from pipeline.search.query import Query
from ui.components import results
from ui.components.photo import read_photo
from ui.components.tree.picker import tree_picker
from ui.components.tree.trees import catalog_names
from ui.workspace import Workspace, check_text, refuse

MAX_RESULTS = 48
MAX_PAGE = 20
MAX_TEMPLATE = 200
MAX_EXAMPLES = 20
_MAX_STEPS = 30
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


def lay_out_filters(workspace: Workspace) -> tuple[gr.Textbox, gr.HTML, gr.Dropdown, gr.Slider]:
    """Lay out the fields template, category, brand and threshold.

    Only the last has an initial value: Gradio would write one again, over what was typed, when it shows the fields.
    """
    products = workspace.catalog.products
    brands = [name for name, _ in Counter(products["brand"].dropna()).most_common(_BRANDS) if name]
    with gr.Accordion("Filters, wording, near-duplicates", open=False), gr.Row():
        names = functools.partial(catalog_names, workspace)
        category = tree_picker(names, "Only this category", "search-category", single=True)
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


def read_query(workspace: Workspace, text: str, photo: str | None, template: str | None) -> tuple[str, Query | None]:
    """Clean the words of a query, "" for none, and encode the query; None if there is neither text nor photo.

    Raises:
        gr.Error: If one of the fields cannot be used.
    """
    words = clean_text(check_text(text, "text"))
    if not words and not photo:
        return "", None
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


@dataclass(frozen=True)
class Asked:
    """One search.

    Attributes:
        form: The fields.
        like: Ids of products that results are to be like.
        unlike: Ids of products that they are not to be like.
        page: From 1.
    """

    form: SearchForm = field(default_factory=SearchForm)
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    page: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing of what is wanted."""
        return not (self.form.text.strip() or self.form.photo or self.like)


@dataclass(frozen=True)
class Trail:
    """The searches of a session, the shown one last."""

    steps: tuple[Asked, ...] = ()

    @property
    def now(self) -> Asked:
        """The search that is shown."""
        return self.steps[-1] if self.steps else Asked()

    def then(self, asked: Asked) -> Trail:
        """Add a search; the oldest ones are forgotten."""
        return Trail((*self.steps, asked)[-_MAX_STEPS:])

    def back(self) -> Trail:
        """Go back to the search before."""
        return Trail(self.steps[:-1]) if len(self.steps) > 1 else self


def turned(asked: Asked, value: str) -> Asked:
    """Apply a button of the results: another page, an example more, or a part of the query less.

    Args:
        asked: The search that is shown.
        value: The button's value. It comes from the browser, so it may be anything.

    Raises:
        gr.Error: In one sentence, if it is no button of the results, or there are too many examples.
    """
    kind, _, rest = value.partition(":")
    apply: Callable[[Asked, str], Asked] | None = _BUTTONS.get(f"{kind}:")
    if apply is None:
        raise refuse("The results have no such button.")
    changed = apply(asked, rest)
    if len(changed.like) + len(changed.unlike) > MAX_EXAMPLES:
        raise refuse(f"At most {MAX_EXAMPLES} products can be examples; take one away first.")
    return changed


def _page(asked: Asked, number: str) -> Asked:
    return replace(asked, page=int(number) if number.isdecimal() and len(number) < 4 else 0)


def _like(asked: Asked, product_id: str) -> Asked:
    return replace(_without(asked, product_id), like=(*_others(asked.like, product_id), product_id))


def _unlike(asked: Asked, product_id: str) -> Asked:
    return replace(_without(asked, product_id), unlike=(*_others(asked.unlike, product_id), product_id))


def _without(asked: Asked, part: str) -> Asked:
    """Take away the text, the photo, or an example."""
    form = asked.form
    if part == results.TEXT:
        form = replace(form, text="")
    elif part == results.PHOTO:
        form = replace(form, photo=None)
    return replace(asked, form=form, like=_others(asked.like, part), unlike=_others(asked.unlike, part), page=1)


def _others(product_ids: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(product_id for product_id in product_ids if product_id != one)


_BUTTONS: dict[str, Callable[[Asked, str], Asked]] = {
    results.PAGE: _page,
    results.LIKE: _like,
    results.UNLIKE: _unlike,
    results.DROP: _without,
}
