"""Candidate categories of a product, as retrieval would give them: truth, parent, siblings, look-alikes, far ones."""

from __future__ import annotations

import functools
import re

from synthetic.listings.categories import categories, levels
from synthetic.listings.products import Product, stream

_WORD = re.compile(r"[a-z]{3,}")


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in _WORD.findall(text.lower())}


@functools.cache
def _leaf_words() -> dict[str, frozenset[str]]:
    return {path: frozenset(_words(levels(path)[-1])) for path in categories().paths}


def _lookalikes(product: Product) -> list[str]:
    """Paths whose last level shares words with what the product is called, most words first."""
    wanted = _words(" ".join((levels(product.kind.path)[-1], *product.kind.nouns)))
    shared = {path: len(wanted & words) for path, words in _leaf_words().items()}
    return sorted((path for path, count in shared.items() if count), key=lambda path: (-shared[path], path))


def candidates_of(seed: int, product: Product) -> list[str]:
    """Eight or nine distinct paths, the truth among them, in random order."""
    chance = stream(seed, "candidates", product.kind.name, product.serial)
    tree = categories()
    truth = product.kind.path
    count = int(chance.integers(8, 10))
    parent = tree.parent(truth)
    siblings = [path for path in tree.children(parent) if path != truth]
    chance.shuffle(siblings)
    top = levels(truth)[0]
    cousins = [path for path in tree.paths if levels(path)[0] == top]
    strangers = [path for path in tree.leaves if levels(path)[0] != top]
    groups: list[list[str]] = [
        [truth],
        [parent] if parent is not None else [],
        siblings[: int(chance.integers(1, 3))],
        _lookalikes(product)[: int(chance.integers(1, 3))],
        [cousins[int(chance.integers(len(cousins)))]],
        [strangers[i] for i in chance.integers(len(strangers), size=24)],
    ]
    chosen = list(dict.fromkeys(path for group in groups for path in group))[:count]
    chance.shuffle(chosen)
    return chosen
