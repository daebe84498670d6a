"""Handlers of tab "Review": each finds the review of a key, decides or reads, and returns what the tab shows then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError
from pipeline.prediction.output.formats import ENDINGS, SAME
from pipeline.review.gaps import find_gaps
from pipeline.review.records import Decider, Role
from pipeline.review.review import Review
from pipeline.review.second_look import begin, second_look
from ui.components import cards
from ui.components.picking import picked
from ui.guard.faults import refuse
from ui.tabs.catalog.folders import new_folder
from ui.tabs.catalog.jobs import Jobs
from ui.tabs.review import view
from ui.tabs.review.cards import card_of, progress_of
from ui.tabs.review.reviews import SHARED, Desk, Reviews, new_reviewer, reviewer, said
from ui.workspace import MAX_TEXT, check_text

if TYPE_CHECKING:
    from pipeline.review.export import Exported

FOUND = 8
_HISTORY = 50
_FORMATS = ("csv", "jsonl", "xlsx", "parquet")


class Step(BaseModel):
    """What a key of a card asks for; it comes from the browser."""

    model_config = ConfigDict(extra="forbid", strict=True)

    do: str = Field(pattern="^(choose|skip|undo|show)$")
    product: int = 0
    version: int = 0
    path: str = Field(default="", max_length=2_000)
    others: dict[str, int] = Field(default_factory=dict, max_length=64)
    look: bool = False


def open_catalog(reviews: Reviews) -> list[Any]:
    """Open a review of the catalogue: the operator's, or a new one."""
    desk = reviews.find(SHARED) if reviews.shared is not None else reviews.of_catalog()
    return opened(desk, new_reviewer())


def open_job(reviews: Reviews, jobs: Jobs, key: str, precision: float) -> list[Any]:
    """Open the review of a file of the tab Catalog, and show this tab."""
    job = jobs.find(key)
    return [gr.Tabs(selected="review"), *opened(reviews.of_job(job, precision), new_reviewer())]


def restore(reviews: Reviews, event: gr.EventData) -> list[Any]:
    """Show the review that was here before the page was loaded again, and this tab if it was open."""
    was_open, _, remembered = picked(event).partition(":")
    tabs = gr.Tabs(selected="review") if was_open else gr.skip()
    try:
        key, decider = reviewer(remembered)
        return [tabs, *opened(reviews.find(key), decider)]
    except (gr.Error, UserError):
        return [tabs, *_nothing()]


def close(reviews: Reviews) -> list[Any]:
    """Leave a review; it stays for an hour, for whoever has its key."""
    return _nothing()


def pick(reviews: Reviews, remembered: str, event: gr.EventData) -> list[Any]:
    """Answer a key of a card: decide, skip, undo, and show the next one."""
    key, decider = reviewer(remembered)
    desk = reviews.find(key)
    try:
        step = Step.model_validate_json(picked(event))
        others = {int(number): version for number, version in step.others.items()}
    except (ValidationError, ValueError) as error:
        raise refuse("This key does nothing here.") from error
    notice, product = "", None
    try:
        product = _do(desk.review, step, others, decider)
    except UserError as error:  # the card tells it, with what somebody else decided
        notice = desk.said(str(error))
        product = step.product if step.do != "undo" and 0 <= step.product < len(desk.review.products) else None
    return [*shown(desk, product, notice=notice, look=step.look), "", gr.HTML("", visible=False)]


def _do(review: Review, step: Step, others: Mapping[int, int], decider: Decider) -> int | None:
    """Do what was asked for; the product that is shown next, None for the one that is most worth it."""
    if step.do == "undo":
        return review.undo(decider)[0].product
    if step.do == "show":
        return step.product
    if step.do == "skip":
        review.skip(step.product, decider, version=step.version)
    else:
        review.decide(step.product, step.path, decider, version=step.version, others=others)
    return None


def look_up(reviews: Reviews, remembered: str, product: float | None, words: str) -> Any:
    """Show the categories that words mean, for the card that is shown."""
    key, _ = reviewer(remembered)
    desk = reviews.find(key)
    review = desk.review
    words = check_text(words, "search", MAX_TEXT)
    if not words.strip() or product is None or not 0 <= product < len(review.products):
        return gr.HTML("", visible=False)
    card = {"product": int(product), "version": int(review.state.versions[int(product)])}
    return gr.HTML(view.found(find(reviews, desk, words), card, review.ids, words), visible=True)


def find(reviews: Reviews, desk: Desk, words: str) -> list[str]:
    """Categories that words mean: of an id, of letters in any language, of what they mean."""
    try:
        exact = [desk.review.path_of(words)]
    except UserError:
        exact = []
    found = desk.search(reviews.workspace.tools.encoder).find(words, FOUND)
    return list(dict.fromkeys([*exact, *found]))[:FOUND]


def look(reviews: Reviews, remembered: str, percent: float) -> list[Any]:
    """Begin a second look at what was accepted without review."""
    key, _ = reviewer(remembered)
    desk = reviews.find(key)
    with said(desk):
        begin(desk.review, percent / 100)
    return shown(desk, look=True)


def clear(reviews: Reviews, remembered: str, role: Role = "assistant") -> list[Any]:
    """Take back all that assistants decided."""
    key, decider = reviewer(remembered)
    desk = reviews.find(key)
    with said(desk):
        count = desk.review.clear(role, decider)
    return shown(desk, notice=f"{count:,} decisions of assistants are taken back.")


def history(reviews: Reviews, remembered: str) -> str:
    """Show the last decisions."""
    key, _ = reviewer(remembered)
    review = reviews.find(key).review
    review.refresh()
    return view.history(review, review.store.decisions()[: -_HISTORY - 1 : -1])


def gaps(reviews: Reviews, remembered: str) -> str:
    """Show groups of products that are like none of the categories."""
    key, _ = reviewer(remembered)
    review = reviews.find(key).review
    return view.gaps(find_gaps(review), review)


def formats(desk: Desk) -> list[tuple[str, str]]:
    """Formats that a review can be written in, with their names; as it came where its file is there."""
    names = [(form.upper() if form != "xlsx" else "Excel", form) for form in _FORMATS]
    return [("As it came", SAME), *names] if desk.layout is not None else names


def download(reviews: Reviews, remembered: str, form: str) -> tuple[Any, str]:
    """Write the review; the links to its files, and the address of the first."""
    from ui.tabs.catalog.view import address

    key, _ = reviewer(remembered)
    desk = reviews.find(key)
    if form not in [one for _, one in formats(desk)]:
        raise refuse("There is no such format.")
    written = write(desk, form)
    links = " · ".join(
        f'<a href="{address(path)}" download="{path.name}">{path.name}</a>'
        for path in (written.out, written.decisions, written.summary)
    )
    sentences = "".join(cards.hint(sentence) for sentence in written.said)
    return gr.HTML(f'<p class="hint downloads" role="status">{links}</p>{sentences}', visible=True), address(
        written.out
    )


def write(desk: Desk, form: str) -> Exported:
    """Write a review into a folder of its own among the uploads."""
    from pipeline.review.export import export  # imports torch: not before the page is open

    source = Path(desk.name if desk.layout is None else desk.layout.file.path.name)
    ending = "".join(source.suffixes) if form == SAME else ENDINGS[form][0]
    stem = source.name.removesuffix("".join(source.suffixes)) or "review"
    _, folder = new_folder()
    folder.mkdir(parents=True)
    with said(desk):
        return export(desk.review, folder / f"{stem}.reviewed{ending}", form, desk.layout)


def opened(desk: Desk, decider: Decider, drawn: list[Any] | None = None) -> list[Any]:
    """What the tab shows of a review that was opened: key, start, work, desk, product, formats, key for programs."""
    desk.review.refresh()
    choices = formats(desk)
    program = f"<code>{desk.key}</code>" if desk.key != SHARED else f"<code>{SHARED}</code>"
    return [
        f"{desk.key} {decider.name}",
        gr.Column(visible=False),
        gr.Column(visible=True),
        *(drawn or shown(desk)),
        gr.Dropdown(choices=choices, value=choices[0][1]),
        f'<p class="hint">Assistants and programs name this review as {program}.</p>',
    ]


def _nothing() -> list[Any]:
    return ["", gr.Column(visible=True), gr.Column(visible=False), "", None, gr.skip(), ""]


def shown(desk: Desk, product: int | None = None, *, notice: str = "", look: bool = False) -> list[Any]:
    """The card of a product, or of the one that is asked about next, and its number."""
    review = desk.review
    left = second_look(review).left if look else ()
    if product is None:
        product = (left[0] if left else None) if look else review.next()
    card = None if product is None else card_of(review, product)
    drawn = view.desk(card, progress_of(review), desk.name, notice=notice, look=look, left=len(left))
    return [drawn, product]
