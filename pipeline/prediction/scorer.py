"""Where the probabilities of categories come from: retrieval over the vectors of all paths, and the classifier.

Both give a table of own probabilities over the nodes of the tree (`CategoryTree`), and so does their mixture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from pipeline.artifacts import ArtifactError
from pipeline.taxonomy.paths import hash_path, normalize_path
from pipeline.taxonomy.tree import CategoryTree

if TYPE_CHECKING:  # torch is slow to import, and a page can open without it
    from pipeline.bundle.aliases import NameVectors
    from pipeline.bundle.calibration import Calibration
    from pipeline.bundle.predictor_state import PredictorParts
    from pipeline.bundle.protocol import Encoder

TINY = 1e-12
"""Keeps a sum that is divided by from being zero."""


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
        paths: The table, normalised.
        tree: These paths and their parents.
        listed: bool [nodes], whether the table names them; else they are only parents.
        names: What its paths are called in other languages, where that is known.
    """

    def __init__(
        self,
        bundle: Encoder,
        paths: Sequence[str] | None,
        vectors: np.ndarray | None,
        parts: PredictorParts,
        names: NameVectors | None = None,
    ) -> None:
        """Make ready.

        Args:
            bundle: The model.
            paths: The category table; None takes the bundle's own.
            vectors: float32 [m, d] of `paths`; None encodes them.
            parts: Has the classifier.
            names: Of `paths`, which then must be normalised; those of the bundle go with its own table.
        """
        self.paths: tuple[str, ...] = tuple(
            bundle.categories if paths is None else dict.fromkeys(map(normalize_path, paths))
        )
        if vectors is None:
            vectors = bundle.category_vectors if paths is None else bundle.encode_categories(self.paths)
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self.names = bundle.names if paths is None else names
        self._scale = float(bundle.logit_scale)
        self.tree = CategoryTree(self.paths)
        self._node_of_path = np.array([self.tree.taxonomy.index[path] for path in self.paths], dtype=np.int64)
        self.listed = np.zeros(len(self.tree), dtype=bool)
        self.listed[self._node_of_path] = True
        self._prototypes = parts.prototypes
        self._leant: dict[float, np.ndarray] = {}
        self._classifier = parts.classifier
        self._classes = self._known_classes(parts.classes)

    def nearest(self, vectors: np.ndarray) -> np.ndarray:
        """Cosine of each vector [n, d] with the nearest path of the table, float32 [n]."""
        cosines: np.ndarray = (vectors @ self._vectors.T).max(axis=1)
        return cosines

    @property
    def knows_photos(self) -> bool:
        """Whether it knows what the photos of categories look like."""
        return self._prototypes is not None

    def retrieved(
        self, vectors: np.ndarray, sharpness: float, names: bool = False, pictures: float = 0.0
    ) -> np.ndarray:
        """Own probabilities by retrieval: softmax(sharpness * logit_scale * cosine) over the table.

        Args:
            vectors: float32 [n, d], L2-normalised.
            sharpness: Above 1 nearer to the best path alone.
            names: The cosine with a path is that with its nearest name in any language.
            pictures: How far the paths' vectors lean towards their mean photos (`Prototypes.lean`).

        Returns:
            float32 [n, nodes], 0 for parents that the table does not name; rows sum to 1.
        """
        logits = vectors @ self._leaning(pictures).T
        if names and self.names is not None:
            self.names.raise_cosines(vectors, logits)
        logits *= sharpness * self._scale
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        own = np.zeros((len(vectors), len(self.tree)), dtype=np.float32)
        own[:, self._node_of_path] = logits
        return own

    def classified(self, vectors: np.ndarray) -> np.ndarray:
        """Own probabilities by the classifier.

        At a node its softmax is cut to the children of that node and "ends here", and renormalised; so levels that
        know nothing of each other become one distribution over real paths.

        Returns:
            float32 [n, nodes], 0 for what training did not have; rows sum to 1.
        """
        if self._classifier is None or not self._classes:
            raise ArtifactError("The classifier of this bundle knows no category of this taxonomy.")
        outputs = self._classifier.probabilities(vectors)
        own = np.zeros((len(vectors), len(self.tree)), dtype=np.float32)
        top = outputs[0][:, self._classes[0].columns] + TINY
        reached = top / top.sum(axis=1, keepdims=True)
        for level, below in zip_longest(self._classes, self._classes[1:]):
            if below is None:
                own[:, level.nodes] = reached * level.listed
                break
            ends = (outputs[below.depth - 1][:, -1:] + TINY) * level.listed
            children = outputs[below.depth - 1][:, below.columns] + TINY
            whole = np.maximum(ends + children @ below.sums, TINY)
            own[:, level.nodes] = reached * ends / whole
            reached = (reached / whole)[:, below.parents] * children
        own /= own.sum(axis=1, keepdims=True)  # less than 1 where a parent's path is not in the table
        return own

    def mixed(self, vectors: np.ndarray, setting: Calibration) -> np.ndarray:
        """Own probabilities of the mixture: the classifier's with weight `share`, the retrieval's with the rest."""
        if setting.share == 1:
            return self.classified(vectors)
        found = self.retrieved(vectors, setting.sharpness, setting.names, setting.pictures)
        return setting.share * self.classified(vectors) + (1 - setting.share) * found if setting.share else found

    def _leaning(self, pictures: float) -> np.ndarray:
        """The table's vectors, leant towards the photos; each lean is made once."""
        if not pictures or self._prototypes is None:
            return self._vectors
        if pictures not in self._leant:
            self._leant[pictures] = self._prototypes.lean(self.paths, self._vectors, pictures)
        return self._leant[pictures]

    def _known_classes(self, classes: Sequence[Sequence[str]]) -> list[_Classes]:
        """The classes of each level that this tree has, down to the last level that has one."""
        by_hash = {hash_path(path): node for node, path in enumerate(self.tree.taxonomy.paths)}
        found: list[_Classes] = []
        for depth, level in enumerate(classes, start=1):
            known = [(by_hash[name], column) for column, name in enumerate(level) if name in by_hash]
            if not known:
                break
            nodes, columns = np.array(sorted(known), dtype=np.int64).T
            above = found[-1].nodes if found else nodes
            parents = (
                np.searchsorted(above, self.tree.parents[nodes]) if found else np.zeros(len(nodes), dtype=np.int64)
            )
            sums = np.zeros((len(nodes), len(above)), dtype=np.float32)
            sums[np.arange(len(nodes)), parents] = 1.0
            found.append(_Classes(depth, nodes, columns, parents, sums, self.listed[nodes]))
        return found if any(level.listed.any() for level in found) else []
