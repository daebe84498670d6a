"""Figures of a system's answers, by the functions that measure our own model, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.horse_race.race import TARGET_PRECISION, Answers, Budget
from pipeline.config.stages import EvaluationConfig
from pipeline.evaluation.evaluate import candidate_figures, intervals
from pipeline.evaluation.taxonomy_eval import JudgedPaths, TaxonomyRows, confidence_figures, path_figures
from pipeline.metrics import hierarchical, ranking
from pipeline.metrics.ratios import Figure
from pipeline.prediction.confidence import accepted_depths
from pipeline.taxonomy.paths import levels

OPEN_FIGURES = ("hf1", "top1", "acc1", "macro_f1")
JUDGED_FIGURES = ("coverage", "precision", "ece")
NO_THRESHOLDS = np.empty(0)


def thresholds_of(answers: Answers, truths: Sequence[str], precision: float = TARGET_PRECISION) -> np.ndarray:
    """The lowest confidence of each level at which this share of the validation rows is right.

    Returns:
        float [levels], infinite where none is enough; for systems without confidences it is empty.
    """
    if answers.paths is None or answers.confidences is None:
        return NO_THRESHOLDS
    given, true = [levels(path) for path in answers.paths], [levels(truth) for truth in truths]
    table = _padded(answers.confidences)
    present, correct = hierarchical.level_hits(given, true, table.shape[1])
    found = []
    for level in range(table.shape[1]):
        rows = present[:, level]
        curve = hierarchical.coverage_curve(table[rows, level], correct[rows, level], np.ones(int(rows.sum())))
        threshold = hierarchical.threshold_for(precision, curve)
        found.append(np.inf if threshold is None else threshold)
    return np.array(found)


def figures(answers: Answers, rows: pd.DataFrame, thresholds: np.ndarray, budget: Budget) -> dict[str, Any]:
    """Every figure that the answers allow.

    Args:
        answers: About `rows`.
        rows: n labeled products.
        thresholds: Of `thresholds_of`, for systems that accept nothing themselves.
        budget: Of the bootstrap.

    Returns:
        JSON: `n`, and by part the figures with their intervals: `rerank`, `open` (with `levels`, the accuracy by depth)
        and `neighbors` (P@1 and P@3 of the top-level category among the rows themselves, near duplicates skipped).
    """
    truths: list[str] = rows["category_path"].tolist()
    lists = [tuple(one) for one in rows["candidates"]]
    groups: dict[str, dict[str, Figure]] = {}
    listed = [row for row, paths in enumerate(lists) if len(paths) > 1 and truths[row] in paths]
    if answers.candidates is not None and listed:
        scores = _padded([answers.candidates[row] for row in listed], -np.inf)
        ranked = candidate_figures(scores, [lists[row] for row in listed], [truths[row] for row in listed])
        groups["rerank"] = dict(ranked)
    if answers.paths is not None:
        chosen = TaxonomyRows(np.arange(len(rows)), truths, [[levels(truth)] for truth in truths])
        measured = path_figures(answers.paths, chosen)
        if answers.confidences is not None:
            sure = [one.tolist() for one in answers.confidences]
            judged = JudgedPaths(answers.paths, sure, _accepted(answers, thresholds))
            measured |= confidence_figures(judged, truths)
        names = [name for name in (*OPEN_FIGURES, *JUDGED_FIGURES) if name in measured]
        groups["open"] = {name: _overall(measured[name]) for name in names}
        depths = measured["level_accuracy"]
        assert isinstance(depths, list)
        groups["levels"] = {str(depth): figure for depth, figure in enumerate(depths) if depth}
    if answers.vectors is not None:
        shown = np.flatnonzero(answers.vectors.any(axis=1))
        tops = np.unique([levels(truths[row])[0] for row in shown], return_inverse=True)[1]
        near = ranking.neighbor_precision(
            answers.vectors[shown], tops, (1, 3), near_duplicate=EvaluationConfig().near_duplicate
        )
        groups["neighbors"] = dict(zip(("p1", "p3"), near, strict=True))
    return {"n": len(rows), "listed": len(listed)} | {
        name: intervals(_defined(group), resamples=budget.resamples, seed=budget.seed)
        for name, group in groups.items()
        if _defined(group)
    }


def _accepted(answers: Answers, thresholds: np.ndarray) -> list[int]:
    """How many levels of each path are accepted."""
    if answers.accepted is not None:
        return [int(depth) for depth in answers.accepted]
    assert answers.confidences is not None
    table = _padded(answers.confidences)
    enough = np.full(table.shape[1], np.inf)
    enough[: len(thresholds)] = thresholds[: table.shape[1]]
    return [int(depth) for depth in accepted_depths(table, np.broadcast_to(enough, table.shape))]


def _padded(lists: Sequence[np.ndarray], value: float = np.nan) -> np.ndarray:
    """Lists as a table, float [n, longest], `value` behind the end of a shorter one."""
    table = np.full((len(lists), max(map(len, lists), default=0)), value)
    for row, numbers in enumerate(lists):
        table[row, : len(numbers)] = numbers
    return table


def _overall(value: Figure | list[Figure]) -> Figure:
    return value[0] if isinstance(value, list) else value


def _defined(group: dict[str, Figure]) -> dict[str, Figure]:
    """The figures that the rows allow."""
    return {name: figure for name, figure in group.items() if not np.isnan(figure.value)}
