"""What groups of products are about: the words of their titles by class-based TF-IDF, or a category most share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from pipeline.search.words.bm25 import words
from pipeline.taxonomy.paths import SEPARATOR, levels

_SIZES = (7, 28, 110, 400)  # regions of a layout, coarse to fine
_PER_REGION = 8  # products on average, or there are fewer regions
_SAMPLE = 20_000  # products that k-means looks at
_PURE = 0.7  # share of a group's products that are in the category that names it
_SHORTEST = 3  # letters of a word that names a group
_LIFT = 1.5  # how much more frequent a word is that sets a selection apart
_REACH = 0.8  # share of a region's products within its radius


class TitleWords:
    """Which words each title has, without those of its brand and the commonest of English.

    Args:
        titles: Of the products.
        brands: Of the products.
    """

    def __init__(self, titles: Sequence[str], brands: Sequence[str]) -> None:
        vocabulary: dict[str, int] = {}
        columns: list[int] = []
        starts = [0]
        for title, brand in zip(titles, brands, strict=True):
            kept = {word for word in words(title) if len(word) >= _SHORTEST and word.isalpha()}
            kept = kept - ENGLISH_STOP_WORDS - set(words(brand))
            columns.extend(vocabulary.setdefault(word, len(vocabulary)) for word in sorted(kept))
            starts.append(len(columns))
        shape = (len(titles), max(1, len(vocabulary)))
        self._counts = sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape=shape)
        self._words = list(vocabulary) or [""]

    def of_groups(self, labels: np.ndarray, most: int) -> list[list[str]]:
        """The words that set each group apart, best first; none that only one of its titles has.

        c-TF-IDF (Grootendorst 2022, "BERTopic"): the word's share of the group, times log(1 + words of an average group
        over how often all groups have the word).

        Args:
            labels: int [n] from 0; -1 is in no group.
            most: Words of a group.
        """
        rows = np.flatnonzero(labels >= 0)
        groups = int(labels.max(initial=-1)) + 1
        if not groups:
            return []
        belongs = sparse.csr_matrix((np.ones(len(rows)), (labels[rows], rows)), shape=(groups, len(labels)))
        counts = sparse.csr_matrix(belongs @ self._counts)
        all_counts = np.asarray(counts.sum(axis=0)).ravel()
        average = all_counts.sum() / groups
        weight = np.log1p(average / np.maximum(all_counts, 1))
        found = []
        for group in range(groups):
            own = counts[[group]]
            often = own.data >= 2
            scores, names = own.data[often] * weight[own.indices[often]], own.indices[often]
            order = np.lexsort((names, -scores))[:most]
            found.append([self._words[names[place]] for place in order])
        return found

    def of(self, rows: np.ndarray, most: int) -> list[str]:
        """The words that set some products apart from all, best first: by share x log(share / share of all).

        That is each word's part of the Kullback-Leibler divergence; words that are not clearly more frequent are
        left out.

        Args:
            rows: int [m].
            most: Words at most.
        """
        own, all_counts = (np.asarray(part.sum(axis=0)).ravel() for part in (self._counts[rows], self._counts))
        if not own.any():
            return []
        lift = (own / own.sum()) / np.maximum(all_counts / all_counts.sum(), 1e-12)
        found = np.flatnonzero((own >= 2) & (lift > _LIFT))
        scores = own[found] * np.log(lift[found])
        return [self._words[word] for word in found[np.lexsort((found, -scores))[:most]]]


@dataclass(frozen=True)
class Region:
    """A part of a layout.

    Attributes:
        name: A category that most of it belongs to, or the words that set it apart.
        center: Mean position, float [k].
        radius: Within which most of it lies.
        count: Its products.
    """

    name: str
    center: np.ndarray
    radius: float
    count: int


def regions(points: np.ndarray, titles: TitleWords, paths: Sequence[str | None]) -> list[Region]:
    """Parts of a layout from coarse to fine, largest first at each size; those that nothing names are left out.

    Args:
        points: float [n, k], finite.
        titles: Of the products.
        paths: Category paths, None if unknown.
    """
    n = len(points)
    known = np.array([levels(path) if path else [] for path in paths], dtype=object) if n else np.empty(0, dtype=object)
    found: list[Region] = []
    for size in dict.fromkeys(min(size, n // _PER_REGION) for size in _SIZES):
        if size < 2:
            continue
        sample = points[:: -(-n // _SAMPLE)]
        labels = KMeans(size, n_init=1, max_iter=40, random_state=0).fit(sample).predict(points)
        named = titles.of_groups(labels, 2)
        groups = []
        for group in range(size):
            rows = np.flatnonzero(labels == group)
            name = shared_category([known[row] for row in rows]) or " · ".join(named[group])
            if len(rows) and name:
                center = points[rows].mean(axis=0)
                radius = float(np.quantile(np.linalg.norm(points[rows] - center, axis=1), _REACH))
                groups.append(Region(name, center, radius, len(rows)))
        found += sorted(groups, key=lambda region: (-region.count, region.name))
    return found


def shared_category(paths: Sequence[Sequence[str]]) -> str:
    """Name of the deepest category that at least 70 % of some products are in; "" if there is none."""
    name = ""
    for depth in range(1, max(map(len, paths), default=0) + 1):
        counts = Counter(SEPARATOR.join(path[:depth]) for path in paths if len(path) >= depth)
        path, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
        if count < _PURE * len(paths):
            break
        name = levels(path)[-1]
    return name


def texts(column: pd.Series) -> list[str]:
    """The texts of a column, "" where there is none."""
    return [text if isinstance(text, str) else "" for text in column]
