"""Places for figures that take no room until there is one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr
import plotly.graph_objects as go

from ui.workspace import Workspace, bind


def plot(name: str) -> gr.Plot:
    """A place for a figure, not to be seen while it is empty; `name` is its id on the page."""
    return gr.Plot(show_label=False, elem_id=name, visible=False)


def drawing(handler: Callable[..., Any], workspace: Workspace) -> Callable[..., Any]:
    """A handler bound to the workspace whose figures, or None, go to places made by `plot`; texts go as they are."""
    bound = bind(handler, workspace)

    @functools.wraps(bound)
    def drawn(*args: Any) -> Any:
        answer = bound(*args)
        if not isinstance(answer, tuple):
            return _placed(answer)
        return tuple(_placed(part) for part in answer)

    return drawn


def _placed(part: Any) -> Any:
    if part is None:
        return gr.update(value=None, visible=False)
    return gr.update(value=part, visible=True) if isinstance(part, go.Figure) else part
