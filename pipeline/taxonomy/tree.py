"""A taxonomy as arrays: probabilities summed up the tree, and paths decoded from its top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.errors import InputError
from pipeline.taxonomy.paths import SEPARATOR, Taxonomy


@dataclass(frozen=True)
class _Level:
    """All nodes of one depth that have a parent, ordered by parent so that sums are slices."""

    nodes: np.ndarray  # int [c]
    starts: np.ndarray  # int [p], where each parent's children begin in `nodes`
    parents: np.ndarray  # int [p]


class CategoryTree:
    """The tree of category paths, for tables of probabilities [rows, nodes].

    A table of own probabilities says for each node how likely a product belongs to it and to nothing below it.

    Attributes:
        taxonomy: The paths and their parents; node numbers are its positions.
        depths: int [nodes], 1 for the top.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.taxonomy = Taxonomy.of(paths)
        self.depths = np.array([self.taxonomy.depth(path) for path in self.taxonomy.paths], dtype=np.int64)
        self.parents = self.taxonomy.parent_index
        self._levels = self._by_level()
        order = np.argsort(self.parents, kind="stable")
        parents, starts = np.unique(self.parents[order], return_index=True)
        self._children = dict(zip(parents.tolist(), np.split(order, starts[1:]), strict=True))

    def __len__(self) -> int:
        return len(self.taxonomy)

    def sum_up(self, own: np.ndarray) -> np.ndarray:
        """Probability of each node or anything below it, [n, nodes]; a child is never likelier than its parent."""
        total = own.copy()
        for level in self._levels:  # deepest first
            total[:, level.parents] += np.add.reduceat(total[:, level.nodes], level.starts, axis=1)
        return total

    def descend(self, own: np.ndarray, total: np.ndarray) -> list[int]:
        """Nodes of one path: at each the likeliest child, until stopping there is likelier.

        Args:
            own: float [nodes].
            total: float [nodes], of `sum_up`.

        Returns:
            From the top down, at least one.
        """
        nodes: list[int] = []
        stop = -1.0  # nothing to stop at above the top level
        children = self._children[-1]
        while len(children):
            best = int(children[np.argmax(total[children])])
            if total[best] <= stop:
                break
            nodes.append(best)
            stop = float(own[best])
            children = self._children.get(best, np.empty(0, dtype=np.int64))
        return nodes

    def chain(self, node: int) -> list[int]:
        """The nodes from the top down to a node."""
        nodes = [node]
        while self.parents[nodes[-1]] >= 0:
            nodes.append(int(self.parents[nodes[-1]]))
        return nodes[::-1]

    def below(self, branches: Sequence[str]) -> np.ndarray:
        """Which nodes lie in one of some branches, the branch itself included.

        Returns:
            bool [nodes].

        Raises:
            ValueError: If the tree has no such branch.
        """
        inside = np.zeros(len(self), dtype=bool)
        for branch in branches:
            first = self.node(branch)
            inside[first] = True
            starts = branch + SEPARATOR  # a subtree is one run of the sorted paths
            for node in range(first + 1, len(self)):
                if not self.taxonomy.paths[node].startswith(starts):
                    break
                inside[node] = True
        return inside

    def node(self, path: str) -> int:
        """Number of a path.

        Raises:
            ValueError: If the tree has no such path.
        """
        if path not in self.taxonomy:
            raise InputError(f"'{path}' is not a category of this taxonomy of {len(self)} paths.")
        return self.taxonomy.index[path]

    def _by_level(self) -> list[_Level]:
        """The levels below the top, deepest first."""
        levels = []
        for depth in range(int(self.depths.max(initial=0)), 1, -1):
            nodes = np.flatnonzero(self.depths == depth)
            parents = self.parents[nodes]
            order = np.argsort(parents, kind="stable")
            unique, starts = np.unique(parents[order], return_index=True)
            levels.append(_Level(nodes[order], starts, unique))
        return levels
