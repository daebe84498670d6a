"""Labelled products as training sees them: indices into one list of category paths, and how well those are ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.metrics.ratios import ranks


@dataclass(frozen=True)
class Examples:
    """Products with a known category. n products, at most c candidates each.

    Attributes:
        texts: What the text tower reads, "" = none.
        image_rows: int [n], rows of the image cache, -1 = no photo.
        truth: int [n], index of the true path in `paths`.
        candidates: int [n, c], indices into `paths`, -1 = padding; the truth is among them.
        target: int [n], position of the truth in `candidates`.
        paths: All category paths.
    """

    texts: list[str]
    image_rows: np.ndarray
    truth: np.ndarray
    candidates: np.ndarray
    target: np.ndarray
    paths: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def has_text(self) -> np.ndarray:
        """Bool [n]."""
        return np.array([bool(text) for text in self.texts], dtype=bool)

    @property
    def has_image(self) -> np.ndarray:
        """Bool [n]."""
        return self.image_rows >= 0

    def sample(self, count: int, seed: int) -> Examples:
        """At most `count` of the products, drawn without replacement."""
        if len(self) <= count:
            return self
        return self.of_rows(np.sort(np.random.default_rng(seed).choice(len(self), count, replace=False)))

    def of_rows(self, rows: np.ndarray) -> Examples:
        """These products, int [m], in this order."""
        arrays = {name: getattr(self, name)[rows] for name in ("image_rows", "truth", "candidates", "target")}
        return Examples(texts=[self.texts[row] for row in rows], paths=self.paths, **arrays)


@dataclass(frozen=True)
class FeatureSet:
    """Cached features of the frozen towers for one set of examples.

    Attributes:
        examples: n labelled products.
        text: float32 [n, text width], zeros without text.
        image: float32 [n, vision width], zeros without photo.
    """

    examples: Examples
    text: np.ndarray
    image: np.ndarray


def make_examples(products: pd.DataFrame, paths: Sequence[str]) -> Examples:
    """Examples of the products whose category is known.

    Args:
        products: Rows of `schema.PRODUCTS`. A product without candidates, or whose truth is not among them, has
            the truth as its only candidate: the listwise loss then says nothing about it, the others still do.
        paths: All category paths, every truth and candidate among them.
    """
    index = {path: row for row, path in enumerate(paths)}
    known = products[products["category_path"].notna()]
    lists = []
    for truth, named in zip(known["category_path"], known["candidates"], strict=True):
        candidates = list(dict.fromkeys(named)) if named is not None else []
        lists.append(candidates if truth in candidates else [truth])
    width = max((len(candidates) for candidates in lists), default=1)
    table = np.full((len(known), width), -1, dtype=np.int64)
    for row, candidates in enumerate(lists):
        table[row, : len(candidates)] = [index[path] for path in candidates]
    target = [candidates.index(truth) for candidates, truth in zip(lists, known["category_path"], strict=True)]
    return Examples(
        texts=known["text"].tolist(),
        image_rows=known["image_row"].to_numpy(dtype=np.int64),
        truth=np.array([index[path] for path in known["category_path"]], dtype=np.int64),
        candidates=table,
        target=np.array(target, dtype=np.int64),
        paths=tuple(paths),
    )


def candidate_ranks(products: np.ndarray, paths: np.ndarray, examples: Examples, kept: np.ndarray) -> np.ndarray:
    """Rank of the truth among each product's candidates, ties counted against it.

    Args:
        products: [n, d] unit vectors.
        paths: [p, d] unit vectors of all paths.
        examples: The n products.
        kept: bool [n], which of them to rank.

    Returns:
        int [number kept], from 1.
    """
    candidates = examples.candidates[kept]
    scores = np.einsum("nd,ncd->nc", products[kept], paths[np.maximum(candidates, 0)])
    return ranks(np.where(candidates >= 0, scores, -np.inf), examples.target[kept])
