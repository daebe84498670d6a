"""Fits calibrations and thresholds on rows that training did not have.

Rows are those of held-out sources and of held-out categories, or, where no source was held out, a mixture of validation
rows (categories that training had) and held-out rows (categories it did not), weighted so that at least
`PredictorConfig.unseen_share` of the weight is of unseen categories: an estimate of a merchant's own products.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.bundle.calibration import (
    CERTAINTY,
    MIN_CONFIDENCE,
    OOD_QUANTILE,
    PRECISIONS,
    Calibration,
    PlattFit,
    fit_platt,
)
from pipeline.bundle.meta import PredictorName
from pipeline.config.stages import PredictorConfig
from pipeline.data.language import LANGUAGE_NAMES
from pipeline.metrics import hierarchical
from pipeline.prediction.fitting.guarantee import certified_threshold
from pipeline.prediction.fitting.predictions import LevelPredictions, LevelTable, Sample, decode_levels
from pipeline.types import Modality

_SOURCE_FOLDS = 8
Calibrations = dict[PredictorName, dict[Modality, Calibration]]
Predictions = dict[PredictorName, dict[Modality, LevelPredictions]]


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
            table = LevelTable.of(predictions, level)
            train, test = table.at(fitted), table.at(held_out)
            without += test.log_loss(fit_platt(train.probability, train.correct, train.weights))
            together += test.log_loss(fit_platt(train.probability, train.correct, train.weights, train.agreement))
            mass += float(test.weights.sum())
    mass = max(mass, 1e-9)
    return round(without / mass, 4), round(together / mass, 4)


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
    predictions = decode_levels(samples, start, config.unseen_share)
    everyone = np.ones(len(predictions.weights), dtype=bool)
    fitted = _fit_levels(predictions, everyone, start, use_evidence)
    confidence = fitted.path_confidences(predictions.probability, predictions.present, predictions.agreement)
    unbiased = replace(predictions, confidence=_leave_one_source_out(predictions, confidence, start, use_evidence))
    predictions = replace(predictions, confidence=confidence)
    thresholds, coverage = _thresholds(unbiased, len(fitted.platt_slopes))
    return predictions, replace(
        fitted,
        thresholds=thresholds,
        coverage=coverage,
        in_distribution_cosine=_in_distribution_cosine(samples, predictions.weights),
        rows=len(predictions.weights),
        sources=len(set(predictions.sources) - {""}),
        language=_language(samples),
    )


def _language(samples: Sequence[Sample]) -> str:
    """The language of most rows whose text tells one that has a name here; "" where none does."""
    told = Counter(one for sample in samples for one in sample.rows.languages if one in LANGUAGE_NAMES)
    return told.most_common(1)[0][0] if told else ""


def _fit_levels(predictions: LevelPredictions, rows: np.ndarray, start: Calibration, use_evidence: bool) -> Calibration:
    """Platt scaling of every level that some of these rows, bool [n], have."""
    fits: list[PlattFit] = []
    for level in range(predictions.present.shape[1]):
        present = predictions.present[:, level] & rows
        if not present.any():
            break
        table = LevelTable.of(predictions, level).at(present)
        agreement = table.agreement if use_evidence else None
        fits.append(fit_platt(table.probability, table.correct, table.weights, agreement))
    return replace(
        start,
        platt_slopes=tuple(fit.slope for fit in fits),
        platt_intercepts=tuple(fit.intercept for fit in fits),
        agreement_coefficients=tuple(fit.agreement_coefficient for fit in fits) if use_evidence else (),
    )


def _leave_one_source_out(
    predictions: LevelPredictions, confidence: np.ndarray, start: Calibration, use_evidence: bool
) -> np.ndarray:
    """Confidences [n, levels] of the rows of each source by a calibration that had nothing of it.

    So thresholds, which are fitted on the rows of all sources together, reckon with confidences that are off on the
    next source. They are pooled, since the strictest threshold of any source would be that of the smallest one, by
    chance, and mostly none. More than `_SOURCE_FOLDS` sources are left out several at a time. With fewer than two
    sources the given confidences are returned.
    """
    names = sorted(set(predictions.sources) - {""})
    if len(names) < 2:
        return confidence
    folds = {name: number % _SOURCE_FOLDS for number, name in enumerate(names)}
    fold = np.array([folds.get(name, -1) for name in predictions.sources])
    unbiased = confidence.copy()
    for number in range(min(len(names), _SOURCE_FOLDS)):
        left_out = fold == number
        fitted = _fit_levels(predictions, ~left_out, start, use_evidence)
        unbiased[left_out] = fitted.path_confidences(
            predictions.probability[left_out], predictions.present[left_out], predictions.agreement[left_out]
        )
    return unbiased


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
    thresholds, coverage = [], []
    for precision in PRECISIONS:
        found = []
        for level in range(depth):
            present = predictions.present[:, level]
            found.append(
                certified_threshold(
                    predictions.confidence[present, level],
                    predictions.correct[present, level],
                    predictions.weights[present],
                    target=precision,
                    certainty=CERTAINTY,
                    floor=MIN_CONFIDENCE,
                )
            )
        thresholds.append(tuple(None if one.threshold is None else _floor(one.threshold) for one in found))
        coverage.append(tuple(round(one.coverage, 4) for one in found))
    return tuple(thresholds), tuple(coverage)


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
