"""Layout and events of tab "Catalog".

A file's key is kept in the session storage of the browser's tab, so that a reload finds the file again and nobody else
does.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from pipeline.data.sources.files import SUFFIXES
from pipeline.prediction.bulk.table import Choice
from ui.components import cards
from ui.components.picking import pickable
from ui.guard.limits import MAX_ROWS_OF_A_CALL
from ui.tabs.catalog import handlers, view
from ui.tabs.catalog.endpoint import PRECISION, classify_file
from ui.tabs.catalog.jobs import Jobs
from ui.tabs.catalog.screen import SECONDS_BETWEEN, Screen
from ui.workspace import MAX_TEXT, NO_CATEGORIES, Workspace, bind, endpoint

_STORE = """(key) => {
    try { key ? sessionStorage.setItem('catalog', key) : sessionStorage.removeItem('catalog'); } catch { }
}"""
_REMEMBER = """
const chosen = () => [...document.querySelectorAll('[role=tab][aria-selected=true]')];
const isOpen = () => chosen().some((tab) => tab.textContent.trim() === 'Catalog');
try {
    addEventListener('pagehide', () => sessionStorage.setItem('catalog-open', isOpen() ? 'open' : ''));
    const key = sessionStorage.getItem('catalog');
    const was = sessionStorage.getItem('catalog-open') ?? '';
    if (key) setTimeout(() => trigger('select', {picked: `${was}:${key}`}));
} catch { }
"""
"""Only a page that had a file asks for it: an answer to what every page asks when it opens would overwrite a field in
which somebody is typing by then."""
_FETCH = """(address) => {
    const link = Object.assign(document.createElement('a'), {href: address, download: ''});
    document.body.append(link);
    link.click();
    link.remove();
}"""
_KEEP_FOCUS = """
let wanted = '';
element.addEventListener('click', (event) => { wanted = event.target.closest('[data-pick]')?.dataset.pick ?? ''; });
new MutationObserver(() => {
    if (!wanted || ![null, document.body].includes(document.activeElement)) return;
    const turned = wanted.startsWith('page:') ? '.turn:last-of-type' : '';
    const part = [...element.querySelectorAll('[data-pick]')].find((one) => one.dataset.pick === wanted)
        ?? (turned && element.querySelector(turned));
    if (part) part.focus({preventScroll: true});
}).observe(element, {childList: true, subtree: true});
"""
"""A new table takes the place of the button that was pressed: its successor gets the focus."""


def rows_input() -> gr.JSON:
    """Create the field of an endpoint for a list of objects; Gradio's own description of it is no valid JSON schema."""
    field = gr.JSON(visible=False, label="rows")
    field.api_info = lambda: {"type": "array", "items": {"type": "object"}}  # type: ignore[method-assign]
    return field


def file_input(label: str, suffixes: tuple[str, ...], *, visible: bool = True) -> gr.File:
    """Create a field whose handler gets the path of the uploaded file."""
    field = gr.File(label=label, file_count="single", file_types=list(suffixes), height=136, visible=visible)
    field.preprocess = _uploaded  # type: ignore[method-assign,assignment]
    field.example_payload = lambda: {"path": "the path that the upload returned", "meta": {"_type": "gradio.FileData"}}  # type: ignore[method-assign]
    return field


def _uploaded(payload: FileData | None) -> str | None:
    """The path alone: Gradio would leave an empty file behind for each."""
    return None if payload is None else payload.path


def lay_out_memory() -> gr.HTML:
    """Create what remembers a visitor's file, to stand outside of the tabs: those are made when they are first seen."""
    return pickable(elem_id="catalog-memory", script=_REMEMBER)


@dataclass(frozen=True)
class ReviewButton:
    """The button that opens the review of a file.

    Attributes:
        button: Itself.
        inputs: The key of the file, and the precision at which it is accepted.
    """

    button: gr.Button
    inputs: list[gr.components.Component]


def build(workspace: Workspace, tabs: gr.Tabs, memory: gr.HTML) -> tuple[Jobs, ReviewButton]:
    """Lay out the tab.

    Args:
        workspace: Whose model classifies.
        tabs: Of the page, with the tab "catalog".
        memory: Of `lay_out_memory`.

    Returns:
        The files that visitors have open, and the button that opens the review of one.
    """
    jobs = Jobs(workspace)
    key, address = gr.Textbox(visible=False, label="key"), gr.Textbox(visible=False, label="address")
    with gr.Column() as setup:
        with gr.Row(equal_height=True):
            table = file_input("Products: any table, or the export of your shop", SUFFIXES)
            photos = file_input("Photos: a zip, if the table names files", (".zip",))
        with gr.Accordion("Read it differently", open=False):
            with gr.Row():
                columns = gr.Textbox(
                    label="Columns, one a line",
                    placeholder="product_title=Name\nproduct_image=Photo file",
                    lines=2,
                    max_length=MAX_TEXT,
                    scale=3,
                )
                encoding = gr.Textbox(label="Encoding", placeholder="found out", max_length=40)
                delimiter = gr.Textbox(label="Delimiter", placeholder="found out", max_length=3)
            again = gr.Button("Read again")
    with gr.Row(elem_classes="file-row"):
        seen = gr.HTML(
            cards.hint(view.START if workspace.predicts_categories else NO_CATEGORIES),
            js_on_load=None,
            elem_id="catalog-file",
        )
        with gr.Row(elem_classes="file-buttons"):
            go = gr.Button("Classify", variant="primary", interactive=False, min_width=140)
            halt = gr.Button("Stop", visible=False, size="md", min_width=140)
            other = gr.Button("Another file", visible=False, size="md", min_width=140)
    progress = gr.HTML(js_on_load=None, visible=False, elem_id="catalog-progress")
    with gr.Column(visible=False, elem_id="catalog-result") as result:
        with gr.Row(elem_classes="split"):
            with gr.Column(min_width=300):
                head = gr.HTML(js_on_load=None, elem_id="catalog-counts")
            precision = gr.Slider(0.5, 0.99, PRECISION, step=0.01, label="Target precision")
            with gr.Row(elem_classes="get"):
                form = gr.Dropdown([("As it came", "same")], label="Format", filterable=False, min_width=150)
                get = gr.Button("Download", variant="primary", min_width=120)
                to_review = gr.Button("Review", min_width=100, elem_id="catalog-review")
        links = gr.HTML(js_on_load=None, visible=False, elem_id="catalog-links")
        with gr.Row(elem_classes="filters"):
            top = gr.Dropdown([("All", "")], value="", label="Top category", min_width=150)
            band = gr.Dropdown([("Any", ""), *view.BAND_NAMES], value="", label="Confidence", min_width=130)
            names = list(view.RELATION_NAMES.values())
            relation = gr.Dropdown([("Any", ""), *names], value="", label="Against the file's own", min_width=150)
            words = gr.Textbox(label="Title contains", max_length=200, min_width=150)
        rows = pickable(elem_id="catalog-rows", script=_KEEP_FOCUS)
    timer = gr.Timer(SECONDS_BETWEEN, active=False)
    choice, drawn = gr.State(Choice()), gr.State(False)
    filters = [top, band, relation, words]
    working = [setup, seen, go, halt, other, progress, result, head]
    screen = [key, *working, *filters, choice, rows, form, links, timer]
    assert len(screen) == len(fields(Screen)), "a component for each of its updates"

    private: dict[str, Any] = {"api_visibility": "private"}
    quiet: dict[str, Any] = {**private, "show_progress": "hidden"}
    shown: list[Any] = [key, choice, precision, *filters]
    taken = gr.on(
        [table.upload, table.clear, photos.upload, photos.clear, again.click],
        bind(handlers.take, jobs),
        [key, table, photos, columns, encoding, delimiter],
        screen,
        show_progress_on=seen,
        trigger_mode="always_last",  # a file that is dropped while the last one is still being taken away counts
        **private,
    )
    taken.success(None, key, None, js=_STORE, **private)
    go.click(bind(handlers.start, jobs), shown, screen, show_progress_on=progress, **private).success(
        lambda: False, None, drawn, **quiet
    )
    halt.click(bind(handlers.stop, jobs), shown, screen, **quiet)
    other.click(bind(handlers.close, jobs), key, [table, photos, columns, precision, *screen], **quiet).success(
        None, key, None, js=_STORE, **private
    )
    timer.tick(bind(handlers.watch, jobs), [key, drawn, choice, precision, *filters], [drawn, *screen], **quiet)
    drawing: dict[str, Any] = {"trigger_mode": "always_last", **quiet}
    # `input`, not `release`, which the keyboard never fires; while something is typed or dragged, the last one counts.
    # A text box has `change`: its `input` comes with the value before the last key
    gr.on(
        [precision.input, top.input, band.input, relation.input, words.change],
        bind(handlers.filter_rows, jobs),
        shown,
        [head, rows, choice],
        **drawing,
    )
    rows.select(bind(handlers.pick, jobs), shown, [head, rows, choice], **quiet)
    written = get.click(bind(handlers.download, jobs), [key, form, precision], [links, address], **private)
    written.success(None, address, None, js=_FETCH, **private)
    endpoint(
        bind(classify_file, jobs),
        [
            rows_input(),
            file_input("file", SUFFIXES, visible=False),
            file_input("photos", (".zip",), visible=False),
            gr.Number(PRECISION, visible=False, label="precision"),
            gr.Number(0, visible=False, label="start"),
            gr.Number(MAX_ROWS_OF_A_CALL, visible=False, label="count"),
        ],
    )
    restored = memory.select(bind(handlers.restore, jobs), None, [tabs, *screen], **quiet)
    restored.success(None, key, None, js=_STORE, **private)
    return jobs, ReviewButton(to_review, [key, precision])
