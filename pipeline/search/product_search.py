"""Product search by text, photo or both: FAISS, BM25 for typed words, near-duplicates skipped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.catalog.catalog import Catalog
from pipeline.errors import InputError
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.fusion import hybrid, rocchio
from pipeline.search.large.index import categories_of, index_of, lexical_index
from pipeline.search.query import Query
from pipeline.search.strength import FAIR, match
from pipeline.search.vector_index import best_of, skip_near_duplicates
from pipeline.search.words.bm25 import LexicalIndex, Names
from pipeline.search.words.senses import CategoryEncoder, CategorySenses
from pipeline.types import Modality

_WIDEN = 4  # near-duplicates eat results: ask the index for that many times more, and again while it is too few


@dataclass(frozen=True)
class Hit:
    """One product found.

    Attributes:
        row: In the catalogue.
        score: What it is ranked by.
        text: Cosine with the text; None where none was given.
        image: Cosine with the photo; None where none was given.
        match: Probability that it is what was asked for, 0 to 1 (`strength.match`).
    """

    row: int
    score: float
    text: float | None
    image: float | None
    match: float


@dataclass(frozen=True)
class Examples:
    """Products that results are to be like, and not like, as rows of the catalogue."""

    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.like or self.unlike)


NO_EXAMPLES = Examples()


class ProductSearch:
    """Search in a catalogue by text, photo or both.

    A text is compared with the products' text vectors and a photo with their photos' vectors; a product that lacks
    the modality is compared by its fused vector. With both, the score is the weighted mean of the two cosines.
    Words typed without a photo are compared with the fused vectors too, whose photos show what a short title does not
    say, and looked up by BM25; the scores are fused (`fusion.hybrid`). With a photo they are not: the visitor's weight
    stands between two cosines, which have one scale, and nothing was measured that would say how BM25 should share.
    With examples, it is the fused vectors that are compared, with what `fusion.rocchio` makes of the query.

    Attributes:
        by_text: Index of what texts are compared with.
        by_image: Index of what photos are compared with.
    """

    def __init__(self, catalog: Catalog, bundle: CategoryEncoder | None = None) -> None:
        """Index a catalogue.

        Args:
            catalog: The catalogue.
            bundle: Its model, which knows what words mean; None for searches without words.
        """
        self._catalog, self._products = catalog, catalog.products
        self._bundle = bundle
        self._fused, _ = catalog.vectors("fused")
        (self._text, _), (self._image, _) = catalog.vectors("text"), catalog.vectors("image")
        self.by_text, self.by_image = index_of(catalog, "text"), index_of(catalog, "image")
        self._lock = threading.Lock()
        self._lexical: LexicalIndex | None = None
        self._names: Names | None = None
        self._senses: CategorySenses | None = None

    @property
    def lexical(self) -> LexicalIndex:
        """The words of all products, indexed by the first who asks (seconds); whoever asks meanwhile, waits."""
        with self._lock:
            if self._lexical is None:
                self._lexical = lexical_index(self._catalog)
            return self._lexical

    @property
    def senses(self) -> CategorySenses:
        """The categories of all products, looked up by the first who asks.

        Raises:
            ValueError: Without a model.
        """
        if self._bundle is None:
            raise ValueError("A search by words takes the model.")
        with self._lock:
            if self._senses is None:
                self._senses = CategorySenses(self._bundle, categories_of(self._catalog).tolist())
            return self._senses

    @property
    def names(self) -> Names:
        """Titles and brands of all products by their words, indexed by the first who asks."""
        with self._lock:
            if self._names is None:
                self._names = Names(self._products["title"].fillna("") + " " + self._products["brand"].fillna(""))
            return self._names

    def search(
        self,
        query: Query | None,
        k: int,
        *,
        words: str = "",
        text_weight: float = 0.5,
        threshold: float = NEAR_DUPLICATE,
        allowed: np.ndarray | None = None,
        examples: Examples = NO_EXAMPLES,
        least: float = 0.0,
    ) -> list[Hit]:
        """The best products for a query.

        Args:
            query: At least one of its text and image vectors is there; None where examples alone say what is wanted.
            k: Products to return; near-duplicates of one another are skipped, so that fewer may come back.
            words: What was typed, where `query` is of a text alone and products that share its words are wanted;
                "" ranks by the vectors alone, which is for texts that describe a product in full.
            text_weight: Share of the text in the score, 0 to 1; only matters where the query has both.
            threshold: See `skip_near_duplicates`.
            allowed: Bool [n], the rows that can be returned; None for all.
            examples: Products to be like and not like; they are not returned.
            least: Products with a lower `match` are not returned.

        Returns:
            Hits, best first. With `words` the score is the fused one (`fusion.hybrid`), and else a cosine.
        """
        wanted = self._wanted(query, words, text_weight, examples)
        if examples:
            allowed = np.ones(len(self._fused), dtype=bool) if allowed is None else allowed.copy()
            allowed[[*examples.like, *examples.unlike]] = False
        if wanted.match is not None and least > 0:
            allowed = wanted.match >= least if allowed is None else allowed & (wanted.match >= least)
        width, searched = k, len(self._fused) if allowed is None else int(allowed.sum())
        if not searched:
            return []
        while True:
            width = min(width * _WIDEN, searched)
            scores, rows = wanted.best(width, allowed)
            kept = skip_near_duplicates(rows, self._fused, k, threshold)
            if len(kept) == k or width == searched:
                break
        found = (self._hit(query, wanted, int(rows[position]), float(scores[position])) for position in kept)
        return [hit for hit in found if hit.match >= least]

    def _hit(self, query: Query | None, wanted: _Wanted, row: int, score: float) -> Hit:
        text, image = (None, None) if query is None else (query.text_vector, query.image_vector)
        return Hit(
            row=row,
            score=score,
            text=None if text is None else float(self._text[row] @ text),
            image=None if image is None else float(self._image[row] @ image),
            match=float(match(np.array(score), wanted.modality) if wanted.match is None else wanted.match[row]),
        )

    def _wanted(self, query: Query | None, words: str, text_weight: float, examples: Examples) -> _Wanted:
        if not examples:
            if query is None:
                raise InputError("There is nothing to look for: a query needs a text, a photo or an example.")
            return self._wanted_by(query, words, text_weight)
        like, unlike = self._fused[list(examples.like)], self._fused[list(examples.unlike)]
        cosines = self._fused.cosines(rocchio(None if query is None else query.fused_vector, like, unlike))
        by_words = words and query is not None and query.image_vector is None
        scores = hybrid(cosines, *self._lookup(words)) if by_words else cosines
        probability = np.zeros(len(cosines)) if query is None else self._matches(query, words, text_weight)
        if examples.like:
            alone = match(self._fused.cosines(rocchio(None, like, unlike)), "fused")
            probability = np.maximum(probability, alone)
        return _Wanted("fused", probability, _scan(scores))

    def _wanted_by(self, query: Query, words: str, text_weight: float) -> _Wanted:
        text, image = query.text_vector, query.image_vector
        if text is not None and image is not None:
            mean = text_weight * self._text.cosines(text) + (1 - text_weight) * self._image.cosines(image)
            return _Wanted("fused", self._matches(query, words, text_weight), _scan(mean))
        if text is not None and words:
            cosines, (lexical, named) = self._by_text(text), self._lookup(words)
            senses, shortfall = self.senses.of(text)
            probability = self._by_words(cosines, shortfall, named)
            return _Wanted("text", probability, _scan(hybrid(cosines, lexical, named, senses)))
        vector, index = (image, self.by_image) if text is None else (text, self.by_text)
        assert vector is not None  # a query has one of the two

        def nearest(width: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
            scores, rows = index.search(vector[None], width, allowed)
            return scores[0], rows[0]

        return _Wanted("image" if text is None else "text", None, nearest)

    def _matches(self, query: Query, words: str, text_weight: float) -> np.ndarray:
        """Probabilities float [n] that products are what a query asks for."""
        text, image = query.text_vector, query.image_vector
        by_image = None if image is None else match(self._image.cosines(image), "image")
        if text is None:
            assert by_image is not None  # a query has one of the two
            return by_image
        shortfall = self.senses.of(text)[1] if words else 0.0
        if by_image is not None:
            return text_weight * match(self._text.cosines(text), "text", shortfall) + (1 - text_weight) * by_image
        return self._by_words(self._by_text(text), shortfall, self.names.with_all(words))

    def _by_words(self, cosines: np.ndarray, shortfall: np.ndarray | float, named: np.ndarray) -> np.ndarray:
        """Probabilities float [n] of a search by words; at least fair for a product named by all of them."""
        probability = match(cosines, "text", shortfall)
        return np.where(named, np.maximum(probability, FAIR), probability)

    def _by_text(self, text: np.ndarray) -> np.ndarray:
        """Cosines [n] of a query's words: the mean of those with the texts and with what photos add to them."""
        mean: np.ndarray = (self._text.cosines(text) + self._fused.cosines(text)) / 2
        return mean

    def _lookup(self, words: str) -> tuple[np.ndarray, np.ndarray]:
        """BM25 scores float32 [n], and which products have all of the words in their names: bool [n]."""
        return self.lexical.scores(words), self.names.with_all(words)


_Best = Callable[[int, np.ndarray | None], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class _Wanted:
    """What a search ranks by.

    Attributes:
        modality: The scale of its cosines.
        match: Probabilities float [n]; None where the score is a cosine of that scale.
        best: Gives any number of best products among the allowed: scores float [m], falling, and rows int64 [m].
    """

    modality: Modality
    match: np.ndarray | None
    best: _Best


def _scan(scores: np.ndarray) -> _Best:
    """The best of scores [n]; those of rows that are not allowed count below all others."""

    def best(width: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        return best_of(scores if allowed is None else np.where(allowed, scores, -np.inf), width)

    return best
