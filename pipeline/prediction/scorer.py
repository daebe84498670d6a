"""Probabilities of categories: retrieval over the vectors of all paths, the hierarchical classifier, and their mixture.

Each gives a table of leaf probabilities over the nodes of the tree (`CategoryTree`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.bundle.aliases import AliasVectors
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.bundle.protocol import Encoder
from pipeline.prediction.classes import TINY, TreeClassifier, known_share
from pipeline.taxonomy.paths import Taxonomy, normalize_path
from pipeline.taxonomy.tree import CategoryTree


class NodeScores(NamedTuple):
    """Scores of n vectors against every path of a table.

    Attributes:
        leaf: float32 [n, nodes], leaf probabilities; rows sum to 1.
        nearest: float32 [n], cosine with the nearest path.
    """

    leaf: np.ndarray
    nearest: np.ndarray


class CategoryScorer:
    """Scores vectors against every path of a category table.

    Attributes:
        paths: The table, normalized.
        tree: These paths and their parents.
        listed: bool [nodes], whether the table names them; else they are only parents.
        nodes: int [m], node of every path of the table.
        aliases: Names of its paths in other languages, where they are known.
        classifier: The bundle's, aligned with the tree.
        known_share: Share in [0, 1] of the nodes of this table and of the bundle's own that both have.
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
        own = self.paths == tuple(bundle.categories)
        home = self.tree.taxonomy if own else Taxonomy.of(bundle.categories)
        self.known_share = 1.0 if own else known_share(self.tree.taxonomy, home)
        self.classifier = TreeClassifier(parts, self.tree, self.listed, home)

    def score(self, vectors: np.ndarray, calibration: Calibration, *, alone: bool = False) -> NodeScores:
        """Leaf probabilities by the mixture, and the nearest path's cosine; the table is scanned once.

        A photo alone whose category vectors have prototypes in them takes a second scan.

        Args:
            vectors: float32 [n, d], L2-normalized.
            calibration: Its weights and temperature.
            alone: Whether the classifier alone answers, over the classes that the tree has.

        Raises:
            ArtifactError: If it is to, and knows no category of the table.
        """
        cosines = vectors @ self._vectors.T
        nearest = cosines.max(axis=1)
        weight = calibration.classifier_weight
        if alone:
            return NodeScores(self.classifier.leaf_alone(vectors), nearest)
        leaf = self.retrieved(vectors, calibration, cosines)
        if weight and self.classifier.knows_classes:
            leaf = self._mixture(vectors, leaf, weight)
        return NodeScores(leaf, nearest)

    def nearest(self, vectors: np.ndarray) -> np.ndarray:
        """Cosine of each vector [n, d] with the nearest path of the table, float32 [n]."""
        cosines: np.ndarray = (vectors @ self._vectors.T).max(axis=1)
        return cosines

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

    def _mixture(self, vectors: np.ndarray, retrieved: np.ndarray, weight: float) -> np.ndarray:
        """Retrieval and classifier mixed; what the classifier cannot say of this tree goes as the retrieval has it.

        Args:
            vectors: float32 [n, d].
            retrieved: float32 [n, nodes], leaf probabilities.
            weight: Of the classifier.
        """
        if self.known_share == 1:
            own: np.ndarray = weight * self.classifier.leaf_alone(vectors) + (1 - weight) * retrieved
            return own
        known = self.classifier.scores(vectors)
        subtree = self.tree.sum_up(retrieved)
        shares = known.returned / np.maximum(subtree, TINY)
        for depth in range(2, int(self.tree.depths.max(initial=1)) + 1):
            nodes = np.flatnonzero(self.tree.depths == depth)
            shares[:, nodes] += shares[:, self.tree.parents[nodes]]
        leaf = known.leaf + retrieved * shares
        leaf += np.maximum(1 - leaf.sum(axis=1, keepdims=True), 0) * retrieved
        mixed: np.ndarray = weight * leaf + (1 - weight) * retrieved
        return mixed

    def _category_vectors(self, prototype_weight: float) -> np.ndarray:
        """The table's vectors, interpolated towards the prototypes; made once for each weight."""
        if not prototype_weight or self._prototypes is None:
            return self._vectors
        if prototype_weight not in self._interpolated:
            interpolated = self._prototypes.interpolate(self.paths, self._vectors, prototype_weight)
            self._interpolated[prototype_weight] = interpolated
        return self._interpolated[prototype_weight]
