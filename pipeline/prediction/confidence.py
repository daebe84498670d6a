"""How sure a predicted path is: calibrated confidences of its levels, and the depth down to which it is accepted.

A level is accepted if its confidence reaches the threshold that gave the target precision on the calibration rows. The
numbers are a `Calibration`, fitted in `calibrate.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.bundle.calibration import Calibration
from pipeline.taxonomy.paths import truncate

MeasuredOn = Literal["this", "altered", "another"]
"""The taxonomy of a prediction; cut and renamed versions of the bundle's own, which stand for others; the bundle's."""


@dataclass(frozen=True)
class Prediction:
    """A category path decoded from the top of the tree.

    Attributes:
        path: A path of the taxonomy.
        confidences: Calibrated, one a level of `path`, never rising.
        accepted_depth: Number of levels, from the top, that are accepted; those below need review.
        thresholds: The least confidence that is enough at each level; None where none is.
        target_precision: Share of the accepted levels that are to be right; the thresholds follow from it.
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
    thresholds = [calibration.threshold(level, target_precision) for level in range(depth)]
    limit = calibration.in_distribution_cosine
    known = [*([] if limit is None else [nearest >= limit]), *([] if is_product is None else [is_product])]
    in_distribution = all(known) if known else None
    return Prediction(
        path,
        tuple(confidences.tolist()),
        0 if in_distribution is False else int(accepted_depths(confidences, np.array(thresholds))),
        tuple(threshold if np.isfinite(threshold) else None for threshold in thresholds),
        target_precision,
        in_distribution,
        calibration.is_measured,
    )
