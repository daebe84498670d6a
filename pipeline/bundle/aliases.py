"""Names of categories in other languages, as vectors beside those of their paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AliasVectors:
    """k aliases of the m paths of a category table.

    Attributes:
        owners: int64 [k], never falling: the row of the path that each is an alias of.
        vectors: float32 [k, d], L2-normalized.
    """

    owners: np.ndarray
    vectors: np.ndarray

    def raise_cosines(self, vectors: np.ndarray, cosines: np.ndarray) -> None:
        """Lift each cosine to that of the path's nearest alias, in place.

        Args:
            vectors: float32 [n, d], L2-normalized.
            cosines: float32 [n, m], with the paths themselves.
        """
        starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        best = np.maximum.reduceat(vectors @ self.vectors.T, starts, axis=1)
        with_alias = self.owners[starts]
        cosines[:, with_alias] = np.maximum(cosines[:, with_alias], best)


def alias_vectors(
    encode: Callable[[Sequence[str]], np.ndarray], paths: Sequence[str], aliases: Mapping[str, Sequence[str]]
) -> AliasVectors | None:
    """Vectors of the aliases of a table's paths, None where none has one.

    Args:
        encode: Unit vectors float32 [n, d] of texts.
        paths: The table.
        aliases: As `Taxonomy.names`; those of other paths are left out.
    """
    pairs = [(row, alias) for row, path in enumerate(paths) for alias in aliases.get(path, ())]
    if not pairs:
        return None
    owners, texts = zip(*pairs, strict=True)
    return AliasVectors(np.array(owners, dtype=np.int64), encode(texts))
