"""Stage embed: vectors of every product (text, photo, fused) by the trained bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.config.build import Config
from pipeline.data.schema import embeddings_schema, read_products, vectors_to_arrow, write_table


def outputs(run: RunPaths) -> list[Path]:
    """What this stage writes."""
    return [run.embeddings]


def run(config: Config, run_dir: Path) -> None:
    """Encode products by text, by photo and fused."""
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    ids = products["product_id"].tolist()
    bundle = load_bundle(paths.trained)
    texts = products["text"].tolist()
    image_rows = products["image_row"].to_numpy()
    has_text, has_image = np.array([bool(text) for text in texts]), image_rows >= 0
    text = bundle.encode_texts(texts, progress=True)
    image = np.zeros((len(ids), bundle.dimension), dtype=np.float32)
    images = np.load(paths.images, mmap_mode="r")
    image[has_image] = bundle.encode_images(images[image_rows[has_image]], progress=True)
    fused = bundle.fuse(text, image, has_text, has_image)
    columns = [
        vectors_to_arrow(fused, has_text | has_image),
        vectors_to_arrow(text, has_text),
        vectors_to_arrow(image, has_image),
    ]
    table = pa.table([pa.array(ids), *columns], schema=embeddings_schema(bundle.dimension))
    write_table(paths.embeddings, table)
