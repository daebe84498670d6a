"""Handlers of tab "Catalog": each finds the file of a key, changes or reads it, and returns what the tab shows then."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipeline.config.stages import SourceConfig
from pipeline.errors import InputError, UserError
from pipeline.prediction.bulk.table import Choice
from ui.components.picking import picked
from ui.guard.faults import refuse
from ui.tabs.catalog import view
from ui.tabs.catalog.endpoint import PRECISION
from ui.tabs.catalog.jobs import Jobs
from ui.tabs.catalog.screen import Filters, empty, not_offered, results, running, whole
from ui.workspace import NO_CATEGORIES, check_text


def take(
    jobs: Jobs, key: str, file: str | None, photos: str | None, columns: str, encoding: str, delimiter: str
) -> list[Any]:
    """Take an uploaded file and show what it is; the one before it is forgotten."""
    if not jobs.workspace.predicts_categories:
        raise refuse(NO_CATEGORIES)
    jobs.forget(key)
    if file is None:
        return empty().updates
    return whole(jobs.open(file, photos, reading(columns, encoding, delimiter)), Choice(), PRECISION).updates


def reading(columns: str, encoding: str, delimiter: str) -> SourceConfig:
    """How a visitor says that a file is read.

    Raises:
        gr.Error: If it cannot be meant.
    """
    lines = [line.strip() for line in check_text(columns, "list of columns").splitlines() if line.strip()]
    if any("=" not in line for line in lines):
        raise refuse("Write one column a line, our name first: product_title=Name.")
    pairs = [line.partition("=")[::2] for line in lines]
    try:
        return SourceConfig(
            columns=tuple((ours.strip(), theirs.strip()) for ours, theirs in pairs),
            encoding=check_text(encoding, "encoding").strip() or None,
            delimiter=delimiter if delimiter == "\t" else check_text(delimiter, "delimiter").strip() or None,
        )
    except InputError as error:
        raise refuse(str(error)) from error


def start(jobs: Jobs, key: str, choice: Choice, precision: float, *filters: str) -> list[Any]:
    """Classify the file, or what is left of it."""
    job = jobs.find(key)
    jobs.start(job)
    return whole(job, _chosen(choice, filters), precision).updates


def stop(jobs: Jobs, key: str, choice: Choice, precision: float, *filters: str) -> list[Any]:
    """Stop after the batch that is being classified; what is done stays."""
    job = jobs.find(key)
    job.stop()
    return whole(job, _chosen(choice, filters), precision).updates


def watch(jobs: Jobs, key: str, drawn: bool, choice: Choice, precision: float, *filters: str) -> list[Any]:
    """Show how far the file is; the table when there is a first one, and when all is done."""
    try:
        job = jobs.find(key)
    except gr.Error as error:  # said once, not at each look
        gr.Warning(error.message, title="Catalog")
        return [False, *empty().updates]
    if job.state == "running" and (drawn or not job.progress.done):
        return [drawn, *running(job, precision).updates]
    return [True, *whole(job, _chosen(choice, filters), precision).updates]


def close(jobs: Jobs, key: str) -> list[Any]:
    """Forget the file and start anew."""
    jobs.forget(key)
    return [None, None, "", PRECISION, *empty().updates]


def restore(jobs: Jobs, event: gr.EventData) -> list[Any]:
    """Show the file that was here before the page was loaded again, and this tab if it was open."""
    was_open, _, key = picked(event).partition(":")
    tabs = gr.Tabs(selected="catalog") if was_open else gr.skip()
    try:
        job = jobs.find(key)
    except gr.Error:
        return [tabs, *empty().updates]
    return [tabs, *whole(job, Choice(), PRECISION).updates]


def filter_rows(jobs: Jobs, key: str, choice: Choice, precision: float, *filters: str) -> tuple[Any, Any, Choice]:
    """Show the rows that pass the filters, from the first page on; nothing without a file, whose words are cleared."""
    if not key:
        return gr.skip(), gr.skip(), choice
    choice = _chosen(choice, filters, page=1)
    return *results(jobs.find(key), choice, precision), choice


def pick(
    jobs: Jobs,
    key: str,
    choice: Choice,
    precision: float,
    top: str,
    band: str,
    relation: str,
    words: str,
    event: gr.EventData,
) -> tuple[Any, Any, Choice]:
    """Answer a button of the table: other rows, another order, another page."""
    choice = view.picked_choice(_chosen(choice, (top, band, relation, words)), picked(event))
    return *results(jobs.find(key), choice, precision), choice


def download(jobs: Jobs, key: str, form: str, precision: float) -> tuple[Any, str]:
    """Write the result as it is now, in a format; the links to it, and its address."""
    job = jobs.find(key)
    if job.work is None or not job.work.done:
        raise refuse("Nothing is classified yet.")
    if form not in job.formats:
        raise refuse("There is no such format.")
    try:
        written = job.work.write(form, precision)
    except UserError as error:
        raise refuse(job.said(str(error))) from error
    return gr.HTML(view.links(written) + not_offered(job), visible=True), view.address(written.out)


def _chosen(choice: Choice | None, filters: tuple[str, ...], page: int | None = None) -> Choice:
    applied = Filters(*(value or "" for value in filters)).applied(choice or Choice())
    return applied if page is None else Choice(**{**vars(applied), "page": page})
