"""Scores of some products against the whole taxonomy, made once: decoded, ranked and judged from one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipeline.bundle.calibration import Calibration
from pipeline.prediction.classes import TINY
from pipeline.prediction.confidence import MeasuredOn, Prediction, judge_path, stricter
from pipeline.search.evidence import NeighborEvidence
from pipeline.taxonomy.paths import levels, truncate
from pipeline.taxonomy.tree import CategoryTree
from pipeline.types import Modality

_RUNNERS = 4  # paths looked at for each one that is ranked


@dataclass(frozen=True)
class CategoryScore:
    """A category path and its probability in [0, 1], itself or something below it."""

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
        is_chosen: Whether the paths that may be named are candidates that were given.
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
    is_chosen: bool = False

    @cached_property
    def subtree(self) -> np.ndarray:
        """Subtree probabilities, float32 [n, nodes]; a child is never likelier than its parent."""
        return self.tree.sum_up(self.leaf)

    def top(self, k: int) -> list[list[CategoryScore]]:
        """The k most likely paths of each product, best first; fewer where fewer may be named."""
        paths, best = self.tree.taxonomy.paths, self._best(k)
        likely = np.take_along_axis(self.leaf, best, axis=1)
        return [
            [CategoryScore(paths[node], score) for node, score in zip(nodes, scores, strict=True)]
            for nodes, scores in zip(best.tolist(), likely.tolist(), strict=True)
        ]

    def _best(self, k: int) -> np.ndarray:
        """Nodes of the k most likely paths of each product, best first, int [n, k]; fewer where fewer may be named."""
        k = min(k, int(self.selectable.sum()))
        costs = np.where(self.selectable, -self.leaf, 1.0)
        best = np.argpartition(costs, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(costs, best, axis=1), axis=1, kind="stable")
        return np.take_along_axis(best, order, axis=1)

    def decode_nodes(self) -> list[list[int]]:
        """Nodes of one path a product, from the top (`CategoryTree.descend`)."""
        return self.tree.descend(self.leaf, self.subtree, self.selectable)

    def decode(
        self,
        neighbors: Sequence[NeighborEvidence] | None = None,
        blank: Sequence[bool] | np.ndarray | None = None,
        *,
        strange: Sequence[bool] | None = None,
        torn: Sequence[bool] | None = None,
    ) -> list[Prediction]:
        """One path a product, with its confidences and the depth down to which it is accepted.

        Args:
            neighbors: The nearest labeled products of each product, where they are known: their agreement is part of
                the confidence where that was better on validation. A product without any is judged as without evidence.
            blank: Products known by nothing but a photo that shows nothing: no level of theirs is accepted.
            strange: Texts in another language than most of those of the calibration: half as many errors are allowed.
            torn: Products whose text and photo contradict each other: no level of theirs is accepted.
        """
        predictions = []
        for row, nodes in enumerate(self.decode_nodes()):
            target = stricter(self.target_precision) if strange is not None and strange[row] else self.target_precision
            prediction = self._judge(row, nodes, None if neighbors is None else neighbors[row], target)
            if blank is not None and blank[row]:
                prediction = prediction.as_guess
            if torn is not None and torn[row]:
                prediction = replace(prediction, accepted_depth=0)
            predictions.append(prediction)
        return predictions

    def rank(self, predictions: Sequence[Prediction], k: int) -> list[list[CategoryScore]]:
        """Whole paths of each product, best first: its prediction, then at most k - 1 others that it could be.

        Others are the paths that the largest probabilities end at; none is an ancestor of the prediction, and none of
        two lies below the other, unless candidates were given. All have the quantity by which the prediction is
        accepted (`_share`), so none stands above it.

        Args:
            predictions: Of `decode`.
            k: Paths.
        """
        best = self._best(_RUNNERS * k)
        first, end = best[:, :, None], self.tree.ends[best][:, :, None]
        inside = (first <= best[:, None, :]) & (best[:, None, :] < end)  # whether the first is the second, or above it
        nested = inside | inside.transpose(0, 2, 1)
        return [self._rank(row, one, best[row], nested[row], k) for row, one in enumerate(predictions)]

    def _rank(
        self, row: int, prediction: Prediction, best: np.ndarray, nested: np.ndarray, k: int
    ) -> list[CategoryScore]:
        """The ranking of a product, of the nodes `best` [b]; `nested`, bool [b, b], says which lie on one way."""
        tree, raw = self.tree, self.subtree[row]
        number = tree.taxonomy.index
        way = [number[truncate(prediction.path, depth)] for depth in range(1, len(levels(prediction.path)) + 1)]
        free = ~np.isin(best, way)
        others: list[int] = []
        for place in range(len(best)):
            if free[place]:
                others.append(place)
                if not self.is_chosen:
                    free &= ~nested[place]
        nodes = best[others]
        on_way = np.array(way)[:, None]
        common = ((on_way <= nodes) & (nodes < tree.ends[on_way])).sum(axis=0)
        masses = raw[way].tolist()
        ranked = [
            CategoryScore(tree.taxonomy.paths[node], _share(prediction.probabilities, masses, levels_in_common, mass))
            for node, levels_in_common, mass in zip(nodes.tolist(), common.tolist(), raw[nodes].tolist(), strict=True)
        ]
        ranked.sort(key=lambda score: -score.score)
        return [CategoryScore(prediction.path, prediction.probabilities[-1]), *ranked[: k - 1]]

    def _judge(self, row: int, nodes: list[int], neighbors: NeighborEvidence | None, target: float) -> Prediction:
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
            target_precision=target,
            nearest=float(self.nearest[row]),
            agreement=agreement,
            is_product=self.is_product[row],
        )
        return replace(prediction, taxonomy=self.measured_on, has_similar=has_similar)


def _share(probabilities: Sequence[float], masses: Sequence[float], common: int, mass: float) -> float:
    """Probability of a path beside a prediction, on the scale of the prediction's own.

    What the prediction leaves at the level where they part is shared out as the model's own masses are; and to no
    level of the prediction below does it stand higher than these masses do. So the others are never likelier than the
    prediction, and with it never more than 1 where they do not overlap.

    Args:
        probabilities: Of the levels of the prediction.
        masses: Subtree probabilities of these levels, before calibration.
        common: How many of them the other path lies below.
        mass: Subtree probability of the other path.
    """
    if common == len(masses):
        return probabilities[-1] * min(1.0, mass / max(masses[-1], TINY))
    above, above_mass = (probabilities[common - 1], masses[common - 1]) if common else (1.0, 1.0)
    left, left_mass = above - probabilities[common], above_mass - masses[common]
    shares = [left * min(1.0, mass / max(left_mass, TINY))]
    pairs = zip(probabilities[common:], masses[common:], strict=True)
    shares += [probability * min(1.0, mass / max(own, TINY)) for probability, own in pairs]
    return max(0.0, min(shares))
