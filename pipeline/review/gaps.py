"""Gaps of a taxonomy: groups of products that are like none of its categories, named by the words they share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.review.groups import group
from pipeline.review.review import Review
from pipeline.taxonomy.paths import levels, truncate

FEWEST = 3
"""Products of a gap."""
_WORDS = 4
_WORD = re.compile(r"[^\W\d_]{3,}")
_SHARE = 0.5  # of a gap's products that one parent has to hold
_DOUBT = 0.25  # probability of its path below which a product is like none
_EXAMPLES = 5


@dataclass(frozen=True)
class Gap:
    """Products for which the taxonomy may have no category.

    Attributes:
        words: That they share and others lack, the most telling first.
        parent: The deepest path that most of them would lie below, "" for none.
        parent_id: Its id, "" for none.
        products: Their numbers, the most typical first.
        likeness: Mean probability of the path that each is taken for, in [0, 1]: the lower, the less it is any.
    """

    words: tuple[str, ...]
    parent: str
    parent_id: str
    products: tuple[int, ...]
    likeness: float

    @property
    def examples(self) -> tuple[int, ...]:
        """The most typical ones."""
        return self.products[:_EXAMPLES]


def find_gaps(review: Review) -> list[Gap]:
    """Gaps, the largest first.

    A product belongs to one if it looks unlike the products that the model knows, or if no path is at all likely for
    it; decided products do not.
    """
    products, learner = review.products, review.learner
    strange = review.is_open() & (products.is_strange | (learner.confidences < _DOUBT))
    rows = np.flatnonzero(strange)
    if len(rows) < FEWEST:
        return []
    clusters = group(products.vectors[rows])
    everywhere = _counts(products.titles)
    gaps = []
    for number in np.unique(clusters):
        members = rows[clusters == number]
        if len(members) >= FEWEST:
            gaps.append(_gap(review, members, everywhere))
    return sorted((gap for gap in gaps if gap.words), key=lambda gap: (-len(gap.products), gap.likeness))


def _gap(review: Review, members: np.ndarray, everywhere: Counter[str]) -> Gap:
    vectors = review.products.vectors[members]
    order = np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")
    numbers = tuple(members[order].tolist())
    titles = [review.products.titles[one] for one in numbers]
    here, total = _counts(titles), len(review.products)
    telling = {
        word: count * np.log(total / everywhere[word])
        for word, count in here.items()
        if count >= max(2, len(titles) / 3)
    }
    words = tuple(sorted(telling, key=lambda word: (-telling[word], word))[:_WORDS])
    parent = _common([review.path(one) for one in numbers])
    likeness = float(np.mean(review.learner.confidences[members]))
    return Gap(words, parent, review.ids.get(parent, ""), numbers, likeness)


def _counts(titles: Iterable[str]) -> Counter[str]:
    """In how many titles each word is."""
    return Counter(word for title in titles for word in set(_WORD.findall(title.casefold())))


def _common(paths: list[str]) -> str:
    """The deepest path above which, or at which, most of some paths end."""
    best = ""
    for depth in range(1, max(len(levels(path)) for path in paths) + 1):
        counts = Counter(truncate(path, depth) for path in paths if len(levels(path)) >= depth)
        [(path, count)] = counts.most_common(1)
        if count <= _SHARE * len(paths):
            break
        best = path
    return best
