"""What people see of a file's results: counts, rows, and the choice of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.taxonomy.paths import SEPARATOR

Status = Literal["accepted", "part", "review", "rejected"]
Relation = Literal["none", "same", "finer", "broader", "other"]
"""Of a predicted path to the category that the file gives: it gives none; the predicted one lies below it, above it, or
in another branch."""
Order = Literal["row", "title", "category", "confidence"]
STATUSES: tuple[Status, ...] = ("accepted", "part", "review", "rejected")
RELATIONS: tuple[Relation, ...] = ("none", "same", "finer", "broader", "other")
ORDERS: tuple[Order, ...] = ("row", "title", "category", "confidence")
GUESS = -1.0
"""Stands for the probability of a guess, which has none."""
BANDS = ((0.9, 2.0), (0.7, 0.9), (0.5, 0.7), (0.0, 0.5), (GUESS, 0.0))
"""Probabilities from the first to below the second; the last are guesses."""
PAGE_ROWS = 25


@dataclass(frozen=True)
class Counts:
    """How many rows there are of each kind at a target precision.

    Attributes:
        accepted: Down to the last level of their path.
        part: Down to a level above that.
        review: Of which no level is accepted.
        rejected: That could not be read.
        changed: Whose predicted category is in another branch than the file's own.
    """

    accepted: int
    part: int
    review: int
    rejected: int
    changed: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.accepted + self.part + self.review + self.rejected


@dataclass(frozen=True)
class Choice:
    """Which rows are shown, and in which order; None and "" choose all.

    Attributes:
        status: One of `STATUSES`.
        top: A top-level category.
        band: Number of one of `BANDS`.
        relation: One of `RELATIONS`.
        words: That the title holds, whatever their case.
        order: One of `ORDERS`.
        descending: Whether the last comes first.
        page: Number of the page, from 1.
    """

    status: Status | None = None
    top: str = ""
    band: int | None = None
    relation: Relation | None = None
    words: str = ""
    order: Order = "row"
    descending: bool = False
    page: int = 1


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        number: Line of the file, or number of the row where it has no lines.
        title: Shortened.
        path: Predicted, "" for a rejected row.
        accepted_depth: Levels of it that are accepted.
        confidence: Probability of its last level; None for a guess, whose number would mean nothing, and for a rejected
            row.
        asked: What the probability must reach to be accepted; more than the dial says for a text in another language.
        given: The file's own category, None without one.
        relation: Of `path` to it.
        status: Whether it is accepted.
        reason: Why, in a sentence.
    """

    number: int
    title: str
    path: str
    accepted_depth: int
    confidence: float | None
    asked: float
    given: str | None
    relation: Relation
    status: Status
    reason: str


@dataclass(frozen=True)
class Page:
    """The rows of a page of the table, its number, and how many rows and pages there are."""

    rows: Sequence[Row]
    number: int
    total: int
    pages: int


def relation_of(path: str, given: str | None) -> Relation:
    """How a predicted path lies to the category that the file gives."""
    if given is None:
        return "none"
    if path == given:
        return "same"
    if path.startswith(f"{given}{SEPARATOR}"):
        return "finer"
    return "broader" if given.startswith(f"{path}{SEPARATOR}") else "other"
