"""Candidate categories in their order, as HTML: bars for text, photo and both, what moved, and what the gate weighs."""

from __future__ import annotations

from html import escape
from typing import Any

from ui.components import cards

SIDES = ("score", "text", "image")
_NAMES = {"score": "both", "text": "text", "image": "photo"}
_BEFORE = (
    "Before training there is a text score only: the untrained towers for text and photo have no space in common. "
    "Its cosines have a scale of their own, so places are compared."
)


def render(answer: dict[str, Any]) -> str:
    """The answer of `rerank.rerank` as HTML."""
    items = "".join(_item(place, candidate) for place, candidate in enumerate(answer["candidates"], 1))
    note = "Share among these candidates, with the cosine to the category."
    return (
        f'<p class="verdict moved" role="status">{escape(answer["moved"])}</p>{_gate(answer)}'
        f'<p class="hint">{note} {_BEFORE}</p><ol class="candidates">{items}</ol>'
    )


def _gate(answer: dict[str, Any]) -> str:
    """The gate's weights, and what the visitor faded out."""
    gate, balance = answer["gate"], answer["balance"]
    if gate is None:
        only = "text" if answer["candidates"][0]["image"] is None else "photo"
        return f'<p class="hint gate">This product has a {only} only: the gate weighs nothing, and nothing fades.</p>'
    bars = cards.bar("text", gate["text"]) + cards.bar("photo", gate["image"])
    told = "Order as the gate decides."
    if balance != 0.5:
        faded, rest = ("photo", "text") if balance < 0.5 else ("text", "photo")
        share = abs(balance - 0.5) * 2
        told = f"Order with the {faded} faded out by {cards.percent(share)}; at 100 % the {rest} stands alone."
    return f'<section class="gate"><h4>What the gate weighs, mean of all dimensions</h4>{bars}<p>{told}</p></section>'


def _item(place: int, candidate: dict[str, Any]) -> str:
    mark = '<span class="truth">✓ truth</span>' if candidate["truth"] else ""
    bars = "".join(_side(candidate, side) for side in SIDES)
    was = candidate["place_before"]
    before = ""
    if was is not None:
        sign, word = ("▲", "up") if place < was else ("▼", "down") if place > was else ("=", "same")
        steps = f" {abs(place - was)}" if place != was else ""
        before = (
            f'<p class="before {word}"><b>{sign}{steps}</b> '
            f"place {was} before training, cosine {candidate['untrained']:.2f}</p>"
        )
    return f"<li><div>{cards.breadcrumb(candidate['category_path'])} {mark}</div>{bars}{before}</li>"


def _side(candidate: dict[str, Any], side: str) -> str:
    cosine, share = candidate[side], candidate[f"{side}_share"]
    if cosine is None:
        return ""
    return cards.bar(_NAMES[side], share, f"{cards.percent(share)} · {cosine:.2f}")


def product(thumbnail_html: str, title: str | None, path: str | None, description: str) -> str:
    """The product that is asked about, as HTML.

    Args:
        thumbnail_html: Its photo.
        title: Its title.
        path: Its true category, where one is known.
        description: As much of it as is shown.
    """
    crumb = cards.breadcrumb(path) if path else ""
    return (
        f'<div class="product">{thumbnail_html}<div><h3 dir="auto">{escape(title or "untitled")}</h3>{crumb}'
        f'<p dir="auto">{escape(description)}</p></div></div>'
    )
