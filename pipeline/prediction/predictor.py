"""Categories of products over the whole taxonomy: retrieval, the classifier or their mixture behind one interface.

`score` gives the probabilities of all paths (`scorer`), from which `scores` decodes paths and `confidence` judges them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.artifacts import ArtifactError
from pipeline.bundle.aliases import AliasVectors
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PredictorName, PredictorParts
from pipeline.bundle.protocol import Encoder
from pipeline.errors import InputError
from pipeline.prediction.classes import TINY
from pipeline.prediction.confidence import MeasuredOn, Prediction
from pipeline.prediction.scorer import CategoryScorer
from pipeline.prediction.scores import Scores
from pipeline.search.query import Query
from pipeline.taxonomy.paths import normalize_path, read_taxonomy, truncate
from pipeline.types import MODALITIES, Modality

FOREIGN_BELOW = 0.5
"""Share of nodes in common with the bundle's own table (`scorer.known_share`) below which a taxonomy is another one."""

NO_CATEGORIES = (
    "There are no categories to choose from: neither the products that the model was built from nor a taxonomy named "
    "any. Give category paths by --taxonomy."
)

_LOG = logging.getLogger(__name__)
_ROWS_AT_A_TIME = 256  # 256 x 10,281 probabilities are 10 MB


class CategoryPredictor:
    """Scores vectors against every path of a category table.

    Attributes:
        scorer: Makes the probabilities.
        paths: The table, as the bundle or the caller gave it.
        tree: These paths and their parents.
        ids: Ids of paths in their taxonomy, of those that have one.
        target_precision: Share of the accepted levels that are to be right.
        calibrations: By modality, for products without evidence.
        measured_on: On which taxonomy these were measured.
        is_foreign: Whether the table is another one than that on which the bundle's confidences were measured.
    """

    def __init__(
        self,
        bundle: Encoder,
        paths: Sequence[str] | None = None,
        *,
        vectors: np.ndarray | None = None,
        aliases: AliasVectors | None = None,
        ids: Mapping[str, str] | None = None,
        which: PredictorName = "default",
        parts: PredictorParts | None = None,
        target_precision: float | None = None,
    ) -> None:
        """Encode the table.

        Args:
            bundle: The model, with its predictor.
            paths: The category table (normalized here); the bundle's own by default.
            vectors: float32 [m, d] of `paths`, where they are known.
            aliases: Names of `paths` in other languages; the bundle's own table has its own.
            ids: Of `paths`; the bundle's own table has its own.
            which: The retrieval, the classifier, or their mixture, the default, which is the retrieval alone where the
                classifier knows no category of the table.
            parts: Taken in place of the bundle's predictor.
            target_precision: The bundle's by default.

        Raises:
            ArtifactError: If the bundle has no predictor, or not this one.
            ValueError: If the target precision does not lie in (0, 1].
        """
        parts = parts or bundle.predictor
        if parts is None:
            raise ArtifactError("This bundle has no category predictor; run stage 'fit-predictor' of its build.")
        if which not in parts.calibrations:
            raise ArtifactError(f"This bundle has no predictor '{which}'; it has {', '.join(parts.calibrations)}.")
        self.scorer = CategoryScorer(bundle, paths, vectors, parts, aliases)
        self.paths, self.tree = self.scorer.paths, self.scorer.tree
        self.ids = (bundle.category_ids if paths is None else ids) or {}
        self.is_foreign = bool(self.paths) and self.scorer.known_share < FOREIGN_BELOW
        self._alone = which == "classifier"
        has_classifier = bool(self.paths) and parts.classifier is not None
        if which == "default" and has_classifier and not self.scorer.classifier.knows_classes:
            _LOG.warning("the classifier knows no category of this taxonomy: retrieval alone predicts")
            which = "retrieval"
        measured = parts.foreign_calibrations if (self.tree.depths > 1).any() else parts.flat_calibrations
        foreign = measured.get(which, {}) if self.is_foreign else {}
        self.calibrations: Mapping[Modality, Calibration] = foreign or parts.calibrations[which]
        self.measured_on: MeasuredOn = "altered" if foreign else "another" if self.is_foreign else "this"
        self._familiarity = parts.familiarity
        self._evidence_calibrations = parts.evidence_calibrations if which == "default" and not self.is_foreign else {}
        self.target_precision = checked_precision(
            parts.target_precision if target_precision is None else target_precision
        )

    def score(
        self,
        vectors: np.ndarray,
        modality: Modality | Sequence[Modality] = "fused",
        *,
        branches: Sequence[str] = (),
        candidates: Sequence[str] = (),
        target_precision: float | None = None,
    ) -> Scores:
        """Probabilities of all paths, [n, nodes]: for some hundred vectors at a time.

        Args:
            vectors: float32 [n, d], L2-normalized.
            modality: What the vectors were made of, for all of them or one a row (`modalities_of`).
            branches: Only these branches may be named; all, if there are none.
            candidates: Only these paths may be.
            target_precision: In place of the predictor's.

        Raises:
            ValueError: If there are no categories, the taxonomy lacks a branch or a candidate, or the modality or the
                precision is none.
        """
        if not self.paths:
            raise InputError(NO_CATEGORIES)
        modalities = _one_each(modality, len(vectors))
        unknown = set(modalities) - set(self.calibrations)
        if unknown:
            raise ValueError(f"A query is of text, image or fused, not of '{min(unknown)}'.")
        allowed = self._allowed(branches, candidates)
        leaf = np.empty((len(vectors), len(self.tree)), dtype=np.float32)
        nearest = np.empty(len(vectors), dtype=np.float32)
        for one in dict.fromkeys(modalities):
            rows = np.array([other == one for other in modalities])
            leaf[rows], nearest[rows] = self.scorer.score(vectors[rows], self.calibrations[one], alone=self._alone)
        if not allowed.all():
            leaf = np.where(allowed, leaf + TINY, 0.0)  # where nothing likely is allowed, all is alike
            leaf /= leaf.sum(axis=1, keepdims=True)
        return Scores(
            self.tree,
            leaf,
            nearest,
            self.scorer.listed & allowed,
            modalities,
            self.calibrations,
            self._evidence_calibrations,
            self.target_precision if target_precision is None else checked_precision(target_precision),
            self.are_products(vectors, modalities),
            {one: familiarity.least_neighbor for one, familiarity in self._familiarity.items()},
            self.measured_on,
            is_chosen=bool(candidates),
        )

    def decode(
        self,
        vectors: np.ndarray,
        modality: Modality | Sequence[Modality] = "fused",
        *,
        blank: np.ndarray | None = None,
    ) -> list[Prediction]:
        """One judged path for each of any number of vectors; arguments as in `score` and `Scores.decode`."""
        modalities = _one_each(modality, len(vectors))
        predictions: list[Prediction] = []
        for start in range(0, len(vectors), _ROWS_AT_A_TIME):
            part = slice(start, start + _ROWS_AT_A_TIME)
            scores = self.score(vectors[part], modalities[part])
            predictions += scores.decode(blank=None if blank is None else blank[part])
        return predictions

    def contradictions(
        self,
        queries: Sequence[Query],
        *,
        branches: Sequence[str] = (),
        candidates: Sequence[str] = (),
    ) -> list[tuple[str, str] | None]:
        """Top-level categories of text and photo where each, read alone, is accepted and they differ; else None.

        At the predictor's own target precision; other arguments as of `score`. Who accepts nothing denies nothing.
        """
        able = all(self.calibrations[one].accepts(self.target_precision) for one in MODALITIES[:2])
        both = [row for row, query in enumerate(queries) if able and query.modality == "fused"]
        found: list[tuple[str, str] | None] = [None] * len(queries)
        sides = []
        for modality in MODALITIES[:2] if both else ():
            vectors = np.stack([queries[row].vector(modality) for row in both])
            scores = self.score(vectors, modality, branches=branches, candidates=candidates)
            sides.append([truncate(one.accepted_path, 1) if one.accepted_path else "" for one in scores.decode()])
        for row, text, photo in zip(both, *sides, strict=bool(both)):
            if text and photo and text != photo:
                found[row] = (text, photo)
        return found

    def decode_uncalibrated(self, vectors: np.ndarray, calibration: Calibration) -> tuple[list[str], list[np.ndarray]]:
        """Decoded paths of n vectors, and the subtree probabilities of the levels of each, before calibration.

        Args:
            vectors: float32 [n, d], L2-normalized.
            calibration: Its mixture counts, in place of this predictor's own.
        """
        paths, probabilities = [], []
        for start in range(0, len(vectors), _ROWS_AT_A_TIME):
            leaf, _ = self.scorer.score(vectors[start : start + _ROWS_AT_A_TIME], calibration, alone=self._alone)
            subtree = self.tree.sum_up(leaf)
            for row, nodes in enumerate(self.tree.descend(leaf, subtree, self.scorer.listed)):
                paths.append(self.tree.taxonomy.paths[nodes[-1]])
                probabilities.append(np.minimum(subtree[row, nodes], 1.0))
        return paths, probabilities

    def are_products(self, vectors: np.ndarray, modalities: Sequence[Modality]) -> list[bool | None]:
        """Whether each vector looks like that of a product, None where its modality was not measured."""
        verdicts = {one: known.is_product(vectors).tolist() for one, known in self._familiarity.items()}
        return [verdicts[one][row] if one in verdicts else None for row, one in enumerate(modalities)]

    def _allowed(self, branches: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
        """Mask of the nodes that may be named, bool [nodes]: of the table, in the branches, among the candidates."""
        allowed = np.ones(len(self.tree), dtype=bool)
        if branches or candidates:
            allowed = self.scorer.listed.copy()
        if branches:
            allowed &= self.tree.below([normalize_path(branch) for branch in branches])
        if candidates:
            named = np.zeros(len(self.tree), dtype=bool)
            named[[self.tree.node(normalize_path(path)) for path in candidates]] = True
            allowed &= named
        if not allowed.any():
            raise InputError("No category lies in these branches and is one of these candidates.")
        return allowed


def modalities_of(has_text: np.ndarray, has_image: np.ndarray) -> list[Modality]:
    """Modality whose calibration a fused vector has, of two masks bool [n]: that of its text or photo if it has one."""
    modalities: list[Modality] = np.select(
        [has_text & ~has_image, has_image & ~has_text], ["text", "image"], "fused"
    ).tolist()
    return modalities


def checked_precision(target_precision: float) -> float:
    """The target precision.

    Raises:
        InputError: If it is none.
    """
    if not 0 < target_precision <= 1:
        raise InputError(
            f"The target precision must be above 0 and at most 1, for example 0.9; it is {target_precision}."
        )
    return float(target_precision)


def _one_each(modality: Modality | Sequence[Modality], n: int) -> Sequence[Modality]:
    return [modality] * n if isinstance(modality, str) else modality


@dataclass(frozen=True)
class PredictionRequest:
    """How products are classified.

    Attributes:
        which: The retrieval, the classifier, or their mixture, the default.
        target_precision: Share of the accepted levels that are to be right; None takes the bundle's.
        branches: Only these branches; all, if there are none.
        candidates: Only these paths.
        batch: Rows at a time.
    """

    which: PredictorName = "default"
    target_precision: float | None = None
    branches: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    batch: int = 256


def predictor_of(bundle: Encoder, taxonomy: Path | None, request: PredictionRequest) -> CategoryPredictor:
    """The predictor of a request, over the category paths of a file (None: those of the bundle)."""
    which, target_precision = request.which, request.target_precision
    if taxonomy is None and not bundle.categories:
        raise InputError(NO_CATEGORIES)
    if taxonomy is None:
        return CategoryPredictor(bundle, which=which, target_precision=target_precision)
    table = read_taxonomy(taxonomy)
    aliases = bundle.encode_aliases(table.paths, table.names)
    predictor = CategoryPredictor(
        bundle, table.paths, aliases=aliases, ids=table.ids, which=which, target_precision=target_precision
    )
    if predictor.is_foreign:
        _LOG.warning(
            "%s has less than half of its categories in common with the table that confidences were measured on: they "
            "are rough; measure them on labeled rows of your own by 'evaluate'",
            taxonomy,
        )
    return predictor
