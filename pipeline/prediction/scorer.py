"""Probabilities of categories: retrieval over the vectors of all paths, the hierarchical classifier, and their mixture.

Each gives a table of leaf probabilities over the nodes of the tree (`CategoryTree`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from pipeline.artifacts import ArtifactError
from pipeline.bundle.aliases import AliasVectors
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.bundle.protocol import Encoder
from pipeline.taxonomy.paths import hash_path, normalize_path
from pipeline.taxonomy.tree import CategoryTree

TINY = 1e-12
"""Keeps a sum that is divided by from being zero."""


class NodeScores(NamedTuple):
    """Scores of n vectors against every path of a table.

    Attributes:
        leaf: float32 [n, nodes], leaf probabilities; rows sum to 1.
        nearest: float32 [n], cosine with the nearest path.
    """

    leaf: np.ndarray
    nearest: np.ndarray


@dataclass(frozen=True)
class _Classes:
    """Classes of one level of the classifier that the tree has: c of them."""

    depth: int
    nodes: np.ndarray  # int [c], rising
    columns: np.ndarray  # int [c], their places in the level's softmax
    parents: np.ndarray  # int [c], places of their parents among the `nodes` of the level above
    sums: np.ndarray  # float32 [c, classes of the level above], 1 where that is the parent
    listed: np.ndarray  # bool [c], whether the table names them; else they are only parents


class CategoryScorer:
    """Scores vectors against every path of a category table.

    Attributes:
        paths: The table, normalized.
        tree: These paths and their parents.
        listed: bool [nodes], whether the table names them; else they are only parents.
        nodes: int [m], node of every path of the table.
        aliases: Names of its paths in other languages, where they are known.
    """

    def __init__(
        self,
        bundle: Encoder,
        paths: Sequence[str] | None,
        vectors: np.ndarray | None,
        parts: PredictorParts,
        aliases: AliasVectors | None = None,
    ) -> None:
        """Encode the table and align the classifier's classes with its tree.

        Args:
            bundle: The model.
            paths: The category table; None takes the bundle's own.
            vectors: float32 [m, d] of `paths`; None encodes them.
            parts: Has the classifier.
            aliases: Of `paths`, which then must be normalized; the bundle's own table has its own.
        """
        self.paths: tuple[str, ...] = tuple(
            bundle.categories if paths is None else dict.fromkeys(map(normalize_path, paths))
        )
        if vectors is None:
            vectors = bundle.category_vectors if paths is None else bundle.encode_categories(self.paths)
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self.aliases = bundle.aliases if paths is None else aliases
        self._scale = float(bundle.logit_scale)
        self.tree = CategoryTree(self.paths)
        self.nodes = np.array([self.tree.taxonomy.index[path] for path in self.paths], dtype=np.int64)
        self.listed = np.zeros(len(self.tree), dtype=bool)
        self.listed[self.nodes] = True
        self._prototypes = parts.prototypes
        self._interpolated: dict[float, np.ndarray] = {}
        self._classifier = parts.classifier
        self._classes = self._known_classes(parts.classes)

    def score(self, vectors: np.ndarray, calibration: Calibration) -> NodeScores:
        """Leaf probabilities by the mixture, and the nearest path's cosine; the table is scanned once.

        A photo alone whose category vectors have prototypes in them takes a second scan.

        Args:
            vectors: float32 [n, d], L2-normalized.
            calibration: Its weights and temperature.
        """
        cosines = vectors @ self._vectors.T
        nearest = cosines.max(axis=1)
        weight = calibration.classifier_weight
        if weight == 1:
            return NodeScores(self.classified(vectors), nearest)
        leaf = self.retrieved(vectors, calibration, cosines)
        if weight:
            leaf = weight * self.classified(vectors) + (1 - weight) * leaf
        return NodeScores(leaf, nearest)

    def nearest(self, vectors: np.ndarray) -> np.ndarray:
        """Cosine of each vector [n, d] with the nearest path of the table, float32 [n]."""
        cosines: np.ndarray = (vectors @ self._vectors.T).max(axis=1)
        return cosines

    @property
    def knows_classes(self) -> bool:
        """Whether there is a classifier and the table has some of its classes."""
        return self._classifier is not None and bool(self._classes)

    @property
    def has_prototypes(self) -> bool:
        """Whether it knows the mean photos of categories."""
        return self._prototypes is not None

    def retrieved(self, vectors: np.ndarray, calibration: Calibration, cosines: np.ndarray | None = None) -> np.ndarray:
        """Leaf probabilities by retrieval: softmax(inverse_temperature x logit_scale x cosine) over the table.

        Args:
            vectors: float32 [n, d], L2-normalized.
            calibration: Its temperature, and whether prototypes and aliases take part.
            cosines: float32 [n, m] with the table, where they are known; they are overwritten.

        Returns:
            float32 [n, nodes], 0 for parents that the table does not name; rows sum to 1.
        """
        if cosines is None or calibration.prototype_weight:
            cosines = vectors @ self._category_vectors(calibration.prototype_weight).T
        logits = cosines
        if calibration.aliases and self.aliases is not None:
            self.aliases.raise_cosines(vectors, logits)
        logits *= calibration.inverse_temperature * self._scale
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        leaf = np.zeros((len(vectors), len(self.tree)), dtype=np.float32)
        leaf[:, self.nodes] = logits
        return leaf

    def classified(self, vectors: np.ndarray) -> np.ndarray:
        """Leaf probabilities by the classifier.

        At a node its softmax is cut to the children of that node and "ends here", and renormalized; so levels that
        know nothing of each other become one distribution over real paths.

        Returns:
            float32 [n, nodes], 0 for classes that training lacked; rows sum to 1.

        Raises:
            ArtifactError: If the classifier knows no category of the taxonomy.
        """
        if self._classifier is None or not self._classes:
            raise ArtifactError("The classifier of this bundle knows no category of this taxonomy.")
        outputs = self._classifier.probabilities(vectors)
        leaf = np.zeros((len(vectors), len(self.tree)), dtype=np.float32)
        top = outputs[0][:, self._classes[0].columns] + TINY
        reached = top / top.sum(axis=1, keepdims=True)
        for level, below in zip_longest(self._classes, self._classes[1:]):
            if below is None:
                leaf[:, level.nodes] = reached * level.listed
                break
            ends = (outputs[below.depth - 1][:, -1:] + TINY) * level.listed
            children = outputs[below.depth - 1][:, below.columns] + TINY
            whole = np.maximum(ends + children @ below.sums, TINY)
            leaf[:, level.nodes] = reached * ends / whole
            reached = (reached / whole)[:, below.parents] * children
        leaf /= leaf.sum(axis=1, keepdims=True)  # less than 1 where a parent's path is not in the table
        return leaf

    def _category_vectors(self, prototype_weight: float) -> np.ndarray:
        """The table's vectors, interpolated towards the prototypes; made once for each weight."""
        if not prototype_weight or self._prototypes is None:
            return self._vectors
        if prototype_weight not in self._interpolated:
            interpolated = self._prototypes.interpolate(self.paths, self._vectors, prototype_weight)
            self._interpolated[prototype_weight] = interpolated
        return self._interpolated[prototype_weight]

    def _known_classes(self, classes: Sequence[Sequence[str]]) -> list[_Classes]:
        """The classes of each level that this tree has, down to the last level that has one."""
        by_hash = {hash_path(path): node for node, path in enumerate(self.tree.taxonomy.paths)}
        known_levels: list[_Classes] = []
        for depth, level in enumerate(classes, start=1):
            known = [(by_hash[name], column) for column, name in enumerate(level) if name in by_hash]
            if not known:
                break
            nodes, columns = np.array(sorted(known), dtype=np.int64).T
            above = known_levels[-1].nodes if known_levels else nodes
            parents = np.zeros(len(nodes), dtype=np.int64)
            if known_levels:
                parents = np.searchsorted(above, self.tree.parents[nodes])
            sums = np.zeros((len(nodes), len(above)), dtype=np.float32)
            sums[np.arange(len(nodes)), parents] = 1.0
            known_levels.append(_Classes(depth, nodes, columns, parents, sums, self.listed[nodes]))
        return known_levels if any(level.listed.any() for level in known_levels) else []
