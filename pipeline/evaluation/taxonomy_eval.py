"""The figures of predicting categories over the whole taxonomy: both predictors, their combination, and the floors.

`zero_shot` is the untrained text tower over full paths, which reads no photo and has no confidences; `most_frequent`
says the category of most training products whatever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.bundle.predictor_state import KINDS, PREDICTORS
from pipeline.bundle.protocol import Encoder
from pipeline.evaluation.dataset import CategoryTable, MeasureRows
from pipeline.metrics import hierarchical, ratios
from pipeline.metrics.ratios import Figure
from pipeline.prediction.predictor import CategoryPredictor, Prediction, kinds_of
from pipeline.taxonomy.paths import hash_path, levels

FLOORS = ("zero_shot", "most_frequent")
SINGLE = ("hf1", "hp", "hr", "hf1_strict", "hf1_lenient", "top1", "acc1", "macro_f1")
BY_LEVEL = ("level_accuracy", "coverage", "precision", "ece")
"""Figures that have one over all levels and one a level."""

_ROWS_AT_A_TIME = 512  # 512 x 10,281 cosines are 21 MB

Figures = dict[str, Figure | list[Figure]]
"""By name; where it is a list, the first is over all levels, and then one a level from the top down."""


@dataclass(frozen=True)
class OpenRows:
    """Rows of one kind with a truth; q rows.

    Attributes:
        rows: int [q], rows of MeasureRows.
        truths: Their categories.
        accepted: For each of them, the paths that the lenient figure accepts: the truth and the listed candidates.
    """

    rows: np.ndarray
    truths: list[str]
    accepted: list[list[tuple[str, ...]]]

    @classmethod
    def of(cls, rows: MeasureRows, found: np.ndarray) -> OpenRows:
        """Those of `found`, which have a truth."""
        truths = [str(rows.truths[row]) for row in found.tolist()]
        named = [
            dict.fromkeys([truth, *rows.candidates[row]]) for row, truth in zip(found.tolist(), truths, strict=True)
        ]
        return cls(found, truths, [[levels(path) for path in paths] for paths in named])


def open_figures(
    bundle: Encoder, rows: MeasureRows, table: CategoryTable, known: np.ndarray
) -> Iterator[tuple[str, str, np.ndarray, Figures]]:
    """Figures of every predictor and kind of query that the rows allow.

    Args:
        bundle: The model, with its predictor.
        rows: Products.
        table: Its first `open_size` paths are those that are chosen from.
        known: bool [n], which rows have a truth.

    Yields:
        Predictor, kind, the rows int [q], and the figures over them.
    """
    if not table.open_size:
        return
    vectors = rows.vectors
    has = {"text": vectors.has_text, "image": vectors.has_image, "fused": vectors.has_text | vectors.has_image}
    asked = {kind: OpenRows.of(rows, np.flatnonzero(known & has[kind])) for kind in KINDS}
    asked = {kind: found for kind, found in asked.items() if len(found.rows)}
    paths = table.paths[: table.open_size]
    used = [name for name in PREDICTORS if name != "classifier" or _has_classifier(bundle)]
    for name in used:
        vectors_of_paths = table.trained[: table.open_size]
        predictor = CategoryPredictor(bundle, paths, vectors=vectors_of_paths, names=table.names, which=name)
        for kind, found in asked.items():
            # a fused vector of one modality is the vector of that modality, and its confidence is that kind's
            kinds = (
                [kind] * len(found.rows)
                if kind != "fused"
                else kinds_of(has["text"][found.rows], has["image"][found.rows])
            )
            predicted = predictor.decode(getattr(vectors, kind)[found.rows], kinds)
            yield (
                name,
                kind,
                found.rows,
                {**_path_figures([p.path for p in predicted], found), **_sure(predicted, found)},
            )
    if "text" in asked:
        yield (
            "zero_shot",
            "text",
            asked["text"].rows,
            _path_figures(_untrained(bundle, rows, table, asked["text"]), asked["text"]),
        )
    frequent = _most_frequent(bundle, paths)
    for kind, found in asked.items() if frequent else ():
        yield "most_frequent", kind, found.rows, _path_figures([frequent] * len(found.rows), found)


def _has_classifier(bundle: Encoder) -> bool:
    return bundle.predictor is not None and bundle.predictor.classifier is not None


def _most_frequent(bundle: Encoder, paths: Sequence[str]) -> str:
    """The path of this taxonomy that most training products had; "" if it is none of it."""
    wanted = "" if bundle.predictor is None else bundle.predictor.most_frequent
    return next((path for path in paths if hash_path(path) == wanted), "")


def _untrained(bundle: Encoder, rows: MeasureRows, table: CategoryTable, found: OpenRows) -> list[str]:
    """The path nearest to each text by the untrained tower; ties go against the truth."""
    index = {path: number for number, path in enumerate(table.paths[: table.open_size])}
    truth = np.array([index.get(path, -1) for path in found.truths])
    queries = bundle.encode_texts_untrained([rows.texts[row] for row in found.rows.tolist()])
    nearest: list[str] = []
    for start in range(0, len(queries), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        scores = queries[part] @ table.untrained[: table.open_size].T
        nearest += [table.paths[best] for best in ratios.lose_ties(scores, truth[part]).argmax(axis=1)]
    return nearest


def _path_figures(predicted: Sequence[str], found: OpenRows) -> Figures:
    """What needs the predicted paths alone."""
    given, truths = [levels(path) for path in predicted], [levels(path) for path in found.truths]
    overlap = ratios.path_overlap(given, truths)
    number = {path: place for place, path in enumerate(dict.fromkeys([*found.truths, *predicted]))}
    numbers = [np.array([number[path] for path in paths]) for paths in (predicted, found.truths)]
    depth = max(map(len, truths))
    _, right = hierarchical.level_hits(given, truths, depth)
    accuracy = hierarchical.level_accuracy(right, np.array([len(truth) for truth in truths]))
    singles = (
        overlap.f1,
        overlap.precision,
        overlap.recall,
        hierarchical.ancestor_f1(given, [[truth] for truth in truths]),
        hierarchical.ancestor_f1(given, found.accepted),
        overlap.top_accuracy,
        ratios.mean_of(numbers[0] == numbers[1]),
        hierarchical.MacroF1(*numbers),
    )
    return {**dict(zip(SINGLE, singles, strict=True)), "level_accuracy": [_pooled(accuracy), *accuracy]}


def _sure(predicted: Sequence[Prediction], found: OpenRows) -> Figures:
    """What needs confidences: how much passes the thresholds, how much of that is right, and calibration.

    Coverage of a level is the share of the rows whose prediction is certain down to there; precision is the share of
    these that are right down to there, and absent where there are none.
    """
    depth = max(len(one.confidences) for one in predicted)
    given = [levels(one.path) for one in predicted]
    there, right = hierarchical.level_hits(given, [levels(path) for path in found.truths], depth)
    certain = np.array([[level < one.certain for level in range(depth)] for one in predicted])
    confidence = np.zeros(there.shape)
    for row, one in enumerate(predicted):
        confidence[row, : len(one.confidences)] = one.confidences
    columns = range(depth)
    coverage: list[ratios.Ratio] = [ratios.mean_of(certain[:, level]) for level in columns]
    precision = [ratios.Ratio((certain & right)[:, c].astype(float), certain[:, c].astype(float)) for c in columns]
    errors = [
        hierarchical.CalibrationError(*(table[:, level : level + 1] for table in (confidence, right, there)))
        for level in columns
    ]
    passed = ratios.Ratio(certain.sum(axis=1).astype(float), there.sum(axis=1).astype(float))
    return {
        "coverage": [passed, *coverage],
        "precision": [_pooled(precision), *precision],
        "ece": [hierarchical.CalibrationError(confidence, right, there), *errors],
    }


def _pooled(figures: Sequence[ratios.Ratio]) -> ratios.Ratio:
    """Numerators and denominators of all levels summed row by row."""
    return ratios.Ratio(
        np.sum([figure.numerator for figure in figures], axis=0),
        np.sum([figure.denominator for figure in figures], axis=0),
    )
