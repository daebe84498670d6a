"""Vectors of every product and of every category of the taxonomy, by the trained bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.encode import cached_photos, encode_products
from pipeline.config.build import Config
from pipeline.data.schema import (
    category_embeddings_schema,
    embeddings_schema,
    read_products,
    vectors_to_arrow,
    write_table,
)
from pipeline.provenance import Provenance, require, write_provenance


def outputs(run: RunPaths) -> list[Path]:
    """What this stage writes."""
    return [run.embeddings, run.category_embeddings]


def run(config: Config, run_dir: Path) -> None:
    """Encode products (text, photo, fused) and categories."""
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    ids = products["product_id"].tolist()
    require(paths.products, config, "ingest", ids)
    require(paths.trained, config, "train", ids)
    bundle = load_bundle(paths.trained)
    photos = cached_photos(products, np.load(paths.images, mmap_mode="r"))
    vectors = encode_products(bundle, products["text"].tolist(), photos, progress=True)
    columns = [vectors_to_arrow(vectors.of(modality), vectors.has(modality)) for modality in ("fused", "text", "image")]
    table = pa.table([pa.array(ids), *columns], schema=embeddings_schema(bundle.dimension))
    write_table(paths.embeddings, table)
    categories = [pa.array(bundle.categories), pa.array(bundle.seen), vectors_to_arrow(bundle.category_vectors)]
    write_table(paths.category_embeddings, pa.table(categories, schema=category_embeddings_schema(bundle.dimension)))
    provenance = Provenance.of(config, "embed", ids)
    for path in outputs(paths):
        write_provenance(path, provenance)
