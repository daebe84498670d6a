"""Categories of a product over the whole taxonomy, by two predictors behind one interface.

Retrieval, the classifier or their mixture, the default, gives probabilities to the nodes of the tree
(`pipeline.prediction.scorer`). Paths are decoded from the top, and each level of a path has a calibrated confidence; a
prediction is certain down to the deepest level that passes its threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.artifacts import ArtifactError
from pipeline.errors import InputError
from pipeline.prediction.scorer import TINY, CategoryScorer
from pipeline.search.evidence import Support
from pipeline.taxonomy.paths import levels, normalise_path, truncate

if TYPE_CHECKING:  # torch is slow to import, and a page can open without it
    from pipeline.bundle.aliases import NameVectors
    from pipeline.bundle.calibration import Calibration
    from pipeline.bundle.predictor_state import PredictorParts
    from pipeline.bundle.protocol import Encoder

_ROWS_AT_A_TIME = 256  # 256 x 10,281 probabilities are 10 MB


@dataclass(frozen=True)
class CategoryScore:
    """A category path and its probability in [0, 1]."""

    path: str
    score: float


@dataclass(frozen=True)
class Prediction:
    """A category path decoded from the top of the tree.

    Attributes:
        path: A path of the taxonomy.
        confidences: Calibrated, one a level of `path`, never rising.
        certain: How many levels, from the top, are sure enough; those below need review.
        thresholds: The least confidence that is enough at each level; None where none is.
        asked: The precision that is asked of each level, from which they follow.
        familiar: Whether the product is like those that the confidences were measured on: its nearest category is no
            farther than theirs. What is not is never certain. None where the bundle does not know.
    """

    path: str
    confidences: tuple[float, ...]
    certain: int
    thresholds: tuple[float | None, ...] = ()
    asked: tuple[float, ...] = ()
    familiar: bool | None = None

    @property
    def certain_path(self) -> str:
        """The path down to the deepest certain level; "" where none is."""
        return truncate(self.path, self.certain) if self.certain else ""

    @property
    def needs_review(self) -> bool:
        """Whether some level is not certain."""
        return self.certain < len(self.confidences)

    @property
    def guessed(self) -> Prediction:
        """The same path with nothing certain, as it is where what was read says nothing."""
        return replace(self, certain=0, familiar=False)


class CategoryPredictor:
    """Scores vectors against every path of a category table.

    Attributes:
        scorer: Where its probabilities come from.
        paths: The table, as the bundle or the caller gave it.
        tree: These paths and their parents.
        precision: How often a certain level shall be right.
    """

    def __init__(
        self,
        bundle: Encoder,
        paths: Sequence[str] | None = None,
        *,
        vectors: np.ndarray | None = None,
        names: NameVectors | None = None,
        which: str = "default",
        parts: PredictorParts | None = None,
        precision: float | None = None,
        branches: Sequence[tuple[str, float]] | None = None,
    ) -> None:
        """Make ready.

        Args:
            bundle: The model, with its predictor.
            paths: The category table (normalised here); the bundle's own by default.
            vectors: float32 [m, d] of `paths`, where they are known.
            names: What `paths` are called in other languages; the bundle's own table has its own.
            which: "default", "retrieval" or "classifier".
            parts: Taken in place of the bundle's predictor.
            precision: Moves the operating point; the bundle's by default.
            branches: Pairs (path, precision) for branches that want another one; the bundle's by default.

        Raises:
            ArtifactError: If the bundle has no predictor.
            ValueError: If a precision is none.
        """
        parts = parts or bundle.predictor
        if parts is None:
            raise ArtifactError("This bundle has no category predictor; run stage 'fit-predictor' of its build.")
        self.scorer = CategoryScorer(bundle, paths, vectors, parts, names)
        self.paths, self.tree = self.scorer.paths, self.scorer.tree
        self._calibrations: dict[str, Calibration] = parts.calibrations[which]
        self._supported: dict[str, Calibration] = parts.supported if which == "default" else {}
        self.precision = parts.precision if precision is None else precision
        self._branches = tuple(parts.branches if branches is None else branches)
        self._asked = self._precisions(self.precision)

    def predict(
        self,
        vectors: np.ndarray,
        k: int,
        kinds: str | Sequence[str] = "fused",
        *,
        branches: Sequence[str] = (),
        candidates: Sequence[str] = (),
    ) -> list[list[CategoryScore]]:
        """The k most likely paths, best first; fewer where fewer are allowed.

        Args:
            vectors: float32 [n, d], L2-normalised.
            k: Paths a row.
            kinds: What the vectors are of, "text", "image" or "fused"; for all of them or one a row.
            branches: Only these branches are thought of; all, if there are none.
            candidates: Only these paths are, which then are reranked.

        Raises:
            ValueError: If the taxonomy lacks a branch or a candidate, or `kinds` names another kind.
        """
        allowed = self._allowed(branches, candidates)
        named = self.scorer.listed & allowed
        k = min(k, int(named.sum()))
        answers: list[list[CategoryScore]] = []
        for own in self._own_tables(vectors, kinds, allowed):
            best = np.argpartition(-np.where(named, own, -1.0), k - 1, axis=1)[:, :k]
            for row, nodes in zip(own, best, strict=True):
                ordered = nodes[np.argsort(-row[nodes], kind="stable")]
                answers.append([CategoryScore(self.tree.taxonomy.paths[n], float(row[n])) for n in ordered])
        return answers

    def decode(
        self,
        vectors: np.ndarray,
        kinds: str | Sequence[str] = "fused",
        *,
        branches: Sequence[str] = (),
        candidates: Sequence[str] = (),
        precision: float | None = None,
        supports: Sequence[Support] | None = None,
    ) -> list[Prediction]:
        """One path a row, from the top: at each node the likeliest child, until stopping there is likelier.

        Errors as in `predict`.

        Args:
            vectors: As in `predict`, and so are the next three.
            kinds: Of the vectors.
            branches: Only these.
            candidates: Only these.
            precision: Moves the operating point for this call.
            supports: The nearest labelled products of each row, where they are known: their agreement is part of the
                confidence where that was better on validation.
        """
        found: list[Prediction] = []
        allowed = self._allowed(branches, candidates)
        asked = self._asked if precision is None else self._precisions(precision)
        named, nearest = _each(kinds, len(vectors)), self.scorer.nearest(vectors)
        for own in self._own_tables(vectors, kinds, allowed):
            total = self.tree.sum_up(own)
            for row in range(len(own)):
                nodes = self.tree.descend(own[row], total[row])
                kind, cosine = named[len(found)], float(nearest[len(found)])
                support = None if supports is None else supports[len(found)]
                found.append(self._judge(nodes, total[row, nodes], kind, cosine, asked[nodes], support))
        return found

    def raw(self, vectors: np.ndarray, setting: Calibration) -> tuple[list[str], list[np.ndarray]]:
        """Decoded paths with the probability of each of their levels, as calibration finds them.

        Args:
            vectors: float32 [n, d], L2-normalised.
            setting: Its sharpness, share and names count, whatever this predictor's own are.
        """
        paths, probabilities = [], []
        for start in range(0, len(vectors), _ROWS_AT_A_TIME):
            own = self.scorer.mixed(vectors[start : start + _ROWS_AT_A_TIME], setting)
            total = self.tree.sum_up(own)
            for row in range(len(own)):
                nodes = self.tree.descend(own[row], total[row])
                paths.append(self.tree.taxonomy.paths[nodes[-1]])
                probabilities.append(np.minimum(total[row, nodes], 1.0))
        return paths, probabilities

    def setting(self, kind: str) -> Calibration:
        """What is used for queries of a kind."""
        return self._calibrations[kind]

    def _own_tables(self, vectors: np.ndarray, kinds: str | Sequence[str], allowed: np.ndarray) -> Iterator[np.ndarray]:
        named = _each(kinds, len(vectors))
        unknown = set(named) - set(self._calibrations)
        if unknown:
            raise ValueError(f"A query is of text, image or fused, not of '{min(unknown)}'.")
        for start in range(0, len(vectors), _ROWS_AT_A_TIME):
            part = slice(start, start + _ROWS_AT_A_TIME)
            own = np.empty((len(vectors[part]), len(self.tree)), dtype=np.float32)
            for kind in dict.fromkeys(named[part]):
                rows = np.array([other == kind for other in named[part]])
                own[rows] = self.scorer.mixed(vectors[part][rows], self._calibrations[kind])
            if not allowed.all():
                own = np.where(allowed, own + TINY, 0.0)  # where nothing likely is allowed, all is alike
                own /= own.sum(axis=1, keepdims=True)
            yield own

    def _allowed(self, branches: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
        """Which nodes may be named, bool [nodes]: those of the table, in the branches, among the candidates."""
        allowed = np.ones(len(self.tree), dtype=bool)
        if branches or candidates:
            allowed = self.scorer.listed.copy()
        if branches:
            allowed &= self.tree.below([normalise_path(branch) for branch in branches])
        if candidates:
            named = np.zeros(len(self.tree), dtype=bool)
            named[[self.tree.node(normalise_path(path)) for path in candidates]] = True
            allowed &= named
        if not allowed.any():
            raise InputError("No category lies in these branches and is one of these candidates.")
        return allowed

    def _judge(
        self,
        nodes: list[int],
        probabilities: np.ndarray,
        kind: str,
        nearest: float,
        asked: np.ndarray,
        support: Support | None,
    ) -> Prediction:
        """Confidence of each level, and how deep the prediction is certain."""
        calibration, path = self._calibrations[kind], self.tree.taxonomy.paths[nodes[-1]]
        agreement: Sequence[float] = [0.0] * len(nodes)
        if support is not None and kind in self._supported:
            calibration, agreement = self._supported[kind], support.agreement(path)
        confidences: list[float] = []
        thresholds: list[float | None] = []
        familiar = None if calibration.familiar is None else nearest >= calibration.familiar
        certain = 0
        for level, (probability, precision) in enumerate(zip(probabilities, asked, strict=True)):
            own = float(calibration.confidence(np.array(probability), level, agreement[level]))
            confidences.append(min([own, *confidences[-1:]]))  # levels are calibrated apart, a path stays one
            threshold = calibration.threshold(level, float(precision))
            thresholds.append(threshold if np.isfinite(threshold) else None)
            if confidences[-1] >= threshold and familiar is not False:
                certain = level + 1
        return Prediction(path, tuple(confidences), certain, tuple(thresholds), tuple(map(float, asked)), familiar)

    def _precisions(self, precision: float) -> np.ndarray:
        """Precision asked of each node, float [nodes]; branches that this taxonomy lacks say nothing."""
        asked = [precision, *(precision for _, precision in self._branches)]
        if not all(0 < precision <= 1 for precision in asked):
            raise InputError("A precision lies above 0 and is at most 1.")
        whole = np.full(len(self.tree), precision)
        known = [(normalise_path(path), precision) for path, precision in self._branches]
        for path, precision in sorted(known, key=lambda pair: len(levels(pair[0]))):  # the narrower branch counts
            if path in self.tree.taxonomy:
                whole[self.tree.below([path])] = precision
        return whole


def kinds_of(has_text: np.ndarray, has_image: np.ndarray) -> list[str]:
    """Kind of each fused vector by what it was made of, of two masks bool [n]; a vector of neither counts as fused."""
    kinds: list[str] = np.select([has_text & ~has_image, has_image & ~has_text], ["text", "image"], "fused").tolist()
    return kinds


def _each(kinds: str | Sequence[str], n: int) -> Sequence[str]:
    return [kinds] * n if isinstance(kinds, str) else kinds
