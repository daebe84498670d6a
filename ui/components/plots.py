"""Plot components that stay hidden until they have a figure."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr
import plotly.graph_objects as go

from ui.workspace import Workspace, bind


def plot(name: str) -> gr.Plot:
    """Create a plot component, hidden while it is empty; `name` is its id on the page."""
    return gr.Plot(show_label=False, elem_id=name, visible=False)


def drawing(handler: Callable[..., Any], workspace: Workspace) -> Callable[..., Any]:
    """Bind a handler to the workspace; its figures, or None, update components of `plot`, texts stay as they are."""
    bound = bind(handler, workspace)

    @functools.wraps(bound)
    def draw(*args: Any) -> Any:
        answer = bound(*args)
        if not isinstance(answer, tuple):
            return _update(answer)
        return tuple(_update(part) for part in answer)

    return draw


def _update(part: Any) -> Any:
    if part is None:
        return gr.update(value=None, visible=False)
    return gr.update(value=part, visible=True) if isinstance(part, go.Figure) else part
