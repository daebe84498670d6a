"""Stage measure: the figures of the trained model on the splits it did not learn from.

Reads products, their embeddings, the taxonomy and the bundle with its predictor; writes `evaluation.json`, one
object a split.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pipeline.artifacts import RunPaths, write_json
from pipeline.bundle.bundle import load_bundle
from pipeline.config.build import Config
from pipeline.data.schema import SPLITS, read_products
from pipeline.data.vectors import read_vectors
from pipeline.evaluation.dataset import CategoryTable, EvaluationRows
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.report import render
from pipeline.taxonomy.paths import read_taxonomy

_LOG = logging.getLogger(__name__)
_NOTHING_UNLEARNT = "Every product is in the training split, so there is none to measure on."


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.evaluation]


def run(config: Config, run_dir: Path) -> None:
    """Measure the model of a run."""
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    bundle = load_bundle(paths.calibrated)
    held_back = products[products["split"] != "train"].reset_index(drop=True)
    if not len(held_back):
        _LOG.warning("every product is in the training split; nothing is measured")
        write_json(paths.evaluation, {"test": {"n": {"rows": 0}, "skipped": [_NOTHING_UNLEARNT]}})
        return
    rows = _measure_rows(held_back, paths)
    taxonomy = read_taxonomy(paths.taxonomy, may_be_empty=True)
    table = CategoryTable.of(bundle, taxonomy.paths, rows.candidates, taxonomy.names)
    figures = {}
    for split in SPLITS:
        chosen = (held_back["split"] == split).to_numpy()
        if chosen.any():
            figures[split] = evaluate(bundle, rows.at(chosen), table, config=config.evaluation, seed=config.seed)
            _LOG.info("split %s\n%s", split, render(figures[split]))
    write_json(paths.evaluation, figures)


def _measure_rows(products: pd.DataFrame, paths: RunPaths) -> EvaluationRows:
    return EvaluationRows(
        texts=products["text"].tolist(),
        truths=[None if pd.isna(path) else str(path) for path in products["category_path"]],
        candidates=[() if row is None else tuple(row) for row in products["candidates"]],
        vectors=read_vectors(paths.embeddings, products["product_id"].tolist()),
        sources=products["source"].tolist(),
    )
