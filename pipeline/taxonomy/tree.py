"""A category tree as arrays: parents, children, depths, subtree sums, and paths decoded from the top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.errors import InputError
from pipeline.taxonomy.paths import Taxonomy


@dataclass(frozen=True)
class _Level:
    """All nodes of one depth that have a parent, ordered by parent so that sums are slices."""

    nodes: np.ndarray  # int [c]
    starts: np.ndarray  # int [p], where each parent's children begin in `nodes`
    parents: np.ndarray  # int [p]


class CategoryTree:
    """The tree of category paths; its nodes are numbered as the sorted paths, so that a subtree is one run of them.

    A table of leaf probabilities [rows, nodes] says for each node how likely a product belongs to it and to nothing
    below it; one of subtree probabilities, how likely it belongs to it or to anything below it.

    Attributes:
        taxonomy: The paths and their parents; node numbers are its positions.
        depths: int [nodes], 1 for the top.
        parents: int [nodes], -1 for the top.
        ends: int [nodes], the node behind the last one of each subtree.
        roots: int [r], the nodes of the top level.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.taxonomy = Taxonomy.of(paths)
        self.depths = np.array([self.taxonomy.depth(path) for path in self.taxonomy.paths], dtype=np.int64)
        self.parents = self.taxonomy.parent_index
        self._levels = self._by_level()
        order = np.argsort(self.parents, kind="stable")
        parents, starts = np.unique(self.parents[order], return_index=True)
        self._children = dict(zip(parents.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}
        self.roots = self.children(-1)
        self.ends = np.arange(1, len(self) + 1)
        for node in range(len(self) - 1, -1, -1):  # children before their parent
            if self.parents[node] >= 0:
                self.ends[self.parents[node]] = max(self.ends[self.parents[node]], self.ends[node])

    def __len__(self) -> int:
        return len(self.taxonomy)

    def children(self, node: int) -> np.ndarray:
        """The nodes one level below a node, int [c], in order; those of -1 are the top level."""
        return self._children.get(node, np.empty(0, dtype=np.int64))

    def sum_up(self, values: np.ndarray) -> np.ndarray:
        """Sum of the values of each node and of all below it, [n, nodes] of [n, nodes]."""
        total = values.copy()
        for level in self._levels:  # deepest first
            total[:, level.parents] += np.add.reduceat(total[:, level.nodes], level.starts, axis=1)
        return total

    def descend(self, leaf: np.ndarray, subtree: np.ndarray, listed: np.ndarray) -> list[list[int]]:
        """Nodes of one path a row: at each the likeliest child, until stopping there or another whole path is likelier.

        A path is whole where stopping is as likely as any child. Without the second condition a path of 16 % could
        stand above one of 45 % in a less likely branch.

        Args:
            leaf: float [n, nodes], leaf probabilities.
            subtree: float [n, nodes], subtree probabilities.
            listed: bool [nodes], the paths that may be named; another one is only gone through.

        Returns:
            From the top down, at least one node a row.
        """
        whole = np.where(listed & (leaf >= self._likeliest_child(subtree)), subtree, 0.0)
        edge = np.zeros((len(whole), 1), dtype=whole.dtype)
        before = np.concatenate([edge, np.maximum.accumulate(whole, axis=1)], axis=1)
        after = np.concatenate([np.maximum.accumulate(whole[:, ::-1], axis=1)[:, ::-1], edge], axis=1)
        paths = []
        for row, (own, total) in enumerate(zip(leaf, subtree, strict=True)):
            nodes: list[int] = []
            stop = -1.0  # a path has at least one level
            children = self.roots
            while len(children):
                best = int(children[np.argmax(total[children])])
                if total[best] <= stop:
                    break
                last = nodes[-1] if nodes else best
                outside = max(before[row, last], after[row, self.ends[last]])
                if nodes and listed[last] and total[best] < outside:
                    break
                nodes.append(best)
                stop = float(own[best])
                children = self.children(best)
            paths.append(nodes)
        return paths

    def _likeliest_child(self, values: np.ndarray) -> np.ndarray:
        """The largest value of the children of each node, float [n, nodes] of [n, nodes]; 0 where it has none."""
        largest = np.zeros_like(values)
        for level in self._levels:
            largest[:, level.parents] = np.maximum.reduceat(values[:, level.nodes], level.starts, axis=1)
        return largest

    def below(self, branches: Sequence[str]) -> np.ndarray:
        """Mask of the nodes in some branches, the branch itself included.

        Returns:
            bool [nodes].

        Raises:
            ValueError: If the tree has no such branch.
        """
        inside = np.zeros(len(self), dtype=bool)
        for node in map(self.node, branches):
            inside[node : self.ends[node]] = True
        return inside

    def contains(self, ancestor: int, node: int) -> bool:
        """Whether a node is another one or lies below it."""
        return bool(ancestor <= node < self.ends[ancestor])

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
