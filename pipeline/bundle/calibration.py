"""How far a predictor's confidences can be trusted: sharpness, combination, calibration and thresholds, as data.

One `Calibration` belongs to one predictor and one kind of query (text, photo, both); all is chosen on rows that
training did not have (`pipeline.prediction.tune` and `calibrate`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.config.stages import require

PRECISIONS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
"""Operating points for which thresholds are kept."""

LEAST = 0.5
"""No less confidence is ever enough: what is likelier wrong than right is not certain, however right its peers are."""

FAMILIAR_SHARE = 0.98
"""Share of the products that confidences were measured on which shall count as familiar."""

_EDGE = 1e-6  # probabilities are kept this far from 0 and 1 before their logit is taken
_NEWTON_STEPS = 50


@dataclass(frozen=True)
class Calibration:
    """Numbers chosen for one predictor and one kind of query.

    Attributes:
        sharpness: Factor on the logit scale of the retrieval.
        share: Of the classifier in the combination, in [0, 1].
        pictures: How far the retrieval's category vectors lean towards their mean photos (`Prototypes.lean`).
        names: Whether the retrieval reads what categories are called in other languages, where it knows.
        slopes: For each level, a of confidence = sigmoid(a logit(p) + b).
        offsets: For each level, b of it.
        gains: For each level, what full agreement of the nearest labelled products adds before the sigmoid; empty where
            confidences do not look at them.
        thresholds: For each of `PRECISIONS`, the lowest confidence of each level that was right so often; None where
            none was.
        coverage: For each of them, the share of predictions of each level at or above the threshold.
        familiar: Least cosine with the nearest category path of a product like those that all this was measured on;
            None where nobody measured it.
    """

    sharpness: float = 1.0
    share: float = 0.0
    pictures: float = 0.0
    names: bool = False
    slopes: tuple[float, ...] = (1.0,)
    offsets: tuple[float, ...] = (0.0,)
    gains: tuple[float, ...] = ()
    thresholds: tuple[tuple[float | None, ...], ...] = tuple((precision,) for precision in PRECISIONS)
    coverage: tuple[tuple[float, ...], ...] = ()
    familiar: float | None = None

    def __post_init__(self) -> None:
        require(self.sharpness > 0, "sharpness must be positive")
        require(0 <= self.share <= 1, "share must lie in [0, 1]")
        require(self.pictures >= 0, "pictures must not be negative")
        require(len(self.slopes) == len(self.offsets) > 0, "slopes and offsets are to be of the same levels")
        require(len(self.gains) in (0, len(self.slopes)), "gains are to be of the same levels as slopes, or none")
        require(len(self.thresholds) == len(PRECISIONS), f"thresholds are to be of {len(PRECISIONS)} precisions")

    def confidence(self, probability: np.ndarray, level: int, agreement: np.ndarray | float = 0.0) -> np.ndarray:
        """Calibrated confidence of probabilities [n] of nodes of a level (0 is the top); too deep, the last one's.

        Platt 1999 on the logit; with offset 0 it is temperature scaling (Guo et al. 2017), a node against all else.

        Args:
            probability: Before calibration.
            level: Of the nodes.
            agreement: Share in [0, 1], or [n] of them, of the nearest labelled products that lie in the node; only
                counts where there are gains.
        """
        place = min(level, len(self.slopes) - 1)
        odds = self.slopes[place] * logit(probability) + self.offsets[place]
        confident: np.ndarray = sigmoid(odds + self.gains[place] * agreement if self.gains else odds)
        return confident

    def threshold(self, level: int, precision: float) -> float:
        """The least confidence that is enough at a level (0 is the top), infinite where none is.

        Args:
            level: Below all levels with a threshold nothing is enough.
            precision: Of `PRECISIONS` the lowest that is not below it counts; above all of them nothing is enough.
        """
        kept = [row for point, row in zip(PRECISIONS, self.thresholds, strict=True) if point >= precision - 1e-9]
        found = kept[0][level] if kept and level < len(kept[0]) else None
        return float("inf") if found is None else max(found, LEAST)

    def meta(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_meta(cls, raw: dict[str, Any]) -> Calibration:
        """Inverse of `meta`, lists for tuples."""
        return cls(
            sharpness=float(raw["sharpness"]),
            share=float(raw["share"]),
            pictures=float(raw["pictures"]),
            names=bool(raw["names"]),
            slopes=tuple(raw["slopes"]),
            offsets=tuple(raw["offsets"]),
            gains=tuple(raw["gains"]),
            thresholds=tuple(map(tuple, raw["thresholds"])),
            coverage=tuple(map(tuple, raw["coverage"])),
            familiar=raw["familiar"],
        )


def logit(probability: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), p kept inside of (0, 1)."""
    inside = np.clip(np.asarray(probability, dtype=np.float64), _EDGE, 1 - _EDGE)
    odds: np.ndarray = np.log(inside) - np.log1p(-inside)
    return odds


def sigmoid(value: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    half: np.ndarray = 0.5 * (1 + np.tanh(0.5 * np.asarray(value)))
    return half


def fit_platt(
    probability: np.ndarray, right: np.ndarray, weights: np.ndarray, agreement: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Slope, offset and gain of sigmoid(a logit(p) + b + c s) that make `right` likeliest; s is the agreement.

    Platt 1999, "Probabilistic outputs for support vector machines", with its targets a little inside of 0 and 1, so
    that rows that are all right do not make it certain; by Newton's method. Neither slope nor gain is ever negative:
    more likely or better agreed on is never less sure.

    Args:
        probability: float [n].
        right: bool [n].
        weights: float [n], not negative.
        agreement: float [n] in [0, 1]; without it the gain is 0.

    Returns:
        (1, 0, 0), the identity, where no row has weight.
    """
    total = float(weights.sum())
    if total <= 0:
        return 1.0, 0.0, 0.0
    scaled = weights * (weights > 0).sum() / total  # the targets below count rows
    positive, negative = float((scaled * right).sum()), float((scaled * (1 - right)).sum())
    target = np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))
    columns = {"offset": np.ones(len(right)), "slope": logit(probability)}
    if agreement is not None:
        columns["gain"] = agreement
    while True:
        values = logistic(np.stack(list(columns.values()), axis=1), target, scaled)
        found = dict(zip(columns, map(float, values), strict=True))
        falling = [name for name in ("gain", "slope") if found.get(name, 0.0) < 0]
        if not falling:
            return found.get("slope", 0.0), found["offset"], found.get("gain", 0.0)
        del columns[falling[0]]


def logistic(design: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted logistic regression by Newton's method, with a trace of a penalty, which keeps it solvable.

    Args:
        design: float [n, k], a column of ones among them for an offset.
        target: float [n] in [0, 1].
        weights: float [n], not negative.

    Returns:
        float [k].
    """
    parameters = np.zeros(design.shape[1])
    ridge = 1e-3 * np.eye(len(parameters))
    for _ in range(_NEWTON_STEPS):
        guess = sigmoid(design @ parameters)
        gradient = design.T @ (weights * (guess - target)) + ridge @ parameters
        curvature = (design * (weights * guess * (1 - guess))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, gradient)
        largest = np.abs(step).max()
        parameters -= step / max(1.0, largest)  # at most 1 at a time: a full step can leap over the optimum
        if largest < 1e-9:
            break
    return parameters
