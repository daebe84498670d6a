"""Categories of a product over the whole taxonomy: probabilities summed up the tree and decoded from its top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.taxonomy import Taxonomy, normalise_path

if TYPE_CHECKING:  # torch is slow to import, and a page can open without it
    from pipeline.model.bundle import Bundle

_ROWS_AT_A_TIME = 256  # 256 x 10,281 probabilities are 10 MB


@dataclass(frozen=True)
class CategoryScore:
    """A category path and its probability in [0, 1]."""

    path: str
    score: float


@dataclass(frozen=True)
class _Level:
    """All nodes of one depth that have a parent, ordered by parent so that sums are slices."""

    nodes: np.ndarray  # int [c]
    starts: np.ndarray  # int [p], where each parent's children begin in `nodes`
    parents: np.ndarray  # int [p]


class CategoryPredictor:
    """Scores vectors against every path of a category table.

    The probability of a path is softmax(logit_scale * cosine / temperature) over the table; that of a node of the
    tree is the sum over the paths at and below it, so that a parent is never less likely than its child.

    Attributes:
        paths: The table, as the bundle or the caller gave it.
        taxonomy: The tree of these paths and their parents.
    """

    def __init__(self, bundle: Bundle, paths: Sequence[str] | None = None) -> None:
        """Make ready.

        Args:
            bundle: The model; its meta may hold a calibrated `temperature` (1 if not).
            paths: The category table (normalised here); the bundle's own by default.
        """
        self.paths: tuple[str, ...] = tuple(
            bundle.categories if paths is None else dict.fromkeys(map(normalise_path, paths))
        )
        vectors = bundle.category_vectors if paths is None else bundle.encode_categories(self.paths)
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._scale = float(bundle.logit_scale) / float(bundle.meta.get("temperature", 1.0))
        self.taxonomy = Taxonomy.of(self.paths)
        self._node_of_path = np.array([self.taxonomy.index[path] for path in self.paths], dtype=np.int64)
        self._levels = _levels(self.taxonomy)
        self._children = _children(self.taxonomy)

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """Probability of each path of the table.

        Args:
            vectors: float32 [n, d], L2-normalised.

        Returns:
            float32 [n, m]; rows sum to 1.
        """
        logits = self._scale * (vectors @ self._vectors.T)
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits

    def node_probabilities(self, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of the table, summed up the tree.

        Args:
            probabilities: float32 [n, m].

        Returns:
            Two arrays float32 [n, number of nodes] in the order of `taxonomy.paths`: the probability of the node
            itself (0 for a parent the table does not name), and that of the node and all below it.
        """
        own = np.zeros((len(probabilities), len(self.taxonomy)), dtype=np.float32)
        own[:, self._node_of_path] = probabilities
        total = own.copy()
        for level in self._levels:  # deepest first
            total[:, level.parents] += np.add.reduceat(total[:, level.nodes], level.starts, axis=1)
        return own, total

    def predict(self, vectors: np.ndarray, k: int) -> list[list[CategoryScore]]:
        """The k most likely paths of the table, best first.

        Args:
            vectors: float32 [n, d], L2-normalised.
            k: Paths a row.
        """
        answers: list[list[CategoryScore]] = []
        for start in range(0, len(vectors), _ROWS_AT_A_TIME):
            probabilities = self.probabilities(vectors[start : start + _ROWS_AT_A_TIME])
            k = min(k, len(self.paths))
            best = np.argpartition(-probabilities, k - 1, axis=1)[:, :k]
            for row, columns in zip(probabilities, best, strict=True):
                ordered = columns[np.argsort(-row[columns], kind="stable")]
                answers.append([CategoryScore(self.paths[column], float(row[column])) for column in ordered])
        return answers

    def predict_paths(self, vectors: np.ndarray) -> tuple[list[str], list[list[float]]]:
        """One path a row, decoded from the top: at each node the likeliest child, until stopping there is likelier.

        Args:
            vectors: float32 [n, d], L2-normalised.

        Returns:
            The paths, each one of the table, and for each the probability at each of its levels, falling.
        """
        paths: list[str] = []
        confidences: list[list[float]] = []
        for start in range(0, len(vectors), _ROWS_AT_A_TIME):
            own, total = self.node_probabilities(self.probabilities(vectors[start : start + _ROWS_AT_A_TIME]))
            for row in range(len(own)):
                nodes = self._descend(own[row], total[row])
                paths.append(self.taxonomy.paths[nodes[-1]])
                confidences.append([min(1.0, float(total[row, node])) for node in nodes])
        return paths, confidences

    def confidences(self, vector: np.ndarray, path: str) -> list[float]:
        """Probability of each level of a path, top first.

        Args:
            vector: float32 [d], L2-normalised.
            path: Any node of the tree.

        Raises:
            KeyError: If the tree has no such path.
        """
        nodes = [self.taxonomy.index[ancestor] for ancestor in self.taxonomy.ancestors(path)]
        _, total = self.node_probabilities(self.probabilities(vector[None]))
        return [min(1.0, float(total[0, node])) for node in nodes]

    def _descend(self, own: np.ndarray, total: np.ndarray) -> list[int]:
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


def _levels(taxonomy: Taxonomy) -> list[_Level]:
    """The levels of a tree below its top, deepest first."""
    depths = np.array([taxonomy.depth(path) for path in taxonomy.paths])
    levels = []
    for depth in range(int(depths.max(initial=0)), 1, -1):
        nodes = np.flatnonzero(depths == depth)
        parents = taxonomy.parent_index[nodes]
        order = np.argsort(parents, kind="stable")
        unique, starts = np.unique(parents[order], return_index=True)
        levels.append(_Level(nodes[order], starts, unique))
    return levels


def _children(taxonomy: Taxonomy) -> dict[int, np.ndarray]:
    """Children of every node that has some; the top level under -1."""
    order = np.argsort(taxonomy.parent_index, kind="stable")
    parents, starts = np.unique(taxonomy.parent_index[order], return_index=True)
    return dict(zip(parents.tolist(), np.split(order, starts[1:]), strict=True))
