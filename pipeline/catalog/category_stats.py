"""The categories of a catalogue at every depth: members, centroids, dispersion, and accuracy of their predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from pipeline.catalog.catalog import Catalog
from pipeline.data.vectors import nearest_first, unit
from pipeline.metrics.ratios import common_levels
from pipeline.taxonomy.paths import SEPARATOR, levels, truncate
from pipeline.taxonomy.tree import CategoryTree

_ROWS_AT_A_TIME = 4_096


class Categories:
    """The tree of the categories that a catalogue's products have, of m nodes; a product belongs to all above its own.

    Attributes:
        taxonomy: The paths, a parent before its children and a subtree in one run.
        counts: int [m], products of each node.
        tested: int [m], how many of them are of the test split, which training did not see.
        accuracy: float [m], share of these whose predicted path leads into the node; of all, where none is for testing.
        centroids: float32 [m, d], mean of the fused vectors, L2-normalized.
        dispersion: float [m], 1 - mean cosine of the members to the centroid (0 to 1).
    """

    def __init__(self, catalog: Catalog) -> None:
        """Read the catalogue's vectors and sum them up the tree."""
        known = catalog.products["category_path"].notna().to_numpy()
        rows = np.flatnonzero(known)
        true = catalog.products["category_path"].to_numpy()[rows]
        self._predicted: list[str] = catalog.products["predicted_path"].fillna("").tolist()
        self._tree = CategoryTree(dict.fromkeys(true))
        self.taxonomy, self.depths = self._tree.taxonomy, self._tree.depths
        self._vectors, _ = catalog.vectors("fused")
        nodes = np.array([self.taxonomy.index[path] for path in true], dtype=np.int64)
        own_sums = np.zeros((catalog.dimension, len(self)), dtype=np.float64)
        for start in range(0, len(rows), _ROWS_AT_A_TIME):
            part = slice(start, start + _ROWS_AT_A_TIME)
            np.add.at(own_sums.T, nodes[part], self._vectors[rows[part]])
        sums = self._tree.sum_up(own_sums).T
        self.counts = self._tree.sum_up(np.bincount(nodes, minlength=len(self))[None])[0]
        self.centroids = unit(sums).astype(np.float32)
        self.dispersion = 1 - np.linalg.norm(sums, axis=1) / np.maximum(self.counts, 1)
        order = np.argsort(nodes, kind="stable")
        self._rows, self._nodes = rows[order], nodes[order]
        shared = [
            common_levels(levels(path), levels(self._predicted[row]))
            for path, row in zip(true[order], self._rows.tolist(), strict=True)
        ]
        self._shared = np.array(shared, dtype=np.int64)
        for_testing = (catalog.products["split"] == "test").to_numpy(bool)[self._rows]
        runs = [self._run(node) for node in range(len(self))]
        self.tested = np.array([for_testing[run].sum() for run in runs], dtype=np.int64)
        counted = [for_testing[run] if self.tested[node] else slice(None) for node, run in enumerate(runs)]
        self.accuracy = np.array([self._is_right(node)[rows].mean() for node, rows in enumerate(counted)])

    def __len__(self) -> int:
        return len(self.taxonomy)

    def members(self, node: int) -> np.ndarray:
        """Rows of the catalogue whose category is the node or below it."""
        return self._rows[self._run(node)]

    def by_distance(self, node: int) -> tuple[np.ndarray, np.ndarray]:
        """Members with their cosine to the centroid, the nearest first."""
        rows = self.members(node)
        order, cosines = nearest_first(self._vectors[rows], self.centroids[node])
        return rows[order], cosines

    def children(self, node: int | None) -> list[int]:
        """Nodes one level below, those with most products first; those of None are the top-level categories."""
        children: list[int] = self._tree.children(-1 if node is None else node).tolist()
        return sorted(children, key=lambda child: (-self.counts[child], child))

    def similar(self, node: int, count: int) -> list[tuple[int, float]]:
        """Nodes of the same depth with the greatest cosine of centroids, and that cosine."""
        others = np.flatnonzero((self.depths == self.depths[node]) & (np.arange(len(self)) != node))
        cosines = self.centroids[others] @ self.centroids[node]
        best = np.argsort(-cosines, kind="stable")[:count]
        return [(int(others[place]), float(cosines[place])) for place in best]

    def mistaken_for(self, node: int) -> list[tuple[str, int]]:
        """Categories, cut to the node's depth, that its products are wrongly predicted in; most products first."""
        wrong = self.members(node)[~self._is_right(node)]
        return _counted(truncate(self._predicted[row], int(self.depths[node])) for row in wrong.tolist())

    def mistaken_from(self, node: int) -> list[tuple[str, int]]:
        """Categories, cut to the node's depth, of products that are wrongly predicted in the node or below it."""
        path, depth = self.taxonomy.paths[node], int(self.depths[node])
        run = self._run(node)
        true = []
        for place in [*range(run.start), *range(run.stop, len(self._rows))]:
            guess = self._predicted[self._rows[place]]
            if guess == path or guess.startswith(path + SEPARATOR):
                true.append(truncate(self.taxonomy.paths[self._nodes[place]], depth))
        return _counted(true)

    def _run(self, node: int) -> slice:
        return slice(*np.searchsorted(self._nodes, [node, self._tree.ends[node]]).tolist())

    def _is_right(self, node: int) -> np.ndarray:
        return self._shared[self._run(node)] >= self.depths[node]


def _counted(paths: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(paths).items(), key=lambda item: (-item[1], item[0]))


def chain(similarity: np.ndarray) -> list[int]:
    """A greedy order of n items: from the first on, always the most similar one that is left.

    Args:
        similarity: float [n, n].
    """
    if not len(similarity):
        return []
    order, left = [0], set(range(1, len(similarity)))
    while left:
        here = order[-1]
        order.append(max(sorted(left), key=lambda other: similarity[here, other]))
        left.remove(order[-1])
    return order
