"""Tables of a run joined by `product_id`, whatever order their rows are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import ArtifactError
from pipeline.data.schema import arrow_to_vectors, read_table


def positions(wanted: Sequence[str], present: Sequence[str], source: Path) -> np.ndarray:
    """Rows of the wanted products in a table.

    Args:
        wanted: Product ids, in the order the caller wants.
        present: The product ids of the table.
        source: The table's file, for the message.

    Returns:
        int64 [len(wanted)], rows of the table.

    Raises:
        ArtifactError: If the table names a product twice or lacks one that is wanted.
    """
    index = pd.Index(present)
    if not index.is_unique:
        raise ArtifactError(f"{source} names the product {index[index.duplicated()][0]} twice; run its stage again.")
    rows = index.get_indexer(pd.Index(wanted))
    if (rows < 0).any():
        missing = [product for product, row in zip(wanted, rows, strict=True) if row < 0]
        raise ArtifactError(f"{source} lacks {len(missing)} products (first: {missing[0]}); run its stage again.")
    return rows.astype(np.int64)


def read_rows(path: Path, product_ids: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Columns of a table of products, its rows in the order of `product_ids`."""
    frame = read_table(path, ["product_id", *columns]).to_pandas()
    return frame.iloc[positions(product_ids, frame["product_id"].tolist(), path)].reset_index(drop=True)


@dataclass(frozen=True)
class ProductVectors:
    """Vectors of n products in the shared space, L2-normalized; zeros where there is none.

    Attributes:
        fused: float32 [n, d].
        text: float32 [n, d].
        image: float32 [n, d].
        has_text: bool [n].
        has_image: bool [n].
    """

    fused: np.ndarray
    text: np.ndarray
    image: np.ndarray
    has_text: np.ndarray
    has_image: np.ndarray

    def at(self, rows: np.ndarray) -> ProductVectors:
        """The vectors of some of the products (a mask or positions)."""
        return ProductVectors(
            self.fused[rows], self.text[rows], self.image[rows], self.has_text[rows], self.has_image[rows]
        )


def read_vectors(path: Path, product_ids: Sequence[str]) -> ProductVectors:
    """Vectors of a run (`schema.embeddings_schema`), in the order of `product_ids`."""
    table = read_table(path)
    rows = positions(product_ids, table["product_id"].to_pylist(), path)
    fused, _ = arrow_to_vectors(table["fused"])
    text, has_text = arrow_to_vectors(table["text"])
    image, has_image = arrow_to_vectors(table["image"])
    return ProductVectors(unit(fused), unit(text), unit(image), has_text, has_image).at(rows)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1 (float16 storage leaves them off by up to 1e-3); zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
