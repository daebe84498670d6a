"""Shopify's product taxonomy, where the made-up products get their categories from."""

from __future__ import annotations

import functools
import gzip
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "assets" / "taxonomy" / "shopify.txt.gz"
SEPARATOR = " > "
_ID = "gid://"


def levels(path: str) -> list[str]:
    """Names from the top level down."""
    return path.split(SEPARATOR)


class Categories:
    """A tree of category paths, closed under "parent of".

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


def read_paths(lines: Iterable[str]) -> list[str]:
    """The paths of a release file of Shopify's ("gid : path"); empty lines and lines that start with "#" are skipped.

    Raises:
        ValueError: If a line is not an id and a path.
    """
    paths = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        identifier, _, path = line.partition(" : ")
        if not (identifier.startswith(_ID) and path.strip()):
            raise ValueError(f"Line {number} of the taxonomy is {line.strip()!r}; write 'gid : path'.")
        paths.append(path.strip())
    return paths


@functools.cache
def categories() -> Categories:
    """The tree of the taxonomy that this repository ships."""
    return Categories(read_paths(gzip.decompress(FILE.read_bytes()).decode().splitlines()))
