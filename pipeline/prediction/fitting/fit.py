"""Fits a category predictor: classifier trained, mixture with retrieval chosen, confidences calibrated."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PredictorName, PredictorParts, hashed_classes
from pipeline.bundle.prototypes import Prototypes
from pipeline.config.build import Config
from pipeline.config.stages import PredictorConfig
from pipeline.data.vectors import ProductVectors
from pipeline.models.classifier import ClassTable
from pipeline.prediction.coverage import coverage_headline
from pipeline.prediction.fitting.calibrate import Predictions, recalibrate
from pipeline.prediction.fitting.familiarity import fit_familiarity
from pipeline.prediction.fitting.foreign import foreign_calibrations
from pipeline.prediction.fitting.plots import draw_coverage, draw_reliability
from pipeline.prediction.fitting.predictions import Sample, TuningRows
from pipeline.prediction.fitting.rows import FEWEST_TUNING_ROWS, held_out_rows, tuning_rows
from pipeline.prediction.fitting.tune import errors_of, tune
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import hash_path, read_taxonomy
from pipeline.training.classifier import train_classifier
from pipeline.types import MODALITIES, Modality

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """A predictor, with the predictions on the rows that it was calibrated on; none where there are no such rows."""

    parts: PredictorParts
    predictions: Predictions


def make_predictor(
    config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors, paths: RunPaths
) -> PredictorParts:
    """Fit the predictor of a build, and draw its plots.

    Args:
        config: Of the build.
        bundle: The trained model.
        products: n rows with a category.
        vectors: Of the same rows.
        paths: Where the plots go.
    """
    names = read_taxonomy(paths.taxonomy, may_be_empty=True).names
    if config.train.final_fit:
        images = np.load(paths.images, mmap_mode="r")
        fitted = final_fit(config, bundle, products, vectors, images, names)
    else:
        fitted = fit(config, bundle, products, vectors, names)
    _log_coverage(fitted.parts)
    for modality, chosen in fitted.parts.calibrations["default"].items():
        _LOG.info(
            "%s: inverse temperature %.1f, weight of the classifier %.2f",
            modality,
            chosen.inverse_temperature,
            chosen.classifier_weight,
        )
    if not fitted.predictions:
        for plot in (paths.reliability_plot, paths.coverage_plot):
            plot.unlink(missing_ok=True)  # of an earlier build
        return fitted.parts
    draw_reliability(fitted.predictions["default"], paths.reliability_plot)
    draw_coverage(fitted.predictions["default"], config.predictor.target_precision, paths.coverage_plot)
    return fitted.parts


def fit(
    config: Config,
    bundle: Bundle,
    products: pd.DataFrame,
    vectors: ProductVectors,
    names: Mapping[str, Sequence[str]],
) -> Fitted:
    """Train a classifier for each exponent of the class weights, choose among them and calibrate.

    Arguments as in `make_predictor`, and the names of categories in other languages. Without rows to train on, or
    enough to tune on, the result is `unmeasured`.
    """
    learned = _train(products, vectors, config.predictor.class_weights, config.predictor, config.seed)
    if not learned:
        _LOG.warning("no training row has a category: retrieval alone predicts, and no confidence is measured")
        return unmeasured(learned, config.predictor)
    every = tuning_rows(config, bundle, products, vectors)
    rows = {modality: one for modality, one in every.items() if len(one.truths) >= FEWEST_TUNING_ROWS}
    if not rows:
        _LOG.warning(
            "fewer than %d validation rows have a category: nothing is chosen (retrieval alone predicts), and no "
            "confidence is measured, so no level is accepted; add products or raise ingest.validation_fraction",
            FEWEST_TUNING_ROWS,
        )
        return unmeasured(learned, config.predictor)
    parts, predictions = tune(bundle, learned, rows, config.predictor)
    return Fitted(_with_foreign_calibrations(bundle, parts, rows, config, names), predictions)


def _with_foreign_calibrations(
    bundle: Bundle,
    parts: PredictorParts,
    rows: Mapping[Modality, TuningRows],
    config: Config,
    names: Mapping[str, Sequence[str]],
) -> PredictorParts:
    """The predictor with what it needs for other taxonomies, and for what is no product."""
    foreign = foreign_calibrations(bundle, parts, rows, names, config.predictor, config.seed)
    return replace(
        parts,
        foreign_calibrations=foreign.trees,
        flat_calibrations=foreign.lists,
        familiarity=fit_familiarity(bundle, rows, config.seed),
    )


def unmeasured(learned: Mapping[float, PredictorParts], config: PredictorConfig) -> Fitted:
    """A predictor of default settings, which accepts no level since there are no rows to measure confidences on.

    Args:
        learned: Parts by the exponent of their class weights, of which the first are taken; there may be none.
        config: Names the target precision.
    """
    exponent, parts = next(iter(learned.items()), (None, PredictorParts((), None, {})))
    weights: dict[PredictorName, float] = {"retrieval": 0.0, "default": 0.0}
    if parts.classifier is not None:
        weights["classifier"] = 1.0
    calibrations = {name: dict.fromkeys(MODALITIES, Calibration.unmeasured(weight)) for name, weight in weights.items()}
    notes = {"class_weight": exponent, "unmeasured": True}
    target = config.target_precision
    return Fitted(replace(parts, calibrations=calibrations, target_precision=target, notes=notes), {})


def final_fit(
    config: Config,
    bundle: Bundle,
    products: pd.DataFrame,
    vectors: ProductVectors,
    images: np.ndarray,
    names: Mapping[str, Sequence[str]],
) -> Fitted:
    """Train the classifier that an earlier bundle chose, keep its other choices, and calibrate again.

    Confidences are measured on validation rows by this model, and on held-out categories, which this model has in its
    training rows, by the earlier one, which had not. The effect of the neighbors' agreement stays as the earlier bundle
    found it.

    Args:
        config: Of the build.
        bundle: The trained model.
        products: n rows with a category.
        vectors: Of the same rows.
        images: Image cache, uint8 [m, side, side, 3].
        names: Of categories, in other languages.

    Raises:
        ArtifactError: If the earlier bundle has no predictor.
    """
    earlier = load_bundle(Path(config.train.final_fit))
    chosen = earlier.predictor
    if chosen is None:
        raise ArtifactError(
            f"The bundle {config.train.final_fit} has no category predictor; a final fit takes its choices."
        )
    exponent = chosen.notes["class_weight"]
    exponents = config.predictor.class_weights[:1] if exponent is None else (exponent,)
    learned = _train(products, vectors, exponents, config.predictor, config.seed)
    if not learned:
        _LOG.warning("no training row has a category: retrieval alone predicts, and no confidence is measured")
        return unmeasured(learned, config.predictor)
    [new] = learned.values()
    parts = replace(
        chosen,
        classes=new.classes,
        classifier=new.classifier,
        most_frequent=new.most_frequent,
        prototypes=new.prototypes,
    )
    rows = tuning_rows(config, bundle, products, vectors)
    held_out = held_out_rows(config, earlier, products, images)
    predictor, before = CategoryPredictor(bundle, parts=parts), CategoryPredictor(earlier, bundle.categories)
    samples: dict[Modality, list[Sample]] = {}
    for modality in MODALITIES:
        pairs = Sample(predictor, rows[modality].for_calibration), Sample(before, held_out[modality])
        if present := [sample for sample in pairs if len(sample.rows.truths)]:
            samples[modality] = present
    if not samples:
        _LOG.warning("no validation row has a category: the calibrations stay those of %s", config.train.final_fit)
        return Fitted(parts, {})
    calibrations, predictions = recalibrate(samples, parts.calibrations, config.predictor)
    notes = {**parts.notes, "ece": errors_of(predictions)}
    parts = replace(parts, calibrations=calibrations, notes=notes)
    enough = {modality: one for modality, one in rows.items() if len(one.truths) >= FEWEST_TUNING_ROWS}
    return Fitted(_with_foreign_calibrations(bundle, parts, enough, config, names), predictions)


def _train(
    products: pd.DataFrame, vectors: ProductVectors, exponents: Sequence[float], config: PredictorConfig, seed: int
) -> dict[float, PredictorParts]:
    """A classifier for each exponent of the class weights, and the prototypes, from the training rows, if any."""
    train = (products["split"] == "train").to_numpy()
    if not train.any():
        return {}
    truths, known = products.loc[train, "category_path"].tolist(), vectors.at(train)
    table = ClassTable.of(truths)
    pictured = np.flatnonzero(known.has_image)
    prototypes = Prototypes.of([truths[row] for row in pictured], known.image[pictured]) if len(pictured) else None
    classifiers = {}
    for exponent in exponents:
        classifier = train_classifier(
            [known.of(modality) for modality in MODALITIES],
            [known.has(modality) for modality in MODALITIES],
            table.labels(truths),
            table.sizes,
            exponent=exponent,
            config=config,
            seed=seed,
        )
        classifiers[exponent] = PredictorParts(
            hashed_classes(table.paths),
            classifier,
            {},
            most_frequent=hash_path(max(sorted(set(truths)), key=truths.count)),
            prototypes=prototypes,
        )
    return classifiers


def _log_coverage(parts: PredictorParts) -> None:
    """Write the headline to the log: what is accepted at which precision, on what."""
    for modality, calibration in parts.calibrations["default"].items():
        if line := coverage_headline(calibration):
            _LOG.info("%s: %s", modality, line)
