"""Categories of a tree by their names, in the languages of assets/taxonomy and by what the model takes a text for."""

from __future__ import annotations

import lzma
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from pipeline.artifacts import CATEGORY_NAMES
from pipeline.taxonomy.paths import Taxonomy, levels

FOUND = 24
"""Categories in a list of results."""

Nearest = Callable[[str, int], Sequence[str]]
"""The categories that a text means, best first, at most so many."""


class Branch(TypedDict):
    """A category in the tree: its path, its name, what was found in another language, and whether it has children."""

    category: str
    name: str
    found: str
    opens: bool


class CategoryNames:
    """The tree of some categories, and a search of their names."""

    def __init__(self, paths: Sequence[str], ids: Mapping[str, str], nearest: Nearest | None = None) -> None:
        """Read the names.

        Args:
            paths: Of the tree.
            ids: Id of each path that has one.
            nearest: Finds what no name says; None for none.
        """
        self.taxonomy = Taxonomy.of(paths)
        self._nearest = nearest
        self._children: dict[str, list[str]] = defaultdict(list)
        for path in self.taxonomy.paths:
            self._children[path.rpartition(" > ")[0]].append(path)
        self._names = [(folded(levels(path)[-1]), "", path) for path in self.taxonomy.paths]
        by_id = {identifier.rpartition("/")[2]: path for path, identifier in ids.items() if path in self.taxonomy}
        named = (line.split("\t") for line in _translations())
        self._names += [(folded(name), name, by_id[one]) for one, _, name in named if one in by_id]

    def children(self, path: str) -> list[Branch]:
        """The categories right below one, "" for the top; none below a category that the tree lacks."""
        return [self._branch(child) for child in self._children.get(path, ())]

    def find(self, text: str) -> list[Branch]:
        """Categories whose name has all words of a text, whole names first, then those that the model takes it for."""
        wanted = folded(text)
        parts = wanted.split()
        if not parts:
            return []
        matches = [
            (name != wanted, not name.startswith(wanted), len(name), place)
            for place, (name, _, _) in enumerate(self._names)
            if all(part in name for part in parts)
        ]
        found: dict[str, str] = {}
        for *_, place in sorted(matches):
            _, original, path = self._names[place]
            found.setdefault(path, original)
        if len(found) < FOUND and self._nearest is not None:
            for path in self._nearest(text, FOUND // 2):
                if path in self.taxonomy:
                    found.setdefault(path, "")
        return [self._branch(path, name) for path, name in list(found.items())[:FOUND]]

    def _branch(self, path: str, found: str = "") -> Branch:
        return {"category": path, "name": levels(path)[-1], "found": found, "opens": path in self._children}


def folded(text: str) -> str:
    """A text without case and accents, single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def _translations() -> list[str]:
    """Lines of id, language and name, of Shopify's categories in other languages than English."""
    lines = lzma.decompress(CATEGORY_NAMES.read_bytes()).decode().splitlines()
    return [line for line in lines if not line.startswith("#")]
