"""Answers of the endpoints of a review, as plain values."""

from __future__ import annotations

from typing import TypedDict


class ReviewLevel(TypedDict):
    """A level of the path that a product is taken for."""

    level: str
    probability: float


class ReviewPath(TypedDict):
    """A path that a product could be."""

    category_path: str
    category_id: str | None
    probability: float | None


class ReviewEvidence(TypedDict):
    """A decided product that is like another one."""

    product: int
    title: str
    category_path: str
    similarity: float
    decided_by: str


class ReviewMember(TypedDict):
    """A product of a group that is still open."""

    product: int
    version: int
    title: str
    category_path: str


class ReviewCard(TypedDict):
    """A product to decide, with all that helps."""

    product: int
    version: int
    product_id: str
    title: str
    text: str
    photo: str | None
    given_category: str | None
    category_path: str
    category_id: str | None
    levels: list[ReviewLevel]
    learned: bool
    reason: str
    alternatives: list[ReviewPath]
    evidence: list[ReviewEvidence]
    group: list[ReviewMember]
    decided: str | None
    decided_by: str | None


class ReviewProgress(TypedDict):
    """How far a review is."""

    products: int
    accepted: int
    to_decide: int
    decided: int
    by_people: int
    by_assistants: int
    skipped: int
    changed: int
    learned_from: int
    moved: int
    second_look: str


class ReviewDecision(TypedDict):
    """A decision as it was written down."""

    product: int
    version: int
    action: str
    before: str | None
    after: str | None
    name: str
    role: str
    at: float
    why: str


class ReviewStep(TypedDict):
    """What a call changed, and what is left."""

    decisions: list[ReviewDecision]
    progress: ReviewProgress


class ReviewNext(TypedDict):
    """The next products to decide, and what is left."""

    cards: list[ReviewCard]
    progress: ReviewProgress


class ReviewExport(TypedDict):
    """A review as its file's rows, with who decided each."""

    summary: list[str]
    rows: list[dict[str, object]]
    next_start: int | None
