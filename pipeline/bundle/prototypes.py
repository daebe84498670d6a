"""What the products of a category look like: the mean vector of its training photos.

Sibling categories have names alike, and so vectors alike, while their photos may differ. For a photo alone the vector
of a category therefore leans from its name towards the mean of its photos (the class prototypes of Snell et al. 2017,
beside names as in Xing et al. 2019, "Adaptive cross-modal few-shot learning", with one weight chosen on validation). A
category without training photos keeps its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.bundle.quantization import dequantise, quantise
from pipeline.taxonomy.paths import hash_path


@dataclass(frozen=True)
class Prototypes:
    """Mean photos of c categories.

    Attributes:
        categories: `hash_path` of each.
        vectors: float32 [c, d], L2-normalised.
    """

    categories: tuple[str, ...]
    vectors: np.ndarray

    @classmethod
    def of(cls, truths: Sequence[str], vectors: np.ndarray) -> Prototypes:
        """Of n products with a photo: their category paths and their photos' unit vectors, float32 [n, d]."""
        paths, owners = np.unique(np.array(truths, dtype=object), return_inverse=True)
        sums = np.zeros((len(paths), vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, owners, vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return cls(tuple(map(hash_path, paths)), sums / np.maximum(lengths, 1e-12))

    def lean(self, paths: Sequence[str], names: np.ndarray, weight: float) -> np.ndarray:
        """Vectors of categories, leant from their names towards their photos.

        Args:
            paths: m categories.
            names: float32 [m, d], their unit vectors.
            weight: Of the prototype, where the name counts 1; 0 gives the names.

        Returns:
            Unit vectors float32 [m, d].
        """
        if not weight:
            return names
        own = {name: row for row, name in enumerate(self.categories)}
        known = [(row, own[name]) for row, name in enumerate(map(hash_path, paths)) if name in own]
        leant = names.copy()
        if known:
            rows, prototypes = np.array(known).T
            leant[rows] += weight * self.vectors[prototypes]
            leant[rows] /= np.linalg.norm(leant[rows], axis=1, keepdims=True)
        return leant

    def table(self) -> pa.Table:
        """As it is stored."""
        return quantise(self.categories, self.vectors)

    @classmethod
    def from_table(cls, table: pa.Table) -> Prototypes:
        """Inverse of `table`."""
        return cls(tuple(table["category_path"].to_pylist()), dequantise(table))
