"""Chooses how a bundle predicts categories, on rows that training did not have: classifier, combination, names.

Every setting is tried on the mixture of rows that `calibrate.py` describes; what is chosen is calibrated there.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.bundle.bundle import Bundle
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import KINDS, PREDICTORS, PredictorParts
from pipeline.config.stages import PredictConfig
from pipeline.errors import InputError
from pipeline.metrics import ratios
from pipeline.prediction.calibrate import Judged, TuningRows, calibrate, calibration_errors, support_losses
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import levels


def tune(
    bundle: Bundle, classifiers: dict[float, PredictorParts], rows: dict[str, TuningRows], config: PredictConfig
) -> tuple[PredictorParts, dict[str, dict[str, Judged]]]:
    """Choose classifier, combination, calibration and thresholds.

    Args:
        bundle: Retrieval and category table.
        classifiers: By the exponent of their class weights, parts with that classifier and no calibrations.
        rows: By kind of query; a kind without rows gets the choice of another.
        config: What to choose from.

    Returns:
        The predictor, and what the plots are drawn from, by predictor and kind.

    Raises:
        ValueError: If there are no rows at all.
    """
    rows = {kind: own for kind, own in rows.items() if len(own.truths)}
    if not rows:
        raise InputError("No validation row has a category; the predictor cannot be calibrated.")
    predictors = {
        exponent: CategoryPredictor(bundle, parts=replace(parts, calibrations={"default": {}}))
        for exponent, parts in classifiers.items()
    }
    tried = [record for kind, own in rows.items() for record in _try(predictors, own, kind, config)]
    totals = {exponent: sum(_best(tried, kind, exponent)["score"] for kind in rows) for exponent in classifiers}
    exponent = max(totals, key=lambda one: totals[one])
    found: dict[str, dict[str, Calibration]] = {name: {} for name in PREDICTORS}
    judged: dict[str, dict[str, Judged]] = {name: {} for name in PREDICTORS}
    errors: dict[str, dict[str, Any]] = {name: {} for name in PREDICTORS}
    for kind, own in rows.items():
        best = _best(tried, kind, exponent)
        for name, share in (("retrieval", 0.0), ("classifier", 1.0), ("default", best["share"])):
            start = Calibration(best["sharpness"], share, best["pictures"], best["names"])
            judged[name][kind], found[name][kind] = calibrate([(predictors[exponent], own)], start, config)
            errors[name][kind] = calibration_errors(judged[name][kind])
    for name in PREDICTORS:
        other = next(iter(found[name].values()))
        found[name] = {kind: found[name].get(kind, other) for kind in KINDS}
    supported, losses = {}, {}
    for kind, own in rows.items():
        if not len(own.supports):
            continue
        losses[kind] = support_losses(judged["default"][kind])
        if losses[kind][1] < losses[kind][0]:
            sample = [(predictors[exponent], own)]
            _, supported[kind] = calibrate(sample, found["default"][kind], config, supported=True)
    notes = {
        "class_weight": exponent,
        "unseen_share": config.unseen_share,
        "tried": tried,
        "ece": errors,
        "log_loss_without_and_with_agreement": losses,
    }
    chosen = replace(
        classifiers[exponent],
        calibrations=found,
        supported=supported,
        precision=config.precision,
        branches=config.branches,
        notes=notes,
    )
    return chosen, judged


def _try(
    predictors: dict[float, CategoryPredictor], rows: TuningRows, kind: str, config: PredictConfig
) -> list[dict[str, Any]]:
    """Every setting of one kind with its hF1: the retrieval in each way, then mixtures with the best of them."""
    first = next(iter(predictors.values()))
    reading = (False,) if first.scorer.names is None else (False, True)
    leaning = config.pictures if kind == "image" and first.scorer.knows_photos else (0.0,)
    ways = [
        Calibration(sharpness=factor, pictures=pictures, names=names)
        for names, pictures, factor in itertools.product(reading, leaning, config.sharpness)
    ]
    tried = [_record(first, rows, kind, config, None, way) for way in ways]
    best = ways[max(range(len(ways)), key=lambda number: float(tried[number]["score"]))]
    for exponent, predictor in predictors.items():
        for share in config.shares:
            if share:
                setting = replace(best, share=share)
                tried.append(_record(predictor, rows, kind, config, exponent, setting))
    return tried


def _record(
    predictor: CategoryPredictor,
    rows: TuningRows,
    kind: str,
    config: PredictConfig,
    exponent: float | None,
    setting: Calibration,
) -> dict[str, Any]:
    """A setting with the hF1 of its decoded paths over the weighted rows (`score`), on seen and unseen categories."""
    paths, _ = predictor.raw(rows.vectors, setting)
    overlap = ratios.path_overlap([levels(path) for path in paths], [levels(truth) for truth in rows.truths]).f1
    counts = np.stack([rows.weights(config.unseen_share), ~rows.unseen, rows.unseen]).astype(np.float64)
    score, seen, unseen = np.nan_to_num(overlap.resampled(counts)).round(4).tolist()
    return {
        "kind": kind,
        "sharpness": setting.sharpness,
        "share": setting.share,
        "pictures": setting.pictures,
        "names": setting.names,
        "class_weight": exponent,
        "score": score,
        "seen_hf1": seen,
        "unseen_hf1": unseen,
        "admissible": not rows.unseen.any() or unseen >= rows.floor,
    }


def _best(tried: list[dict[str, Any]], kind: str, exponent: float) -> dict[str, Any]:
    """The best record of a kind with that classifier or without any; of the admissible ones, where there are some."""
    fitting = [r for r in tried if r["kind"] == kind and r["class_weight"] in (None, exponent)]
    admissible = [record for record in fitting if record["admissible"]]
    return max(admissible or fitting, key=lambda record: float(record["score"] if admissible else record["unseen_hf1"]))
