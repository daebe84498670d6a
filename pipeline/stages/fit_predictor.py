"""Stage fit-predictor: classifier trained, combination with retrieval chosen, confidences calibrated.

Reads products, their vectors and the trained bundle; writes that bundle with its predictor, and two plots. A bundle
that was given in place of training keeps the predictor that it brings.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.meta import read_meta
from pipeline.bundle.writer import add_predictor
from pipeline.config.build import Config
from pipeline.data.schema import read_products
from pipeline.data.vectors import read_vectors
from pipeline.prediction.fitting.fit import make_predictor


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
        parts = make_predictor(config, bundle, labeled, vectors, paths)
        add_predictor(paths.trained, paths.calibrated, parts)
