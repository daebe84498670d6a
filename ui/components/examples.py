"""Examples for one-click tries, the same whichever catalogue is open: assets/examples.

They are listings of the demo's test split, chosen by hand for looks and for how unlike they are: in category, language
and script, in what is there (photo, text, both) and in dirt; not for being predicted right. `product` in examples.json
says which: a photo is that product's file of `python -m synthetic`, a text what `write_listing` says of it, as raw.
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

from pipeline.config.stages import IngestConfig
from pipeline.data.images import decode, thumbnail
from ui.guard.faults import refuse

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "examples"
_SIDE, _QUALITY = 96, 75  # of a tile's picture: about 1 KB, for the page carries all of them


@dataclass(frozen=True)
class Example:
    """One example; what it leaves out is empty.

    Attributes:
        product: Id of the demo's product that it shows.
        photo: Name of its photo in `FOLDER`.
        alt: What the photo shows, in words.
        title: As the shop's feed has it.
        description: As the shop's feed has it; may hold HTML.
    """

    product: str
    photo: str = ""
    alt: str = ""
    title: str = ""
    description: str = ""

    @property
    def path(self) -> str | None:
        """Where its photo lies, None without one."""
        return str(FOLDER / self.photo) if self.photo else None


@functools.cache
def load_examples() -> tuple[Example, ...]:
    """All examples, in the order they are shown."""
    return tuple(Example(**fields) for fields in json.loads((FOLDER / "examples.json").read_text(encoding="utf-8")))


def chosen(number: object) -> Example:
    """The example of a tile; what was clicked comes from a browser, so may be anything.

    Raises:
        gr.Error: If there is no such example.
    """
    made = load_examples()
    if not isinstance(number, int) or not 0 <= number < len(made):
        raise refuse("There is no such example.")
    return made[number]


def tile(example: Example) -> str:
    """What a visitor clicks, as HTML: the photo small and the title, or what there is of them."""
    title = escape(example.title)
    if not example.path:
        return f'<span class="words" dir="auto">{title}</span><span class="caption">text only</span>'
    image = decode(Path(example.path).read_bytes(), IngestConfig()).image
    source = base64.b64encode(thumbnail(image, _SIDE, _QUALITY)).decode()
    picture = f'<img alt="{escape(example.alt)}" src="data:image/webp;base64,{source}">'
    return f'{picture}<span class="caption" dir="auto">{title or "photo only"}</span>'


def build() -> gr.Dataset:
    """Lay out the examples."""
    made = load_examples()
    return gr.Dataset(
        label="Try one",
        components=[gr.HTML(js_on_load=None, render=False)],
        samples=[[tile(example)] for example in made],
        samples_per_page=len(made),
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
) -> None:
    """Let a click on an example fill a form and run it.

    Args:
        tiles: As `build` laid them out.
        fill: From the number of an example to what its `fields` hold.
        fields: Of the form.
        run: What the form's button runs, with its `inputs` and `outputs`.
        inputs: See `run`.
        outputs: See `run`.
        reveal: CSS selector of what comes into view at the end: on a phone the answer lies below the form.
    """
    filled = tiles.click(fill, tiles, fields, show_progress="hidden", api_visibility="private")
    shown = filled.success(run, inputs, outputs, api_visibility="private")
    shown.success(js=scroll_to(reveal), api_visibility="private")


def scroll_to(selector: str) -> str:
    """The script that brings the element of a CSS selector, which is ours, into view."""
    scroll = f"document.querySelector('{selector}')?.scrollIntoView({{block: 'nearest'}})"
    return f"() => requestAnimationFrame(() => {scroll})"
