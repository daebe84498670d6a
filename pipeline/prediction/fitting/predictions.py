"""Rows that training did not have, and what a predictor says of them level by level: what confidences are fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.bundle.calibration import Calibration, PlattFit
from pipeline.metrics import hierarchical
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.evidence import NeighborEvidence
from pipeline.taxonomy.paths import levels


@dataclass(frozen=True)
class TuningRows:
    """Rows of one modality to choose on; n rows.

    Attributes:
        vectors: float32 [n, d], L2-normalized.
        truths: Category paths.
        unseen: bool [n], whether training lacked the category.
        floor: hF1 on the unseen rows that must be kept, that of the untrained text tower; 0 where it cannot read them.
        neighbors: The nearest training products of each row; empty where they are not known.
        sources: Of each row its source, where that is one that training had nothing of, else ""; empty if all are "".
        calibrating: bool [n], rows that confidences are measured on; None for all. Settings are chosen on all.
        languages: ISO 639-1 code of each row's text, "" where it does not tell; empty where they are not known.
    """

    vectors: np.ndarray
    truths: Sequence[str]
    unseen: np.ndarray
    floor: float = 0.0
    neighbors: Sequence[NeighborEvidence] = ()
    sources: Sequence[str] = ()
    calibrating: np.ndarray | None = None
    languages: Sequence[str] = ()

    def weights(self, unseen_share: float) -> np.ndarray:
        """`mixture_weights` of the rows."""
        return mixture_weights(self.unseen, unseen_share)

    def at(self, rows: np.ndarray) -> TuningRows:
        """Some of the rows, int [k]."""
        return replace(
            self,
            vectors=self.vectors[rows],
            truths=[self.truths[row] for row in rows],
            unseen=self.unseen[rows],
            neighbors=[self.neighbors[row] for row in rows] if len(self.neighbors) else (),
            sources=[self.sources[row] for row in rows] if len(self.sources) else (),
            calibrating=None if self.calibrating is None else self.calibrating[rows],
            languages=[self.languages[row] for row in rows] if len(self.languages) else (),
        )

    @property
    def for_calibration(self) -> TuningRows:
        """The rows that confidences are measured on."""
        return self if self.calibrating is None else self.at(np.flatnonzero(self.calibrating))


@dataclass(frozen=True)
class Sample:
    """Rows to calibrate on, with a predictor of any calibration that was trained without them."""

    predictor: CategoryPredictor
    rows: TuningRows


@dataclass(frozen=True)
class LevelPredictions:
    """Levels of decoded paths of one predictor and modality, for calibration and its plots; n rows, all levels.

    Attributes:
        probability: float [n, levels], before calibration; 0 where the path has no such level.
        present: bool [n, levels], whether the path has the level.
        correct: bool [n, levels], whether it is right down to the level.
        weights: float [n].
        confidence: float [n, levels], after calibration.
        agreement: float [n, levels], of the nearest training products with the path; 0 where they are not known.
        sources: [n], as in `TuningRows`.
    """

    probability: np.ndarray
    present: np.ndarray
    correct: np.ndarray
    weights: np.ndarray
    confidence: np.ndarray
    agreement: np.ndarray
    sources: tuple[str, ...]


@dataclass(frozen=True)
class LevelTable:
    """One level of `LevelPredictions`; arrays [n]."""

    probability: np.ndarray
    correct: np.ndarray
    weights: np.ndarray
    agreement: np.ndarray

    @classmethod
    def of(cls, predictions: LevelPredictions, level: int) -> LevelTable:
        """A level of the predictions (0 is the top)."""
        return cls(
            predictions.probability[:, level],
            predictions.correct[:, level],
            predictions.weights,
            predictions.agreement[:, level],
        )

    def at(self, rows: np.ndarray) -> LevelTable:
        """Some of the rows (a mask or positions)."""
        return LevelTable(self.probability[rows], self.correct[rows], self.weights[rows], self.agreement[rows])

    def log_loss(self, fit: PlattFit) -> float:
        """Weighted sum of the log losses of the confidences of a fit."""
        confidence = Calibration(
            platt_slopes=(fit.slope,),
            platt_intercepts=(fit.intercept,),
            agreement_coefficients=(fit.agreement_coefficient,),
        ).confidence(self.probability, 0, self.agreement)
        confidence = np.clip(confidence, 1e-6, 1 - 1e-6)
        return -float((self.weights * np.log(np.where(self.correct, confidence, 1 - confidence))).sum())


def mixture_weights(unseen: np.ndarray, unseen_share: float) -> np.ndarray:
    """Weight of each row, 1 on average, so that unseen categories have their share of it.

    Args:
        unseen: bool [n]; if all rows are of one sort, all weigh the same.
        unseen_share: In [0, 1].

    Returns:
        float [n].
    """
    count = int(unseen.sum())
    if count in (0, len(unseen)):
        return np.ones(len(unseen))
    each = np.where(unseen, unseen_share / count, (1 - unseen_share) / (len(unseen) - count))
    weights: np.ndarray = each * len(unseen)
    return weights


def decode_levels(samples: Sequence[Sample], calibration: Calibration, unseen_share: float) -> LevelPredictions:
    """The levels of the decoded paths of all samples; confidences are still the probabilities.

    Where there are rows of held-out sources, unseen categories weigh at least as much as among them.
    """
    depth = max(int(sample.predictor.tree.depths.max()) for sample in samples)
    paths: list[str] = []
    probabilities: list[np.ndarray] = []
    for sample in samples:
        new_paths, new_probabilities = sample.predictor.decode_uncalibrated(sample.rows.vectors, calibration)
        paths, probabilities = paths + new_paths, probabilities + new_probabilities
    truths = [levels(truth) for sample in samples for truth in sample.rows.truths]
    present, correct = hierarchical.level_hits([levels(path) for path in paths], truths, depth)
    probability, agreement = np.zeros(present.shape), np.zeros(present.shape)
    probability[present] = np.concatenate(probabilities)
    neighbors = [one for sample in samples for one in sample.rows.neighbors]
    if len(neighbors) == len(present):
        pairs = zip(neighbors, paths, strict=True)
        agreement[present] = np.concatenate([evidence.agreement(path) for evidence, path in pairs])
    unseen = np.concatenate([sample.rows.unseen for sample in samples])
    sources = [name for sample in samples for name in sample.rows.sources or [""] * len(sample.rows.truths)]
    strange = np.array([bool(name) for name in sources], dtype=bool)
    if strange.any():  # these are how a merchant's products are; held-out categories only add to what they lack
        unseen_share = max(unseen_share, float(unseen[strange].mean()))
    weights = mixture_weights(unseen, unseen_share)
    return LevelPredictions(probability, present, correct, weights, probability, agreement, tuple(sources))
