"""Scores of some products against the whole taxonomy, made once: decoded, ranked and judged from one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipeline.bundle.calibration import Calibration
from pipeline.prediction.confidence import MeasuredOn, Prediction, judge_path
from pipeline.search.evidence import NeighborEvidence
from pipeline.taxonomy.tree import CategoryTree
from pipeline.types import Modality


@dataclass(frozen=True)
class CategoryScore:
    """A category path and its probability in [0, 1]."""

    path: str
    score: float


@dataclass(frozen=True)
class Scores:
    """Scores of n products over the nodes of a tree; made by `CategoryPredictor.score`.

    Attributes:
        tree: The taxonomy.
        leaf: float32 [n, nodes], leaf probabilities; rows sum to 1.
        nearest: float32 [n], cosine of each product with its nearest category.
        selectable: bool [nodes], the paths of the table that may be named.
        modalities: Of each vector, by what it was made of.
        calibrations: By modality.
        evidence_calibrations: For products whose nearest labeled products are known, by modality.
        target_precision: Share of the accepted levels that are to be right.
        is_product: Of each vector, whether it looks like that of a product; None where the bundle does not know.
        least_neighbors: By modality, the cosine with the nearest labeled product below which there is none like it.
        measured_on: On which taxonomy the confidences were measured.
    """

    tree: CategoryTree
    leaf: np.ndarray
    nearest: np.ndarray
    selectable: np.ndarray
    modalities: Sequence[Modality]
    calibrations: Mapping[Modality, Calibration]
    evidence_calibrations: Mapping[Modality, Calibration]
    target_precision: float
    is_product: Sequence[bool | None]
    least_neighbors: Mapping[Modality, float | None]
    measured_on: MeasuredOn

    @cached_property
    def subtree(self) -> np.ndarray:
        """Subtree probabilities, float32 [n, nodes]; a child is never likelier than its parent."""
        return self.tree.sum_up(self.leaf)

    def top(self, k: int) -> list[list[CategoryScore]]:
        """The k most likely paths of each product, best first; fewer where fewer may be named."""
        k = min(k, int(self.selectable.sum()))
        best = np.argpartition(-np.where(self.selectable, self.leaf, -1.0), k - 1, axis=1)[:, :k]
        paths = self.tree.taxonomy.paths
        return [
            [CategoryScore(paths[node], float(row[node])) for node in nodes[np.argsort(-row[nodes], kind="stable")]]
            for row, nodes in zip(self.leaf, best, strict=True)
        ]

    def decode_nodes(self) -> list[list[int]]:
        """Nodes of one path a product, from the top: at each the likeliest child, until stopping there is likelier."""
        return [self.tree.descend(leaf, subtree) for leaf, subtree in zip(self.leaf, self.subtree, strict=True)]

    def decode(
        self, neighbors: Sequence[NeighborEvidence] | None = None, blank: Sequence[bool] | np.ndarray | None = None
    ) -> list[Prediction]:
        """One path a product, with its confidences and the depth down to which it is accepted.

        Args:
            neighbors: The nearest labeled products of each product, where they are known: their agreement is part of
                the confidence where that was better on validation. A product without any is judged as without evidence.
            blank: Products known by nothing but a photo that shows nothing: no level of theirs is accepted.
        """
        return [
            self._judge(
                row,
                nodes,
                None if neighbors is None else neighbors[row],
                blank=blank is not None and bool(blank[row]),
            )
            for row, nodes in enumerate(self.decode_nodes())
        ]

    def _judge(self, row: int, nodes: list[int], neighbors: NeighborEvidence | None, *, blank: bool) -> Prediction:
        """The prediction of a product whose path goes through these nodes."""
        path, modality = self.tree.taxonomy.paths[nodes[-1]], self.modalities[row]
        calibration, agreement, has_similar = self.calibrations[modality], None, None
        limit = self.least_neighbors.get(modality)
        if neighbors is not None and neighbors.categories:  # without any there is no catalogue to speak of
            has_similar = None if limit is None else neighbors.best >= limit
            if has_similar is not False and modality in self.evidence_calibrations:
                calibration, agreement = self.evidence_calibrations[modality], neighbors.agreement(path)
        prediction = judge_path(
            path,
            self.subtree[row, nodes],
            calibration,
            target_precision=self.target_precision,
            nearest=float(self.nearest[row]),
            agreement=agreement,
            is_product=self.is_product[row],
        )
        prediction = replace(prediction, taxonomy=self.measured_on, has_similar=has_similar)
        return prediction.as_guess if blank else prediction
