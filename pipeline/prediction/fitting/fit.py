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
from pipeline.bundle.encode import cached_photos, encode_products
from pipeline.bundle.predictor_state import PredictorName, PredictorParts, hashed_classes
from pipeline.bundle.prototypes import Prototypes
from pipeline.config.build import Config
from pipeline.config.stages import PredictorConfig
from pipeline.data.vectors import ProductVectors
from pipeline.metrics import ratios
from pipeline.models.classifier import ClassTable
from pipeline.prediction.fitting.calibrate import Predictions, Sample, TuningRows, recalibrate
from pipeline.prediction.fitting.plots import draw_coverage, draw_reliability
from pipeline.prediction.fitting.tune import errors_of, tune
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.evidence import nearest_evidence
from pipeline.taxonomy.paths import hash_path, levels
from pipeline.training.classifier import train_classifier
from pipeline.types import MODALITIES, Modality

_LOG = logging.getLogger(__name__)

TUNING_ROWS = 1_000  # of each split: enough to tell settings apart by 0.01
FEWEST_TUNING_ROWS = 10  # of both splits: one error in fewer rows already misses a precision of 0.9


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
    if config.train.final_fit:
        fitted = final_fit(config, bundle, products, vectors, np.load(paths.images, mmap_mode="r"))
    else:
        fitted = fit(config, bundle, products, vectors)
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


def fit(config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors) -> Fitted:
    """Train a classifier for each exponent of the class weights, choose among them and calibrate.

    Arguments as in `make_predictor`; without rows to train on, or enough to tune on, the result is `unmeasured`.
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
    return Fitted(*tune(bundle, learned, rows, config.predictor))


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
    config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors, images: np.ndarray
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
        pairs = Sample(predictor, rows[modality]), Sample(before, held_out[modality])
        if present := [sample for sample in pairs if len(sample.rows.truths)]:
            samples[modality] = present
    if not samples:
        _LOG.warning("no validation row has a category: the calibrations stay those of %s", config.train.final_fit)
        return Fitted(parts, {})
    calibrations, predictions = recalibrate(samples, parts.calibrations, config.predictor)
    notes = {**parts.notes, "ece": errors_of(predictions)}
    return Fitted(replace(parts, calibrations=calibrations, notes=notes), predictions)


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


def tuning_rows(
    config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors
) -> dict[Modality, TuningRows]:
    """Validation and held-out rows by modality, at most `TUNING_ROWS` of each split.

    The calibration of "fused" is for vectors of both text and photo, so its rows have both.

    Arguments and rows as in `make_predictor`.
    """
    split = products["split"].to_numpy()
    unseen = ~np.array([bundle.was_seen(path) for path in products["category_path"]], dtype=bool)
    usable = _tunable(vectors)
    read = np.flatnonzero((split == "heldout") & usable["text"])[:TUNING_ROWS]
    floor = untrained_hf1(bundle, products["text"].iloc[read].tolist(), products["category_path"].iloc[read].tolist())
    generator = np.random.default_rng(config.seed)
    train = np.flatnonzero(split == "train")
    labels = products["category_path"].iloc[train].tolist()
    rows = {}
    for modality in MODALITIES:
        masks = [(split == name) & usable[modality] for name in ("validation", "heldout")]
        drawn = np.concatenate([_draw(generator, mask) for mask in masks])
        truths = products["category_path"].iloc[drawn].tolist()
        needed = 0.0 if modality == "image" else floor  # the untrained tower reads no photo
        neighbors = nearest_evidence(modality, vectors.at(drawn), vectors.at(train), labels)
        rows[modality] = TuningRows(vectors.of(modality)[drawn], truths, unseen[drawn], needed, neighbors)
    return rows


def held_out_rows(
    config: Config, earlier: Bundle, products: pd.DataFrame, images: np.ndarray
) -> dict[Modality, TuningRows]:
    """Training rows of categories that an earlier bundle lacked, encoded by that bundle; by modality.

    Args:
        config: Of the build.
        earlier: The earlier bundle.
        products: n rows with a category.
        images: Image cache, uint8 [m, side, side, 3].
    """
    unseen = ~np.array([earlier.was_seen(path) for path in products["category_path"]], dtype=bool)
    has_something = (products["text"].str.len().to_numpy() > 0) | (products["image_row"].to_numpy() >= 0)
    generator = np.random.default_rng(config.seed)
    rows = products.iloc[_draw(generator, unseen & (products["split"] == "train").to_numpy() & has_something)]
    vectors = encode_products(earlier, rows["text"].tolist(), cached_photos(rows, images), progress=True)
    held_out = {}
    for modality, usable in _tunable(vectors).items():
        chosen = np.flatnonzero(usable)
        truths = rows["category_path"].iloc[chosen].tolist()
        held_out[modality] = TuningRows(vectors.of(modality)[chosen], truths, np.ones(len(chosen), dtype=bool))
    return held_out


def _tunable(vectors: ProductVectors) -> Mapping[Modality, np.ndarray]:
    """Masks [n] of the rows on which each modality is calibrated."""
    return {"text": vectors.has_text, "image": vectors.has_image, "fused": vectors.has_both}


def _draw(generator: np.random.Generator, allowed: np.ndarray) -> np.ndarray:
    """At most `TUNING_ROWS` rows, in their order."""
    return np.sort(generator.permutation(np.flatnonzero(allowed))[:TUNING_ROWS])


def untrained_hf1(bundle: Bundle, texts: list[str], truths: list[str]) -> float:
    """Open hF1 of the untrained text tower; 0 without texts."""
    if not texts:
        return 0.0
    nearest = (bundle.encode_texts_untrained(texts) @ bundle.encode_texts_untrained(bundle.categories).T).argmax(axis=1)
    predicted = [levels(bundle.categories[row]) for row in nearest]
    return ratios.path_overlap(predicted, [levels(truth) for truth in truths]).f1.value
