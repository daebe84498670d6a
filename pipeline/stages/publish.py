"""Stage publish: catalog.parquet, which the Space opens, and beside it the model bundle with its figures.

Reads all tables of the run, the bundle with its predictor and the evaluation; both outputs are read back and checked.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.files import bundle_hash
from pipeline.bundle.meta import read_meta
from pipeline.bundle.writer import add_metrics
from pipeline.catalog.analysis import ANALYSIS_VERSION, Analysis, prediction_facts
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.catalog.meta import write_catalog
from pipeline.config.build import Config
from pipeline.data.schema import (
    CLUSTERS,
    LAYOUT,
    PRODUCTS,
    catalog_schema,
    read_table,
)
from pipeline.data.vectors import positions, read_rows, read_vectors
from pipeline.prediction.predictor import CategoryPredictor, modalities_of
from pipeline.provenance import Provenance, require, write_provenance
from pipeline.taxonomy.paths import Taxonomy, truncate

STAGE = "publish"
_LOG = logging.getLogger(__name__)
_PAIRS_AT_A_TIME = 65_536  # (product, candidate) pairs: 2 x 100 MB of vectors of 384


def outputs(run: RunPaths) -> list[Path]:
    """What the stage writes."""
    return [run.catalog, run.model]


def run(config: Config, run_dir: Path) -> None:
    """Publish a run."""
    paths = RunPaths(run_dir)
    products = read_table(paths.products)
    product_ids: list[str] = products["product_id"].to_pylist()
    for path, stage in (
        (paths.products, "ingest"),
        (paths.calibrated, "predict"),
        (paths.embeddings, "embed"),
        (paths.layout, "layout"),
        (paths.clusters, "cluster"),
        (paths.centroids, "cluster"),
        (paths.analysis, "analyse"),
        (paths.evaluation, "evaluate"),
    ):
        require(path, config, stage, product_ids)
    bundle = load_bundle(paths.calibrated)
    provenance = Provenance.of(config, STAGE, product_ids)
    table = catalog_table(products, paths, bundle)
    analysis = analysis_of(table, paths.analysis)
    add_metrics(paths.calibrated, paths.model, read_json(paths.evaluation, "evaluate"))
    meta = {
        "provenance": asdict(provenance),
        "model": bundle_hash(paths.model),
        "bundle": read_meta(paths.model)["sha256"],
        "dimension": bundle.dimension,
        "demo": config.publish.demo,
    }
    write_catalog(paths.catalog, table, meta, to_json(analysis), row_group_size=config.publish.row_group_size)
    check_published(paths, table, config.publish.row_group_size)
    for path in outputs(paths):
        write_provenance(path, provenance)


def catalog_table(products: pa.Table, paths: RunPaths, bundle: Bundle) -> pa.Table:
    """The catalogue (`schema.catalog_schema`), rows in the order of `products`.

    Args:
        products: A table of `schema.PRODUCTS`.
        paths: Of the run; its other tables are joined by product id.
        bundle: The trained model, which predicts a category for every product and scores its candidates.
    """
    product_ids: list[str] = products["product_id"].to_pylist()
    vectors = read_vectors(paths.embeddings, product_ids)
    fused = vectors.fused
    embeddings = read_table(paths.embeddings)
    embeddings = embeddings.take(positions(product_ids, embeddings["product_id"].to_pylist(), paths.embeddings))
    layout_names = [name for name in LAYOUT.names if name != "product_id"]
    layout = read_rows(paths.layout, product_ids, layout_names)
    cluster_names = [name for name in CLUSTERS.names if name != "product_id"]
    clusters = read_rows(paths.clusters, product_ids, cluster_names)
    predicted = CategoryPredictor(bundle).decode(fused, modalities_of(vectors.has_text, vectors.has_image))
    categories: list[str | None] = products["category_path"].to_pylist()
    schema = catalog_schema(bundle.dimension)
    columns = {
        **{name: products[name] for name in PRODUCTS.names if name in schema.names},
        "category_top": [None if path is None else truncate(path, 1) for path in categories],
        "category_depth2": [None if path is None else truncate(path, 2) for path in categories],
        "predicted_path": [one.path for one in predicted],
        "predicted_confidences": [list(one.confidences) for one in predicted],
        "candidate_scores": candidate_scores(bundle, fused, products["candidates"].to_pylist()),
        **{f"{kind}_embedding": embeddings[kind] for kind in ("fused", "text", "image")},
        **{name: pa.array(layout[name].to_numpy(), from_pandas=True) for name in layout_names},
        **{name: clusters[name].to_numpy() for name in cluster_names},
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)


def analysis_of(table: pa.Table, path: Path) -> Analysis:
    """What the stage `analyse` found, at `path`, with what predicted paths are like in the catalogue's `table`."""
    found = read_json(path, "analyse")
    predictions = prediction_facts(
        table["category_path"].to_pylist(),
        table["predicted_path"].to_pylist(),
        table["predicted_confidences"].to_pylist(),
        np.array([split != "train" for split in table["split"].to_pylist()], dtype=bool),
    )
    return {"version": ANALYSIS_VERSION, "data": found["data"], "space": found["space"], "predictions": predictions}


def to_json(value: Mapping[str, Any]) -> str:
    """As short as JSON can be: it stands in the file's metadata, which are not compressed."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read_json(path: Path, stage: str) -> dict[str, Any]:
    """A file of the run.

    Raises:
        ArtifactError: If it is not readable; names the stage that writes it.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is not readable ({error}); run stage '{stage}' again.") from error
    return found


def candidate_scores(
    bundle: Bundle, fused: np.ndarray, candidates: Sequence[Sequence[str] | None]
) -> list[list[float] | None]:
    """Cosine of each product's fused vector with its candidates.

    Args:
        bundle: Encodes the paths; each distinct one once.
        fused: float32 [n, d], L2-normalised.
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


def check_published(paths: RunPaths, table: pa.Table, row_group_size: int) -> None:
    """Read back what was published, as the Space does.

    Args:
        paths: Of the run.
        table: What catalog.parquet must hold.
        row_group_size: Its largest row group.

    Raises:
        ArtifactError: If it is not what was written.
    """
    catalog = Catalog.open(paths.catalog)
    catalog.verify()
    check_match(catalog, paths.model)
    bundle = load_bundle(paths.model)
    groups = pq.ParquetFile(paths.catalog).metadata
    largest = max((groups.row_group(number).num_rows for number in range(groups.num_row_groups)), default=0)
    vectors, present = catalog.vectors("fused")
    nodes = set(Taxonomy.of(bundle.categories).paths)
    faults = {
        "its rows differ from those written": not read_table(paths.catalog).equals(table),
        "its dimension is not the model's": catalog.dimension != bundle.dimension,
        "its row groups are too large": largest > row_group_size,
        "a fused vector has not length one": not np.allclose(np.linalg.norm(vectors[present], axis=1), 1, atol=1e-3),
        "a prediction is no category of the model": not set(catalog.products["predicted_path"]) <= nodes,
    }
    found = [fault for fault, applies in faults.items() if applies]
    if found:
        raise ArtifactError(f"{paths.catalog} was not published right: {'; '.join(found)}.")
    _LOG.info("%s: %d products, %.1f MB", paths.catalog, len(catalog), paths.catalog.stat().st_size / 1e6)
