"""Endpoints and MCP tools of a review: an assistant works the queue as people do, under its own name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import gradio as gr

from pipeline.review.records import MAX_WHY, Decider
from pipeline.review.second_look import sample_of, second_look
from ui.api.review_answers import ReviewExport, ReviewNext, ReviewProgress, ReviewStep
from ui.guard.faults import refuse
from ui.guard.limits import MAX_CARDS, MAX_ROWS_OF_A_CALL
from ui.tabs.review.cards import card_of, decisions_of, progress_of
from ui.tabs.review.handlers import find
from ui.tabs.review.reviews import Reviews, said

_NAME = re.compile(r"[\w .-]{1,40}")


def review_next(
    reviews: Reviews, review: str = "", count: int = 1, which: str = "queue", search: str = ""
) -> ReviewNext:
    """Get the products that are most worth a decision, with photos, evidence and what they could be.

    Args:
        reviews: That are open.
        review: Key that the tab Review shows; empty for the operator's review.
        count: Number of products, 1 to 16.
        which: "queue" for open products; "second look" for the sample of accepted ones that a person asked for;
            "assistants" for a random sample of what assistants decided.
        search: Words or an id; each product then also has the categories that they mean among its alternatives.

    Returns:
        "cards": each with "product" and "version", which a decision names again; "product_id", "title", "text",
        "photo" (a data URI, null without one), "given_category" (of its file), "category_path" and "category_id", the
        prediction by now, "levels" with probabilities from the top, "learned" (whether decisions about others changed
        it), "reason" (why it is not accepted), "alternatives", "evidence" (decided products that are like it),
        "group" (open products that are alike, which may be decided with it), "decided" and "decided_by" (null while
        it is open); "progress": as `review_progress` has it.
    """
    desk = reviews.find(review)
    if not 1 <= count <= MAX_CARDS:
        raise refuse(f"The count must be between 1 and {MAX_CARDS}.")
    with said(desk):
        opened = desk.review
        opened.refresh()
        if which == "second look":
            numbers = list(second_look(opened).left[:count])
        elif which == "assistants":
            numbers = sample_of(opened, "assistant", count, seed=opened.state.last)
        elif which == "queue":
            numbers = []
            while len(numbers) < count and (number := opened.next(numbers)) is not None:
                numbers.append(number)
        else:
            raise refuse("Ask for 'queue', 'second look' or 'assistants'.")
        found = find(reviews, desk, search) if search.strip() else []
        cards = [card_of(opened, number) for number in numbers]
        for card in cards:
            card["alternatives"] += [
                {"category_path": path, "category_id": opened.ids.get(path), "probability": None} for path in found
            ]
        return {"cards": cards, "progress": progress_of(opened)}


def review_decide(
    reviews: Reviews,
    product: int,
    version: int,
    category: str = "",
    review: str = "",
    name: str = "assistant",
    why: str = "",
    also: list[int] | None = None,
) -> ReviewStep:
    """Decide the category of a product of a review, marked as the decision of an assistant.

    Args:
        reviews: That are open.
        product: Number of the product, of `review_next`.
        version: Version of its card: if somebody decided it in the meantime, this is refused.
        category: Path or id of a category of the taxonomy; empty puts the product off.
        review: Key that the tab Review shows; empty for the operator's review.
        name: Who decides; letters, digits, spaces and . _ - only.
        why: Why, at most 500 characters.
        also: Numbers of other open products of its group that are the same.

    Returns:
        "decisions": what was written down, each with "product", "version", "action", "before", "after", "name",
        "role" ("assistant"), "at" (seconds since 1970) and "why"; "progress": as `review_progress` has it.
    """
    desk, decider = reviews.find(review), _assistant(name)
    with said(desk):
        opened = desk.review
        if len(why) > MAX_WHY:
            raise refuse(f"The reason has {len(why):,} characters; at most {MAX_WHY} are kept.")
        if not category.strip():
            made = opened.skip(product, decider, version=version)
        else:
            opened.refresh()
            group = set(opened.group(product)) if also and 0 <= product < len(opened.products) else set()
            if also and not set(also) <= group:
                raise refuse("Only open products of its group can be decided with a product.")
            others = {one: int(opened.state.versions[one]) for one in also or []}
            made = opened.decide(product, category, decider, version=version, others=others, why=why)
        return {"decisions": decisions_of(made), "progress": progress_of(opened)}


def review_undo(reviews: Reviews, review: str = "", name: str = "assistant", everything: bool = False) -> ReviewStep:
    """Take back the last step of an assistant, or all that it decided; what stood before counts again.

    Args:
        reviews: That are open.
        review: Key that the tab Review shows; empty for the operator's review.
        name: Whose decisions, as given to `review_decide`.
        everything: Whether all of them are taken back.

    Returns:
        "decisions" and "progress", as `review_decide` has them.
    """
    desk, decider = reviews.find(review), _assistant(name)
    with said(desk):
        opened = desk.review
        before = opened.state.last
        if everything:
            opened.clear("assistant", decider, decider.name)
        else:
            opened.undo(decider)
        return {"decisions": decisions_of(opened.store.decisions(after=before)), "progress": progress_of(opened)}


def review_progress(reviews: Reviews, review: str = "") -> ReviewProgress:
    """Say how far a review is.

    Args:
        reviews: That are open.
        review: Key that the tab Review shows; empty for the operator's review.

    Returns:
        "products", "accepted" (without review), "to_decide", "decided", "by_people", "by_assistants", "skipped",
        "changed" (decided as another category than the model's), "learned_from" (decisions), "moved" (open products
        that are predicted otherwise by what was learned), "second_look" (a sentence).
    """
    desk = reviews.find(review)
    with said(desk):
        desk.review.refresh()
        return progress_of(desk.review)


def review_export(
    reviews: Reviews, review: str = "", start: int = 0, count: int = MAX_ROWS_OF_A_CALL, by: str = ""
) -> ReviewExport:
    """Get the products of a review with their categories and who decided each.

    Args:
        reviews: That are open.
        review: Key that the tab Review shows; empty for the operator's review.
        start: Number of the first product, from 0.
        count: Number of products, 1 to 256.
        by: Only those decided by "person", "assistant" or "model"; empty for all.

    Returns:
        "summary": sentences on who decided how many, and what the second look says; "rows": each with "product_id",
        "title", "category_path", "category_id", "accepted_path", "needs_review", "reason" and "decided_by";
        "next_start": the start of the next call, null after the last product.
    """
    from pipeline.review.export import decided_predictions, summary_of  # imports torch: not before the page is open

    if by not in ("", "person", "assistant", "model"):
        raise refuse("Ask for 'person', 'assistant' or 'model', or for all.")
    if start < 0 or not 1 <= count <= MAX_ROWS_OF_A_CALL:
        raise refuse(f"The start must not be negative, and the count between 1 and {MAX_ROWS_OF_A_CALL}.")
    desk = reviews.find(review)
    with said(desk):
        desk.review.refresh()
        table = decided_predictions(desk.review)
        kept = ("product_id", "title", "accepted_path", "category_id", "needs_review", "reason", "decided_by", "path")
        rows = [row for row in table.select(kept).to_pylist() if by in ("", row["decided_by"])]
        part = [{**row, "category_path": row.pop("path")} for row in rows[start : start + count]]
        following = start + count
        return {
            "summary": list(summary_of(desk.review)),
            "rows": part,
            "next_start": following if following < len(rows) else None,
        }


def endpoints() -> list[tuple[Callable[..., Any], list[gr.components.Component]]]:
    """Handlers with new fields of their arguments."""

    def text(label: str, example: str = "") -> gr.Textbox:
        return gr.Textbox(visible=False, label=label, placeholder=example)

    def number(label: str, value: int) -> gr.Number:
        return gr.Number(value, visible=False, label=label)

    also = gr.JSON(visible=False, label="also")
    also.api_info = lambda: {"type": "array", "items": {"type": "integer"}}  # type: ignore[method-assign]
    everything = gr.Checkbox(visible=False, label="everything")
    part = [number("start", 0), number("count", MAX_ROWS_OF_A_CALL)]
    decided = [number("product", 0), number("version", 0), text("category", "Home & Garden > Decor"), text("review")]
    return [
        (review_next, [text("review"), number("count", 1), text("which", "queue"), text("search")]),
        (review_decide, [*decided, text("name", "assistant"), text("why"), also]),
        (review_undo, [text("review"), text("name", "assistant"), everything]),
        (review_progress, [text("review")]),
        (review_export, [text("review"), *part, text("by", "person")]),
    ]


def _assistant(name: str) -> Decider:
    if not _NAME.fullmatch(name.strip()):
        raise refuse("A name has 1 to 40 letters, digits, spaces or . _ -")
    return Decider(name.strip(), "assistant")
