"""Fits a category predictor: classifier trained, combination with retrieval chosen, confidences calibrated."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.encode import product_vectors
from pipeline.bundle.predictor_state import KINDS, PredictorParts, hashed_classes
from pipeline.bundle.prototypes import Prototypes
from pipeline.config.build import Config
from pipeline.data.vectors import ProductVectors
from pipeline.metrics import ratios
from pipeline.models.classifier import ClassTable
from pipeline.prediction.calibrate import TuningRows, calibration_errors, recalibrate
from pipeline.prediction.plots import draw_coverage, draw_reliability
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.prediction.tune import tune
from pipeline.search.evidence import nearest_support
from pipeline.taxonomy.paths import hash_path, levels
from pipeline.training.classifier import train_classifier

_LOG = logging.getLogger(__name__)

TUNING_ROWS = 1_000  # of each split: enough to tell settings apart by 0.01


def make_predictor(
    config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors, paths: RunPaths
) -> PredictorParts:
    """Train a classifier for each kind of class weights, choose among them and calibrate.

    A final fit trains only the kind that its bundle chose, and keeps what that one chose. Only confidences are measured
    again: on validation rows by this model, on categories that it has no more to learn by the one that had not. What
    the agreement of neighbours adds stays as that one found it.

    Args:
        config: Of the build.
        bundle: The trained model.
        products: n rows with a category.
        vectors: Of the same rows.
        paths: Where the plots go.
    """
    train = (products["split"] == "train").to_numpy()
    truths = products.loc[train, "category_path"].tolist()
    table = ClassTable.of(truths)
    classes, frequent = hashed_classes(table), hash_path(max(sorted(set(truths)), key=truths.count))
    labels, own = table.labels(truths), vectors.at(train)
    prototypes = Prototypes.of([truths[row] for row in np.flatnonzero(own.has_image)], own.image[own.has_image])
    views = {"text": (own.text, own.has_text), "image": (own.image, own.has_image)}
    views["fused"] = (own.fused, own.has_text | own.has_image)
    classifiers = {}
    chosen = load_bundle(Path(config.train.final_fit)).predictor if config.train.final_fit else None
    for exponent in config.predict.class_weights if chosen is None else (chosen.notes["class_weight"],):
        classifier = train_classifier(
            [view for view, _ in views.values()],
            [has for _, has in views.values()],
            labels,
            table.sizes,
            exponent=exponent,
            config=config.predict,
            seed=config.seed,
        )
        classifiers[exponent] = PredictorParts(classes, classifier, {}, most_frequent=frequent, prototypes=prototypes)
    rows = tuning_rows(config, bundle, products, vectors)
    if chosen is None:
        parts, judged = tune(bundle, classifiers, rows, config.predict)
    else:
        [fitted] = classifiers.values()
        parts = replace(
            chosen,
            classes=classes,
            classifier=fitted.classifier,
            most_frequent=frequent,
            prototypes=prototypes,
        )
        before = load_bundle(Path(config.train.final_fit))
        held = held_out_before(config, before, products, np.load(paths.images, mmap_mode="r"))
        predictors = CategoryPredictor(bundle, parts=parts), CategoryPredictor(before, bundle.categories)
        samples = {
            kind: [pair for pair in zip(predictors, (rows[kind], held[kind]), strict=True) if len(pair[1].truths)]
            for kind in KINDS
        }
        calibrations, judged = recalibrate(
            {kind: found for kind, found in samples.items() if found}, parts.calibrations, config.predict
        )
        errors = {
            name: {kind: calibration_errors(one) for kind, one in kinds.items()} for name, kinds in judged.items()
        }
        parts = replace(parts, calibrations=calibrations, notes={**parts.notes, "ece": errors})
    for kind, calibration in parts.calibrations["default"].items():
        _LOG.info("%s: sharpness %.1f, share of the classifier %.2f", kind, calibration.sharpness, calibration.share)
    draw_reliability(judged["default"], paths.reliability_plot)
    draw_coverage(judged["default"], config.predict.precision, paths.coverage_plot)
    return parts


def tuning_rows(
    config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors
) -> dict[str, TuningRows]:
    """Validation and held-out rows by kind of query, at most `TUNING_ROWS` of each; `fused` are those with both.

    Args and rows as in `make_predictor`.
    """
    split = products["split"].to_numpy()
    unseen = ~np.array([bundle.was_seen(path) for path in products["category_path"]], dtype=bool)
    has = {"text": vectors.has_text, "image": vectors.has_image, "fused": vectors.has_text & vectors.has_image}
    read = np.flatnonzero((split == "heldout") & has["text"])[:TUNING_ROWS]
    floor = untrained_hf1(bundle, products["text"].iloc[read].tolist(), products["category_path"].iloc[read].tolist())
    generator = np.random.default_rng(config.seed)
    learnt = np.flatnonzero(split == "train")
    labels = products["category_path"].iloc[learnt].tolist()
    rows = {}
    for kind in KINDS:
        picked = np.concatenate([_draw(generator, (split == name) & has[kind]) for name in ("validation", "heldout")])
        truths = products["category_path"].iloc[picked].tolist()
        needed = 0.0 if kind == "image" else floor  # the untrained tower reads no photo
        supports = nearest_support(kind, vectors.at(picked), vectors.at(learnt), labels)
        rows[kind] = TuningRows(getattr(vectors, kind)[picked], truths, unseen[picked], needed, supports)
    return rows


def held_out_before(
    config: Config, before: Bundle, products: pd.DataFrame, images: np.ndarray
) -> dict[str, TuningRows]:
    """Training rows of categories that an earlier bundle had not, as that one sees them; by kind of query.

    Args:
        config: Of the build.
        before: The earlier bundle.
        products: n rows with a category.
        images: Image cache, uint8 [m, side, side, 3].
    """
    unseen = ~np.array([before.was_seen(path) for path in products["category_path"]], dtype=bool)
    has_text = products["text"].str.len().to_numpy() > 0
    has_image = products["image_row"].to_numpy() >= 0
    generator = np.random.default_rng(config.seed)
    held = unseen & (products["split"] == "train").to_numpy()
    rows = products.iloc[_draw(generator, held & (has_text | has_image))]
    shown = rows["image_row"].to_numpy() >= 0
    image = np.zeros((len(rows), before.dimension), dtype=np.float32)
    if shown.any():
        image[shown] = before.encode_images(images[rows["image_row"].to_numpy()[shown]], progress=True)
    vectors = product_vectors(before, rows["text"].tolist(), image, shown)
    has = {"text": vectors.has_text, "image": shown, "fused": vectors.has_text & shown}
    found = {}
    for kind in KINDS:
        kept = np.flatnonzero(has[kind])
        truths = rows["category_path"].iloc[kept].tolist()
        found[kind] = TuningRows(getattr(vectors, kind)[kept], truths, np.ones(len(kept), dtype=bool))
    return found


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
