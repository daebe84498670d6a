"""The made-up products as a data set: a folder of parquet in the pipeline's input schema, the hub's layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synthetic.listings.candidates import candidates_of
from synthetic.listings.products import Product
from synthetic.listings.texts import write_listing

SPLITS = ("train", "test")
COLUMNS = pa.schema(
    [
        ("product_id", pa.string()),
        ("product_title", pa.string()),
        ("product_description", pa.string()),
        ("product_image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("potential_product_categories", pa.list_(pa.string())),
        ("ground_truth_category", pa.string()),
        ("ground_truth_brand", pa.string()),
        ("ground_truth_is_secondhand", pa.bool_()),
    ]
)
"""The columns of Shopify/product-catalogue, and an id."""
_ROWS_AT_A_TIME = 500


def row_of(seed: int, product: Product, photos: Path) -> dict[str, Any]:
    """One product in the input schema.

    Args:
        seed: Of the texts and candidates.
        product: Which one.
        photos: Folder of the photos; the product's own must lie there.
    """
    listing = write_listing(seed, product)
    return {
        "product_id": f"demo-{seed}-{product.kind.name}-{product.serial:03d}",
        "product_title": listing.title,
        "product_description": listing.description,
        "product_image": None
        if product.photo is None
        else {"bytes": (photos / product.photo).read_bytes(), "path": product.photo},
        "potential_product_categories": candidates_of(seed, product),
        "ground_truth_category": product.kind.path,
        "ground_truth_brand": listing.brand,
        "ground_truth_is_secondhand": listing.is_secondhand,
    }


def write_dataset(folder: Path, products: Iterable[Product], seed: int, photos: Path) -> list[Path]:
    """Write `data/train-00000-of-00001.parquet` and `data/test-…`, each under a temporary name first.

    Args:
        folder: Of the data set; `--source` of a build takes it.
        products: All of their photos must be there.
        seed: Of the texts and candidates.
        photos: Folder of the photos.

    Returns:
        The files.
    """
    products = list(products)
    written = []
    for split in SPLITS:
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        rows = (row_of(seed, product, photos) for product in products if product.split == split)
        with pq.ParquetWriter(temporary, COLUMNS) as writer:
            for batch in _batches(rows):
                writer.write_table(pa.Table.from_pylist(batch, schema=COLUMNS))
        temporary.replace(path)
        written.append(path)
    return written


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, _ROWS_AT_A_TIME)):
        yield batch
