"""The category paths of the made-up products: an excerpt of our own, closed under "parent of"."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "assets" / "taxonomy.txt"
SEPARATOR = " > "


def levels(path: str) -> list[str]:
    """Names from the top level down."""
    return path.split(SEPARATOR)


class Categories:
    """A tree of category paths.

    Attributes:
        paths: All of them, a parent before its children and a subtree as one run.
        leaves: Those without children, in that order.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(sorted(paths, key=levels))
        self._known = frozenset(paths)
        self._children: dict[str | None, list[str]] = defaultdict(list)
        for path in self.paths:
            self._children[self.parent(path)].append(path)
        self.leaves = tuple(path for path in self.paths if path not in self._children)

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, path: object) -> bool:
        return path in self._known

    def parent(self, path: str) -> str | None:
        """The path one level up, None for a top-level category."""
        return path.rpartition(SEPARATOR)[0] or None

    def children(self, path: str | None) -> list[str]:
        """The paths one level below, in order; those of None are the top-level categories."""
        return list(self._children.get(path, ()))


@functools.cache
def categories() -> Categories:
    """The tree of `assets/taxonomy.txt`."""
    return Categories([line for line in FILE.read_text(encoding="utf-8").splitlines() if line])
