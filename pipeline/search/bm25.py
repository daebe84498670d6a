"""Products found by the words they share with a query: BM25, with words cut so that most scripts work."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

import numpy as np
import regex

TITLE_TIMES = 3
"""How often a title counts beside the description (BM25F's field weight, in whole numbers)."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(r"\p{N}+(?:[.,/]\p{N}+)+|[\p{L}\p{M}\p{N}]+")  # the first is 2.5, 1/2 and 1,000
_IS_UNSPACED = regex.compile(f"[{_UNSPACED}]")
_RUN = regex.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")


def words(text: str) -> list[str]:
    """The words of a text, in order, as they are compared.

    A word is a run of letters, marks and digits, case folded; numbers with a point, comma or slash inside stay whole.
    Scripts written without spaces (and Korean, which joins its particles to its nouns) give character bigrams. The s
    of a plural goes (the last rule of the S stemmer, Harman 1991), in whatever language.
    """
    words = _WORD.findall(text.casefold())
    if _IS_UNSPACED.search(text):
        words = list(chain.from_iterable(map(_split, words)))
    return [_singular(word) for word in words]


def product_words(title: str, brand: str, description: str, category: str = "") -> str:
    """Words of a product that are searched: its title counts `TITLE_TIMES`, all else and its category's path once."""
    return " ".join(part for part in (*[title] * TITLE_TIMES, brand, description, category) if part)


def _split(word: str) -> Iterable[str]:
    for run in _RUN.findall(word):
        if _IS_UNSPACED.match(run):
            yield from (run[start : start + 2] for start in range(max(1, len(run) - 1)))
        else:
            yield run


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui" else word


class LexicalIndex:
    """BM25 over the words of texts (Robertson & Zaragoza 2009, in Lucene's form, k1 1.5, b 0.75).

    A word's share of the score is computed when the index is made (bm25s, Lu 2024): 8 bytes for every distinct word
    of every text, and a query only adds up. Safe to share among threads: a query writes nothing.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Index texts, such as those of `product_words`."""
        import bm25s  # brings numba, which takes a second: not before the first words are looked up

        logging.getLogger(bm25s.__name__).setLevel(logging.WARNING)  # it makes itself heard at DEBUG
        numbers: dict[str, int] = {"": 0}  # bm25s cannot index texts that have no word at all
        rows = [[numbers.setdefault(word, len(numbers)) for word in words(text)] for text in texts]
        self._size = len(rows)
        self._bm25 = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
        if any(rows):
            self._bm25.index((rows, numbers), show_progress=False)
        self._numbers = numbers

    def __len__(self) -> int:
        return self._size

    def scores(self, query: str) -> np.ndarray:
        """BM25 scores of all texts, float32 [n], 0 for a text that shares no word with the query."""
        known = [self._numbers[word] for word in words(query) if word in self._numbers]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        scores: np.ndarray = self._bm25.get_scores_from_ids(known)
        return scores


class Names:
    """Names of products, such as title, brand and category, by their words."""

    def __init__(self, names: Iterable[str]) -> None:
        rows: dict[str, list[int]] = defaultdict(list)
        size = 0
        for row, name in enumerate(names):
            size = row + 1
            for word in set(words(name)):
                rows[word].append(row)
        self._size = size
        self._rows = {word: np.array(numbers, dtype=np.int32) for word, numbers in rows.items()}

    def with_all(self, query: str) -> np.ndarray:
        """Which names have every word of a query: bool [n], all False for a query without words."""
        wanted = set(words(query))
        counts = np.zeros(self._size, dtype=np.int64)
        for word in wanted & self._rows.keys():
            counts[self._rows[word]] += 1
        has_all: np.ndarray = (counts == len(wanted)) & bool(wanted)
        return has_all
