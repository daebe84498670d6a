"""Class prototypes: the mean photo of a category, beside its name.

Sibling categories have similar names, and so similar vectors, while their photos may differ. For a photo alone the
vector of a category is therefore interpolated from its name towards the mean of its training photos (the class
prototypes of Snell et al. 2017, beside names as in Xing et al. 2019, "Adaptive cross-modal few-shot learning", with one
weight chosen on validation). A category without training photos keeps the vector of its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.data.vectors import unit
from pipeline.models.quantization import dequantize, quantize
from pipeline.taxonomy.paths import hash_path


@dataclass(frozen=True)
class Prototypes:
    """Mean photos of c categories.

    Attributes:
        categories: `hash_path` of each.
        vectors: float32 [c, d], L2-normalized.
    """

    categories: tuple[str, ...]
    vectors: np.ndarray

    @classmethod
    def of(cls, truths: Sequence[str], vectors: np.ndarray) -> Prototypes:
        """Of n products with a photo: their category paths and their photos' unit vectors, float32 [n, d]."""
        paths, owners = np.unique(np.array(truths, dtype=object), return_inverse=True)
        sums = np.zeros((len(paths), vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, owners, vectors)
        return cls(tuple(map(hash_path, paths)), unit(sums))

    def interpolate(self, paths: Sequence[str], names: np.ndarray, weight: float) -> np.ndarray:
        """Vectors of categories, interpolated from their names towards their prototypes.

        Args:
            paths: m categories.
            names: float32 [m, d], their unit vectors.
            weight: Of the prototype, where the name counts 1; 0 gives the names.

        Returns:
            Unit vectors float32 [m, d].
        """
        if not weight:
            return names
        row_of = {name: row for row, name in enumerate(self.categories)}
        known = [(row, row_of[name]) for row, name in enumerate(map(hash_path, paths)) if name in row_of]
        vectors = names.copy()
        if known:
            rows, prototypes = np.array(known).T
            vectors[rows] = unit(vectors[rows] + weight * self.vectors[prototypes])
        return vectors

    def table(self) -> pa.Table:
        """The table in which they are stored."""
        return quantize(self.categories, self.vectors)

    @classmethod
    def from_table(cls, table: pa.Table) -> Prototypes:
        """Inverse of `table`."""
        return cls(tuple(table["category_path"].to_pylist()), dequantize(table))
