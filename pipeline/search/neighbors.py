"""Products nearest to a product or to the centroid of a category, by the catalogue's own vectors, without a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.catalog.catalog import Catalog
from pipeline.data.vectors import centroid, nearest_first
from pipeline.search.product_search import Hit
from pipeline.search.strength import match
from pipeline.search.vector_index import best_of, skip_near_duplicates


@dataclass(frozen=True)
class Centroid:
    """Distances of some products to their centroid, the L2-normalized mean of their fused vectors.

    Attributes:
        rows: int64 [m], the products, nearest to the centroid first.
        distances: float32 [m], 1 - cosine to the centroid, rising, 0 to 2.
        dispersion: Mean of the distances.
    """

    rows: np.ndarray
    distances: np.ndarray
    dispersion: float


def nearest_products(catalog: Catalog, row: int, k: int, threshold: float | None = None) -> list[Hit]:
    """The k products most similar to one, itself left out.

    Args:
        catalog: The catalogue.
        row: The product.
        k: Products to return; fewer come back from a smaller catalogue.
        threshold: Cosine above which a product counts as the same as `row`, or as one nearer to it, and
            is skipped; None keeps all.

    Returns:
        Hits by falling cosine of the fused vectors; with the cosines of texts and of photos where both have one.
    """
    fused, _ = catalog.vectors("fused")
    cosines = fused.cosines(fused[row])
    cosines[row] = -np.inf
    scores, rows = best_of(cosines, len(fused) - 1 if threshold is not None else min(k, len(fused) - 1))
    if threshold is not None:
        kept = skip_near_duplicates(np.concatenate([[row], rows]), fused, k + 1, threshold)
        scores, rows = (values[np.array(kept[1:], dtype=np.int64) - 1] for values in (scores, rows))
    sides = [catalog.vectors("text"), catalog.vectors("image")]
    hits = []
    for score, other in zip(scores.tolist(), rows.tolist(), strict=True):
        text, image = (
            float(vectors[other] @ vectors[row]) if present[other] and present[row] else None
            for vectors, present in sides
        )
        hits.append(Hit(other, score, text, image, float(match(np.array(score), "fused"))))
    return hits


def centroid_of(catalog: Catalog, rows: np.ndarray) -> Centroid:
    """The centroid of some products, and the distance of each to it.

    Args:
        catalog: The catalogue.
        rows: int [m], at least one.
    """
    members = catalog.vectors("fused")[0][rows]
    order, cosines = nearest_first(members, centroid(members))
    distances = 1 - cosines
    return Centroid(rows[order].astype(np.int64), distances.astype(np.float32), float(distances.mean()))
