"""The classifier read under a tree: its levels become one distribution over real paths, as far as the tree is its own.

Over another taxonomy than the bundle's the classifier answers only where it can. At each node it keeps the share

    c = t x k

of the mass that reached the node: t is the share of the node's children that the bundle's own table or the classifier
knows, k the share of the classifier's softmax at the node that falls on children that the tree has (and "ends here"),
not on those that it lacks. The rest is returned: whoever mixes it spreads it below the node as the retrieval does. Over
the bundle's own table both shares are 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.artifacts import ArtifactError
from pipeline.bundle.predictor_state import Classifier, PredictorParts
from pipeline.taxonomy.paths import SEPARATOR, Taxonomy, hash_path
from pipeline.taxonomy.tree import CategoryTree

TINY = 1e-12
"""Keeps a sum that is divided by from being zero."""


@dataclass(frozen=True)
class _Classes:
    """Classes of one level of the classifier that the tree has: c of them, and those of the level below that it lacks.

    The c nodes have l children in the bundle's own table that are classes, and that the tree lacks.
    """

    depth: int
    nodes: np.ndarray  # int [c], rising
    columns: np.ndarray  # int [c], their places in the level's softmax
    parents: np.ndarray  # int [c], places of their parents among the `nodes` of the level above
    sums: np.ndarray  # float32 [c, classes of the level above], 1 where that is the parent
    listed: np.ndarray  # bool [c], whether the table names them; else they are only parents
    lost_columns: np.ndarray  # int [l], places in the softmax of the level below
    lost_sums: np.ndarray  # float32 [l, c], 1 where that is the parent
    familiar: np.ndarray  # float32 [c], t of the module's docstring; 1 for a node without children
    inner: np.ndarray  # bool [c], whether the tree has something below


@dataclass(frozen=True)
class ClassScores:
    """What the classifier says of n vectors.

    Attributes:
        leaf: float32 [n, nodes], leaf probabilities of the classes.
        returned: float32 [n, nodes], mass that reached a node, and of which it cannot say where below it goes.
        returned_root: float32 [n], the same for the tree as a whole. With the two others it adds up to 1, unless a path
            that the table does not name ended.
    """

    leaf: np.ndarray
    returned: np.ndarray
    returned_root: np.ndarray


def known_share(one: Taxonomy, other: Taxonomy) -> float:
    """Nodes that two taxonomies share, over all that either has (Jaccard), in [0, 1]; parents count as nodes."""
    shared = sum(path in other for path in one.paths)
    return shared / max(1, len(one) + len(other) - shared)


class TreeClassifier:
    """A classifier whose classes are aligned with a tree.

    Attributes:
        knows_classes: Whether there is a classifier and the table has some of its classes.
    """

    def __init__(self, parts: PredictorParts, tree: CategoryTree, listed: np.ndarray, home: Taxonomy) -> None:
        """Align the classes.

        Args:
            parts: Has the classifier.
            tree: Of the table.
            listed: bool [nodes], whether the table names them.
            home: The bundle's own table.
        """
        self._classifier: Classifier | None = parts.classifier
        self._tree = tree
        self._home = home
        self._levels: list[_Classes] = []
        self._lost_roots = np.empty(0, dtype=np.int64)
        self._familiar_root = 1.0
        if parts.classifier is not None and len(tree):
            self._align(parts.classes, listed)
        self.knows_classes = bool(self._levels)

    def scores(self, vectors: np.ndarray) -> ClassScores:
        """Leaf probabilities as far as the tree is known, float32; all is returned where no class is.

        Args:
            vectors: float32 [n, d], L2-normalized.
        """
        if self._classifier is None or not self._levels:
            shape = (len(vectors), len(self._tree))
            return ClassScores(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.ones(len(vectors)))
        return self._descend(self._classifier.probabilities(vectors), alone=False)

    def leaf_alone(self, vectors: np.ndarray) -> np.ndarray:
        """Leaf probabilities by the classifier alone, over the classes that the tree has.

        At a node its softmax is cut to the children of that node and "ends here", and renormalized; so levels that
        know nothing of each other become one distribution over real paths.

        Returns:
            float32 [n, nodes], 0 for classes that training lacked; rows sum to 1.

        Raises:
            ArtifactError: If the classifier knows no category of the taxonomy.
        """
        if self._classifier is None or not self._levels:
            raise ArtifactError(
                "The classifier of this bundle knows no category of this taxonomy; take the default predictor."
            )
        leaf = self._descend(self._classifier.probabilities(vectors), alone=True).leaf
        leaf /= leaf.sum(axis=1, keepdims=True)  # less than 1 where a parent's path is not in the table
        return leaf

    def _descend(self, outputs: list[np.ndarray], *, alone: bool) -> ClassScores:
        """From the top: the softmax of each level under the nodes above.

        Args:
            outputs: Softmax of each level.
            alone: Whether classes that the tree lacks count for nothing, and none is returned.
        """
        leaf = np.zeros((len(outputs[0]), len(self._tree)), dtype=np.float32)
        returned = np.zeros_like(leaf)
        top = outputs[0][:, self._levels[0].columns] + TINY
        kept = top.sum(axis=1, keepdims=True)
        reached, returned_root = top / kept, np.zeros(len(leaf), dtype=np.float32)
        if not alone:
            lost = outputs[0][:, self._lost_roots].sum(axis=1, keepdims=True)
            share = self._familiar_root * kept / (kept + lost)
            reached, returned_root = reached * share, (1 - share)[:, 0]
        for place, level in enumerate(self._levels):
            below = self._levels[place + 1] if place + 1 < len(self._levels) else None
            if level.depth < len(outputs):
                following = outputs[level.depth]
            else:  # the last level of the classifier: everything ends there
                following = np.ones((len(leaf), 1), dtype=np.float32)
            ends = (following[:, -1:] + TINY) * level.listed
            children = np.zeros((len(leaf), 0)) if below is None else following[:, below.columns] + TINY
            whole = np.maximum(ends if below is None else ends + children @ below.sums, TINY)
            if not alone:
                lost = following[:, level.lost_columns] @ level.lost_sums
                share = np.where(level.inner, level.familiar * whole / (whole + lost), 1.0)
                returned[:, level.nodes] = reached * (1 - share)
                reached = reached * share
            leaf[:, level.nodes] = reached * ends / whole
            if below is None:
                break
            reached = (reached / whole)[:, below.parents] * children
        return ClassScores(leaf, returned, returned_root)

    def _align(self, classes: Sequence[Sequence[str]], listed: np.ndarray) -> None:
        """Find the classes of each level that the tree has, down to the last level that has one."""
        tree, home = self._tree, self._home
        by_hash = {hash_path(path): node for node, path in enumerate(tree.taxonomy.paths)}
        at_home = {hash_path(path): path for path in home.paths}
        everywhere = at_home.keys() | {name for level in classes for name in level}
        known = np.array([hash_path(path) in everywhere for path in tree.taxonomy.paths], dtype=bool)
        lost: list[list[tuple[str, int]]] = [
            [
                (at_home[name].rpartition(SEPARATOR)[0], column)
                for column, name in enumerate(level)
                if name in at_home and name not in by_hash
            ]
            for level in classes
        ]
        for depth, level in enumerate(classes, start=1):
            found = [(by_hash[name], column) for column, name in enumerate(level) if name in by_hash]
            if not found:
                break
            above = self._levels[-1].nodes if self._levels else None
            missing = lost[depth] if depth < len(classes) else []
            self._levels.append(_aligned(tree, listed, depth, found, above, missing, known))
        if not any(one.listed.any() for one in self._levels):
            self._levels = []
        self._lost_roots = np.array([column for _, column in lost[0]] if lost else [], dtype=np.int64)
        self._familiar_root = float(known[tree.roots].mean())


def _aligned(
    tree: CategoryTree,
    listed: np.ndarray,
    depth: int,
    found: Sequence[tuple[int, int]],
    above: np.ndarray | None,
    missing: Sequence[tuple[str, int]],
    known: np.ndarray,
) -> _Classes:
    """The classes of one level.

    Args:
        tree: Of the table.
        listed: bool [nodes].
        depth: Of the level, from 1.
        found: Node and column of each class that the tree has.
        above: Nodes of the level above, None for the top.
        missing: Parent's path and column of each class of the level below that the tree lacks.
        known: bool [nodes], whether the bundle's table or the classifier has them.
    """
    nodes, columns = np.array(sorted(found), dtype=np.int64).T
    parents = np.zeros(len(nodes), dtype=np.int64)
    sums = np.zeros((len(nodes), len(nodes) if above is None else len(above)), dtype=np.float32)
    if above is not None:
        parents = np.searchsorted(above, tree.parents[nodes])
        sums[np.arange(len(nodes)), parents] = 1.0
    place = {tree.taxonomy.paths[node]: number for number, node in enumerate(nodes.tolist())}
    lost = [(place[path], column) for path, column in missing if path in place]
    lost_sums = np.zeros((len(lost), len(nodes)), dtype=np.float32)
    lost_sums[np.arange(len(lost)), [number for number, _ in lost]] = 1.0
    children = [tree.children(node) for node in nodes.tolist()]
    return _Classes(
        depth,
        nodes,
        columns,
        parents,
        sums,
        listed[nodes],
        np.array([column for _, column in lost], dtype=np.int64),
        lost_sums,
        np.array([known[below].mean() if len(below) else 1.0 for below in children], dtype=np.float32),
        np.array([bool(len(below)) for below in children], dtype=bool),
    )
