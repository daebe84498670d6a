"""What a text means, as categories: which sense of a word is meant, and whether a catalogue has such goods at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pipeline.taxonomy.paths import SEPARATOR, levels


class CategoryEncoder(Protocol):
    """The part of a model bundle that knows categories (`pipeline.bundle.bundle.Bundle` is one)."""

    categories: tuple[str, ...]
    category_vectors: np.ndarray

    def encode_categories(self, paths: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, d] of category paths."""


class CategorySenses:
    """The categories of n products, beside all that the model knows.

    A query of two words lies far nearer to the path of what it means than to listings of such goods.
    """

    def __init__(self, bundle: CategoryEncoder, paths: Sequence[str]) -> None:
        """Look up the categories.

        Args:
            bundle: The model.
            paths: Category of each product, "" for none.
        """
        own = list(dict.fromkeys(path for path in paths if path))
        known = set(bundle.categories)
        added = [path for path in own if path not in known]
        names = [*bundle.categories, *added]
        order = sorted(range(len(names)), key=lambda row: levels(names[row]))  # a category, then all below it
        self._vectors = np.concatenate([bundle.category_vectors, bundle.encode_categories(added)])[order]
        names = [names[row] for row in order]
        starts = {name: place for place, name in enumerate(names)}
        ends: dict[str, int] = {}
        for place, name in reversed(list(enumerate(names))):
            end = place + 1
            while end < len(names) and names[end].startswith(name + SEPARATOR):
                end = ends[names[end]]
            ends[name] = end
        self._spans = np.array([(starts[path], ends[path]) for path in own], dtype=np.int64).ravel()
        rows = {path: row for row, path in enumerate(own)}
        self._rows = np.array([rows.get(path, -1) for path in paths], dtype=np.int64)

    def of(self, text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How near a text is to the category of every product, and how much nearer to the nearest one of all.

        Near to a category is also what is near to one below it: a rain coat is a coat.

        Args:
            text: Unit vector float32 [d].

        Returns:
            Cosines float32 [n], and how much they fall short of the greatest cosine of all categories, float32 [n],
            0 or more. A product without a category counts as one of the nearest.
        """
        cosines = self._vectors @ text
        best = cosines.max(initial=-1)
        padded = np.append(cosines, np.float32(-1))  # a span may end behind the last category
        own = np.append(np.maximum.reduceat(padded, self._spans)[::2], best)
        of_products = own[self._rows]  # the last one is that of the row -1
        return of_products, best - of_products
