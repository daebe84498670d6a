"""Links that open a tab with its fields filled and run: ?tab=search&q=warm+coat.

A tab's `build` offers a `Target`; the page follows its own address once all tabs are laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from weakref import WeakKeyDictionary

import gradio as gr
from gradio.context import Context

from ui.components.examples import scroll_to
from ui.workspace import check_text

_UNKNOWN_TAB = "The link names a tab that does not exist, so the first tab is open instead."


@dataclass(frozen=True)
class Target:
    """A tab that a link can fill and run.

    Attributes:
        tab: Id of the tab, the value of `tab` in the link.
        parameters: Names of the parameters that `fill` takes, in order; "" for those that the link lacks.
        fill: Returns the values of `fields`; raises `refuse` for a value that cannot be used.
        fields: Components of the tab.
        run: Handler of the tab's button, with its `inputs` and `outputs`.
        inputs: See `run`.
        outputs: See `run`.
        reveal: CSS selector of the element to scroll to at the end: on a phone the answer is below the form.
        then: Script to run at the end, "" for none.
    """

    tab: str
    parameters: Sequence[str]
    fill: Callable[..., Sequence[Any]]
    fields: Sequence[gr.components.Component]
    run: Callable[..., Any]
    inputs: Sequence[gr.components.Component]
    outputs: Sequence[gr.components.Component]
    reveal: str
    then: str = ""


_offered: WeakKeyDictionary[gr.Blocks, list[Target]] = WeakKeyDictionary()


def texts(*values: str) -> tuple[str, ...]:
    """Return the values of a link unchanged: a `Target.fill` for text fields.

    Raises:
        gr.Error: If a value is too long.
    """
    return tuple(check_text(value, "link's text") for value in values)


def offer(target: Target) -> None:
    """Let links fill and run a tab of the page that is being laid out; at most one target per tab."""
    page = Context.root_block
    if page is None:
        raise RuntimeError("a target is offered while a page is laid out")
    _offered.setdefault(page, []).append(target)


def follow(page: gr.Blocks, tabs: gr.Tabs) -> None:
    """Let the page open the tab that its address names; anything unusable is ignored with a message.

    Args:
        page: The page, open (`with`).
        tabs: Its tabs, laid out; every tab with an id can be opened, even if it offered no target.
    """
    names = [str(tab.id) for tab in tabs.children if isinstance(tab, gr.Tab) and tab.id is not None]
    targets = _offered.get(page, [])
    started = [gr.State(False) for _ in targets]  # only a link changes a state, and the change runs its target

    def open_link(request: gr.Request) -> list[Any]:
        return resolve(dict(request.query_params), names, targets)

    # The answer to `load` arrives while a visitor may already be typing, and Gradio would overwrite what was typed. So
    # `load` sets one state only, and the fields are filled only if there is a link.
    linked = gr.State(False)
    page.load(_is_link, None, linked, show_progress="hidden", api_visibility="private")
    fields = [field for target in targets for field in target.fields]
    linked.change(open_link, None, [tabs, *started, *fields], show_progress="hidden", api_visibility="private")
    for go, target in zip(started, targets, strict=True):
        shown = go.change(target.run, target.inputs, target.outputs, api_visibility="private")
        shown.success(js=scroll_to(target.reveal), api_visibility="private")
        if target.then:
            shown.success(js=target.then, api_visibility="private")


def resolve(query: Mapping[str, str], tabs: Sequence[str], targets: Sequence[Target]) -> list[Any]:
    """Compute the updates for a link.

    Args:
        query: The parameters of the link.
        tabs: Ids of the tabs that can be opened.
        targets: See `follow`.

    Returns:
        Update of the tabs, then whether each target runs, then the values of all fields of all targets.
    """
    tab = query.get("tab")
    if tab is not None and tab not in tabs:
        gr.Warning(_UNKNOWN_TAB, title="Link")
        tab = None
    values = {target.tab: _values(target, query) for target in targets if target.tab == tab}
    return [
        gr.skip() if tab is None else gr.Tabs(selected=tab),
        *(True if values.get(target.tab) else gr.skip() for target in targets),
        *(value for target in targets for value in values.get(target.tab) or [gr.skip()] * len(target.fields)),
    ]


def _is_link(request: gr.Request) -> bool:
    """Whether the page's address names a tab."""
    return "tab" in request.query_params


def _values(target: Target, query: Mapping[str, str]) -> Sequence[Any] | None:
    """Values of a target's fields; None if the link has none or one that cannot be used."""
    values = [query.get(name, "") for name in target.parameters]
    if not any(values):
        return None
    try:
        return target.fill(*values)
    except gr.Error as error:
        gr.Warning(escape(error.message, quote=False), title="Link")  # toasts render markup
        return None
