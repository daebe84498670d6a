"""Chooses how a bundle predicts categories, on rows that training did not have: classifier, mixture, aliases.

Every setting is tried on the mixture of rows that `calibrate.py` describes; the chosen ones are calibrated there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pipeline.bundle.bundle import Bundle
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PREDICTORS, PredictorParts
from pipeline.config.stages import PredictorConfig
from pipeline.errors import InputError
from pipeline.metrics import ratios
from pipeline.prediction.fitting.calibrate import (
    Calibrations,
    Predictions,
    calibrate,
    calibration_errors,
    evidence_losses,
)
from pipeline.prediction.fitting.predictions import Sample, TuningRows
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import levels
from pipeline.types import MODALITIES, Modality

TRIAL_ROWS = 2_000  # each setting scores them against every path


@dataclass(frozen=True)
class Trial:
    """One setting of one modality and its hF1 over the decoded paths.

    Attributes:
        modality: Of the rows.
        inverse_temperature: As in `Calibration`, like the next three.
        classifier_weight: In the mixture.
        prototype_weight: In the category vectors.
        aliases: Whether they are read.
        class_weight: Exponent of the classifier's class weights; None for the retrieval alone.
        score: hF1 over the weighted rows.
        seen_hf1: Of the categories that training had.
        unseen_hf1: Of the others.
        admissible: Whether the unseen categories keep the hF1 of the untrained tower.
    """

    modality: Modality
    inverse_temperature: float
    classifier_weight: float
    prototype_weight: float
    aliases: bool
    class_weight: float | None
    score: float
    seen_hf1: float
    unseen_hf1: float
    admissible: bool

    def calibration(self, classifier_weight: float) -> Calibration:
        """Its retrieval, mixed with the classifier by another weight."""
        return Calibration(self.inverse_temperature, classifier_weight, self.prototype_weight, self.aliases)


def tune(
    bundle: Bundle,
    classifiers: Mapping[float, PredictorParts],
    rows: Mapping[Modality, TuningRows],
    config: PredictorConfig,
) -> tuple[PredictorParts, Predictions]:
    """Choose classifier, mixture, calibration and thresholds.

    Args:
        bundle: Retrieval and category table.
        classifiers: By the exponent of their class weights, parts with that classifier and no calibrations.
        rows: By modality; one without rows gets the choice of another.
        config: The settings to choose from.

    Returns:
        The predictor, and the predictions that the plots show, by predictor and modality.

    Raises:
        ValueError: If there are no rows at all.
    """
    rows = {modality: subset for modality, subset in rows.items() if len(subset.truths)}
    if not rows:
        raise InputError("No validation row has a category; the predictor cannot be calibrated.")
    predictors = {
        exponent: CategoryPredictor(bundle, parts=replace(parts, calibrations={"default": {}}))
        for exponent, parts in classifiers.items()
    }
    trials = [trial for modality, subset in rows.items() for trial in _try(predictors, _some(subset), modality, config)]
    totals = {exponent: sum(_best(trials, modality, exponent).score for modality in rows) for exponent in classifiers}
    exponent = max(totals, key=lambda one: totals[one])
    samples = {modality: Sample(predictors[exponent], subset.for_calibration) for modality, subset in rows.items()}
    best = {modality: _best(trials, modality, exponent) for modality in rows}
    calibrations, predictions = _calibrate_all(samples, best, config)
    evidence_calibrations, losses = _with_evidence(samples, calibrations, predictions, config)
    notes = {
        "class_weight": exponent,
        "unseen_share": config.unseen_share,
        "tried": [asdict(trial) for trial in trials],
        "ece": errors_of(predictions),
        "log_loss_without_and_with_agreement": losses,
    }
    chosen = replace(
        classifiers[exponent],
        calibrations=calibrations,
        evidence_calibrations=evidence_calibrations,
        target_precision=config.target_precision,
        notes=notes,
    )
    return chosen, predictions


def errors_of(predictions: Predictions) -> dict[str, dict[str, Any]]:
    """Calibration errors by predictor and modality, for the notes."""
    return {
        name: {modality: calibration_errors(one) for modality, one in modalities.items()}
        for name, modalities in predictions.items()
    }


def _calibrate_all(
    samples: Mapping[Modality, Sample], best: Mapping[Modality, Trial], config: PredictorConfig
) -> tuple[Calibrations, Predictions]:
    """Retrieval, classifier and their mixture, calibrated for every modality that has rows; others take the first's."""
    calibrations: Calibrations = {name: {} for name in PREDICTORS}
    predictions: Predictions = {name: {} for name in PREDICTORS}
    for modality, sample in samples.items():
        weights = {"retrieval": 0.0, "classifier": 1.0, "default": best[modality].classifier_weight}
        for name in PREDICTORS:
            start = best[modality].calibration(weights[name])
            predictions[name][modality], calibrations[name][modality] = calibrate([sample], start, config)
    for name, fitted in calibrations.items():
        other = next(iter(fitted.values()))
        calibrations[name] = {modality: fitted.get(modality, other) for modality in MODALITIES}
    return calibrations, predictions


def _with_evidence(
    samples: Mapping[Modality, Sample], calibrations: Calibrations, predictions: Predictions, config: PredictorConfig
) -> tuple[dict[Modality, Calibration], dict[Modality, tuple[float, float]]]:
    """Calibrations that depend on neighbors, where their log loss is lower, and the losses without and with them."""
    chosen: dict[Modality, Calibration] = {}
    losses: dict[Modality, tuple[float, float]] = {}
    for modality, sample in samples.items():
        if not len(sample.rows.neighbors):
            continue
        without, together = losses[modality] = evidence_losses(predictions["default"][modality])
        if together < without:
            start = calibrations["default"][modality]
            _, chosen[modality] = calibrate([sample], start, config, use_evidence=True)
    return chosen, losses


def _some(rows: TuningRows) -> TuningRows:
    """At most `TRIAL_ROWS` of the rows, evenly spaced: all splits and sources keep their shares."""
    count = len(rows.truths)
    if count <= TRIAL_ROWS:
        return rows
    return rows.at(np.linspace(0, count - 1, TRIAL_ROWS).astype(np.int64))


def _try(
    predictors: Mapping[float, CategoryPredictor], rows: TuningRows, modality: Modality, config: PredictorConfig
) -> list[Trial]:
    """Every setting of one modality: the retrieval in each way, then mixtures with the best of them."""
    first = next(iter(predictors.values()))
    aliases = (False,) if first.scorer.aliases is None else (False, True)
    weights = config.prototype_weights if modality == "image" and first.scorer.has_prototypes else (0.0,)
    retrievals = [
        Calibration(inverse_temperature=factor, prototype_weight=weight, aliases=reads)
        for reads, weight, factor in itertools.product(aliases, weights, config.inverse_temperatures)
    ]
    trials = [_measure(first, rows, modality, config, None, retrieval) for retrieval in retrievals]
    best = retrievals[max(range(len(retrievals)), key=lambda number: trials[number].score)]
    for exponent, predictor in predictors.items():
        for weight in config.classifier_weights:
            if weight:
                mixture = replace(best, classifier_weight=weight)
                trials.append(_measure(predictor, rows, modality, config, exponent, mixture))
    return trials


def _measure(
    predictor: CategoryPredictor,
    rows: TuningRows,
    modality: Modality,
    config: PredictorConfig,
    exponent: float | None,
    setting: Calibration,
) -> Trial:
    """The hF1 of a setting's decoded paths over the weighted rows, on seen and on unseen categories."""
    paths, _ = predictor.decode_uncalibrated(rows.vectors, setting)
    overlap = ratios.path_overlap([levels(path) for path in paths], [levels(truth) for truth in rows.truths]).f1
    counts = np.stack([rows.weights(config.unseen_share), ~rows.unseen, rows.unseen]).astype(np.float64)
    score, seen, unseen = np.nan_to_num(overlap.resampled(counts)).round(4).tolist()
    return Trial(
        modality,
        setting.inverse_temperature,
        setting.classifier_weight,
        setting.prototype_weight,
        setting.aliases,
        exponent,
        score,
        seen,
        unseen,
        not rows.unseen.any() or unseen >= rows.floor,
    )


def _best(trials: list[Trial], modality: Modality, exponent: float) -> Trial:
    """The best trial of a modality with that classifier or without any; an admissible one, where there are some."""
    fitting = [one for one in trials if one.modality == modality and one.class_weight in (None, exponent)]
    admissible = [one for one in fitting if one.admissible]
    if admissible:
        return max(admissible, key=lambda trial: trial.score)
    return max(fitting, key=lambda trial: trial.unseen_hf1)
