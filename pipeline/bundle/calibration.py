"""How sure a predicted category is: Platt scaling of each level of a path, and the thresholds that accept it, as data.

One `Calibration` belongs to one predictor and one modality; all of it is chosen on rows that training did not have
(`pipeline.prediction.fitting.tune` and `calibrate`).
"""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from pipeline.config.stages import require
from pipeline.data.json_checks import MAY_BE_ABSENT
from pipeline.data.language import LANGUAGE_NAMES

PRECISIONS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
"""Target precisions for which thresholds are kept."""

MIN_CONFIDENCE = 0.5
"""No threshold is lower: a level that is likelier wrong than right is not accepted, however right its peers are."""

CERTAINTY = 0.95
"""Chance with which a threshold holds its target precision on products like those of the calibration."""

OOD_QUANTILE = 0.005
"""Share of the calibration rows, those farthest from every category, that count as out of distribution."""

_EDGE = 1e-6  # probabilities are kept this far from 0 and 1 before their logit is taken
_NEWTON_STEPS, _NEWTON_ENOUGH = 100, 1e-9
_RIDGE = 1e-3  # a trace of a penalty, with which separable rows have a solution too


@dataclass(frozen=True)
class Calibration:
    """Numbers chosen for one predictor and one modality.

    Attributes:
        inverse_temperature: Factor on the logit scale of the retrieval.
        classifier_weight: Of the classifier in its mixture with the retrieval, in [0, 1].
        prototype_weight: Of the mean photos in the retrieval's category vectors (`Prototypes.interpolate`).
        aliases: Whether the retrieval reads the names of categories in other languages, where it knows them.
        platt_slopes: For each level, a of confidence = sigmoid(a logit(p) + b).
        platt_intercepts: For each level, b of it.
        agreement_coefficients: For each level, c of the term c x agreement before the sigmoid, where the agreement of
            the nearest labeled products is known; empty where confidences do not depend on it.
        thresholds: For each of `PRECISIONS`, the lowest confidence of each level that reaches this precision with
            `CERTAINTY`; None where none does.
        coverage: For each of them, the share of predictions of each level at or above the threshold.
        in_distribution_cosine: Least cosine with the nearest category path of a product like those of the calibration;
            None where it was not measured.
        rows: Products that it was measured on; 0 where that is not known.
        sources: Sources of theirs that training had nothing of; 0 where the products are like those of the training.
        language: ISO 639-1 code of the language of most of their texts; "" where that was not recorded.
    """

    inverse_temperature: float = 1.0
    classifier_weight: float = 0.0
    prototype_weight: float = 0.0
    aliases: bool = False
    platt_slopes: tuple[float, ...] = (1.0,)
    platt_intercepts: tuple[float, ...] = (0.0,)
    agreement_coefficients: tuple[float, ...] = ()
    thresholds: tuple[tuple[float | None, ...], ...] = tuple((precision,) for precision in PRECISIONS)
    coverage: tuple[tuple[float, ...], ...] = ()
    in_distribution_cosine: float | None = None
    rows: int = field(default=0, metadata=MAY_BE_ABSENT)
    sources: int = field(default=0, metadata=MAY_BE_ABSENT)
    language: str = field(default="", metadata=MAY_BE_ABSENT)

    def __post_init__(self) -> None:
        levels = len(self.platt_slopes)
        require(self.inverse_temperature > 0, "inverse_temperature must be positive")
        require(0 <= self.classifier_weight <= 1, "classifier_weight must lie in [0, 1]")
        require(self.prototype_weight >= 0, "prototype_weight must not be negative")
        require(levels == len(self.platt_intercepts) > 0, "platt_slopes and platt_intercepts differ in their levels")
        require(
            len(self.agreement_coefficients) in (0, levels),
            "agreement_coefficients are to be of the same levels as platt_slopes, or none",
        )
        require(not self.language or self.language in LANGUAGE_NAMES, "language is to be a known code, or empty")
        require(len(self.thresholds) == len(PRECISIONS), f"thresholds are to be of {len(PRECISIONS)} precisions")

    @classmethod
    def unmeasured(cls, classifier_weight: float) -> Calibration:
        """Defaults where there are no rows to measure on: confidences are the probabilities, and none is enough."""
        return cls(classifier_weight=classifier_weight, thresholds=((),) * len(PRECISIONS))

    @property
    def is_measured(self) -> bool:
        """Whether some level has thresholds or coverage, so that rows were there to measure confidences on."""
        return any(self.thresholds) or any(self.coverage)

    def confidence(self, probability: np.ndarray, level: int, agreement: np.ndarray | float = 0.0) -> np.ndarray:
        """Calibrated confidence of probabilities [n] of nodes of a level (0 is the top).

        Platt 1999 on the logit; with intercept 0 it is temperature scaling (Guo et al. 2017), a node against all else.
        Levels below the last calibrated one have its fit.

        Args:
            probability: Before calibration.
            level: Of the nodes.
            agreement: Share in [0, 1], or [n] of them, of the nearest labeled products that lie in the node; only
                counts where there are agreement coefficients.
        """
        place = min(level, len(self.platt_slopes) - 1)
        odds = self.platt_slopes[place] * logit_inside(probability) + self.platt_intercepts[place]
        if self.agreement_coefficients:
            odds = odds + self.agreement_coefficients[place] * agreement
        confidence: np.ndarray = expit(odds)
        return confidence

    def path_confidences(
        self, probability: np.ndarray, present: np.ndarray, agreement: np.ndarray | None = None
    ) -> np.ndarray:
        """Confidence of every level of n paths, float64 [n, levels]: never rising down a path, 0 where it has ended.

        Levels are calibrated apart, and a path is right down to a level only if it is right above.

        Args:
            probability: float [n, levels], before calibration.
            present: bool [n, levels], whether the path has the level.
            agreement: float [n, levels], as in `confidence`; None for 0.
        """
        if agreement is None:
            agreement = np.zeros(probability.shape)
        columns = [
            self.confidence(probability[:, level], level, agreement[:, level]) for level in range(present.shape[1])
        ]
        limited = np.where(present, np.stack(columns, axis=1), 1.0)
        return np.minimum.accumulate(limited, axis=1) * present

    def threshold(self, level: int, precision: float) -> float:
        """The least confidence that is enough at a level (0 is the top), infinite where none is.

        It never falls as the precision rises: what holds a stricter one of `PRECISIONS` holds this one too.

        Args:
            level: Below all levels with a threshold nothing is enough.
            precision: Those of `PRECISIONS` that are not below it count; above all of them nothing is enough.
        """
        least = self._enough_for(precision)
        return least[level] if level < len(least) else math.inf

    def accepts(self, precision: float) -> bool:
        """Whether any confidence at any level is enough for a precision, as of `threshold`."""
        return any(map(math.isfinite, self._enough_for(precision)))

    def _enough_for(self, precision: float) -> tuple[float, ...]:
        """The thresholds of a precision, by level."""
        place = bisect.bisect_left(PRECISIONS, precision - 1e-9)
        return self._least[place] if place < len(PRECISIONS) else ()

    def knots(self, level: int) -> tuple[tuple[float, float], ...]:
        """Thresholds of a level (0 is the top) with the precision of each, both rising, from (0, 0) on."""
        return self._knots[level] if level < len(self._knots) else ((0.0, 0.0),)

    @cached_property
    def _knots(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        return tuple(
            (
                (0.0, 0.0),
                *((least, precision) for least, precision in zip(column, PRECISIONS, strict=True) if least < math.inf),
            )
            for column in zip(*self._least, strict=True)
        )

    @cached_property
    def _least(self) -> tuple[tuple[float, ...], ...]:
        """`threshold` of every one of `PRECISIONS` and every level; asked for every level of every product."""
        depth = max(map(len, self.thresholds), default=0)
        stored = np.full((len(PRECISIONS), depth), np.inf)
        for place, row in enumerate(self.thresholds):
            stored[place, : len(row)] = [np.inf if least is None else max(least, MIN_CONFIDENCE) for least in row]
        least: np.ndarray = np.minimum.accumulate(stored[::-1], axis=0)[::-1]
        return tuple(map(tuple, least.tolist()))


@dataclass(frozen=True)
class Familiarity:
    """How products look to the model, for one modality, beside what is no product (`fitting.familiarity`).

    Attributes:
        direction: d weights; a product's vector times these is its likeness to products.
        least_likeness: Below it a vector is not of a product; so are a few hundredths of the products.
        least_neighbor: Cosine with the nearest labeled product below which a catalogue holds nothing like the product;
            None where it was not measured.
    """

    direction: tuple[float, ...]
    least_likeness: float
    least_neighbor: float | None = None

    def is_product(self, vectors: np.ndarray) -> np.ndarray:
        """Whether vectors [n, d] look like those of products, bool [n]."""
        alike: np.ndarray = vectors @ np.array(self.direction, dtype=np.float32) >= self.least_likeness
        return alike


def logit_inside(probability: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), p kept inside of (0, 1)."""
    odds: np.ndarray = logit(np.clip(np.asarray(probability, dtype=np.float64), _EDGE, 1 - _EDGE))
    return odds


class PlattFit(NamedTuple):
    """Confidence = sigmoid(slope logit(p) + intercept + agreement_coefficient x agreement)."""

    slope: float
    intercept: float
    agreement_coefficient: float


def fit_platt(
    probability: np.ndarray, correct: np.ndarray, weights: np.ndarray, agreement: np.ndarray | None = None
) -> PlattFit:
    """Maximum-likelihood slope, intercept and agreement coefficient; slope and coefficient are not negative.

    Platt 1999, "Probabilistic outputs for support vector machines", with its targets a little inside of 0 and 1, so
    that rows that are all correct do not give a confidence of 1.

    Args:
        probability: float [n].
        correct: bool [n].
        weights: float [n], not negative.
        agreement: float [n] in [0, 1]; without it the coefficient is 0.

    Returns:
        (1, 0, 0), the identity, where no row has weight.
    """
    total = float(weights.sum())
    if total <= 0:
        return PlattFit(1.0, 0.0, 0.0)
    scaled = weights * (weights > 0).sum() / total  # the targets below count rows
    positive, negative = float((scaled * correct).sum()), float((scaled * (1 - correct)).sum())
    target = np.where(correct, (positive + 1) / (positive + 2), 1 / (negative + 2))
    columns = [logit_inside(probability), np.ones(len(correct))]
    if agreement is not None:
        columns.append(agreement)
    bounded = (0,) if agreement is None else (0, 2)
    slope, intercept, *coefficient = logistic(np.stack(columns, axis=1), target, scaled, non_negative=bounded).tolist()
    return PlattFit(slope, intercept, coefficient[0] if coefficient else 0.0)


def logistic(
    design: np.ndarray, target: np.ndarray, weights: np.ndarray, non_negative: tuple[int, ...] = ()
) -> np.ndarray:
    """Weighted logistic regression with a small ridge penalty and bounds, by Newton's method.

    The loss is convex, so its least value within the bounds is that of some subset of the columns, the others at 0.

    Args:
        design: float [n, k], a column of ones among them for an intercept.
        target: float [n] in [0, 1].
        weights: float [n], not negative.
        non_negative: Columns whose parameters must not fall below 0; few, since all their subsets are tried.

    Returns:
        float [k].
    """
    best, least = np.zeros(design.shape[1]), np.inf
    for count in range(len(non_negative) + 1):
        for dropped in itertools.combinations(non_negative, count):
            columns = [column for column in range(design.shape[1]) if column not in dropped]
            parameters = np.zeros(design.shape[1])
            parameters[columns] = _newton(design[:, columns], target, weights)
            odds = design @ parameters
            loss = weights @ (np.logaddexp(0, odds) - target * odds) + 0.5 * _RIDGE * parameters @ parameters
            if (parameters[list(non_negative)] >= 0).all() and loss < least:
                best, least = parameters, float(loss)
        if np.isfinite(least) and count == 0:
            break  # nothing was out of bounds
    return best


def _newton(design: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Parameters [k] of the unbounded regression; steps are at most 1, so that it converges from 0."""
    parameters, ridge = np.zeros(design.shape[1]), _RIDGE * np.eye(design.shape[1])
    for _ in range(_NEWTON_STEPS):
        guess = expit(design @ parameters)
        gradient = design.T @ (weights * (guess - target)) + _RIDGE * parameters
        curvature = (design * (weights * guess * (1 - guess))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, gradient)
        parameters -= step / max(1.0, float(np.abs(step).max(initial=0.0)))
        if float(np.abs(step).max(initial=0.0)) < _NEWTON_ENOUGH:
            break
    return parameters
