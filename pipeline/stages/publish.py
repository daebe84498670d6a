"""Stage publish: catalog.parquet, which the Space opens, and beside it the model bundle with its figures.

Joins all tables of the run by product id, and gives the bundle with its predictor the figures that were measured; both
outputs are read back and checked. Beside a large catalogue go its vectors and indexes as files that are mapped.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.files import bundle_hash
from pipeline.bundle.meta import read_meta
from pipeline.bundle.writer import add_metrics
from pipeline.catalog.analysis import ANALYSIS_VERSION, Analysis, prediction_facts
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.catalog.index_files import IndexFiles
from pipeline.catalog.meta import write_catalog
from pipeline.config.build import Config
from pipeline.data.schema import PRODUCTS, catalog_schema, read_table
from pipeline.data.vectors import positions
from pipeline.provenance import Provenance, fingerprint, read_provenance
from pipeline.search.large.index import write_index
from pipeline.taxonomy.paths import Taxonomy, truncate

_LOG = logging.getLogger(__name__)


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.catalog, run.model]


def run(config: Config, run_dir: Path) -> None:
    """Publish a run."""
    paths = RunPaths(run_dir)
    products = read_table(paths.products)
    table = catalog_table(products, paths)
    add_metrics(paths.calibrated, paths.model, read_json(paths.evaluation, "measure"))
    meta = {
        "provenance": asdict(_provenance(config, paths, products["product_id"].to_pylist())),
        "model": bundle_hash(paths.model),
        "bundle": read_meta(paths.model)["sha256"],
        "dimension": table["fused_embedding"].type.list_size,
        "demo": config.publish.demo,
    }
    analysis = to_json(analysis_of(table, paths.analysis))
    shutil.rmtree(IndexFiles.beside(paths.catalog).root, ignore_errors=True)  # it is of the catalogue before
    write_catalog(paths.catalog, table, meta, analysis, row_group_size=config.publish.row_group_size)
    check_published(paths, table, config.publish.row_group_size)
    if len(table) >= config.publish.index_from:
        write_index(Catalog.open(paths.catalog))


def _provenance(config: Config, paths: RunPaths, product_ids: Sequence[str]) -> Provenance:
    """Provenance of the catalogue, from that of all that is joined in it."""
    joined = (paths.products, paths.embeddings, paths.calibrated, paths.predictions, paths.layout, paths.clusters)
    recorded = [read_provenance(path) for path in (*joined, paths.analysis, paths.evaluation)]
    needed = {each.stage: each.fingerprint for each in recorded}
    return Provenance.of(config, "publish", fingerprint(config.parts(("publish",)), {}, needed), product_ids)


def catalog_table(products: pa.Table, paths: RunPaths) -> pa.Table:
    """The catalogue (`schema.catalog_schema`), rows in the order of `products`.

    Args:
        products: A table of `schema.PRODUCTS`.
        paths: Of the run; its other tables are joined by product id.
    """
    product_ids: list[str] = products["product_id"].to_pylist()
    categories: list[str | None] = products["category_path"].to_pylist()
    embeddings = _joined(paths.embeddings, product_ids)
    schema = catalog_schema(embeddings["fused"].type.list_size)
    joined = {
        name: table[name]
        for table in (_joined(path, product_ids) for path in (paths.predictions, paths.layout, paths.clusters))
        for name in table.column_names
    }
    columns = {
        **joined,
        **{name: products[name] for name in PRODUCTS.names},
        "category_top": [None if path is None else truncate(path, 1) for path in categories],
        "category_depth2": [None if path is None else truncate(path, 2) for path in categories],
        **{f"{modality}_embedding": embeddings[modality] for modality in ("fused", "text", "image")},
    }
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _joined(path: Path, product_ids: Sequence[str]) -> pa.Table:
    """A table of the run, its rows in the order of `product_ids`."""
    table = read_table(path)
    return table.take(positions(product_ids, table["product_id"].to_pylist(), path))


def analysis_of(table: pa.Table, path: Path) -> Analysis:
    """Join the facts that stage `analyze` counted, at `path`, with those of the predicted paths in `table`."""
    facts = read_json(path, "analyze")
    predictions = prediction_facts(
        table["category_path"].to_pylist(),
        table["predicted_path"].to_pylist(),
        table["predicted_confidences"].to_pylist(),
        np.array([split != "train" for split in table["split"].to_pylist()], dtype=bool),
    )
    return {"version": ANALYSIS_VERSION, "data": facts["data"], "space": facts["space"], "predictions": predictions}


def to_json(value: Mapping[str, Any]) -> str:
    """As short as JSON can be: it stands in the file's metadata, which are not compressed."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read_json(path: Path, stage: str) -> dict[str, Any]:
    """Read a JSON file of the run.

    Raises:
        ArtifactError: If it is not readable; names the stage that writes it.
    """
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is not readable ({error}); run stage '{stage}' again.") from error
    return value


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
        "a prediction is no category of the model": not set(catalog.products["predicted_path"].dropna()) <= nodes,
    }
    applying = [fault for fault, applies in faults.items() if applies]
    if applying:
        raise ArtifactError(f"{paths.catalog} was not published right: {'; '.join(applying)}.")
    _LOG.info("%s: %d products, %.1f MB", paths.catalog, len(catalog), paths.catalog.stat().st_size / 1e6)
