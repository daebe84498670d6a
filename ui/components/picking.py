"""HTML whose parts can be picked: a click on anything with `data-pick` is an event with that value."""

from __future__ import annotations

from html import escape

import gradio as gr

from ui.workspace import refuse

_SCRIPT = """
element.addEventListener('click', (event) => {
    const part = event.target.closest('[data-pick]');
    if (part) trigger('select', {picked: part.dataset.pick});
});
"""


def pickable(value: str = "", *, elem_id: str, script: str = "") -> gr.HTML:
    """HTML with parts to pick; its `select` event calls a handler that has a parameter `event: gr.EventData`.

    Args:
        value: The HTML.
        elem_id: Of the component.
        script: Run as well, once, with the component as `element`.
    """
    return gr.HTML(value, js_on_load=_SCRIPT + script, elem_id=elem_id)


def picked(event: gr.EventData) -> str:
    """What was picked. It comes from the browser: check that it is something there is.

    Raises:
        gr.Error: If it is no text.
    """
    value = (event._data or {}).get("picked") if isinstance(event._data, dict) else None
    if not isinstance(value, str):
        raise refuse("Nothing was picked.")
    return value


def pick_button(value: str, inner_html: str, css: str = "pick") -> str:
    """A button to pick a value with.

    Args:
        value: Not escaped.
        inner_html: Escaped already.
        css: Its class.
    """
    return f'<button type="button" class="{css}" data-pick="{escape(value)}">{inner_html}</button>'
