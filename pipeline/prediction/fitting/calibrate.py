"""Fits calibrations and thresholds on rows that training did not have.

Rows are a mixture of validation rows (categories that training had) and held-out rows (categories it did not), weighted
so that `PredictorConfig.unseen_share` of the weight is held out: an estimate of a merchant's own products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.bundle.calibration import (
    MIN_CONFIDENCE,
    OOD_QUANTILE,
    PRECISIONS,
    Calibration,
    PlattFit,
    fit_platt,
)
from pipeline.bundle.meta import PredictorName
from pipeline.config.stages import PredictorConfig
from pipeline.metrics import hierarchical
from pipeline.metrics.hierarchical import CoverageCurve
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.evidence import NeighborEvidence
from pipeline.taxonomy.paths import levels
from pipeline.types import Modality


@dataclass(frozen=True)
class TuningRows:
    """Rows of one modality to choose on; n rows.

    Attributes:
        vectors: float32 [n, d], L2-normalized.
        truths: Category paths.
        unseen: bool [n], whether training lacked the category.
        floor: hF1 on the unseen rows that must be kept, that of the untrained text tower; 0 where it cannot read them.
        neighbors: The nearest training products of each row; empty where they are not known.
    """

    vectors: np.ndarray
    truths: Sequence[str]
    unseen: np.ndarray
    floor: float = 0.0
    neighbors: Sequence[NeighborEvidence] = ()

    def weights(self, unseen_share: float) -> np.ndarray:
        """`mixture_weights` of the rows."""
        return mixture_weights(self.unseen, unseen_share)


@dataclass(frozen=True)
class Sample:
    """Rows to calibrate on, with a predictor of any calibration that was trained without them."""

    predictor: CategoryPredictor
    rows: TuningRows


@dataclass(frozen=True)
class LevelPredictions:
    """Levels of decoded paths of one predictor and modality, for calibration and its plots; n rows, all levels.

    Attributes:
        probability: float [n, levels], before calibration; 0 where the path has no such level.
        present: bool [n, levels], whether the path has the level.
        correct: bool [n, levels], whether it is right down to the level.
        weights: float [n].
        confidence: float [n, levels], after calibration.
        agreement: float [n, levels], of the nearest training products with the path; 0 where they are not known.
    """

    probability: np.ndarray
    present: np.ndarray
    correct: np.ndarray
    weights: np.ndarray
    confidence: np.ndarray
    agreement: np.ndarray


Calibrations = dict[PredictorName, dict[Modality, Calibration]]
Predictions = dict[PredictorName, dict[Modality, LevelPredictions]]


def mixture_weights(unseen: np.ndarray, unseen_share: float) -> np.ndarray:
    """Weight of each row, 1 on average, so that unseen categories have their share of it.

    Args:
        unseen: bool [n]; if all rows are of one sort, all weigh the same.
        unseen_share: In [0, 1].

    Returns:
        float [n].
    """
    count = int(unseen.sum())
    if count in (0, len(unseen)):
        return np.ones(len(unseen))
    each = np.where(unseen, unseen_share / count, (1 - unseen_share) / (len(unseen) - count))
    weights: np.ndarray = each * len(unseen)
    return weights


def recalibrate(
    samples: Mapping[Modality, Sequence[Sample]],
    calibrations: Mapping[PredictorName, Mapping[Modality, Calibration]],
    config: PredictorConfig,
) -> tuple[Calibrations, Predictions]:
    """The same settings, calibrated anew.

    Args:
        samples: By modality, as in `calibrate`; a modality without any keeps its calibration.
        calibrations: Those chosen, by predictor and modality.
        config: Names the mixture.

    Returns:
        The calibrations, and the predictions that the plots show, by predictor and modality.
    """
    renewed: Calibrations = {name: dict(modalities) for name, modalities in calibrations.items()}
    predictions: Predictions = {name: {} for name in calibrations}
    for name, modalities in calibrations.items():
        for modality, sample in samples.items():
            predictions[name][modality], renewed[name][modality] = calibrate(sample, modalities[modality], config)
    return renewed, predictions


def evidence_losses(predictions: LevelPredictions) -> tuple[float, float]:
    """Log loss of the confidences of all levels, calibrated without and with the agreement of the neighbors.

    Rows are halved at random, calibrated on one half and measured on the other, both ways.
    """
    half = np.random.default_rng(0).permutation(len(predictions.weights)) % 2
    without, together, mass = 0.0, 0.0, 0.0
    for level in range(predictions.present.shape[1]):
        for side in (0, 1):
            fitted = predictions.present[:, level] & (half == side)
            held_out = predictions.present[:, level] & (half != side)
            if not fitted.any() or not held_out.any():
                continue
            table = _LevelTable.of(predictions, level)
            train, test = table.at(fitted), table.at(held_out)
            without += test.log_loss(fit_platt(train.probability, train.correct, train.weights))
            together += test.log_loss(fit_platt(train.probability, train.correct, train.weights, train.agreement))
            mass += float(test.weights.sum())
    mass = max(mass, 1e-9)
    return round(without / mass, 4), round(together / mass, 4)


@dataclass(frozen=True)
class _LevelTable:
    """One level of `LevelPredictions`; arrays [n]."""

    probability: np.ndarray
    correct: np.ndarray
    weights: np.ndarray
    agreement: np.ndarray

    @classmethod
    def of(cls, predictions: LevelPredictions, level: int) -> _LevelTable:
        return cls(
            predictions.probability[:, level],
            predictions.correct[:, level],
            predictions.weights,
            predictions.agreement[:, level],
        )

    def at(self, rows: np.ndarray) -> _LevelTable:
        return _LevelTable(self.probability[rows], self.correct[rows], self.weights[rows], self.agreement[rows])

    def log_loss(self, fit: PlattFit) -> float:
        """Weighted sum of the log losses of the confidences of a fit."""
        confidence = Calibration(
            platt_slopes=(fit.slope,),
            platt_intercepts=(fit.intercept,),
            agreement_coefficients=(fit.agreement_coefficient,),
        ).confidence(self.probability, 0, self.agreement)
        confidence = np.clip(confidence, 1e-6, 1 - 1e-6)
        return -float((self.weights * np.log(np.where(self.correct, confidence, 1 - confidence))).sum())


def calibrate(
    samples: Sequence[Sample], start: Calibration, config: PredictorConfig, *, use_evidence: bool = False
) -> tuple[LevelPredictions, Calibration]:
    """Fit the calibration of every level, then the thresholds for every precision.

    Args:
        samples: Rows of one modality.
        start: The mixture and its settings.
        config: Names the mixture of rows.
        use_evidence: Whether confidences depend on the nearest training products, which the rows then have.
    """
    predictions = _decode(samples, start, config.unseen_share)
    fits: list[PlattFit] = []
    for level in range(predictions.present.shape[1]):
        present = predictions.present[:, level]
        if not present.any():
            break
        table = _LevelTable.of(predictions, level).at(present)
        agreement = table.agreement if use_evidence else None
        fits.append(fit_platt(table.probability, table.correct, table.weights, agreement))
    fitted = replace(
        start,
        platt_slopes=tuple(fit.slope for fit in fits),
        platt_intercepts=tuple(fit.intercept for fit in fits),
        agreement_coefficients=tuple(fit.agreement_coefficient for fit in fits) if use_evidence else (),
    )
    confidence = fitted.path_confidences(predictions.probability, predictions.present, predictions.agreement)
    predictions = replace(predictions, confidence=confidence)
    thresholds, coverage = _thresholds(predictions, len(fits))
    limit = _in_distribution_cosine(samples, predictions.weights)
    return predictions, replace(fitted, thresholds=thresholds, coverage=coverage, in_distribution_cosine=limit)


def _decode(samples: Sequence[Sample], calibration: Calibration, unseen_share: float) -> LevelPredictions:
    """The levels of the decoded paths of all samples; confidences are still the probabilities."""
    depth = max(int(sample.predictor.tree.depths.max()) for sample in samples)
    paths: list[str] = []
    probabilities: list[np.ndarray] = []
    for sample in samples:
        new_paths, new_probabilities = sample.predictor.decode_uncalibrated(sample.rows.vectors, calibration)
        paths, probabilities = paths + new_paths, probabilities + new_probabilities
    truths = [levels(truth) for sample in samples for truth in sample.rows.truths]
    present, correct = hierarchical.level_hits([levels(path) for path in paths], truths, depth)
    probability, agreement = np.zeros(present.shape), np.zeros(present.shape)
    probability[present] = np.concatenate(probabilities)
    neighbors = [one for sample in samples for one in sample.rows.neighbors]
    if len(neighbors) == len(present):
        pairs = zip(neighbors, paths, strict=True)
        agreement[present] = np.concatenate([evidence.agreement(path) for evidence, path in pairs])
    weights = mixture_weights(np.concatenate([sample.rows.unseen for sample in samples]), unseen_share)
    return LevelPredictions(probability, present, correct, weights, probability, agreement)


def _in_distribution_cosine(samples: Sequence[Sample], weights: np.ndarray) -> float:
    """Cosine with the nearest category that all but `OOD_QUANTILE` of the rows reach."""
    cosines = np.concatenate([sample.predictor.scorer.nearest(sample.rows.vectors) for sample in samples])
    everyone = np.ones(len(weights), dtype=bool)
    curve = hierarchical.coverage_curve(cosines.astype(np.float64), everyone, weights)
    return _floor(float(curve.thresholds[np.searchsorted(curve.coverage, 1 - OOD_QUANTILE)]))


def _thresholds(
    predictions: LevelPredictions, depth: int
) -> tuple[tuple[tuple[float | None, ...], ...], tuple[tuple[float, ...], ...]]:
    """`Calibration.thresholds` and `Calibration.coverage` of the first levels."""
    curves = []
    for level in range(depth):
        present = predictions.present[:, level]
        confidence, correct = predictions.confidence[present, level], predictions.correct[present, level]
        curves.append(hierarchical.coverage_curve(confidence, correct, predictions.weights[present]))
    thresholds, coverage = [], []
    for precision in PRECISIONS:
        exact = [hierarchical.threshold_for(precision, curve) for curve in curves]
        thresholds.append(tuple(None if value is None else _floor(value) for value in exact))
        coverage.append(tuple(_coverage_at(value, curve) for value, curve in zip(exact, curves, strict=True)))
    return tuple(thresholds), tuple(coverage)


def _coverage_at(threshold: float | None, curve: CoverageCurve) -> float:
    """Share of the weight that passes a threshold, which is never lower than `MIN_CONFIDENCE`."""
    if threshold is None:
        return 0.0
    passed = curve.thresholds >= max(threshold, MIN_CONFIDENCE)
    return round(float(curve.coverage[passed].max(initial=0.0)), 4)


def _floor(value: float) -> float:
    """Six digits, never above the value itself, so that the row it came from still passes."""
    return float(np.floor(value * 1e6) / 1e6)


def calibration_errors(predictions: LevelPredictions) -> dict[str, list[float | None]]:
    """Expected calibration error of every level, before and after, over the weighted rows."""
    errors: dict[str, list[float | None]] = {}
    for name, values in (("before", predictions.probability), ("after", predictions.confidence)):
        errors[name] = []
        for level in range(predictions.present.shape[1]):
            one = slice(level, level + 1)
            figure = hierarchical.CalibrationError(
                values[:, one], predictions.correct[:, one], predictions.present[:, one]
            )
            value = float(figure.resampled(predictions.weights[None])[0])
            errors[name].append(None if np.isnan(value) else round(value, 4))
    return errors
