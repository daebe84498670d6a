"""What categories are called in other languages, as vectors beside those of their paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NameVectors:
    """k names of the m paths of a category table.

    Attributes:
        owners: int64 [k], never falling: which path each name is of.
        vectors: float32 [k, d], L2-normalised.
    """

    owners: np.ndarray
    vectors: np.ndarray

    def raise_cosines(self, vectors: np.ndarray, cosines: np.ndarray) -> None:
        """Lift each cosine to that of the path's best name, in place.

        Args:
            vectors: float32 [n, d], L2-normalised.
            cosines: float32 [n, m], with the paths themselves.
        """
        starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        best = np.maximum.reduceat(vectors @ self.vectors.T, starts, axis=1)
        named = self.owners[starts]
        cosines[:, named] = np.maximum(cosines[:, named], best)


def name_vectors(
    encode: Callable[[Sequence[str]], np.ndarray], paths: Sequence[str], names: Mapping[str, Sequence[str]]
) -> NameVectors | None:
    """Vectors of the names of a table's paths, None where none has a name.

    Args:
        encode: Unit vectors float32 [n, d] of texts.
        paths: The table.
        names: As `Taxonomy.names`; those of other paths are left out.
    """
    pairs = [(row, name) for row, path in enumerate(paths) for name in names.get(path, ())]
    if not pairs:
        return None
    owners, texts = zip(*pairs, strict=True)
    return NameVectors(np.array(owners, dtype=np.int64), encode(texts))
