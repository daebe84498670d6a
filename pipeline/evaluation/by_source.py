"""Figures of every source of the rows on its own, with the intervals that so few rows have.

Only what tells sources apart: the ranking of the candidates, and over the whole taxonomy the default predictor and the
untrained text tower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.data.vectors import ProductVectors
from pipeline.evaluation.taxonomy_eval import TaxonomyFigures
from pipeline.metrics.ratios import Figure, Ratio

FEWEST_ROWS = 30
"""Rows with a truth that a figure of one source takes: with fewer, its interval says nothing."""
_RANKED = ("acc1", "mrr", "hf1", "top1")
_OPEN = ("hf1", "top1", "acc1", "coverage", "precision", "ece")
_PREDICTORS = ("default", "zero_shot")

RankedFigures = tuple[np.ndarray, Mapping[str, Ratio]]
"""Rows int [q], and ratios over them."""
Intervals = Callable[[Mapping[Any, Figure]], dict[Any, Any]]


@dataclass(frozen=True)
class Measured:
    """What was measured over all rows.

    Attributes:
        ranked: Of the candidate lists, by modality.
        opened: Of the open prediction.
    """

    ranked: Mapping[str, RankedFigures]
    opened: Sequence[TaxonomyFigures]


def source_figures(
    measured: Measured, sources: Sequence[str], known: np.ndarray, vectors: ProductVectors, interval: Intervals
) -> dict[str, Any]:
    """JSON by source: `n`, and `rerank` and `open` as `evaluate` has them; nothing where all rows are of one source.

    Args:
        measured: Over n rows.
        sources: [n] names.
        known: bool [n], which rows have a truth.
        vectors: Of the rows.
        interval: Figures over the same rows as JSON.
    """
    names = np.array(sources)
    if len(set(sources)) < 2:
        return {}
    return {
        name: _of(measured, members, vectors, interval)
        for name in sorted(set(sources))
        if (members := known & (names == name)).sum() >= FEWEST_ROWS
    }


def too_few(sources: Sequence[str], known: np.ndarray) -> list[str]:
    """The sources that have some rows with a truth, but fewer than a figure takes."""
    names = np.array(sources)[known]
    return [name for name in sorted(set(names.tolist())) if (names == name).sum() < FEWEST_ROWS]


def _of(measured: Measured, members: np.ndarray, vectors: ProductVectors, interval: Intervals) -> dict[str, Any]:
    """Figures of the rows of a mask."""
    counts = {"rows": members, "text": members & vectors.has_text, "photo": members & vectors.has_image}
    report: dict[str, Any] = {"n": {name: int(mask.sum()) for name, mask in counts.items()}}
    for kind, (rows, ratios) in measured.ranked.items():
        kept = members[rows]
        if kept.sum() >= FEWEST_ROWS:
            figures = {name: ratios[name].at(kept) for name in _RANKED}
            report.setdefault("rerank", {})[kind] = interval(figures)
    for one in measured.opened:
        kept = members[one.rows]
        if one.predictor in _PREDICTORS and kept.sum() >= FEWEST_ROWS:
            whole = {name: one.overall(name).at(kept) for name in _OPEN if name in one.figures}
            defined = {name: figure for name, figure in whole.items() if not np.isnan(figure.value)}
            report.setdefault("open", {}).setdefault(one.predictor, {})[one.modality] = interval(defined)
    return report
