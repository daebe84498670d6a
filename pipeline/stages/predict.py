"""Stage predict: a category for every product, with its confidences, and a score for each of its candidates.

Reads products, their vectors and the bundle with its predictor; writes `predictions.parquet`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.config.build import Config
from pipeline.data.schema import PREDICTED, read_table, write_table
from pipeline.data.vectors import ProductVectors, read_vectors
from pipeline.prediction.confidence import Prediction
from pipeline.prediction.predictor import CategoryPredictor, modalities_of

_LOG = logging.getLogger(__name__)
_PAIRS_AT_A_TIME = 65_536  # (product, candidate) pairs: 2 x 100 MB of vectors of 384


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.predictions]


def run(config: Config, run_dir: Path) -> None:
    """Predict the category of every product of a run."""
    paths = RunPaths(run_dir)
    products = read_table(paths.products, ["product_id", "candidates"])
    product_ids: list[str] = products["product_id"].to_pylist()
    bundle = load_bundle(paths.calibrated)
    vectors = read_vectors(paths.embeddings, product_ids)
    predictions = predict(bundle, vectors)
    columns = {
        "product_id": product_ids,
        "predicted_path": [None if one is None else one.path for one in predictions],
        "predicted_confidences": [[] if one is None else list(one.confidences) for one in predictions],
        "candidate_scores": candidate_scores(bundle, vectors.fused, products["candidates"].to_pylist()),
    }
    write_table(paths.predictions, pa.table(columns, schema=PREDICTED))


def predict(bundle: Bundle, vectors: ProductVectors) -> Sequence[Prediction | None]:
    """One path a product; None for each of them where the bundle has no categories."""
    if not bundle.categories:
        _LOG.warning("there are no categories, so none is predicted; name some by --taxonomy")
        return [None] * len(vectors.fused)
    return CategoryPredictor(bundle).decode(vectors.fused, modalities_of(vectors.has_text, vectors.has_image))


def candidate_scores(
    bundle: Bundle, fused: np.ndarray, candidates: Sequence[Sequence[str] | None]
) -> list[list[float] | None]:
    """Cosine of each product's fused vector with its candidates.

    Args:
        bundle: Encodes the paths; each distinct one once.
        fused: float32 [n, d], L2-normalized.
        candidates: Paths of each product, None where it has no list.
    """
    paths = list(dict.fromkeys(path for row in candidates for path in row or ()))
    index = {path: number for number, path in enumerate(paths)}
    vectors = bundle.encode_categories(paths)
    owner = np.repeat(np.arange(len(candidates)), [len(row or ()) for row in candidates])
    number = np.array([index[path] for row in candidates for path in row or ()], dtype=np.int64)
    scores = np.empty(len(owner), dtype=np.float32)
    for start in range(0, len(owner), _PAIRS_AT_A_TIME):
        part = slice(start, start + _PAIRS_AT_A_TIME)
        scores[part] = np.einsum("td,td->t", fused[owner[part]], vectors[number[part]])
    ends = np.searchsorted(owner, np.arange(1, len(candidates) + 1))
    pieces = np.split(scores, ends[:-1])
    return [None if row is None else piece.tolist() for row, piece in zip(candidates, pieces, strict=True)]
