"""kNN evidence: the nearest labeled products of a product, and how far their categories agree with a path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.data.vectors import ProductVectors
from pipeline.metrics.ratios import common_levels
from pipeline.taxonomy.paths import levels
from pipeline.types import Modality

NEIGHBORS = 8
"""Number k of labeled products."""
NEAR_DUPLICATE = 0.985
"""Cosine of two products' vectors above which they count as the same one."""
_ROWS_AT_A_TIME = 256  # 256 x 20,000 cosines are 20 MB


@dataclass(frozen=True)
class NeighborEvidence:
    """The nearest labeled products of one product, best first; empty where there are none.

    Attributes:
        categories: Their category paths.
        similarities: Their cosines; one below 0 has no weight.
    """

    categories: tuple[str, ...]
    similarities: tuple[float, ...]

    @property
    def best(self) -> float:
        """Cosine of the most similar one; -1 without any."""
        return max(self.similarities, default=-1.0)

    def common(self, path: str) -> tuple[int, ...]:
        """For each of them, how many levels of `path` its category shares."""
        names = levels(path)
        return tuple(common_levels(levels(category), names) for category in self.categories)

    def agreement(self, path: str) -> tuple[float, ...]:
        """For each level of `path`, the share of them that are in it, weighted by similarity; all 0 without any."""
        weights = [max(similarity, 0.0) for similarity in self.similarities]
        total = max(sum(weights), 1e-9)
        shared = list(zip(weights, self.common(path), strict=True))
        return tuple(
            sum(weight for weight, common in shared if common >= depth) / total
            for depth in range(1, len(levels(path)) + 1)
        )


def is_same(cosines: Iterable[np.ndarray | float | None]) -> np.ndarray:
    """Whether products are the same as a query: above `NEAR_DUPLICATE` in every modality of the query.

    Args:
        cosines: One for each modality, any shape, the same for all; None for one that was not given.

    Returns:
        Bool of that shape.
    """
    least = np.min([np.asarray(cosine) for cosine in cosines if cosine is not None], axis=0)
    same: np.ndarray = np.asarray(least > NEAR_DUPLICATE)
    return same


def nearest_evidence(
    modality: Modality, queries: ProductVectors, known: ProductVectors, categories: Sequence[str]
) -> list[NeighborEvidence]:
    """The `NEIGHBORS` nearest labeled products of each of n products, as a search by that modality finds them.

    Texts are compared with texts and photos with photos; a labeled product that lacks the modality is compared
    by its fused vector. For "fused", the two cosines count the same. A product is no evidence for itself (`is_same`).

    Args:
        modality: "fused" compares both the texts and the photos.
        queries: The n products; they have what the modality needs.
        known: The m labeled products, none of them among the others.
        categories: m paths.
    """
    pairs = []
    if modality != "image":
        pairs.append((queries.text, np.where(known.has_text[:, None], known.text, known.fused)))
    if modality != "text":
        pairs.append((queries.image, np.where(known.has_image[:, None], known.image, known.fused)))
    evidence: list[NeighborEvidence] = []
    for start in range(0, len(queries.fused), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        sides = [vectors[part] @ others.T for vectors, others in pairs]
        scores = np.where(is_same(sides), -np.inf, np.mean(sides, axis=0))
        best = np.argsort(-scores, axis=1)[:, :NEIGHBORS]
        for row, cosines in zip(best, np.take_along_axis(scores, best, axis=1), strict=True):
            distinct = np.isfinite(cosines)
            paths = tuple(categories[number] for number in row[distinct])
            evidence.append(NeighborEvidence(paths, tuple(cosines[distinct].tolist())))
    return evidence
