"""Stage fit-predictor: classifier trained, combination with retrieval chosen, confidences calibrated.

Reads products, their vectors and the trained bundle; writes that bundle with its predictor, and two plots. A bundle
that was given in place of training keeps the predictor that it brings.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.encode import RememberingEncoder
from pipeline.bundle.meta import read_meta
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.bundle.writer import add_predictor
from pipeline.config.build import Config
from pipeline.data.schema import read_products
from pipeline.data.vectors import ProductVectors, read_vectors
from pipeline.models.feature_store import FeatureStore
from pipeline.prediction.explanation import coverage_headline
from pipeline.prediction.fitting.described import describe
from pipeline.prediction.fitting.final import final_fit
from pipeline.prediction.fitting.fit import fit
from pipeline.prediction.fitting.plots import draw_coverage, draw_reliability
from pipeline.prediction.fitting.rows import learned_vectors
from pipeline.taxonomy.paths import read_taxonomy

_LOG = logging.getLogger(__name__)


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.calibrated]


def run(config: Config, run_dir: Path) -> None:
    """Fit and calibrate the predictor of a run."""
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    if config.train.bundle and read_meta(paths.trained)["predictor"] is not None:
        add_predictor(paths.trained, paths.calibrated, None)
    else:
        bundle = load_bundle(paths.trained)
        labeled = products[products["category_path"].notna()].reset_index(drop=True)
        vectors = read_vectors(paths.embeddings, labeled["product_id"].tolist())
        parts = _fitted(config, bundle, labeled, vectors, paths)
        add_predictor(paths.trained, paths.calibrated, parts)


def _fitted(
    config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors, paths: RunPaths
) -> PredictorParts:
    """The predictor; its plots are drawn on the way."""
    names = read_taxonomy(paths.taxonomy, may_be_empty=True).names
    described = describe(config, bundle, paths)
    encoder = RememberingEncoder(bundle, FeatureStore(paths.features, config.seed))
    learned = learned_vectors(config, encoder, products, vectors)
    if config.train.final_fit:
        images = np.load(paths.images, mmap_mode="r")
        fitted = final_fit(config, bundle, products, vectors, described, images, names, learned_from=learned)
    else:
        fitted = fit(config, bundle, products, vectors, described, names, learned_from=learned)
    for modality, chosen in fitted.parts.calibrations["default"].items():
        if headline := coverage_headline(chosen):
            _LOG.info("%s: %s", modality, headline)
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
