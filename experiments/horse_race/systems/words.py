"""Word2Vec on product texts: words of a text, vectors of words, the words nearest to one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from gensim.models import Word2Vec

from pipeline.data.vectors import unit
from pipeline.search.words.bm25 import words as any_words

DIMENSION = 100
_MOST_WORDS = 40_000
_FEWEST_TEXTS = 3  # that a word stands in
_EPOCHS = 5

Split = Callable[[str], list[str]]


def folded_words(text: str) -> list[str]:
    """Words of a text in lower case, without punctuation, folded to ASCII."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode("ascii")
    return re.findall(r"[a-z0-9]+", plain)


SPLITS: dict[str, Split] = {"folded": folded_words, "any script": any_words}
"""How a text is split: as published, or with the letters of every script, unspaced ones as pairs of characters."""


@dataclass(frozen=True)
class Words:
    """Words with their vectors.

    Attributes:
        names: The words, the most frequent first; number 0 of a text is none of them.
        vectors: float32 [words, d].
    """

    names: Sequence[str]
    vectors: np.ndarray

    @classmethod
    def learn(cls, texts: Iterable[str], split: Split, seed: int) -> Words:
        """Continuous bag of words with negative sampling (Mikolov et al. 2013), by gensim."""
        sentences = [split(text) for text in texts]
        model = Word2Vec(
            sentences,
            vector_size=DIMENSION,
            window=5,
            min_count=_FEWEST_TEXTS,
            max_final_vocab=_MOST_WORDS,
            epochs=_EPOCHS,
            seed=seed,
            workers=1,  # more would draw in another order each time
        )
        return cls(list(model.wv.index_to_key), np.asarray(model.wv.vectors, dtype=np.float32))

    def nearest(self, word: str, k: int = 5) -> list[str]:
        """The k words whose vectors are closest to a word's; none for an unknown word."""
        if word not in self.names:
            return []
        own = self.names.index(word)
        vectors = unit(self.vectors)
        order = np.argsort(-(vectors @ vectors[own]), kind="stable")
        return [self.names[number] for number in order.tolist() if number != own][:k]

    def numbers(self, texts: Iterable[str], split: Split, longest: int) -> list[list[int]]:
        """Known words of each text by number, from 1, cut to `longest`; a text without any is [0]."""
        place = {name: number for number, name in enumerate(self.names, start=1)}
        found = ([place[word] for word in split(text) if word in place][:longest] for text in texts)
        return [numbers or [0] for numbers in found]
