"""What a review is made of: its products, and the decisions about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pipeline.errors import InputError, UserError

Role = Literal["person", "assistant"]
"""Who decides; what nobody decided is of the model."""
Action = Literal["accept", "choose", "group", "skip", "undo", "clear"]
"""The prediction was right; another path was chosen; either for all of a group; it was put off; the own last step was
taken back; all decisions of somebody were."""
ROLES: tuple[Role, ...] = get_args(Role)
MAX_WHY = 500
"""Characters of a reason."""


class ReviewError(UserError):
    """A review that cannot be opened, read or written; one sentence."""


class ConflictError(InputError):
    """Somebody else decided first; one sentence."""


@dataclass(frozen=True)
class Reviewed:
    """A product as it is put into a review.

    Attributes:
        product_id: In its file or catalogue.
        title: "" for none.
        text: As the model reads it.
        path: Predicted.
        confidence: Probability of its last level, in [0, 1].
        is_accepted: Whether the prediction was accepted without review.
        record: JSON of a record of `PREDICTIONS`, "" where there is none.
        runners: Paths that it could be, with their leaf probabilities, the likeliest first.
        vector: float32 [d], of length 1.
        photo: WebP, None without one.
        in_distribution: Whether it looks like the products that the model knows, None where that is not known.
    """

    product_id: str
    title: str
    text: str
    path: str
    confidence: float
    is_accepted: bool
    record: str
    runners: Sequence[tuple[str, float]]
    vector: np.ndarray
    photo: bytes | None = None
    in_distribution: bool | None = None


@dataclass(frozen=True)
class Decider:
    """Who decides.

    Attributes:
        name: Of a session or an assistant.
        role: A person or an assistant.
    """

    name: str
    role: Role = "person"


@dataclass(frozen=True)
class Choice:
    """A decision to be made about one product.

    Attributes:
        product: Its number.
        version: Number of decisions about it that the decider knows of.
        path: What it is; None where that stays open.
    """

    product: int
    version: int
    path: str | None


@dataclass(frozen=True)
class Decision:
    """A decision as it was written down; never changed, never deleted.

    Attributes:
        number: Rises with each.
        product: Number of the product.
        version: Which decision about this product it is, from 1.
        step: Number of the first decision of those that were made by one key.
        at: Seconds since 1970.
        decider: Who.
        action: What was done.
        before: Path that was decided before, None for none.
        after: Path that is decided now, None for none.
        why: In the decider's words, "" for none.
    """

    number: int
    product: int
    version: int
    step: int
    at: float
    decider: Decider
    action: Action
    before: str | None
    after: str | None
    why: str


@dataclass(frozen=True)
class Neighbor:
    """A decided product that is like another one: its number, and the cosine of the two."""

    product: int
    similarity: float


@dataclass(frozen=True)
class Progress:
    """How far a review is.

    Attributes:
        products: All of them.
        accepted: Accepted without review.
        to_decide: Those that need review, decided or not.
        decided: Of those, decided by somebody.
        by: Products by the role that decided them.
        skipped: Open ones that were put off.
        changed: Decided as another path than the model's.
        learned_from: Decisions that the last fit knew.
        moved: Open ones that are another path than the model's by what was learned.
    """

    products: int
    accepted: int
    to_decide: int
    decided: int
    by: Mapping[Role, int]
    skipped: int
    changed: int
    learned_from: int
    moved: int
