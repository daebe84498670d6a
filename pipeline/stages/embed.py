"""Stage embed: vectors of every product (text, photo, fused) by the trained bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.encode import RememberingEncoder, cached_photos, encode_products, further_photos
from pipeline.config.build import Config
from pipeline.data.schema import embeddings_schema, read_products, vectors_to_arrow, write_table
from pipeline.models.feature_store import FeatureStore


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.embeddings]


def run(config: Config, run_dir: Path) -> None:
    """Encode products by text, by photo and fused."""
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    ids = products["product_id"].tolist()
    bundle = load_bundle(paths.trained)
    images = np.load(paths.images, mmap_mode="r")
    photos, more = cached_photos(products, images), further_photos(products, images)
    encoder = RememberingEncoder(bundle, FeatureStore(paths.features, config.seed))
    vectors = encode_products(encoder, products["text"].tolist(), photos, progress=True, more=more)
    columns = [vectors_to_arrow(vectors.of(modality), vectors.has(modality)) for modality in ("fused", "text", "image")]
    table = pa.table([pa.array(ids), *columns], schema=embeddings_schema(bundle.dimension))
    write_table(paths.embeddings, table)
