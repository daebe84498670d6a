"""Links that open a tab with its fields filled and run: ?tab=search&q=warm+coat.

A tab's `build` offers a `Target`, and the page follows its own address once all tabs are laid out.
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

_UNKNOWN_TAB = "The link names a tab that is not here; the first one is open instead."


@dataclass(frozen=True)
class Target:
    """What a link to one tab fills and runs.

    Attributes:
        tab: Id of the tab, the value of `tab` in the link.
        parameters: Names in the link whose values `fill` takes, in order, "" where the link has none.
        fill: Gives what `fields` hold then; raises `refuse` for a value that means nothing here.
        fields: Components of the tab.
        run: What the tab's button runs, with its `inputs` and `outputs`.
        inputs: See `run`.
        outputs: See `run`.
        reveal: CSS selector of what comes into view at the end: on a phone the answer lies below the form.
    """

    tab: str
    parameters: Sequence[str]
    fill: Callable[..., Sequence[Any]]
    fields: Sequence[gr.components.Component]
    run: Callable[..., Any]
    inputs: Sequence[gr.components.Component]
    outputs: Sequence[gr.components.Component]
    reveal: str


_offered: WeakKeyDictionary[gr.Blocks, list[Target]] = WeakKeyDictionary()


def texts(*values: str) -> tuple[str, ...]:
    """A `Target.fill` for fields that hold the link's values as they are.

    Raises:
        gr.Error: If one is too long.
    """
    return tuple(check_text(value, "link's text") for value in values)


def offer(target: Target) -> None:
    """Let links fill and run a tab of the page that is being laid out; at most one target a tab."""
    page = Context.root_block
    if page is None:
        raise RuntimeError("a target is offered while a page is laid out")
    _offered.setdefault(page, []).append(target)


def follow(page: gr.Blocks, tabs: gr.Tabs) -> None:
    """Let the page open what its address names; what means nothing is ignored with a sentence.

    Args:
        page: The page, open (`with`).
        tabs: Its tabs, laid out; every one with an id can be opened, also where it offered no target.
    """
    names = [str(tab.id) for tab in tabs.children if isinstance(tab, gr.Tab) and tab.id is not None]
    targets = _offered.get(page, [])
    started = [gr.State(False) for _ in targets]  # only a link changes one, and the change runs its target

    def opened(request: gr.Request) -> list[Any]:
        return resolve(dict(request.query_params), names, targets)

    # An answer to `load` that touched fields would come while a visitor may be at them: Gradio then writes over what
    # was typed since. So it touches one state, and the fields are filled for links alone.
    linked = gr.State(False)
    page.load(_is_link, None, linked, show_progress="hidden", api_visibility="private")
    fields = [field for target in targets for field in target.fields]
    linked.change(opened, None, [tabs, *started, *fields], show_progress="hidden", api_visibility="private")
    for go, target in zip(started, targets, strict=True):
        shown = go.change(target.run, target.inputs, target.outputs, api_visibility="private")
        shown.success(js=scroll_to(target.reveal), api_visibility="private")


def resolve(query: Mapping[str, str], tabs: Sequence[str], targets: Sequence[Target]) -> list[Any]:
    """What a link changes.

    Args:
        query: The parameters of the link.
        tabs: Ids that can be opened.
        targets: See `follow`.

    Returns:
        Updates of the tabs, then whether each target runs, then what all fields of all targets hold.
    """
    tab = query.get("tab")
    if tab is not None and tab not in tabs:
        gr.Warning(_UNKNOWN_TAB, title="Link")
        tab = None
    filled = {target.tab: _filled(target, query) for target in targets if target.tab == tab}
    return [
        gr.skip() if tab is None else gr.Tabs(selected=tab),
        *(True if filled.get(target.tab) else gr.skip() for target in targets),
        *(value for target in targets for value in filled.get(target.tab) or [gr.skip()] * len(target.fields)),
    ]


def _is_link(request: gr.Request) -> bool:
    """Whether the page's address names a tab."""
    return "tab" in request.query_params


def _filled(target: Target, query: Mapping[str, str]) -> Sequence[Any] | None:
    """What the fields hold, None where the link gives no value for them or one that means nothing."""
    values = [query.get(name, "") for name in target.parameters]
    if not any(values):
        return None
    try:
        return target.fill(*values)
    except gr.Error as error:
        gr.Warning(escape(error.message, quote=False), title="Link")  # a toast renders markup
        return None
