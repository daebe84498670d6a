"""Makes a predictor's confidences honest, on rows that training did not have: calibrations and thresholds.

Rows are a mixture of validation rows (categories that training had) and held-out rows (categories it did not), weighted
so that `PredictConfig.unseen_share` of the weight is held out: what a merchant's own products would be like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.bundle.calibration import FAMILIAR_SHARE, LEAST, PRECISIONS, Calibration, fit_platt, logit, sigmoid
from pipeline.config.stages import PredictConfig
from pipeline.metrics import hierarchical
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.evidence import Support
from pipeline.taxonomy.paths import levels


@dataclass(frozen=True)
class TuningRows:
    """Rows to choose on, of one kind of query; n rows.

    Attributes:
        vectors: float32 [n, d], L2-normalised.
        truths: Category paths.
        unseen: bool [n], whether training lacked the category.
        floor: hF1 on the unseen rows that must be kept, that of the untrained text tower; 0 where it cannot read them.
        supports: The nearest training products of each row; empty where nobody looked.
    """

    vectors: np.ndarray
    truths: Sequence[str]
    unseen: np.ndarray
    floor: float = 0.0
    supports: Sequence[Support] = ()

    def weights(self, unseen_share: float) -> np.ndarray:
        """As `mixture_weights`."""
        return mixture_weights(self.unseen, unseen_share)


@dataclass(frozen=True)
class Judged:
    """Decoded rows of one predictor and kind, for calibration and its plots; n rows, all levels.

    Attributes:
        probability: float [n, levels], before calibration; 0 where the path has no such level.
        there: bool [n, levels].
        right: bool [n, levels].
        weights: float [n].
        confidence: float [n, levels], after.
        agreement: float [n, levels], of the nearest training products with the path; 0 where nobody looked.
    """

    probability: np.ndarray
    there: np.ndarray
    right: np.ndarray
    weights: np.ndarray
    confidence: np.ndarray
    agreement: np.ndarray


def mixture_weights(unseen: np.ndarray, unseen_share: float) -> np.ndarray:
    """Weight of each row, 1 on average, so that unseen categories have their share of it.

    Args:
        unseen: bool [n]; without rows of one sort the others are all there is.
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
    samples: dict[str, Sequence[tuple[CategoryPredictor, TuningRows]]],
    calibrations: dict[str, dict[str, Calibration]],
    config: PredictConfig,
) -> tuple[dict[str, dict[str, Calibration]], dict[str, dict[str, Judged]]]:
    """The same settings, calibrated anew.

    Args:
        samples: By kind of query, as in `calibrate`; a kind without any keeps its calibration.
        calibrations: By predictor and kind: what was chosen.
        config: Names the mixture.

    Returns:
        The calibrations, and what the plots are drawn from, by predictor and kind.
    """
    found = {name: dict(kinds) for name, kinds in calibrations.items()}
    judged: dict[str, dict[str, Judged]] = {name: {} for name in calibrations}
    for name, kinds in calibrations.items():
        for kind, own in samples.items():
            judged[name][kind], found[name][kind] = calibrate(own, kinds[kind], config)
    return found, judged


def support_losses(judged: Judged) -> tuple[float, float]:
    """Log loss of the confidences of all levels, calibrated without and with the agreement of the neighbours.

    Rows are halved at random, calibrated on one half and measured on the other, both ways.
    """
    half = np.random.default_rng(0).permutation(len(judged.weights)) % 2
    losses, mass = np.zeros(2), 0.0
    for level in range(judged.there.shape[1]):
        for side in (0, 1):
            fit = judged.there[:, level] & (half == side)
            held = judged.there[:, level] & (half != side)
            if not fit.any() or not held.any():
                continue
            table = (judged.probability[:, level], judged.right[:, level], judged.weights, judged.agreement[:, level])
            probability, right, weights, agreement = (column[fit] for column in table)
            both = fit_platt(probability, right, weights), fit_platt(probability, right, weights, agreement)
            probability, right, weights, agreement = (column[held] for column in table)
            for place, (slope, offset, gain) in enumerate(both):
                guess = np.clip(sigmoid(slope * logit(probability) + offset + gain * agreement), 1e-6, 1 - 1e-6)
                losses[place] -= float((weights * np.log(np.where(right, guess, 1 - guess))).sum())
            mass += float(weights.sum())
    without, together = (losses / max(mass, 1e-9)).round(4).tolist()
    return without, together


def calibrate(
    samples: Sequence[tuple[CategoryPredictor, TuningRows]],
    start: Calibration,
    config: PredictConfig,
    *,
    supported: bool = False,
) -> tuple[Judged, Calibration]:
    """Fit the calibration of every level, then the thresholds for every precision.

    Args:
        samples: Rows of one kind to fit on, each with a predictor of any calibration that was trained without them.
        start: Sharpness, share and names.
        config: Names the mixture.
        supported: Whether confidences look at the nearest training products, which the rows then have.
    """
    depth = max(int(predictor.tree.depths.max()) for predictor, _ in samples)
    decoded = [predictor.raw(rows.vectors, start) for predictor, rows in samples]
    paths = [levels(path) for found, _ in decoded for path in found]
    truths = [levels(truth) for _, rows in samples for truth in rows.truths]
    there, right = hierarchical.level_hits(paths, truths, depth)
    probability = np.zeros(there.shape)
    probability[there] = np.concatenate([each for _, found in decoded for each in found])
    agreement = np.zeros(there.shape)
    supports = [support for _, rows in samples for support in rows.supports]
    if len(supports) == len(there):
        found = zip(supports, (path for paths_of, _ in decoded for path in paths_of), strict=True)
        agreement[there] = np.concatenate([support.agreement(path) for support, path in found])
    weights = mixture_weights(np.concatenate([rows.unseen for _, rows in samples]), config.unseen_share)
    fits = []
    for level in range(depth):
        kept = there[:, level]
        if not kept.any():
            break
        agreed = agreement[kept, level] if supported else None
        fits.append(fit_platt(probability[kept, level], right[kept, level], weights[kept], agreed))
    slopes, offsets, gains = zip(*fits, strict=True)
    fitted = replace(start, slopes=slopes, offsets=offsets, gains=gains if supported else ())
    columns = [fitted.confidence(probability[:, level], level, agreement[:, level]) for level in range(depth)]
    confidence = np.minimum.accumulate(np.where(there, np.stack(columns, axis=1), 1.0), axis=1) * there
    judged = Judged(probability, there, right, weights, confidence, agreement)
    thresholds, coverage = _thresholds(judged, len(fits))
    everyone = np.ones(len(weights), dtype=bool)
    cosines = np.concatenate([predictor.scorer.nearest(rows.vectors) for predictor, rows in samples])
    nearest = hierarchical.coverage_curve(cosines.astype(np.float64), everyone, weights)
    familiar = _floor(float(nearest[0][np.searchsorted(nearest[1], FAMILIAR_SHARE)]))
    return judged, replace(fitted, thresholds=thresholds, coverage=coverage, familiar=familiar)


def _thresholds(
    judged: Judged, depth: int
) -> tuple[tuple[tuple[float | None, ...], ...], tuple[tuple[float, ...], ...]]:
    curves = []
    for level in range(depth):
        kept = judged.there[:, level]
        curves.append(
            hierarchical.coverage_curve(judged.confidence[kept, level], judged.right[kept, level], judged.weights[kept])
        )
    thresholds, coverage = [], []
    for precision in PRECISIONS:
        found = [hierarchical.threshold_for(precision, curve) for curve in curves]
        thresholds.append(tuple(None if value is None else _floor(value) for value in found))
        coverage.append(
            tuple(
                0.0 if value is None else round(float(curve[1][curve[0] >= max(value, LEAST)].max(initial=0.0)), 4)
                for value, curve in zip(found, curves, strict=True)
            )
        )
    return tuple(thresholds), tuple(coverage)


def _floor(value: float) -> float:
    """Six digits, never above the value itself: what has passed passes."""
    return float(np.floor(value * 1e6) / 1e6)


def calibration_errors(judged: Judged) -> dict[str, list[float | None]]:
    """Expected calibration error of every level, before and after, over the weighted rows."""
    errors: dict[str, list[float | None]] = {}
    for name, values in (("before", judged.probability), ("after", judged.confidence)):
        errors[name] = []
        for level in range(judged.there.shape[1]):
            one = slice(level, level + 1)
            figure = hierarchical.CalibrationError(values[:, one], judged.right[:, one], judged.there[:, one])
            value = float(figure.resampled(judged.weights[None])[0])
            errors[name].append(None if np.isnan(value) else round(value, 4))
    return errors
