"""Tab "Review" as HTML: a card with its keys, the progress above it, and what is behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from html import escape
from itertools import count
from typing import Any

from pipeline.review.gaps import Gap
from pipeline.review.records import Decision
from pipeline.review.review import Review
from ui.api.review_answers import ReviewCard, ReviewMember, ReviewPath, ReviewProgress
from ui.components import cards

START = (
    "People decide what the model is unsure of, and it learns from each decision. Open the review of a file from the "
    "tab Catalog, or review this catalogue: its products that are predicted wrong or not accepted."
)
_ALL = "All is decided. Download it below, or take a second look at what was accepted."
_WHO = {"person": "a person", "assistant": "an assistant"}
_turns = count()
"""Numbers what is drawn, so that the page sees a new one where its words are the same."""


def desk(
    card: ReviewCard | None, now: ReviewProgress, name: str, *, notice: str = "", look: bool = False, left: int = 0
) -> str:
    """Render a review: how far it is, and the next card, or that all is decided.

    Args:
        card: Of the product that is asked about, None where there is none.
        now: How far it is.
        name: Of the file.
        notice: A sentence about the last step, such as what somebody else decided.
        look: Whether it is a second look.
        left: Products that the second look still asks about.
    """
    said = f'<p class="verdict review" role="alert">{escape(notice)}</p>' if notice else ""
    body = _done(now, look=look) if card is None else _card(card, look=look)
    return (
        f'<section class="desk" data-turn="{next(_turns)}" data-look="{"look" if look else ""}" aria-label="Review">'
        f"{_head(now, name, look=look, left=left)}{said}{body}</section>"
    )


def _head(now: ReviewProgress, name: str, *, look: bool, left: int) -> str:
    share = now["decided"] / max(1, now["to_decide"])
    parts = [f"<b>{now['decided']:,}</b> of {now['to_decide']:,} decided"]
    parts += [f"<b>{left:,}</b> left of the second look"] if look else []
    parts += [f"{now['accepted']:,} accepted without review"] if now["accepted"] else []
    parts += [f"{now['by_assistants']:,} by assistants"] if now["by_assistants"] else []
    parts += [f"{now['skipped']:,} put off"] if now["skipped"] else []
    if now["learned_from"]:
        parts.append(f"learned from {now['learned_from']:,}: {now['moved']:,} others changed")
    return (
        f'<div class="desk-head"><b class="desk-name" dir="auto">{escape(name)}</b><p>{" · ".join(parts)}</p>'
        f'<div class="progress" role="progressbar" aria-label="Decided" aria-valuemin="0" '
        f'aria-valuemax="{now["to_decide"]}" aria-valuenow="{now["decided"]}">'
        f'<span style="width:{100 * share:.1f}%"></span></div></div>'
    )


def _done(now: ReviewProgress, *, look: bool) -> str:
    what = now["second_look"] if look else _ALL
    undo = _key("u", "Undo", {"do": "undo"})
    return f'<p class="verdict" role="status">{escape(what)}</p><div class="keys">{undo}</div>'


def _card(card: ReviewCard, *, look: bool) -> str:
    known = {"product": card["product"], "version": card["version"]}
    picture = f'<img alt="" src="{card["photo"]}">' if card["photo"] else '<span class="no-photo">no photo</span>'
    text = f'<p class="desk-text" dir="auto">{escape(card["text"])}</p>' if card["text"] else ""
    given = (
        f'<p class="hint">In the file: {cards.breadcrumb(card["given_category"])}</p>' if card["given_category"] else ""
    )
    steps = "".join(
        f'<li class="{_tone(one["probability"])}"><span class="level" dir="auto">{escape(one["level"])}</span><i></i>'
        f'<b>{cards.percent(one["probability"])}</b><span class="bar-track">'
        f'<span style="width:{100 * one["probability"]:.1f}%"></span></span></li>'
        for one in card["levels"]
    )
    learned = '<p class="hint learned">Predicted anew from your decisions.</p>' if card["learned"] else ""
    decided = (
        f'<p class="hint">Decided already by {_WHO[card["decided_by"]]}.</p>' if card["decided_by"] and not look else ""
    )
    runners = "".join(_runner(number, one, known) for number, one in enumerate(card["alternatives"], start=1))
    return (
        f'<article class="desk-card" data-product="{card["product"]}"><div class="desk-product">{picture}'
        f'<div><h3 dir="auto">{escape(card["title"] or "untitled")}</h3>{text}{given}</div></div>'
        f'<div class="desk-path">{decided}<ol class="levels">{steps}</ol>{learned}'
        f"{_keys(card, known)}"
        f'<section aria-label="Runners-up"><h4>It could also be</h4><ol class="desk-runners">{runners}</ol></section>'
        f"</div>{_group(card['group'])}{_evidence(card)}</article>"
    )


def _tone(probability: float) -> str:
    return "certain" if probability >= 0.9 else "likely" if probability >= 0.5 else "check"


def _keys(card: ReviewCard, known: Mapping[str, Any]) -> str:
    accept = {"do": "choose", **known, "path": card["category_path"]}
    others = len(card["group"])
    keys = [_key("a", "Accept", accept, css="best")]
    keys += [_key("g", f"Accept for {others + 1} alike", accept, group=True)] if others else []
    keys += [_key("s", "Skip", {"do": "skip", **known}), _key("u", "Undo", {"do": "undo"})]
    keys.append('<button type="button" class="key" data-key="/"><kbd>/</kbd> Search</button>')
    return f'<div class="keys" role="group" aria-label="Decide">{"".join(keys)}</div>'


def _key(key: str, label: str, value: Mapping[str, Any], *, css: str = "", group: bool = False) -> str:
    alike = ' data-group="all"' if group else ""
    return (
        f'<button type="button" class="key {css}" data-key="{key}"{alike} '
        f'data-decide="{escape(json.dumps(value))}"><kbd>{key}</kbd> {escape(label)}</button>'
    )


def _runner(number: int, one: ReviewPath, known: Mapping[str, Any]) -> str:
    value = {"do": "choose", **known, "path": one["category_path"]}
    share = "" if one["probability"] is None else f"<b>{cards.percent(one['probability'])}</b>"
    note = "" if one["probability"] is not None else "<b>in the file</b>"
    return (
        f'<li><button type="button" class="key row" data-key="{number}" data-decide="{escape(json.dumps(value))}">'
        f"<kbd>{number}</kbd> {cards.breadcrumb(one['category_path'])} {share}{note}</button></li>"
    )


def _group(members: Sequence[ReviewMember]) -> str:
    """The other products of the group; one that is clicked is left out of what is decided for all."""
    if not members:
        return ""
    items = "".join(
        f'<li><button type="button" class="chip-button alike" aria-pressed="true" data-product="{one["product"]}" '
        f'data-version="{one["version"]}" dir="auto">{escape(one["title"] or "untitled")}</button></li>'
        for one in members
    )
    return (
        f'<section class="desk-group" aria-label="Alike"><h4>{len(members)} alike<span>, decided together by '
        f"<kbd>g</kbd> or <kbd>Shift</kbd> and a number</span>; click one that is not</h4><ul>{items}</ul></section>"
    )


def _evidence(card: ReviewCard) -> str:
    if not card["evidence"]:
        return ""
    items = "".join(
        f'<li><span dir="auto">{escape(one["title"] or "untitled")}</span> {cards.breadcrumb(one["category_path"])} '
        f"<small>{one['similarity']:.2f} alike, decided by {_WHO[one['decided_by']]}</small></li>"
        for one in card["evidence"]
    )
    return f'<section class="desk-evidence" aria-label="Evidence"><h4>Decided like it</h4><ul>{items}</ul></section>'


def found(paths: Sequence[str], card: Mapping[str, Any] | None, ids: Mapping[str, str], words: str) -> str:
    """Render what a search of the taxonomy found, each of which is chosen by a click or Enter.

    Args:
        paths: Of categories.
        card: "product" and "version" of the card that is shown.
        ids: Of paths.
        words: That were searched for.
    """
    if not words.strip() or card is None:
        return ""
    if not paths:
        return cards.hint("No category is like this.")
    items = "".join(
        f'<li><button type="button" class="key row" '
        f'data-decide="{escape(json.dumps({"do": "choose", **card, "path": path}))}">'
        f"{cards.breadcrumb(path)} <code>{escape(_short(ids.get(path, '')))}</code></button></li>"
        for path in paths
    )
    return f'<ol class="desk-found" aria-label="Found">{items}</ol>'


def history(review: Review, decisions: Sequence[Decision]) -> str:
    """Render the last decisions, the newest first."""
    if not decisions:
        return cards.hint("Nothing is decided yet.")
    rows = "".join(
        f"<tr><td>{time.strftime('%H:%M:%S', time.gmtime(one.at))}</td>"
        f'<td dir="auto">{escape(review.products.titles[one.product] or "untitled")}</td><td>{one.action}</td>'
        f"<td>{cards.breadcrumb(one.after) if one.after else 'open'}</td><td>{escape(one.decider.name)}</td>"
        f'<td dir="auto">{escape(one.why)}</td></tr>'
        for one in decisions
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("UTC", "Product", "Done", "Category", "By", "Why"))
    return (
        f'<div class="figures" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def gaps(found: Sequence[Gap], review: Review) -> str:
    """Render the gaps of the taxonomy as a list to take to its maintainers."""
    if not found:
        return cards.hint("No group of products is unlike everything in the taxonomy.")
    items = "".join(
        f'<li><b dir="auto">{escape(" ".join(gap.words))}</b> <span>{len(gap.products)} products</span> nearest: '
        f"{cards.breadcrumb(gap.parent or None)} <code>{escape(_short(gap.parent_id))}</code>"
        f'<div dir="auto">{escape("; ".join(review.products.titles[one] for one in gap.examples))}</div></li>'
        for gap in found
    )
    return f'<ol class="desk-gaps">{items}</ol>'


def _short(identifier: str) -> str:
    """An id without the part that all of its taxonomy have."""
    return identifier.rsplit("/", 1)[-1]
