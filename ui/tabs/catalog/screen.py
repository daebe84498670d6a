"""What tab "Catalog" shows of a file in each of its states, as updates of its components."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import gradio as gr

from pipeline.prediction.bulk.table import Choice, Relation
from ui.components import cards
from ui.tabs.catalog import view
from ui.tabs.catalog.jobs import Job

FORMATS = {
    "same": "As it came",
    "csv": "CSV",
    "tsv": "TSV",
    "jsonl": "JSON Lines",
    "parquet": "Parquet",
    "xlsx": "Excel",
    "shopify-bulk": "Shopify bulk operation",
    "google-feed": "Google supplemental feed",
}
SECONDS_BETWEEN = 2.0
"""Of two looks at a file that is being classified."""


@dataclass(frozen=True)
class Filters:
    """Values of the fields above the table; "" chooses all."""

    top: str = ""
    band: str = ""
    relation: str = ""
    words: str = ""

    def applied(self, choice: Choice) -> Choice:
        """The choice with these filters; a value that no field offers chooses all."""
        band = view.BAND_NAMES.index(self.band) if self.band in view.BAND_NAMES else None
        names: dict[str, Relation] = {name: relation for relation, name in view.RELATION_NAMES.items()}
        return Choice(
            choice.status,
            self.top,
            band,
            names.get(self.relation),
            self.words.strip(),
            choice.order,
            choice.descending,
            choice.page,
        )


@dataclass
class Screen:
    """Updates of the components, in the order of the handlers' outputs."""

    key: Any = field(default_factory=gr.skip)
    setup: Any = field(default_factory=gr.skip)
    seen: Any = field(default_factory=gr.skip)
    start: Any = field(default_factory=gr.skip)
    stop: Any = field(default_factory=gr.skip)
    other: Any = field(default_factory=gr.skip)
    progress: Any = field(default_factory=gr.skip)
    result: Any = field(default_factory=gr.skip)
    head: Any = field(default_factory=gr.skip)
    top: Any = field(default_factory=gr.skip)
    band: Any = field(default_factory=gr.skip)
    relation: Any = field(default_factory=gr.skip)
    words: Any = field(default_factory=gr.skip)
    choice: Any = field(default_factory=gr.skip)
    rows: Any = field(default_factory=gr.skip)
    form: Any = field(default_factory=gr.skip)
    links: Any = field(default_factory=gr.skip)
    timer: Any = field(default_factory=gr.skip)

    @property
    def updates(self) -> list[Any]:
        """All of them."""
        return [getattr(self, one.name) for one in fields(self)]


def empty() -> Screen:
    """Without a file."""
    screen = Screen(
        key="",
        setup=gr.Column(visible=True),
        seen=cards.hint(view.START),
        start=gr.Button("Classify", visible=True, interactive=False),
        stop=gr.Button(visible=False),
        other=gr.Button(visible=False),
        progress=gr.HTML("", visible=False),
        result=gr.Column(visible=False),
        links=gr.HTML("", visible=False),
        timer=gr.Timer(active=False),
    )
    return _without_filters(screen)


def _without_filters(screen: Screen) -> Screen:
    """The screen of another file, for which the last one's filters mean nothing."""
    screen.top = gr.Dropdown(choices=[("All", "")], value="")
    screen.band = screen.relation = screen.words = ""
    screen.choice = Choice()
    return screen


def whole(job: Job, choice: Choice, precision: float) -> Screen:
    """All of a file's state."""
    now, file = job.progress, job.recognized
    is_new, is_running = job.state in ("ready", "too-large"), job.state == "running"
    too_large = job.state == "too-large"
    label = "Go on" if job.state == "stopped" else f"Classify {file.rows:,} products"
    screen = Screen(
        key=job.key,
        setup=gr.Column(visible=is_new),
        seen=view.recognized(file, is_too_large=too_large, precision=precision) if is_new else view.summary(file),
        start=gr.Button(
            label, visible=is_new or job.state == "stopped", interactive=not too_large and not now.is_whole
        ),
        stop=gr.Button(visible=is_running),
        other=gr.Button(visible=not is_new),
        progress=_or_hidden("" if is_new else view.progress(now, is_running=is_running, sentence=job.sentence)),
        result=gr.Column(visible=bool(now.done)),
        links=_or_hidden("") if is_new else gr.skip(),
        timer=gr.Timer(active=is_running),
    )
    if is_new:
        return _without_filters(screen)
    if now.done and job.work is not None:
        results = job.work.results
        tops = [(f"{top} ({number:,})", top) for top, number in results.tops()]
        screen.top = gr.Dropdown(choices=[("All", ""), *tops])
        screen.form = _formats(job)
        _draw(job, screen, choice, precision)
    return screen


def _or_hidden(html: str) -> gr.HTML:
    """The content of a component, which takes no room without any."""
    return gr.HTML(html, visible=bool(html))


def running(job: Job, precision: float) -> Screen:
    """What changes while a file is classified, without the table: somebody may be reading it."""
    screen = Screen(progress=view.progress(job.progress, is_running=True))
    if job.work is not None and job.work.done:
        screen.head = view.headline(job.work.results.counts(precision), precision)
    return screen


def results(job: Job, choice: Choice, precision: float) -> tuple[Any, Any]:
    """The headline and the table."""
    screen = Screen()
    _draw(job, screen, choice, precision)
    return screen.head, screen.rows


def _draw(job: Job, screen: Screen, choice: Choice, precision: float) -> None:
    if job.work is None or not job.work.done:
        return
    counts = job.work.results.counts(precision)
    screen.head = view.headline(counts, precision)
    screen.rows = view.table(job.work.results.page(choice, precision), choice, counts)


def _formats(job: Job) -> Any:
    """The formats that can be written of this file."""
    assert job.work is not None
    reasons = job.formats
    choices = [(FORMATS[form], form) for form, reason in reasons.items() if not reason]
    return gr.Dropdown(choices=choices, value=job.work.usual_format(reasons))


def not_offered(job: Job) -> str:
    """Render which formats cannot be written of a file, and why; "" where all can."""
    reasons = [f"{FORMATS[form]}: {job.said(reason)}" for form, reason in job.formats.items() if reason]
    return cards.folded("Formats that this file does not allow", " ".join(reasons))
