"""Fits a category predictor: classifier trained, mixture with retrieval chosen, confidences calibrated."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.bundle.bundle import Bundle
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PredictorName, PredictorParts, hashed_classes
from pipeline.bundle.prototypes import Prototypes
from pipeline.config.build import Config
from pipeline.config.stages import PredictorConfig
from pipeline.data.vectors import ProductVectors
from pipeline.models.classifier import ClassTable
from pipeline.prediction.fitting.calibrate import Predictions
from pipeline.prediction.fitting.described import Described
from pipeline.prediction.fitting.familiarity import fit_familiarity
from pipeline.prediction.fitting.foreign import foreign_calibrations
from pipeline.prediction.fitting.predictions import TuningRows
from pipeline.prediction.fitting.rows import FEWEST_TUNING_ROWS, tuning_rows
from pipeline.prediction.fitting.tune import tune
from pipeline.taxonomy.paths import hash_path
from pipeline.training.classifier import train_classifier
from pipeline.types import MODALITIES, Modality

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """A predictor, with the predictions on the rows that it was calibrated on; none where there are no such rows."""

    parts: PredictorParts
    predictions: Predictions


def fit(
    config: Config,
    bundle: Bundle,
    products: pd.DataFrame,
    vectors: ProductVectors,
    described: Described,
    names: Mapping[str, Sequence[str]],
    *,
    learned_from: ProductVectors | None = None,
) -> Fitted:
    """Train a classifier for each exponent of the class weights, choose among them and calibrate.

    Without rows to train on, or enough to tune on, the result is `unmeasured`.

    Args:
        config: Of the build.
        bundle: The trained model.
        products: n rows with a category.
        vectors: Of the same rows.
        described: Texts of categories.
        names: Of categories, in other languages.
        learned_from: Vectors that the classifier learns from; None: `vectors`.
    """
    learned = train_parts(
        products, learned_from or vectors, described, config.predictor.class_weights, config.predictor, config.seed
    )
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
    return Fitted(with_foreign_calibrations(bundle, parts, rows, described.typed, config, names), predictions)


def with_foreign_calibrations(
    bundle: Bundle,
    parts: PredictorParts,
    rows: Mapping[Modality, TuningRows],
    typed: np.ndarray,
    config: Config,
    names: Mapping[str, Sequence[str]],
) -> PredictorParts:
    """The predictor with what it needs for other taxonomies, and for what is no product.

    Arguments as in `fit`; `typed` as in `fit_familiarity`.
    """
    foreign = foreign_calibrations(bundle, parts, rows, names, config.predictor, config.seed)
    return replace(
        parts,
        foreign_calibrations=foreign.trees,
        flat_calibrations=foreign.lists,
        familiarity=fit_familiarity(bundle, rows, typed, config.seed),
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


def train_parts(
    products: pd.DataFrame,
    vectors: ProductVectors,
    described: Described,
    exponents: Sequence[float],
    config: PredictorConfig,
    seed: int,
) -> dict[float, PredictorParts]:
    """A classifier for each exponent of the class weights, and the prototypes, from the training rows, if any.

    The classifier also learns the texts of the categories that training rows have.
    """
    train = (products["split"] == "train").to_numpy()
    if not train.any():
        return {}
    truths, known = products.loc[train, "category_path"].tolist(), vectors.at(train)
    most_frequent = hash_path(max(sorted(set(truths)), key=truths.count))
    table = ClassTable.of(truths)
    pictured = np.flatnonzero(known.has_image)
    prototypes = Prototypes.of([truths[row] for row in pictured], known.image[pictured]) if len(pictured) else None
    texts = described.among(frozenset(truths))
    labels, known = table.labels([*truths, *texts.truths]), ProductVectors.concatenate([known, texts.vectors])
    classifiers = {}
    for exponent in exponents:
        classifier = train_classifier(
            [known.of(modality) for modality in MODALITIES],
            [known.has(modality) for modality in MODALITIES],
            labels,
            table.sizes,
            exponent=exponent,
            config=config,
            seed=seed,
        )
        classifiers[exponent] = PredictorParts(
            hashed_classes(table.paths),
            classifier,
            {},
            most_frequent=most_frequent,
            prototypes=prototypes,
        )
    return classifiers
