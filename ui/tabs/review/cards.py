"""What is shown of a product of a review, and of a review, as plain values for the page and for programs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from pipeline.review.records import Decision
from pipeline.review.review import Review
from pipeline.review.second_look import second_look
from pipeline.taxonomy.paths import SEPARATOR, levels
from ui.api.review_answers import ReviewCard, ReviewDecision, ReviewPath, ReviewProgress

RUNNERS = 5
_GROUP = 24
_TEXT_CHARACTERS = 600
_CANDIDATES = 24


def card_of(review: Review, product: int) -> ReviewCard:
    """A product with what helps to decide it.

    Raises:
        InputError: If there is none of this number.
    """
    details, path, learner = review.store.details(product), review.path(product), review.learner
    learned = bool(learner.heard[product]) and learner.paths[product] != review.products.paths[product]
    decided = review.state.decided.get(product)
    record: dict[str, Any] = dict(details.record)
    shares = _shares(review, product, path, record)
    members = review.group(product)[:_GROUP]
    return {
        "product": product,
        "version": int(review.state.versions[product]),
        "product_id": review.products.ids[product],
        "title": review.products.titles[product],
        "text": _shortened(details.text, review.products.titles[product]),
        "photo": None if details.photo is None else photo_uri(details.photo),
        "given_category": record.get("given_category"),
        "category_path": path,
        "category_id": review.ids.get(path),
        "levels": [{"level": name, "probability": share} for name, share in zip(levels(path), shares, strict=True)],
        "learned": learned,
        "reason": str(record.get("reason") or ""),
        "alternatives": _alternatives(review, product, path, record),
        "evidence": [
            {
                "product": near.product,
                "title": review.products.titles[near.product],
                "category_path": review.path(near.product),
                "similarity": near.similarity,
                "decided_by": review.state.decided[near.product].decider.role,
            }
            for near in review.nearest(product)
        ],
        "group": [
            {
                "product": one,
                "version": int(review.state.versions[one]),
                "title": review.products.titles[one],
                "category_path": review.path(one),
            }
            for one in members
        ],
        "decided": None if decided is None else decided.after,
        "decided_by": None if decided is None else decided.decider.role,
    }


def progress_of(review: Review) -> ReviewProgress:
    """How far a review is."""
    now = review.progress()
    return {
        "products": now.products,
        "accepted": now.accepted,
        "to_decide": now.to_decide,
        "decided": now.decided,
        "by_people": now.by.get("person", 0),
        "by_assistants": now.by.get("assistant", 0),
        "skipped": now.skipped,
        "changed": now.changed,
        "learned_from": now.learned_from,
        "moved": now.moved,
        "second_look": second_look(review).bound.said,
    }


def decisions_of(decisions: Sequence[Decision]) -> list[ReviewDecision]:
    """Decisions as plain values."""
    return [
        {
            "product": one.product,
            "version": one.version,
            "action": one.action,
            "before": one.before,
            "after": one.after,
            "name": one.decider.name,
            "role": one.decider.role,
            "at": one.at,
            "why": one.why,
        }
        for one in decisions
    ]


def photo_uri(photo: bytes) -> str:
    """A WebP as a data URI."""
    return f"data:image/webp;base64,{base64.b64encode(photo).decode()}"


def _shares(review: Review, product: int, path: str, record: dict[str, Any]) -> list[float]:
    """Probability of each level of a path."""
    known = [float(one) for one in record.get("probabilities") or []]
    if product in review.state.decided:
        return [1.0] * len(levels(path))
    if known and not review.learner.heard[product] and path == record.get("path"):
        return known
    return review.learner.levels(product)


def _alternatives(review: Review, product: int, path: str, record: dict[str, Any]) -> list[ReviewPath]:
    """Other paths that a product could be, the likeliest first; none lies above the first."""
    ranked: list[tuple[str, float | None]] = [*review.learner.ranked(product, _CANDIDATES)]
    if not review.learner.heard[product] and len(record.get("alternative_scores") or []) > 1:
        ranked = list(zip(record["alternatives"], record["alternative_scores"], strict=True))
    given = record.get("given_category")
    if given in review.taxonomy and given not in [one for one, _ in ranked[: RUNNERS + 1]]:
        ranked.insert(min(1, len(ranked)), (str(given), None))
    others = [(one, share) for one, share in ranked if one != path and not path.startswith(f"{one}{SEPARATOR}")]
    return [
        {"category_path": one, "category_id": review.ids.get(one), "probability": share}
        for one, share in others[:RUNNERS]
    ]


def _shortened(text: str, title: str) -> str:
    """The text behind the title, or what is said of it first."""
    rest = text.removeprefix(title).strip()
    return rest if len(rest) <= _TEXT_CHARACTERS else f"{rest[:_TEXT_CHARACTERS]} …"
