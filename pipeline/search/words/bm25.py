"""Products found by the words they share with a query: BM25, with words cut so that most scripts work."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

import numpy as np
import regex
from scipy import sparse

from pipeline.artifacts import ArtifactError
from pipeline.catalog.index_files import IndexFiles

TITLE_TIMES = 3
"""How often a title counts beside the description (BM25F's field weight, in whole numbers)."""

K1, B = 1.5, 0.75
_ARRAYS = ("hashes", "starts", "rows", "shares")

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


@dataclass(frozen=True)
class LexicalIndex:
    """BM25 over the words of n texts (Robertson & Zaragoza 2009, in Lucene's form, k1 1.5, b 0.75).

    A word's share of the score is computed when the index is made (bm25s, Lu 2024): 8 bytes for every distinct word
    of every text, and a query only adds up. Words are known by a hash of 64 bits, so that nothing but arrays is kept,
    which may be mapped files. Safe to share among threads: a query writes nothing.

    Attributes:
        size: Number n of texts.
        hashes: uint64 [m], of all words, rising.
        starts: int64 [m + 1], where the texts of each word begin in the next two.
        rows: int32, the texts that have the word, rising.
        shares: float32, its share of the score of each.
    """

    size: int
    hashes: np.ndarray
    starts: np.ndarray
    rows: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, texts: Iterable[str]) -> LexicalIndex:
        """Index texts, such as those of `product_words`."""
        numbers: dict[str, int] = {}
        flat, lengths = array("i"), array("i")
        for text in texts:
            found = [numbers.setdefault(word, len(numbers)) for word in words(text)]
            flat.extend(found)
            lengths.append(len(found))
        hashes = np.array([_hash(word) for word in numbers], dtype=np.uint64)
        order = np.argsort(hashes)
        places = np.empty(len(order), dtype=np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        columns = places[np.frombuffer(flat, dtype=np.int32)]
        length = np.frombuffer(lengths, dtype=np.int32)
        rows = np.repeat(np.arange(len(length), dtype=np.int32), length)
        counts = sparse.csc_array(
            (np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(length), len(order))
        )
        counts.sum_duplicates()
        holding = np.diff(counts.indptr)
        rarity = np.log1p((len(length) - holding + 0.5) / (holding + 0.5))
        saturation = K1 * (1 - B + B * length / max(length.mean(), 1e-9)) if len(length) else length
        shares = np.repeat(rarity, holding) * counts.data / (counts.data + saturation[counts.indices])
        return cls(
            len(length),
            hashes[order],
            counts.indptr.astype(np.int64),
            counts.indices.astype(np.int32),
            shares.astype(np.float32),
        )

    @classmethod
    def mapped(cls, files: IndexFiles, size: int) -> LexicalIndex:
        """Open what `write` wrote of `size` texts, as mapped files.

        Raises:
            ArtifactError: If a file cannot be read.
        """
        try:
            arrays = [np.load(files.words(name), "r", allow_pickle=False) for name in _ARRAYS]
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{files.words(_ARRAYS[0])} cannot be read; publish the catalogue again.") from error
        return cls(size, *arrays)

    def write(self, files: IndexFiles) -> None:
        """Write the arrays for `mapped`."""
        for name in _ARRAYS:
            np.save(files.words(name), getattr(self, name), allow_pickle=False)

    def __len__(self) -> int:
        return self.size

    def scores(self, query: str) -> np.ndarray:
        """BM25 scores of all texts, float32 [n], 0 for a text that shares no word with the query."""
        scores = np.zeros(self.size, dtype=np.float32)
        for word in words(query):
            value = np.uint64(_hash(word))
            place = int(np.searchsorted(self.hashes, value))
            if place < len(self.hashes) and self.hashes[place] == value:
                texts = slice(self.starts[place], self.starts[place + 1])
                scores[self.rows[texts]] += self.shares[texts]
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


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
