"""A second look at what was accepted without review: a random sample, asked about again, and what it says of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from pipeline.errors import InputError
from pipeline.review.records import Role
from pipeline.review.review import Review

CERTAINTY = 0.95


@dataclass(frozen=True)
class ErrorBound:
    """What a random sample says of the share of wrong ones.

    Attributes:
        looked_at: Products of the sample that were looked at.
        wrong: Of them.
        accepted: Products that it was drawn from.
        most: Upper end of the one-sided interval for the share of wrong ones.
    """

    looked_at: int
    wrong: int
    accepted: int
    most: float

    @property
    def said(self) -> str:
        """In a sentence."""
        if not self.accepted:
            return "No product was accepted without review."
        if not self.looked_at:
            return f"None of the {self.accepted:,} products accepted without review were looked at a second time."
        return (
            f"Of {self.accepted:,} products accepted without review, {self.looked_at:,} drawn at random were looked at "
            f"a second time and {self.wrong:,} were wrong: with {CERTAINTY:.0%} confidence at most "
            f"{100 * self.most:.1f} % of all are."
        )


def most_wrong(wrong: int, looked_at: int) -> float:
    """Upper limit in [0, 1] of a share of which `wrong` of `looked_at` are known, one-sided (Clopper, Pearson 1934)."""
    return 1.0 if wrong >= looked_at else float(beta.ppf(CERTAINTY, wrong + 1, looked_at - wrong))


def sample_size(most: float, expected: float = 0.0) -> int:
    """The least number to look at, so that the limit is at most `most` if a share `expected` of them is wrong.

    Args:
        most: In (0, 1), such as 0.04.
        expected: Below `most`.

    Raises:
        InputError: If no sample is large enough.
    """
    if not 0 <= expected < most < 1:
        raise InputError("The limit must lie above the expected share of errors, and below 1.")
    low, high = 1, 1
    while most_wrong(int(expected * high), high) > most:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if most_wrong(int(expected * middle), middle) <= most else (middle + 1, high)
    return low


def draw(accepted: Sequence[int], count: int, seed: int) -> list[int]:
    """Some of the accepted products, drawn at random, in an order of chance; all of them where there are no more."""
    chosen = np.random.default_rng(seed).permutation(np.asarray(accepted, dtype=np.int64))[:count]
    drawn: list[int] = chosen.tolist()
    return drawn


@dataclass(frozen=True)
class SecondLook:
    """How far the last second look is.

    Attributes:
        left: Its products that nobody looked at, in the order they are asked about.
        bound: What the others say.
    """

    left: tuple[int, ...]
    bound: ErrorBound


def begin(review: Review, most: float) -> SecondLook:
    """Draw a new sample, large enough to say "at most so many are wrong" if none is.

    Args:
        review: Whose products were accepted without review.
        most: Share of wrong ones, in (0, 1).

    Raises:
        InputError: If nothing was accepted, or the share is none.
    """
    accepted = np.flatnonzero(review.products.is_accepted).tolist()
    if not accepted:
        raise InputError("No product was accepted without review.")
    seed = 1 + len(review.store.looks())
    review.store.add_look(draw(accepted, sample_size(most), seed), len(accepted))
    return second_look(review)


def second_look(review: Review) -> SecondLook:
    """The last second look as it stands; nothing was looked at where there was none."""
    looks = review.store.looks()
    if not looks:
        return SecondLook((), ErrorBound(0, 0, int(review.products.is_accepted.sum()), 1.0))
    _, sample, accepted = looks[-1]
    seen = [one for one in sample if one in review.state.decided]
    wrong = sum(review.state.decided[one].after != review.products.paths[one] for one in seen)
    most = most_wrong(wrong, len(seen)) if len(seen) < accepted else wrong / max(1, accepted)
    left = tuple(one for one in sample if one not in review.state.decided)
    return SecondLook(left, ErrorBound(len(seen), wrong, accepted, most))


def sample_of(review: Review, role: Role, count: int, seed: int) -> list[int]:
    """Some products that a role decided, drawn at random, to be looked at again."""
    decided = [product for product, one in review.state.decided.items() if one.decider.role == role]
    return draw(sorted(decided), count, seed)
