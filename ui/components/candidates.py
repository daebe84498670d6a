"""Ranked candidate categories as HTML: bars for text, photo and both, the effect of training, the gate's weights."""

from __future__ import annotations

from html import escape
from typing import Literal

from ui.api.answers import Candidate, Reranking
from ui.components import cards

_Side = Literal["score", "text", "image"]
_NAMES: dict[_Side, str] = {"score": "both", "text": "text", "image": "photo"}
_READING = (
    "Each bar is a candidate's share of 100% among these: by text and photo together, by the text alone, by the photo "
    "alone; beside it the cosine of the product's vector with the category's, less a margin where training had such "
    "products. The place before training is that of the pretrained text model, which reads texts alone and has another "
    "scale."
)


def render(answer: Reranking) -> str:
    """Render the answer of the endpoint `rerank`."""
    items = "".join(_item(place, candidate) for place, candidate in enumerate(answer["candidates"], 1))
    return (
        f'<p class="verdict moved" role="status">{escape(answer["moved"])}</p>{_gate(answer)}'
        f'<ol class="candidates">{items}</ol>{cards.folded("How to read the bars", _READING)}'
    )


def _gate(answer: Reranking) -> str:
    """Render how much text and photo decided, and which of them the visitor faded out."""
    gate, balance = answer["gate"], answer["balance"]
    if gate is None:
        only = "text" if answer["candidates"][0]["image"] is None else "photo"
        return f'<p class="hint gate">This product has only a {only}, which decided alone.</p>'
    bars = cards.bar("text", gate["text"]) + cards.bar("photo", gate["image"])
    order = ""
    if balance != 0.5:
        faded, rest = ("photo", "text") if balance < 0.5 else ("text", "photo")
        share = abs(balance - 0.5) * 2
        order = f"The {faded} is faded out by {cards.percent(share)}; at 100% the {rest} counts alone."
    first, second = ("text", "photo") if gate["text"] >= gate["image"] else ("photo", "text")
    larger, smaller = (cards.percent(share) for share in sorted((gate["text"], gate["image"]), reverse=True))
    words = f"This product was decided {larger} by its {first} and {smaller} by its {second}."
    return f'<section class="gate"><p class="weights">{words}</p>{bars}<p>{order}</p></section>'


def _item(place: int, candidate: Candidate) -> str:
    mark = '<span class="truth">✓ truth</span>' if candidate["truth"] else ""
    bars = "".join(_side(candidate, side) for side in _NAMES)
    before = _before(place, candidate)
    return f"<li><div>{cards.breadcrumb(candidate['category_path'])} {mark}</div>{bars}{before}</li>"


def _before(place: int, candidate: Candidate) -> str:
    """Render the place of a candidate before training; "" if it is unknown."""
    was = candidate["place_before"]
    if was is None:
        return ""
    sign, word = ("▲", "up") if place < was else ("▼", "down") if place > was else ("=", "same")
    steps = f" {abs(place - was)}" if place != was else ""
    cosine = f"{candidate['untrained']:.2f}"
    return f'<p class="before {word}"><b>{sign}{steps}</b> place {was} before training, cosine {cosine}</p>'


def _side(candidate: Candidate, side: _Side) -> str:
    """Render the bar of one input; "" if the product lacks it."""
    shares = {"score": candidate["score_share"], "text": candidate["text_share"], "image": candidate["image_share"]}
    cosine, share = candidate[side], shares[side]
    if cosine is None or share is None:
        return ""
    return cards.bar(_NAMES[side], share, f"{cards.percent(share)} · {cosine:.2f}")


def product(thumbnail_html: str, title: str | None, path: str | None, description: str) -> str:
    """Render the product whose candidates are ranked.

    Args:
        thumbnail_html: Its photo.
        title: Its title.
        path: Its true category, if known.
        description: Its description, shortened.
    """
    crumb = cards.breadcrumb(path) if path else ""
    return (
        f'<div class="product">{thumbnail_html}<div><h3 dir="auto">{escape(title or "untitled")}</h3>{crumb}'
        f'<p dir="auto">{escape(description)}</p></div></div>'
    )
