"""Candidate categories of a product, as retrieval would give them: truth, parent, siblings, look-alikes, far ones."""

from __future__ import annotations

import functools
import re

import numpy as np

from synthetic.listings.categories import Categories, categories, levels
from synthetic.listings.products import Product, stream

_WORD = re.compile(r"[a-z]{3,}")
_LEFT_OUT = ("Mature", "Uncategorized")  # top levels that no shop of the demo sells, or that say nothing


@functools.cache
def choices() -> Categories:
    """The part of the taxonomy that candidates are drawn from."""
    return Categories([path for path in categories().paths if levels(path)[0] not in _LEFT_OUT])


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in _WORD.findall(text.lower())}


@functools.cache
def _leaf_words() -> dict[str, frozenset[str]]:
    return {path: frozenset(_words(levels(path)[-1])) for path in choices().paths}


@functools.cache
def _lookalikes(truth: str, nouns: tuple[str, ...]) -> tuple[str, ...]:
    """Paths whose last level shares words with what the product is called, most words first."""
    wanted = _words(" ".join((levels(truth)[-1], *nouns)))
    shared = {path: len(wanted & words) for path, words in _leaf_words().items()}
    return tuple(sorted((path for path, count in shared.items() if count), key=lambda path: (-shared[path], path)))


@functools.cache
def _cousins(truth: str) -> tuple[str, ...]:
    """Children of the parent's siblings, and those siblings that have none; nothing for a top-level category."""
    tree = choices()
    parent = tree.parent(truth)
    if parent is None:
        return ()
    aunts = [path for path in tree.children(tree.parent(parent)) if path != parent]
    return tuple(path for aunt in aunts for path in (tree.children(aunt) or [aunt]))


@functools.cache
def _strangers(top: str) -> tuple[str, ...]:
    """Leaves under every other top-level category."""
    return tuple(path for path in choices().leaves if levels(path)[0] != top)


def _drawn(paths: tuple[str, ...], count: int, chance: np.random.Generator) -> list[str]:
    return [paths[i] for i in chance.integers(len(paths), size=count)] if paths else []


def candidates_of(seed: int, product: Product) -> list[str]:
    """Eight or nine distinct paths, the truth among them, in random order."""
    chance = stream(seed, "candidates", product.kind.name, product.serial)
    tree = choices()
    truth = product.kind.path
    count = int(chance.integers(8, 10))
    parent = tree.parent(truth)
    siblings = [path for path in tree.children(parent) if path != truth]
    chance.shuffle(siblings)
    groups: list[list[str]] = [
        [truth],
        [parent] if parent is not None else [],
        siblings[: int(chance.integers(1, 3))],
        list(_lookalikes(truth, product.kind.nouns)[: int(chance.integers(1, 3))]),
        _drawn(_cousins(truth), 1, chance),
        _drawn(_strangers(levels(truth)[0]), 24, chance),
    ]
    chosen = list(dict.fromkeys(path for group in groups for path in group))[:count]
    chance.shuffle(chosen)
    return chosen
