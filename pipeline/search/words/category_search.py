"""Categories found by words in any language: by the letters of their paths, and by what the words mean."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.bundle.protocol import Encoder
from pipeline.search.query import QueryEncoder
from pipeline.taxonomy.category_texts import CategoryText
from pipeline.taxonomy.paths import Taxonomy, levels

_LEAST_LETTERS = 2


class CategorySearch:
    """A taxonomy that is searched.

    Args:
        taxonomy: Whose paths may be found.
        names: Of its categories in other languages, with their paths.
        encoder: Reads words of any language, as far as its bundle has the same paths; None: letters alone count.
    """

    def __init__(self, taxonomy: Taxonomy, names: Iterable[CategoryText], encoder: QueryEncoder | None) -> None:
        self._taxonomy, self._encoder = taxonomy, encoder
        own = [(levels(path)[-1].casefold(), path.casefold(), path) for path in taxonomy.paths]
        others = [(one.text.casefold(), one.text.casefold(), one.path) for one in names]
        self._written = [*own, *others]

    def find(self, words: str, count: int) -> list[str]:
        """Paths that words mean, the best first: half of them are written with them, the others mean the like.

        Args:
            words: As they were typed.
            count: Of paths, at most.
        """
        if len(words.strip()) < _LEAST_LETTERS:
            return []
        written = self._with_all(words)[: count if self._encoder is None else count // 2]
        meant = [] if self._encoder is None else _meant(words, self._encoder, 2 * count)
        return list(dict.fromkeys([*written, *(path for path in meant if path in self._taxonomy)]))[:count]

    def _with_all(self, words: str) -> list[str]:
        """Paths written with all of the words: those called just so first, then with more in their name, then short."""
        wanted = words.casefold().split()
        whole = " ".join(wanted)
        found = [
            (name != whole, -sum(word in name for word in wanted), len(path), path)
            for name, written, path in self._written
            if all(word in written for word in wanted)
        ]
        return list(dict.fromkeys(path for *_, path in sorted(found)))


def _meant(words: str, encoder: QueryEncoder, count: int) -> list[str]:
    """Paths of the bundle whose vectors, or those of their names in other languages, are nearest to the words'."""
    bundle: Encoder = encoder.bundle
    vectors = encoder.encode_texts([words])
    cosines = vectors @ bundle.category_vectors.T
    if bundle.aliases is not None:
        bundle.aliases.raise_cosines(vectors, cosines)
    best = np.argsort(-cosines[0], kind="stable")[:count]
    return [bundle.categories[one] for one in best.tolist()]
