"""Tab "Catalog" as HTML: what a file is, how far it is, its counts as a headline, its results as a table."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pipeline.data.sources.photos import NOT_FETCHED
from pipeline.prediction.bulk.table import ORDERS, STATUSES, Choice, Counts, Order, Page, Relation, Row, Status
from pipeline.prediction.confidence import EVEN
from pipeline.prediction.explanation import percent
from pipeline.taxonomy.paths import levels
from ui.components import cards
from ui.components.picking import pick_button
from ui.guard.limits import MAX_FILE, MAX_ROWS

if TYPE_CHECKING:
    from pipeline.prediction.bulk.job import Progress, WrittenFiles
    from pipeline.prediction.bulk.recognized import Recognized, SampleRow

SHOW, SORT, PAGE = "show:", "sort:", "page:"
"""What a picked part of the table begins with."""
START = (
    f"Up to {MAX_ROWS:,} products or {MAX_FILE // 10**6} MB. Files are deleted after an hour, or when you choose "
    "another one; nothing is kept."
)
FIELDS = {
    "product_title": "Title",
    "product_description": "Description",
    "product_image": "Photo",
    "variant_image": "Photo of a variant",
    "potential_product_categories": "Candidates",
    "ground_truth_category": "Category",
    "ground_truth_brand": "Brand",
    "ground_truth_is_secondhand": "Second-hand",
    "product_id": "Id",
    "group": "Product",
    "product_type": "Type",
}
STATUS_NAMES: dict[Status, str] = {
    "accepted": "Accepted",
    "part": "In part",
    "review": "To review",
    "rejected": "Not read",
}
RELATION_NAMES: dict[Relation, str] = {
    "none": "No category in the file",
    "same": "The same",
    "finer": "More exact",
    "broader": "Less exact",
    "other": "Another branch",
}
BAND_NAMES = ("90% and more", "70 to 90%", "50 to 70%", "below 50%", "no number: a guess")
_MEANS = (
    "Confidence: of answers at least this sure, so many were right down to the last level, among products that "
    "training did not have; beside it what is asked for. A guess has no number: it is unlike anything measured, or "
    "text and photo contradict each other."
)
_NOT_FETCHED = "photo at an address, which is not fetched here: drop a zip of the photos"
_RELATION_NOTES: dict[Relation, str] = {
    "none": "",
    "same": "the same",
    "finer": "more exact now",
    "broader": "less exact now",
    "other": "another branch",
}
_HEADINGS: dict[Order, str] = {"row": "Line", "title": "Title", "category": "Category", "confidence": "Confidence"}


def command(name: str, precision: float) -> str:
    """The command line that does the same on a machine of one's own."""
    out = f"{Path(name).stem}.categories{Path(name).suffix}"
    words = ["--model", "assets/model", "--input", name, "--out", out, "--precision", f"{precision:g}"]
    return f"python -m pipeline classify-file {shlex.join(words)}"


def recognized(file: Recognized, *, is_too_large: bool, precision: float) -> str:
    """Render what a file is recognized as, with a sample."""
    if is_too_large:
        below = (
            f'<p class="verdict review" role="status">{file.rows:,} products are more than the {MAX_ROWS:,} that are '
            "classified here. On a machine of your own there is no limit:</p>"
            f'<pre class="command" tabindex="0"><code>{escape(command(file.path.name, precision))}</code></pre>'
        )
    else:
        below = _sample(file.sample)
    guessed = any(field.is_guess for field in file.fields)
    note = '<p class="hint">Guessed from the headings; name others under "Read it differently".</p>' if guessed else ""
    unread = cards.folded(f"{len(file.unread)} more columns, which stay as they are", ", ".join(file.unread))
    return (
        f'<section class="file" aria-label="The file">{summary(file)}'
        f'<dl class="fields">{"".join(map(_field, _shown_fields(file)))}</dl>{note}{unread}{below}</section>'
    )


def _shown_fields(file: Recognized) -> Sequence[tuple[str, Sequence[str]]]:
    return [(FIELDS.get(one.name, one.name.replace("_", " ").capitalize()), one.headings) for one in file.fields]


def _field(field: tuple[str, Sequence[str]]) -> str:
    name, headings = field
    return f'<div><dt>{escape(name)}</dt><dd dir="auto">{escape(", ".join(headings))}</dd></div>'


def summary(file: Recognized) -> str:
    """Render a file in one line: its name, its shop system, its size and how it is written."""
    system = file.system or "Table"
    photos = " · with photos" if file.config.images else ""
    return (
        f'<p class="file-line"><b dir="auto">{escape(file.path.name)}</b> <span class="chip">{escape(system)}</span> '
        f"<span>{file.rows:,} products · {escape(file.form)}{photos}</span></p>"
    )


def _sample(rows: Sequence[SampleRow]) -> str:
    if not rows:
        return cards.hint("There is no row below the headings.")
    items = "".join(_sample_row(row) for row in rows)
    return f'<h3>The first products</h3><ol class="sample">{items}</ol>'


def _sample_row(row: SampleRow) -> str:
    photo = (
        "photo found" if row.has_photo else _NOT_FETCHED if NOT_FETCHED in row.problem else row.problem or "no photo"
    )
    category = f'<span class="path">{escape(row.category)}</span>' if row.category else ""
    text = f'<p dir="auto">{escape(row.description)}</p>' if row.description else ""
    return (
        f'<li><b dir="auto">{escape(row.title or "untitled")}</b> {category}{text}<small>{escape(photo)}</small></li>'
    )


def progress(now: Progress, *, is_running: bool, sentence: str = "") -> str:
    """Render how far a file is; "" once it is done."""
    if sentence:
        return f'<p class="verdict low" role="alert">{escape(sentence)}</p>'
    if now.is_whole and not is_running:
        return ""
    share = now.done / max(now.total, 1)
    rest = "stopped" if not is_running else f"{_duration(now.remaining)} left" if now.remaining else "starting …"
    return (
        f'<div class="progress" role="progressbar" aria-label="Classified" aria-valuemin="0" '
        f'aria-valuemax="{now.total}" aria-valuenow="{now.done}"><span style="width:{100 * share:.1f}%"></span></div>'
        f'<p class="hint">{now.done:,} of {now.total:,} products · {rest}</p>'
    )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "some time"
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def headline(counts: Counts, precision: float) -> str:
    """Render the counts as a headline with a stacked bar."""
    numbers = _numbers(counts)
    bar = "".join(f'<span class="{name}" style="flex-grow:{numbers[name]}"></span>' for name in STATUSES)
    others = [f"<b>{counts.part + counts.review:,}</b> to review"]
    others += [f"<b>{counts.part:,}</b> of them accepted in part"] if counts.part else []
    others += [f"<b>{counts.rejected:,}</b> not read"] if counts.rejected else []
    others += [f"<b>{counts.changed:,}</b> in another branch than the file has"] if counts.changed else []
    return (
        f'<div class="counts" role="status"><p class="headline"><b>{counts.accepted:,}</b> of {counts.rows:,} accepted '
        f'at {precision:.0%}</p><div class="stack" aria-hidden="true">{bar}</div><p>{" · ".join(others)}</p></div>'
    )


def _numbers(counts: Counts) -> dict[Status | None, int]:
    return {
        "accepted": counts.accepted,
        "part": counts.part,
        "review": counts.review,
        "rejected": counts.rejected,
    }


def table(page: Page, choice: Choice, counts: Counts) -> str:
    """Render a page of the results, with buttons that choose, sort and turn it."""
    numbers: dict[Status | None, int] = {None: counts.rows, **_numbers(counts)}
    shows = "".join(
        f'<button type="button" class="chip-button" data-pick="{SHOW}{status or ""}" '
        f'aria-pressed="{str(choice.status == status).lower()}">{STATUS_NAMES[status] if status else "All"} '
        f"<b>{number:,}</b></button>"
        for status, number in numbers.items()
        if number or status is None
    )
    headings = "".join(_heading(order, choice) for order in _HEADINGS)
    rows = "".join(map(_row, page.rows))
    body = f"<tbody>{rows}</tbody>" if rows else '<tbody><tr><td colspan="6">No product is like this.</td></tr></tbody>'
    return (
        f'<div class="chips" role="group" aria-label="Show">{shows}</div>'
        f'<table class="results"><thead><tr>{headings}<th scope="col">In the file</th><th scope="col">Status</th></tr>'
        f"</thead>{body}</table>{_pages(page)}{cards.hint(_MEANS)}"
    )


def _heading(order: Order, choice: Choice) -> str:
    sorted_by = choice.order == order
    direction = ("descending" if choice.descending else "ascending") if sorted_by else "none"
    arrow = ("▾" if choice.descending else "▴") if sorted_by else ""
    button = pick_button(f"{SORT}{order}", f"{_HEADINGS[order]} <i>{arrow}</i>")
    return f'<th scope="col" aria-sort="{direction}" class="{order}">{button}</th>'


def _row(row: Row) -> str:
    names = levels(row.path) if row.path else ()
    accepted = [f"<b>{escape(name)}</b>" for name in names[: row.accepted_depth]]
    path = " <i>›</i> ".join([*accepted, *(f"<span>{escape(name)}</span>" for name in names[row.accepted_depth :])])
    note = _RELATION_NOTES[row.relation]
    given = "" if row.given is None else f'<span class="path">{escape(row.given)}</span>'
    compared = f'<small class="{row.relation}">{note}</small>' if note else ""
    confidence = _confidence(row)
    return (
        f'<tr><td class="row">{row.number:,}</td><td class="title" dir="auto">{escape(row.title or "untitled")}</td>'
        f'<td class="predicted path">{path}</td><td class="confidence">{confidence}</td>'
        f'<td class="given">{given}{compared}</td>'
        f'<td class="status"><details class="{row.status}"><summary>{STATUS_NAMES[row.status]}</summary>'
        f'<p dir="auto">{escape(row.reason)}</p></details></td></tr>'
    )


def _confidence(row: Row) -> str:
    """Render the number of a row; where it might read as accepted and is not, beside what is asked for."""
    if row.confidence is None:
        return "" if row.status == "rejected" else "<i>a guess</i>"
    number = percent(row.confidence)
    if row.status == "accepted" or row.confidence < EVEN:
        return number
    return f"{number} <small>of {percent(row.asked)}</small>"


def _pages(page: Page) -> str:
    if page.pages == 1:
        return f'<nav class="pages" aria-label="Pages"><span>{page.total:,} products</span></nav>'
    back = pick_button(f"{PAGE}{page.number - 1}", "‹ Previous", "pick turn") if page.number > 1 else ""
    on = pick_button(f"{PAGE}{page.number + 1}", "Next ›", "pick turn") if page.number < page.pages else ""
    where = f"<span>Page {page.number:,} of {page.pages:,} · {page.total:,} products</span>"
    return f'<nav class="pages" aria-label="Pages">{back}{where}{on}</nav>'


def picked_choice(choice: Choice, picked: str) -> Choice:
    """The choice after a part of the table was picked; anything else than `table` offers changes nothing."""
    statuses = {f"{SHOW}{one}": one for one in STATUSES}
    orders = {f"{SORT}{one}": one for one in ORDERS}
    if picked == SHOW or picked in statuses:
        return replace(choice, status=statuses.get(picked), page=1)
    if picked in orders:
        same = choice.order == orders[picked]
        return replace(choice, order=orders[picked], descending=same and not choice.descending, page=1)
    number = picked.removeprefix(PAGE)
    return replace(choice, page=int(number)) if number.isdecimal() and len(number) < 7 else choice


def address(path: Path) -> str:
    """Where the browser gets a file of the folder of uploads."""
    return f"gradio_api/file={quote(str(path))}"


def links(written: WrittenFiles) -> str:
    """Render the links to the files that were written."""
    files = [(written.out, "")]
    files += [(written.rejects, f", {written.rejected:,} rows that could not be read")] if written.rejected else []
    items = " · ".join(
        f'<a href="{escape(address(path))}" download="{escape(path.name)}">{escape(path.name)}</a> '
        f"{_size(path.stat().st_size)}{note}"
        for path, note in files
    )
    return f'<p class="hint downloads" role="status">Written: {items}</p>'


def _size(size: int) -> str:
    return f"{size / 10**6:.1f} MB" if size >= 10**5 else f"{max(1, round(size / 1000)):,} kB"
