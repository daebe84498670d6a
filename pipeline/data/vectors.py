"""Tables of a run joined by `product_id`, whatever order their rows are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import ArtifactError
from pipeline.data.schema import arrow_to_vectors, read_table
from pipeline.types import Modality


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

    @property
    def has_both(self) -> np.ndarray:
        """Bool [n], whether a product has a text and a photo."""
        both: np.ndarray = self.has_text & self.has_image
        return both

    def has(self, modality: Modality) -> np.ndarray:
        """Bool [n], whether a product has a vector of a modality; a fused one is of what there is."""
        if modality == "fused":
            either: np.ndarray = self.has_text | self.has_image
            return either
        return self.has_text if modality == "text" else self.has_image

    def of(self, modality: Modality) -> np.ndarray:
        """Vectors of a modality, float32 [n, d]."""
        return {"text": self.text, "image": self.image, "fused": self.fused}[modality]

    @classmethod
    def concatenate(cls, parts: Sequence[ProductVectors]) -> ProductVectors:
        """The vectors of some products followed by those of others; at least one part."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

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
    """Vectors [..., d] scaled to length 1 (float16 storage leaves them off by up to 1e-3); zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: np.ndarray = vectors / np.where(lengths > 0, lengths, 1)
    return scaled


def centroid(vectors: np.ndarray) -> np.ndarray:
    """Mean of vectors [n, d], L2-normalized; at least one."""
    return unit(vectors.mean(axis=0))


def nearest_first(vectors: np.ndarray, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order of vectors [n, d] by their cosine to a center [d], greatest first, and the cosines in that order."""
    cosines = vectors @ center
    order = np.argsort(-cosines, kind="stable")
    return order, cosines[order]
