"""Nearest neighbours among the vectors of a catalogue: FAISS, the exact scan it must agree with, and product search."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import faiss
import numpy as np

from pipeline.catalog.catalog import Catalog
from pipeline.search.bm25 import LexicalIndex, product_words
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.fusion import COSINE_WEIGHT, convex_combination
from pipeline.search.query import Query

_SPARE = 32  # float16 moves a cosine by some 1e-5, so a row can stand a few places off before it is scored again
_WIDEN = 4  # near-duplicates eat results: ask the index for that many times more, and again while it is too few


class VectorIndex:
    """Flat inner-product index over row vectors.

    FAISS scans a float16 copy, which is half as much to read and several times as fast as its scan of float32 for
    one query; the best, and some more, are then scored again with the vectors themselves.
    """

    def __init__(self, vectors: np.ndarray) -> None:
        """Index `vectors`, float32 [n, d]; they are kept, not copied."""
        self.vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._index = faiss.IndexScalarQuantizer(
            vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._index.add(self.vectors)

    def __len__(self) -> int:
        return len(self.vectors)

    def search(self, queries: np.ndarray, k: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k rows with the greatest inner product.

        Args:
            queries: float32 [q, d].
            k: Results a query; fewer come back where the index is smaller, or fewer rows are allowed.
            allowed: Bool [n], the rows that can be found; None for all.

        Returns:
            Scores float32 [q, min(k, n)], falling, and rows int64 of the same shape.
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        there = len(self) if allowed is None else int(allowed.sum())
        only = None
        if allowed is not None:
            only = faiss.SearchParameters(sel=faiss.IDSelectorBatch(np.flatnonzero(allowed)))  # type: ignore[call-arg]
        _, rows = self._index.search(queries, min(k + _SPARE, there), params=only)
        rows.sort(axis=1)  # so that equal scores come in the order of rows, as in a scan
        scores = np.stack([self.vectors[found] @ query for found, query in zip(rows, queries, strict=True)])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, best, axis=1), np.take_along_axis(rows, best, axis=1)


def exact_scan(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """What `VectorIndex.search` returns, by the obvious way: all inner products, sorted.

    Args:
        vectors: float32 [n, d].
        queries: float32 [q, d].
        k: Results a query.

    Returns:
        Scores float32 [q, min(k, n)], falling, and rows int64 of the same shape.
    """
    scores = queries @ vectors.T
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, rows, axis=1), rows


def best_of(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k greatest of scores [n], falling, and their rows, min(k, n) of each; of equal ones the lower row first."""
    k = min(k, len(scores))
    rows = np.sort(np.argpartition(-scores, k - 1)[:k])
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    return scores[rows], rows


def skip_near_duplicates(rows: np.ndarray, vectors: np.ndarray, k: int, threshold: float = NEAR_DUPLICATE) -> list[int]:
    """The first k of `rows`, best first, without those nearly the same as one before them.

    Args:
        rows: int [m], rows of `vectors`, best first.
        vectors: float32 [n, d], L2-normalised.
        k: Rows to keep.
        threshold: A row whose cosine to a kept one lies above it is skipped.

    Returns:
        Positions within `rows`, rising, at most k.
    """
    kept: list[int] = []
    for position, row in enumerate(rows):
        if len(kept) == k:
            break
        if kept and float((vectors[rows[kept]] @ vectors[row]).max()) > threshold:
            continue
        kept.append(position)
    return kept


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
    the modality stands there with its fused vector. With both, the score is the weighted mean of the two cosines.
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
        skip_row: int = -1,
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
            skip_row: A row never returned (the product that is the query); -1 for none.
            allowed: Bool [n], the rows that can be returned; None for all.

        Returns:
            Hits, best first. With `words` the score is the fused one, at most 1, and else a cosine.
        """
        best = self._ranking(query, words, text_weight, allowed)
        width, there = k, len(self._fused) if allowed is None else int(allowed.sum())
        if not there:
            return []
        while True:
            width = min(width * _WIDEN, there)
            scores, rows = best(width)
            wanted = rows != skip_row
            scores, rows = scores[wanted], rows[wanted]
            kept = skip_near_duplicates(rows, self._fused, k, threshold)
            if len(kept) == k or width == there:
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
            raise ValueError("a query needs a text or a photo")

        def nearest(width: int) -> tuple[np.ndarray, np.ndarray]:
            scores, rows = index.search(vector[None], width, allowed)
            return scores[0], rows[0]

        return nearest


def _only(scores: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """Scores [n] with those of the rows that are not allowed below all others."""
    return scores if allowed is None else np.where(allowed, scores, -np.inf)
