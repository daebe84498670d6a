"""Product search by text, photo or both: FAISS, BM25 for typed words, near-duplicates skipped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.catalog.catalog import Catalog
from pipeline.errors import InputError
from pipeline.search.bm25 import LexicalIndex, product_words
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.fusion import COSINE_WEIGHT, convex_combination
from pipeline.search.query import Query
from pipeline.search.vector_index import VectorIndex, best_of, skip_near_duplicates

_WIDEN = 4  # near-duplicates eat results: ask the index for that many times more, and again while it is too few


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
    the modality is compared by its fused vector. With both, the score is the weighted mean of the two cosines.
    Words typed without a photo are also looked up by BM25, and both scores fused (`fusion.convex_combination`). With a
    photo they are not: the visitor's weight stands between two cosines, which have one scale, and nothing was
    measured that would say how BM25 should share in it.

    Attributes:
        by_text: Index of what texts are compared with.
        by_image: Index of what photos are compared with.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._products = catalog.products
        self._fused, _ = catalog.vectors("fused")
        self._text, self._image = (
            np.where(present[:, None], vectors, self._fused)
            for vectors, present in (catalog.vectors("text"), catalog.vectors("image"))
        )
        self.by_text, self.by_image = VectorIndex(self._text), VectorIndex(self._image)
        self._lock = threading.Lock()
        self._lexical: LexicalIndex | None = None

    @property
    def lexical(self) -> LexicalIndex:
        """The words of all products, indexed by the first who asks (seconds); whoever asks meanwhile, waits."""
        with self._lock:
            if self._lexical is None:
                columns = (self._products[name].fillna("") for name in ("title", "brand", "description"))
                self._lexical = LexicalIndex(map(product_words, *columns))
            return self._lexical

    def search(
        self,
        query: Query,
        k: int,
        *,
        words: str = "",
        text_weight: float = 0.5,
        threshold: float = NEAR_DUPLICATE,
        allowed: np.ndarray | None = None,
    ) -> list[Hit]:
        """The best products for a query.

        Args:
            query: At least one of its text and image vectors is there.
            k: Products to return; near-duplicates of one another are skipped, so that fewer may come back.
            words: What was typed, where `query` is of a text alone and products that share its words are wanted;
                "" ranks by the vectors alone, which is for texts that describe a product in full.
            text_weight: Share of the text in the score, 0 to 1; only matters where the query has both.
            threshold: See `skip_near_duplicates`.
            allowed: Bool [n], the rows that can be returned; None for all.

        Returns:
            Hits, best first. With `words` the score is the fused one, at most 1, and else a cosine.
        """
        best = self._ranking(query, words, text_weight, allowed)
        width, searched = k, len(self._fused) if allowed is None else int(allowed.sum())
        if not searched:
            return []
        while True:
            width = min(width * _WIDEN, searched)
            scores, rows = best(width)
            kept = skip_near_duplicates(rows, self._fused, k, threshold)
            if len(kept) == k or width == searched:
                break
        text, image = query.text_vector, query.image_vector
        return [
            Hit(
                row=int(rows[position]),
                score=float(scores[position]),
                text=None if text is None else float(self._text[rows[position]] @ text),
                image=None if image is None else float(self._image[rows[position]] @ image),
            )
            for position in kept
        ]

    def _ranking(
        self, query: Query, words: str, text_weight: float, allowed: np.ndarray | None
    ) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
        """A function that gives any number of best products: scores float [m], falling, and rows int64 [m]."""
        text, image = query.text_vector, query.image_vector
        if text is not None and image is not None:
            mean = text_weight * (self._text @ text) + (1 - text_weight) * (self._image @ image)
            return lambda width: best_of(_only(mean, allowed), width)
        if text is not None and words:
            fused = convex_combination(self._text @ text, self.lexical.scores(words), COSINE_WEIGHT)
            return lambda width: best_of(_only(fused, allowed), width)
        vector, index = (image, self.by_image) if text is None else (text, self.by_text)
        if vector is None:
            raise InputError("There is nothing to look for: a query needs a text or a photo.")

        def nearest(width: int) -> tuple[np.ndarray, np.ndarray]:
            scores, rows = index.search(vector[None], width, allowed)
            return scores[0], rows[0]

        return nearest


def _only(scores: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """Scores [n] with those of the rows that are not allowed below all others."""
    return scores if allowed is None else np.where(allowed, scores, -np.inf)
