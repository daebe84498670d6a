"""How sure a predicted path is: the probability of each of its levels, and the depth down to which it is accepted.

A level is accepted if its confidence reaches the threshold that gave the target precision on the calibration rows. The
numbers are a `Calibration`, fitted in `calibrate.py`. What is shown is the confidence on the scale of that precision
(`precision_reached`), so that a level is accepted exactly if its number is not below the precision asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.taxonomy.paths import truncate

MeasuredOn = Literal["this", "altered", "another"]
"""The taxonomy of a prediction; cut and renamed versions of the bundle's own, which stand for others; the bundle's."""

Verdict = Literal["certain", "likely", "check"]
"""Accepted; not accepted, but sooner right than wrong; anything else."""

EVEN = 0.5
"""Probability from which on a level is likely; a level that was never shown to be right half of the time is below."""


@dataclass(frozen=True)
class Prediction:
    """A category path decoded from the top of the tree.

    Attributes:
        path: A path of the taxonomy.
        confidences: Calibrated, one a level of `path`, never rising: how often a prediction of just this confidence is
            right.
        probabilities: One a level, never rising: how often predictions at least this sure are right
            (`precision_reached`). Levels at or above the target precision are accepted, if it is no guess.
        accepted_depth: Number of levels, from the top, that are accepted; those below need review.
        thresholds: The least confidence that is enough at each level; None where none is.
        target_precision: Share of the accepted levels that are to be right; the thresholds follow from it. Of those
            that were measured it is the least that is not below the one asked for.
        in_distribution: Whether the product is like those of the calibration: its nearest category is no farther than
            theirs, and its vector looks like theirs. A product out of distribution has no accepted level. None where
            the bundle does not know.
        measured: Whether there were rows to measure confidences on; else no level is accepted.
        taxonomy: On which taxonomy the confidences were measured.
        has_similar: Whether the catalogue holds something like the product; else its neighbors moved no confidence.
            None without a catalogue, or where the bundle does not know.
    """

    path: str
    confidences: tuple[float, ...]
    probabilities: tuple[float, ...]
    accepted_depth: int
    thresholds: tuple[float | None, ...] = ()
    target_precision: float = 1.0
    in_distribution: bool | None = None
    measured: bool = True
    taxonomy: MeasuredOn = "this"
    has_similar: bool | None = None

    @property
    def accepted_path(self) -> str:
        """The path down to the deepest accepted level; "" where none is."""
        return truncate(self.path, self.accepted_depth) if self.accepted_depth else ""

    @property
    def needs_review(self) -> bool:
        """Whether some level is not accepted."""
        return self.accepted_depth < len(self.confidences)

    @property
    def is_guess(self) -> bool:
        """Whether its numbers mean nothing: nothing like it was measured, or nothing at all."""
        return not self.measured or self.in_distribution is False

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One a level."""
        return tuple(
            "certain" if depth < self.accepted_depth else "likely" if p >= EVEN and not self.is_guess else "check"
            for depth, p in enumerate(self.probabilities)
        )

    @property
    def as_guess(self) -> Prediction:
        """The same path with no level accepted, as for a photo that shows nothing."""
        return replace(self, accepted_depth=0, in_distribution=False)


def accepted_depths(confidences: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Number of levels that are accepted, from the top: down to the last one whose confidence is enough.

    Args:
        confidences: float [..., levels]; NaN where a path has ended.
        thresholds: Of the same shape, infinite where nothing is enough.
    """
    enough = confidences >= thresholds
    return np.where(enough, np.arange(1, enough.shape[-1] + 1), 0).max(axis=-1)


def precision_reached(calibration: Calibration, level: int, confidence: float) -> float:
    """How often predictions of a level that are at least this sure are right, in [0, 1]; rises with the confidence.

    At the threshold of a measured precision it is that precision, and linear in between: at or above the threshold of
    a precision it is never below that precision, and below it never above. Beyond the last measured one it stays
    there; below the first one it falls to 0. Where none was measured it stays below `EVEN`.

    Args:
        calibration: Its thresholds count.
        level: 0 is the top.
        confidence: In [0, 1].
    """
    knots = calibration.knots(level)
    if len(knots) == 1:
        return EVEN * min(confidence, 1 - 1e-9)
    place = max(place for place, (least, _) in enumerate(knots) if least <= confidence)
    least, reached = knots[place]
    if place == len(knots) - 1:
        return reached
    following, precision = knots[place + 1]
    return reached + (precision - reached) * (confidence - least) / (following - least)


def held_precision(target_precision: float) -> float:
    """The least measured precision that is not below the one asked for; that one where none is."""
    return min((point for point in PRECISIONS if point >= target_precision - 1e-9), default=target_precision)


def stricter(target_precision: float) -> float:
    """The precision that leaves half as many errors, for products that the calibration had few of."""
    return 1 - (1 - target_precision) / 2


def judge_confidences(
    path: str,
    confidences: np.ndarray,
    calibration: Calibration,
    target_precision: float,
    in_distribution: bool | None,
) -> Prediction:
    """The prediction of a path whose levels have these confidences.

    Args:
        path: The path, of k levels.
        confidences: float [k], never rising.
        calibration: Of the predictor and modality.
        target_precision: In (0, 1].
        in_distribution: As in `Prediction`.
    """
    target = held_precision(target_precision)
    thresholds = np.array([calibration.threshold(level, target) for level in range(len(confidences))])
    reached = [precision_reached(calibration, level, float(one)) for level, one in enumerate(confidences)]
    probabilities = np.maximum.accumulate(reached[::-1])[::-1]  # what is right below is right above
    return Prediction(
        path,
        tuple(confidences.tolist()),
        tuple(probabilities.tolist()),
        0 if in_distribution is False else int(accepted_depths(confidences, thresholds)),
        tuple(threshold if np.isfinite(threshold) else None for threshold in thresholds.tolist()),
        target,
        in_distribution,
        calibration.is_measured,
    )


def judge_path(
    path: str,
    probabilities: np.ndarray,
    calibration: Calibration,
    *,
    target_precision: float,
    nearest: float,
    agreement: Sequence[float] | None = None,
    is_product: bool | None = None,
) -> Prediction:
    """Confidences of a decoded path, and how deep it is accepted.

    Args:
        path: The path, of k levels.
        probabilities: float [k], subtree probabilities of its levels.
        calibration: Of the predictor and modality.
        target_precision: In (0, 1].
        nearest: Cosine of the product with its nearest category.
        agreement: k shares of the nearest labeled products that lie in each level, where the calibration is of those.
        is_product: Whether the vector looks like that of a product (`Familiarity`); None where that is not known.
    """
    depth = len(probabilities)
    table = None if agreement is None else np.array([agreement])
    confidences = calibration.path_confidences(np.array([probabilities]), np.ones((1, depth), dtype=bool), table)[0]
    limit = calibration.in_distribution_cosine
    known = [*([] if limit is None else [nearest >= limit]), *([] if is_product is None else [is_product])]
    return judge_confidences(path, confidences, calibration, target_precision, all(known) if known else None)
