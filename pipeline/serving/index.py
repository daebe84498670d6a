"""Nearest neighbours among the vectors of a catalogue: FAISS, the exact scan it must agree with, and product search."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np

from pipeline.serving.catalog import Catalog
from pipeline.serving.encoder import Query

NEAR_DUPLICATE = 0.985
"""Cosine of fused vectors above which two products count as the same one."""

_WIDEN = 4  # near-duplicates eat results: ask the index for that many times more, and again while it is too few


class VectorIndex:
    """Flat inner-product index over row vectors."""

    def __init__(self, vectors: np.ndarray) -> None:
        """Index `vectors`, float32 [n, d]."""
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k rows with the greatest inner product.

        Args:
            queries: float32 [q, d].
            k: Results a query; fewer come back where the index is smaller.

        Returns:
            Scores float32 [q, min(k, n)], falling, and rows int64 of the same shape.
        """
        return self._index.search(np.ascontiguousarray(queries, dtype=np.float32), min(k, len(self)))


def exact_scan(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """What `VectorIndex.search` returns, by the obvious way: all inner products, sorted.

    Args:
        vectors: float32 [n, d].
        queries: float32 [q, d].
        k: Results a query.

    Returns:
        Scores float32 [q, min(k, n)], falling, and rows int64 of the same shape.
    """
    scores = queries @ vectors.T
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, rows, axis=1), rows


def skip_near_duplicates(rows: np.ndarray, vectors: np.ndarray, k: int, threshold: float = NEAR_DUPLICATE) -> list[int]:
    """The first k of `rows`, best first, without those nearly the same as one before them.

    Args:
        rows: int [m], rows of `vectors`, best first.
        vectors: float32 [n, d], L2-normalised.
        k: Rows to keep.
        threshold: A row whose cosine to a kept one lies above it is skipped.

    Returns:
        Positions within `rows`, rising, at most k.
    """
    kept: list[int] = []
    for position, row in enumerate(rows):
        if len(kept) == k:
            break
        if kept and float((vectors[rows[kept]] @ vectors[row]).max()) > threshold:
            continue
        kept.append(position)
    return kept


@dataclass(frozen=True)
class Hit:
    """One product found: its row in the catalogue, the score it is ranked by, and the cosines it is made of."""

    row: int
    score: float
    text: float | None
    image: float | None


class ProductSearch:
    """Search in a catalogue by text, photo or both.

    A text is compared with the products' text vectors and a photo with their photos' vectors; a product that lacks
    the modality stands there with its fused vector. With both, the score is the weighted mean of the two cosines:
    one inner product over the two vectors side by side.
    """

    def __init__(self, catalog: Catalog) -> None:
        fused, _ = catalog.vectors("fused")
        self._fused = fused
        sides = []
        for vectors, present in (catalog.vectors("text"), catalog.vectors("image")):
            sides.append(np.where(present[:, None], vectors, fused))
        self._dimension = fused.shape[1]
        self._vectors = np.concatenate(sides, axis=1)
        self._index = VectorIndex(self._vectors)

    def search(
        self, query: Query, k: int, *, text_weight: float = 0.5, threshold: float = NEAR_DUPLICATE, skip_row: int = -1
    ) -> list[Hit]:
        """The best products for a query.

        Args:
            query: At least one of its text and image vectors is there.
            k: Products to return; near-duplicates of one another are skipped, so that fewer may come back.
            text_weight: Share of the text in the score, 0 to 1; only matters where the query has both.
            threshold: See `skip_near_duplicates`.
            skip_row: A row never returned (the product that is the query); -1 for none.

        Returns:
            Hits, best first.
        """
        if query.image_vector is None:
            text_weight = 1.0
        elif query.text_vector is None:
            text_weight = 0.0
        text = np.zeros(self._dimension, np.float32) if query.text_vector is None else query.text_vector
        image = np.zeros(self._dimension, np.float32) if query.image_vector is None else query.image_vector
        joined = np.concatenate([text_weight * text, (1 - text_weight) * image])[None]
        width = k
        while True:
            width = min(width * _WIDEN, len(self._index))
            scores, found = self._index.search(joined, width)
            wanted = found[0] != skip_row
            rows, best = found[0][wanted], scores[0][wanted]
            kept = skip_near_duplicates(rows, self._fused, k, threshold)
            if len(kept) == k or width == len(self._index):
                break
        d = self._dimension
        return [
            Hit(
                row=int(rows[position]),
                score=float(best[position]),
                text=None if query.text_vector is None else float(self._vectors[rows[position], :d] @ text),
                image=None if query.image_vector is None else float(self._vectors[rows[position], d:] @ image),
            )
            for position in kept
        ]
