"""The predictor of a final fit: what an earlier bundle chose and measured, with a classifier of all training rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import ArtifactError
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.config.build import Config
from pipeline.data.splits import hold_out_sources
from pipeline.data.vectors import ProductVectors
from pipeline.prediction.fitting.calibrate import recalibrate
from pipeline.prediction.fitting.described import Described
from pipeline.prediction.fitting.familiarity import fit_familiarity
from pipeline.prediction.fitting.fit import Fitted, train_parts, unmeasured, with_foreign_calibrations
from pipeline.prediction.fitting.predictions import Sample, TuningRows
from pipeline.prediction.fitting.rows import FEWEST_TUNING_ROWS, held_out_rows, tuning_rows
from pipeline.prediction.fitting.tune import errors_of
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.types import MODALITIES, Modality

_LOG = logging.getLogger(__name__)


def final_fit(
    config: Config,
    bundle: Bundle,
    products: pd.DataFrame,
    vectors: ProductVectors,
    described: Described,
    images: np.ndarray,
    names: Mapping[str, Sequence[str]],
    *,
    learned_from: ProductVectors | None = None,
) -> Fitted:
    """Train the classifier that an earlier bundle chose, keep its other choices and what it says of confidences.

    Where the earlier bundle measured confidences on sources that it had held out, they stay: this model has these rows
    in its training, and any others would flatter it. Elsewhere they are measured on validation rows by this model, and
    on held-out categories by the earlier one; the effect of the neighbors' agreement stays as the earlier bundle found
    it.

    Args:
        config: Of the build.
        bundle: The trained model.
        products: n rows with a category.
        vectors: Of the same rows.
        described: Texts of categories.
        images: Image cache, uint8 [m, side, side, 3].
        names: Of categories, in other languages.
        learned_from: Vectors that the classifier learns from; None: `vectors`.

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
    learned = train_parts(products, learned_from or vectors, described, exponents, config.predictor, config.seed)
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
    if any(calibration.sources for calibration in chosen.calibrations["default"].values()):
        before = _enough(tuning_rows(config, bundle, _as_before(config, earlier, products), vectors))
        return Fitted(replace(parts, familiarity=fit_familiarity(bundle, before, described.typed, config.seed)), {})
    rows = tuning_rows(config, bundle, products, vectors)
    held_out = held_out_rows(config, earlier, products, images)
    predictor, first = CategoryPredictor(bundle, parts=parts), CategoryPredictor(earlier, bundle.categories)
    samples: dict[Modality, list[Sample]] = {}
    for modality in MODALITIES:
        pairs = Sample(predictor, rows[modality].for_calibration), Sample(first, held_out[modality])
        if present := [sample for sample in pairs if len(sample.rows.truths)]:
            samples[modality] = present
    if not samples:
        _LOG.warning("no validation row has a category: the calibrations stay those of %s", config.train.final_fit)
        return Fitted(parts, {})
    calibrations, predictions = recalibrate(samples, parts.calibrations, config.predictor)
    notes = {**parts.notes, "ece": errors_of(predictions)}
    parts = replace(parts, calibrations=calibrations, notes=notes)
    return Fitted(with_foreign_calibrations(bundle, parts, _enough(rows), described.typed, config, names), predictions)


def _enough(rows: Mapping[Modality, TuningRows]) -> dict[Modality, TuningRows]:
    return {modality: one for modality, one in rows.items() if len(one.truths) >= FEWEST_TUNING_ROWS}


def _as_before(config: Config, earlier: Bundle, products: pd.DataFrame) -> pd.DataFrame:
    """The products with the splits that the earlier bundle had them in."""
    training = products["split"] == "train"
    unseen = ~products["category_path"].map(earlier.was_seen).astype(bool)
    split = products["split"].mask(training & unseen, "heldout")
    held = hold_out_sources(split.tolist(), products["source"].tolist(), config.ingest.heldout_sources)
    return products.assign(split=np.where(training, held, split))
