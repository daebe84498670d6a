"""The categories of a catalogue at every depth: their members, centres, spread, and how well they are predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from pipeline.catalog.catalog import Catalog
from pipeline.metrics.ratios import common_levels
from pipeline.taxonomy.paths import SEPARATOR, Taxonomy, levels, truncate


class Categories:
    """The tree of the categories that a catalogue's products have, of m nodes; a product belongs to all above its own.

    Attributes:
        taxonomy: The paths, a parent before its children and a subtree in one run.
        counts: int [m], products of each node.
        tested: int [m], how many of them are of the test split, which training did not see.
        accuracy: float [m], share of these whose predicted path leads into the node; of all, where none is for testing.
        centroids: float32 [m, d], mean of the fused vectors, L2-normalised.
        spread: float [m], 1 - mean cosine of the members to the centroid (0 to 1).
    """

    def __init__(self, catalog: Catalog) -> None:
        """Read the catalogue's vectors and sum them up the tree."""
        known = catalog.products["category_path"].notna().to_numpy()
        rows = np.flatnonzero(known)
        true = catalog.products["category_path"].to_numpy()[rows]
        self._predicted: list[str] = catalog.products["predicted_path"].tolist()
        self.taxonomy = Taxonomy.of(dict.fromkeys(true))
        self._vectors, _ = catalog.vectors("fused")
        m, parents = len(self.taxonomy), self.taxonomy.parent_index
        nodes = np.array([self.taxonomy.index[path] for path in true], dtype=np.int64)
        sums = np.zeros((m, catalog.dimension), dtype=np.float64)
        np.add.at(sums, nodes, self._vectors[rows])
        self.counts = np.bincount(nodes, minlength=m)
        self._ends = np.arange(1, m + 1)  # where the run of each subtree ends
        for node in range(m - 1, -1, -1):  # children before their parent
            parent = parents[node]
            if parent >= 0:
                sums[parent] += sums[node]
                self.counts[parent] += self.counts[node]
                self._ends[parent] = max(self._ends[parent], self._ends[node])
        order = np.argsort(nodes, kind="stable")
        self._rows, self._nodes = rows[order], nodes[order]
        lengths = np.linalg.norm(sums, axis=1)
        self.centroids = (sums / np.where(lengths > 0, lengths, 1)[:, None]).astype(np.float32)
        self.spread = 1 - lengths / np.maximum(self.counts, 1)
        self.depths = np.array([len(levels(path)) for path in self.taxonomy.paths], dtype=np.int64)
        shared = [
            common_levels(levels(path), levels(self._predicted[row]))
            for path, row in zip(true[order], self._rows.tolist(), strict=True)
        ]
        self._shared = np.array(shared, dtype=np.int64)
        for_testing = (catalog.products["split"] == "test").to_numpy(bool)[self._rows]
        self.tested = np.array([for_testing[self._run(node)].sum() for node in range(m)], dtype=np.int64)
        judged = [for_testing[self._run(node)] if self.tested[node] else slice(None) for node in range(m)]
        self.accuracy = np.array([self._is_right(node)[judged[node]].mean() for node in range(m)])

    def __len__(self) -> int:
        return len(self.taxonomy)

    def members(self, node: int) -> np.ndarray:
        """Rows of the catalogue whose category is the node or below it."""
        return self._rows[self._run(node)]

    def by_distance(self, node: int) -> tuple[np.ndarray, np.ndarray]:
        """Members with their cosine to the centroid, the nearest first."""
        rows = self.members(node)
        cosines = self._vectors[rows] @ self.centroids[node]
        order = np.argsort(-cosines, kind="stable")
        return rows[order], cosines[order]

    def children(self, node: int | None) -> list[int]:
        """Nodes one level below, those with most products first; those of None are the top-level categories."""
        path = None if node is None else self.taxonomy.paths[node]
        found = [self.taxonomy.index[child] for child in self.taxonomy.children(path)]
        return sorted(found, key=lambda child: (-self.counts[child], child))

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
        found = []
        for place in [*range(run.start), *range(run.stop, len(self._rows))]:
            guess = self._predicted[self._rows[place]]
            if guess == path or guess.startswith(path + SEPARATOR):
                found.append(truncate(self.taxonomy.paths[self._nodes[place]], depth))
        return _counted(found)

    def _run(self, node: int) -> slice:
        return slice(*np.searchsorted(self._nodes, [node, self._ends[node]]).tolist())

    def _is_right(self, node: int) -> np.ndarray:
        return self._shared[self._run(node)] >= self.depths[node]


def _counted(paths: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(paths).items(), key=lambda item: (-item[1], item[0]))


def chain(similarity: np.ndarray) -> list[int]:
    """An order in which neighbours are alike: from the first on, always the most similar that is left.

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
