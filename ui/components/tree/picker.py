"""The field for picking categories from a tree: what was picked, a search in any language, and the tree to open."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ui.components.tree.names import Branch, CategoryNames
from ui.guard.faults import refuse

_SCRIPT = (Path(__file__).parent / "picker.js").read_text(encoding="utf-8")
_MOST = 100
_LONGEST = 1_000  # characters of a path
_TEMPLATE = """
<div class="tree-picker" data-single="{single}">
  <label><span>{label}</span><input type="search" autocomplete="off" spellcheck="false" maxlength="200"
    role="combobox" aria-expanded="false" aria-controls="{name}-branches" placeholder="{placeholder}"></label>
  <ul class="chosen" aria-label="{label}: chosen"></ul>
  <p role="status" class="visually-hidden"></p>
  <ul class="branches" id="{name}-branches" aria-label="{label}: categories" hidden></ul>
</div>
"""


def tree_picker(names: Callable[[], CategoryNames], label: str, elem_id: str, *, single: bool = False) -> gr.HTML:
    """Create the field; its value is the picked category paths, one a line, "" for none.

    Its event `picked` fires when a visitor changed it.

    Args:
        names: Gives the tree when it is first needed.
        label: Name of the field.
        elem_id: Its id on the page.
        single: Whether at most one category can be picked.
    """

    def category_children(path: Any) -> list[Branch]:
        return names().children(path) if isinstance(path, str) else []

    def find_categories(text: Any) -> list[Branch]:
        return names().find(text[:200]) if isinstance(text, str) else []

    placeholder = "Search in any language, or open the tree"
    facts = {"single": "yes" if single else "no", "label": label, "name": elem_id, "placeholder": placeholder}
    field = gr.HTML(
        html_template=_TEMPLATE.format(**{key: escape(text) for key, text in facts.items()}),
        js_on_load=_SCRIPT,
        server_functions=[category_children, find_categories],
        label=label,
        elem_id=elem_id,
    )
    field.preprocess = _picked  # type: ignore[method-assign]
    field.postprocess = _shown  # type: ignore[method-assign,assignment]
    return field


def _picked(payload: Any) -> str:
    """Read what a browser sent.

    Raises:
        gr.Error: If it is no list of paths.
    """
    paths = payload or []
    if not isinstance(paths, list) or len(paths) > _MOST:
        raise refuse(f"At most {_MOST} categories can be picked.")
    if not all(isinstance(path, str) and len(path) <= _LONGEST and path.splitlines() == [path] for path in paths):
        raise refuse("What was picked is no category.")
    return "\n".join(paths)


def _shown(value: Any) -> list[str]:
    """Paths of a value, a text with one a line."""
    return value.splitlines() if isinstance(value, str) else []
