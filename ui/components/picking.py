"""HTML with parts to pick: a click on an element with `data-pick` triggers an event with that value."""

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
    """Create HTML with parts to pick; handlers of its `select` event take a parameter `event: gr.EventData`.

    Args:
        value: The HTML.
        elem_id: Id of the component.
        script: Further script to run once, with the component as `element`.
    """
    return gr.HTML(value, js_on_load=_SCRIPT + script, elem_id=elem_id)


def picked(event: gr.EventData) -> str:
    """Return the picked value. It comes from the browser, so check that it exists.

    Raises:
        gr.Error: If it is not a text.
    """
    value = (event._data or {}).get("picked") if isinstance(event._data, dict) else None
    if not isinstance(value, str):
        raise refuse("Nothing was picked.")
    return value


def pick_button(value: str, inner_html: str, css: str = "pick", label: str = "") -> str:
    """Render a button that picks a value.

    Args:
        value: The value, not escaped.
        inner_html: Content, escaped already.
        css: Class of the button.
        label: Name for screen readers, escaped already; "" where the content says it.
    """
    named = f' aria-label="{label}"' if label else ""
    return f'<button type="button" class="{css}" data-pick="{escape(value)}"{named}>{inner_html}</button>'
