"""Examples to try with one click, the same for every catalogue: assets/examples.

They are listings of the demo's test split, chosen by hand to differ in category, language, script, inputs (photo, text,
both) and cleanliness, not for correct predictions. `product` in examples.json names the product: a photo is its file
from `python -m synthetic`, a text is the raw output of `write_listing`.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency

from pipeline.config.stages import IngestConfig
from pipeline.data.images import decode, thumbnail
from ui.guard.faults import refuse

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "examples"
_SIDE, _QUALITY = 96, 75  # of a tile's picture: about 1 KB, because the page contains all of them


@dataclass(frozen=True)
class Example:
    """One example; fields without a value are empty.

    Attributes:
        product: Id of the demo product.
        photo: Name of its photo in `FOLDER`.
        alt: Description of the photo for screen readers.
        title: Title as in the shop's feed.
        description: Description as in the shop's feed; may contain HTML.
    """

    product: str
    photo: str = ""
    alt: str = ""
    title: str = ""
    description: str = ""

    @property
    def path(self) -> str | None:
        """Path of its photo, None without one."""
        return str(FOLDER / self.photo) if self.photo else None


@functools.cache
def load_examples() -> tuple[Example, ...]:
    """Load all examples, in the order of the page."""
    return tuple(Example(**fields) for fields in json.loads((FOLDER / "examples.json").read_text(encoding="utf-8")))


def chosen(number: object) -> Example:
    """Return the example of a clicked tile; the number comes from a browser, so it may be anything.

    Raises:
        gr.Error: If there is no such example.
    """
    examples = load_examples()
    if not isinstance(number, int) or not 0 <= number < len(examples):
        raise refuse("There is no such example.")
    return examples[number]


def small_photo(example: Example) -> str:
    """The photo of an example that has one, small, as a data URI."""
    image = decode(Path(str(example.path)).read_bytes(), IngestConfig()).image
    return f"data:image/webp;base64,{base64.b64encode(thumbnail(image, _SIDE, _QUALITY)).decode()}"


def tile(example: Example) -> str:
    """Render a tile: small photo and title, or the one of them that there is."""
    title = escape(example.title)
    if not example.path:
        return f'<span class="words" dir="auto">{title}</span><span class="caption">text only</span>'
    picture = f'<img alt="{escape(example.alt)}" src="{small_photo(example)}">'
    return f'{picture}<span class="caption" dir="auto">{title or "photo only"}</span>'


def build() -> gr.Dataset:
    """Lay out the examples."""
    examples = load_examples()
    return gr.Dataset(
        label="Or try one",
        components=[gr.HTML(js_on_load=None, render=False)],
        samples=[[tile(example)] for example in examples],
        samples_per_page=len(examples),
        type="index",
        elem_classes="examples",
    )


def run_on_click(
    tiles: gr.Dataset,
    fill: Callable[[int], tuple[str | None, ...]],
    fields: Sequence[gr.components.Component],
    run: Callable[..., Any],
    inputs: Sequence[gr.components.Component],
    outputs: Sequence[gr.components.Component],
    reveal: str,
) -> Dependency:
    """Let a click on an example fill a form and run it.

    Args:
        tiles: The tiles from `build`.
        fill: Maps the number of an example to the values of `fields`.
        fields: Fields of the form.
        run: Handler of the form's button, with its `inputs` and `outputs`.
        inputs: See `run`.
        outputs: See `run`.
        reveal: CSS selector of the element to scroll to at the end: on a phone the answer is below the form.

    Returns:
        The run, for what is to follow it.
    """
    filled = tiles.click(fill, tiles, fields, show_progress="hidden", api_visibility="private")
    shown = filled.success(run, inputs, outputs, api_visibility="private")
    shown.success(js=scroll_to(reveal), api_visibility="private")
    return shown


def scroll_to(selector: str) -> str:
    """Script that scrolls to the element of a CSS selector unless its beginning is in sight, well above the lower edge.

    The selector must not come from outside.
    """
    return f"""() => requestAnimationFrame(() => {{
        const target = document.querySelector('{selector}');
        const top = target ? target.getBoundingClientRect().top : 0;
        if (top < 0 || top > 0.7 * window.innerHeight) target.scrollIntoView({{block: 'start'}});
    }})"""
