"""Figures of predicted categories over the whole taxonomy: both predictors, their mixture, and the floors.

`zero_shot` is the untrained text tower over full paths, which reads no photo and has no confidences; `most_frequent`
always says the category of most training products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.bundle.predictor_state import PREDICTORS
from pipeline.bundle.protocol import Encoder
from pipeline.data.vectors import ProductVectors
from pipeline.evaluation.dataset import CategoryTable, EvaluationRows
from pipeline.metrics import hierarchical, ratios
from pipeline.metrics.ratios import Figure
from pipeline.prediction.confidence import Prediction
from pipeline.prediction.predictor import CategoryPredictor, modalities_of
from pipeline.taxonomy.paths import hash_path, levels
from pipeline.types import MODALITIES, Modality

SINGLE = ("hf1", "hp", "hr", "hf1_strict", "hf1_lenient", "top1", "acc1", "macro_f1")
"""Figures that have one over all levels and one a level."""

_ROWS_AT_A_TIME = 512  # 512 x 10,281 cosines are 21 MB

Figures = dict[str, Figure | list[Figure]]
"""By name; where it is a list, the first is over all levels, and then one a level from the top down."""


@dataclass(frozen=True)
class TaxonomyFigures:
    """Figures of one predictor by one modality, over q rows.

    Attributes:
        predictor: Its name.
        modality: What it read of the products.
        rows: int [q], rows of `EvaluationRows`.
        figures: Over them.
    """

    predictor: str
    modality: str
    rows: np.ndarray
    figures: Figures

    def overall(self, name: str) -> Figure:
        """A figure over all levels."""
        value = self.figures[name]
        return value[0] if isinstance(value, list) else value


@dataclass(frozen=True)
class JudgedPaths:
    """Predicted paths with what is said of how sure they are; n of each.

    Attributes:
        paths: Category paths.
        confidences: For each, one number in [0, 1] a level, never rising.
        accepted: How many levels of each are accepted, from the top.
    """

    paths: Sequence[str]
    confidences: Sequence[Sequence[float]]
    accepted: Sequence[int]


@dataclass(frozen=True)
class TaxonomyRows:
    """Rows of one modality with a truth; q rows.

    Attributes:
        rows: int [q], rows of `EvaluationRows`.
        truths: Their categories.
        accepted: For each of them, the paths that the lenient figure accepts: the truth and the listed candidates.
    """

    rows: np.ndarray
    truths: list[str]
    accepted: list[list[tuple[str, ...]]]

    @classmethod
    def of(cls, rows: EvaluationRows, chosen: np.ndarray) -> TaxonomyRows:
        """The rows numbered `chosen`, which have a truth."""
        truths = [str(rows.truths[row]) for row in chosen.tolist()]
        named = [
            dict.fromkeys([truth, *rows.candidates[row]]) for row, truth in zip(chosen.tolist(), truths, strict=True)
        ]
        return cls(chosen, truths, [[levels(path) for path in paths] for paths in named])


def taxonomy_figures(
    bundle: Encoder, rows: EvaluationRows, table: CategoryTable, known: np.ndarray, untrained: np.ndarray
) -> Iterator[TaxonomyFigures]:
    """Figures of every predictor and modality that the rows allow.

    Args:
        bundle: The model, with its predictor.
        rows: Products.
        table: Its first `open_size` paths are those that are chosen from.
        known: bool [n], which rows have a truth.
        untrained: float32 [q, width], the texts of those that have one by the untrained text tower.
    """
    if not table.open_size:
        return
    by_modality = {
        modality: TaxonomyRows.of(rows, np.flatnonzero(known & rows.vectors.has(modality))) for modality in MODALITIES
    }
    by_modality = {modality: chosen for modality, chosen in by_modality.items() if len(chosen.rows)}
    paths = table.paths[: table.open_size]
    for name in PREDICTORS:
        if name == "classifier" and not _has_classifier(bundle):
            continue
        predictor = CategoryPredictor(
            bundle, paths, vectors=table.trained[: table.open_size], aliases=table.aliases, which=name
        )
        if name == "classifier" and not predictor.scorer.classifier.knows_classes:
            continue
        for modality, chosen in by_modality.items():
            blank = None if rows.blank is None else rows.blank[chosen.rows]
            predictions = _predict(predictor, rows.vectors.at(chosen.rows), modality, blank)
            figures = path_figures([one.path for one in predictions], chosen)
            judged = JudgedPaths(
                [one.path for one in predictions],
                [one.confidences for one in predictions],
                [one.accepted_depth for one in predictions],
            )
            figures |= confidence_figures(judged, chosen.truths)
            yield TaxonomyFigures(name, modality, chosen.rows, figures)
    if with_text := by_modality.get("text"):
        nearest = _nearest(untrained, table, with_text)
        yield TaxonomyFigures("zero_shot", "text", with_text.rows, path_figures(nearest, with_text))
    frequent = _most_frequent(bundle, paths)
    for modality, chosen in by_modality.items() if frequent else ():
        figures = path_figures([frequent] * len(chosen.rows), chosen)
        yield TaxonomyFigures("most_frequent", modality, chosen.rows, figures)


def _predict(
    predictor: CategoryPredictor, vectors: ProductVectors, modality: Modality, blank: np.ndarray | None
) -> list[Prediction]:
    """Predictions by one modality; a fused vector of a text or a photo alone has the calibration of that modality."""
    if modality == "fused":
        return predictor.decode(vectors.fused, modalities_of(vectors.has_text, vectors.has_image), blank=blank)
    return predictor.decode(vectors.of(modality), modality, blank=blank)


def _has_classifier(bundle: Encoder) -> bool:
    return bundle.predictor is not None and bundle.predictor.classifier is not None


def _most_frequent(bundle: Encoder, paths: Sequence[str]) -> str:
    """The path of this taxonomy that most training products had; "" if it is none of it."""
    wanted = "" if bundle.predictor is None else bundle.predictor.most_frequent
    return next((path for path in paths if hash_path(path) == wanted), "")


def _nearest(queries: np.ndarray, table: CategoryTable, chosen: TaxonomyRows) -> list[str]:
    """The path nearest to each text by the untrained tower; ties go against the truth."""
    index = {path: number for number, path in enumerate(table.paths[: table.open_size])}
    truth = np.array([index.get(path, -1) for path in chosen.truths])
    nearest: list[str] = []
    for start in range(0, len(queries), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        scores = queries[part] @ table.untrained[: table.open_size].T
        nearest += [table.paths[best] for best in ratios.lose_ties(scores, truth[part]).argmax(axis=1)]
    return nearest


def path_figures(predicted: Sequence[str], chosen: TaxonomyRows) -> Figures:
    """Figures of the predicted paths alone, one for each of the chosen rows; "" predicts nothing."""
    given, truths = [levels(path) for path in predicted], [levels(path) for path in chosen.truths]
    overlap = ratios.path_overlap(given, truths)
    number = {path: place for place, path in enumerate(dict.fromkeys([*chosen.truths, *predicted]))}
    numbers = [np.array([number[path] for path in paths]) for paths in (predicted, chosen.truths)]
    depth = max(map(len, truths))
    _, correct = hierarchical.level_hits(given, truths, depth)
    accuracy = hierarchical.level_accuracy(correct, np.array([len(truth) for truth in truths]))
    singles = (
        overlap.f1,
        overlap.precision,
        overlap.recall,
        hierarchical.ancestor_f1(given, [[truth] for truth in truths]),
        hierarchical.ancestor_f1(given, chosen.accepted),
        overlap.top_accuracy,
        ratios.mean_of(numbers[0] == numbers[1]),
        hierarchical.MacroF1(*numbers),
    )
    return {**dict(zip(SINGLE, singles, strict=True)), "level_accuracy": [_pooled(accuracy), *accuracy]}


def confidence_figures(judged: JudgedPaths, truths: Sequence[str]) -> Figures:
    """Coverage and precision of the accepted levels, and calibration error.

    Coverage of a level is the share of the rows whose prediction is accepted down to it; precision is the share of
    these that are correct down to it, and absent where there are none.

    Args:
        judged: n predictions.
        truths: Their true paths.
    """
    depth = max(map(len, judged.confidences))
    given = [levels(path) for path in judged.paths]
    present, correct = hierarchical.level_hits(given, [levels(path) for path in truths], depth)
    accepted = np.asarray(judged.accepted)[:, None] > np.arange(depth)
    confidence = np.zeros(present.shape)
    for row, one in enumerate(judged.confidences):
        confidence[row, : len(one)] = one
    columns = range(depth)
    coverage: list[ratios.Ratio] = [ratios.mean_of(accepted[:, level]) for level in columns]
    precision = [ratios.Ratio((accepted & correct)[:, c].astype(float), accepted[:, c].astype(float)) for c in columns]
    errors = [
        hierarchical.CalibrationError(*(table[:, level : level + 1] for table in (confidence, correct, present)))
        for level in columns
    ]
    passed = ratios.Ratio(accepted.sum(axis=1).astype(float), present.sum(axis=1).astype(float))
    return {
        "coverage": [passed, *coverage],
        "precision": [_pooled(precision), *precision],
        "ece": [hierarchical.CalibrationError(confidence, correct, present), *errors],
    }


def _pooled(figures: Sequence[ratios.Ratio]) -> ratios.Ratio:
    """Numerators and denominators of all levels summed row by row."""
    return ratios.Ratio(
        np.sum([figure.numerator for figure in figures], axis=0),
        np.sum([figure.denominator for figure in figures], axis=0),
    )
