"""Evaluates a model on products: candidates reranked, the whole taxonomy searched, nearest products compared.

Figures are reported for the text alone, the photo alone and the fused vector of what there is, beside two floors: the
untrained text tower (`zero_shot`) and chance (`random`). Figures that the rows do not allow are left out, and `skipped`
says why.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.bundle.protocol import Encoder
from pipeline.config.stages import EvaluationConfig
from pipeline.evaluation.by_source import FEWEST_ROWS, Intervals, Measured, RankedFigures, source_figures, too_few
from pipeline.evaluation.dataset import CategoryTable, EvaluationRows, count_rows, reasons
from pipeline.evaluation.taxonomy_eval import TaxonomyFigures, taxonomy_figures
from pipeline.metrics import ranking, ratios
from pipeline.metrics.ratios import Figure, PathOverlap, Ratio
from pipeline.prediction.margins import margins
from pipeline.taxonomy.paths import levels
from pipeline.types import MODALITIES, Modality

RERANK_METRICS = ("acc1", "acc3", "acc5", "mrr", "hf1", "top1")
BOOTSTRAP_SEED = 17
_NAMED = 10  # sources
_ROWS_AT_A_TIME = 512  # 512 x 10,281 cosines are 21 MB


@dataclass(frozen=True)
class _Answers:
    """Queries of one modality: vectors of some rows, and the category vectors of their space.

    `taken` is what candidates lose of their cosines (`pipeline.prediction.margins`).
    """

    rows: np.ndarray  # int [q], rows of EvaluationRows
    queries: np.ndarray  # float32 [q, d]
    categories: np.ndarray  # float32 [m, d]
    taken: np.ndarray  # float32 [m]


def evaluate(
    bundle: Encoder, rows: EvaluationRows, table: CategoryTable, *, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """Every figure that the rows allow.

    Args:
        bundle: The model.
        rows: Products.
        table: Holds the taxonomy and at least the candidates of `rows`.
        config: Bootstrap and near-duplicates.
        seed: Of the bootstrap.

    Returns:
        JSON: `n` (counts), `rerank` (figure by modality) and `open` (figure by predictor and modality; those of each
        level stand under `levels`), both again under `seen` and `unseen`, by whether training had the row's
        category as a truth; `retrieval`; `sources`, by name, where there are several; and `skipped`, the reasons for
        what is absent.
    """
    if not len(rows.texts):
        return {"n": {"rows": 0}, "skipped": ["There are no rows to measure."]}
    index = {path: number for number, path in enumerate(table.paths)}
    known = np.array([truth is not None for truth in rows.truths], dtype=bool)
    seen = np.array([truth is not None and bundle.was_seen(truth) for truth in rows.truths], dtype=bool)
    listed = np.array(
        [len(row) > 1 and truth in row for row, truth in zip(rows.candidates, rows.truths, strict=True)], dtype=bool
    )
    with_text = np.flatnonzero(known & rows.vectors.has_text)
    untrained = bundle.encode_texts_untrained([rows.texts[row] for row in with_text.tolist()])
    answers = _answers(bundle, rows, table, known, untrained)
    groups = {"": known, "seen": known & seen, "unseen": known & ~seen}
    interval = functools.partial(intervals, resamples=config.bootstrap, seed=seed)
    measured = Measured(
        dict(_rerank(rows, answers, index, listed)), list(taxonomy_figures(bundle, rows, table, known, untrained))
    )
    report = {
        "n": count_rows(rows, known, listed, seen, table),
        "rerank": _by_group(measured.ranked, groups, interval),
        "open": _open(measured.opened, groups, interval),
        "retrieval": {kind: interval(values) for kind, values in _retrieval(rows, known, config)},
    }
    skipped = reasons(rows, known, listed, seen)
    if rows.sources is not None:
        report["sources"] = source_figures(measured, rows.sources, known, rows.vectors, interval)
        skipped += _small_sources(too_few(rows.sources, known))
    return {**{name: part for name, part in report.items() if part}, "skipped": skipped}


def _small_sources(names: Sequence[str]) -> list[str]:
    """The reason why sources are left out, if any are."""
    some = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return [f"sources: fewer than {FEWEST_ROWS} rows with a true category: {some}."] if names else []


def intervals(figures: Mapping[Any, Figure], *, resamples: int, seed: int) -> dict[Any, Any]:
    """Figures over the same rows as JSON."""
    results = ratios.bootstrap(list(figures.values()), resamples=resamples, seed=seed)
    return {
        name: {"value": round(one.value, 6), "low": round(one.low, 6), "high": round(one.high, 6)}
        for name, one in zip(figures, results, strict=True)
    }


def _by_group(
    figures: Mapping[str, RankedFigures], groups: dict[str, np.ndarray], interval: Intervals
) -> dict[str, Any]:
    """Figures of each kind over the rows of each group; those of the group "" stand at the top."""
    result: dict[str, Any] = {}
    for group, members in groups.items():
        part = {
            kind: interval({name: ratio.at(members[chosen]) for name, ratio in values.items()})
            for kind, (chosen, values) in figures.items()
            if members[chosen].any()
        }
        result.update(part if not group else {group: part} if part else {})
    return result


def _answers(
    bundle: Encoder, rows: EvaluationRows, table: CategoryTable, known: np.ndarray, untrained: np.ndarray
) -> dict[str, _Answers]:
    """The queries of each modality, over the rows with a truth that have it."""
    vectors = rows.vectors
    answers = {}
    for modality in MODALITIES:
        chosen = np.flatnonzero(known & vectors.has(modality))
        categories = table.for_photos if modality == "image" else table.trained
        answers[str(modality)] = _Answers(
            chosen, vectors.of(modality)[chosen], categories, margins(bundle, table.paths, modality)
        )
    nothing = np.zeros(len(table.paths), dtype=np.float32)
    answers["zero_shot"] = _Answers(answers["text"].rows, untrained, table.untrained, nothing)
    return {name: answer for name, answer in answers.items() if len(answer.rows)}


def _rerank(
    rows: EvaluationRows, answers: dict[str, _Answers], index: dict[str, int], listed: np.ndarray
) -> Iterator[tuple[str, tuple[np.ndarray, dict[str, Ratio]]]]:
    """Figures of the candidate lists: for each modality its rows and its ratios over them."""
    for kind, answer in answers.items():
        with_list = listed[answer.rows]
        chosen = answer.rows[with_list]
        if not len(chosen):
            continue
        candidates = [rows.candidates[row] for row in chosen.tolist()]
        truths = [str(rows.truths[row]) for row in chosen.tolist()]
        scores = _candidate_scores(answer, with_list, candidates, index)
        yield kind, (chosen, candidate_figures(scores, candidates, truths))
    chosen = np.flatnonzero(listed)
    if len(chosen):
        floor = ratios.random_floor(
            [[levels(path) for path in rows.candidates[row]] for row in chosen.tolist()],
            [levels(str(rows.truths[row])) for row in chosen.tolist()],
        )
        accuracies = [floor.accuracy_at(k) for k in (1, 3, 5)]
        values = (*accuracies, floor.reciprocal_rank, floor.overlap.f1, floor.overlap.top_accuracy)
        yield "random", (chosen, dict(zip(RERANK_METRICS, values, strict=True)))


def candidate_figures(
    scores: np.ndarray, candidates: Sequence[Sequence[str]], truths: Sequence[str]
) -> dict[str, Ratio]:
    """The figures of `RERANK_METRICS` of n ranked lists of candidates; ties count against the truth.

    Args:
        scores: Floats [n, longest list], -inf behind the end of a shorter one.
        candidates: Paths, the truth among them.
        truths: True paths.
    """
    truth = np.array([list(paths).index(truth) for truth, paths in zip(truths, candidates, strict=True)])
    scores = ratios.lose_ties(scores, truth)
    first = [row[best] for row, best in zip(candidates, scores.argmax(axis=1), strict=True)]
    rank = ratios.ranks(scores, truth)
    overlap = _overlap(first, truths)
    accuracies = [ratios.accuracy_at(rank, k) for k in (1, 3, 5)]
    values = (*accuracies, ratios.reciprocal_rank(rank), overlap.f1, overlap.top_accuracy)
    return dict(zip(RERANK_METRICS, values, strict=True))


def _candidate_scores(
    answer: _Answers, chosen: np.ndarray, candidates: Sequence[tuple[str, ...]], index: dict[str, int]
) -> np.ndarray:
    """Cosines of the chosen queries less margins, float32 [q, longest list], -inf behind the end of a shorter one."""
    queries = answer.queries[chosen]
    longest = max(len(row) for row in candidates)
    numbers = np.full((len(candidates), longest), -1)
    for row, paths in enumerate(candidates):
        numbers[row, : len(paths)] = [index[path] for path in paths]
    scores = np.empty(numbers.shape, dtype=np.float32)
    for start in range(0, len(queries), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        scores[part] = np.einsum("qd,qcd->qc", queries[part], answer.categories[numbers[part]])
    scores -= answer.taken[numbers]
    return np.where(numbers >= 0, scores, -np.inf)


def _open(opened: Sequence[TaxonomyFigures], groups: dict[str, np.ndarray], interval: Intervals) -> dict[str, Any]:
    """Figures of the open prediction by predictor and modality; again under each group of rows that has a name."""
    result: dict[str, Any] = {}
    for one in opened:
        for group, members in groups.items():
            kept = members[one.rows]
            if not kept.any():
                continue
            flat = {
                (key, place): figure.at(kept)
                for key, value in one.figures.items()
                for place, figure in enumerate(value if isinstance(value, list) else [value])
            }
            flat = {key: figure for key, figure in flat.items() if not np.isnan(figure.value)}
            part: dict[str, Any] = {}
            for (key, place), value in interval(flat).items():
                if place:
                    part[key].setdefault("levels", {})[str(place)] = value
                else:
                    part[key] = value
            target = result.setdefault(group, {}) if group else result
            target.setdefault(one.predictor, {})[one.modality] = part
    return result


def _overlap(predicted: Sequence[str], true: Sequence[str]) -> PathOverlap:
    return ratios.path_overlap([levels(path) for path in predicted], [levels(path) for path in true])


def _retrieval(
    rows: EvaluationRows, known: np.ndarray, config: EvaluationConfig
) -> Iterator[tuple[str, dict[str, Ratio]]]:
    """Precision of the nearest rows, by top-level category; photo to photo, and fused to fused."""
    tops = np.array([levels(truth)[0] if truth else "" for truth in rows.truths])
    vectors = rows.vectors
    retrieved: tuple[Modality, ...] = ("image", "fused")
    for modality in retrieved:
        chosen = np.flatnonzero(known & vectors.has(modality))
        if len(chosen) < 2:
            continue
        _, labels = np.unique(tops[chosen], return_inverse=True)
        values = ranking.neighbor_precision(
            vectors.of(modality)[chosen], labels, (1, 3), near_duplicate=config.near_duplicate
        )
        if values[0].denominator.any():
            yield modality, dict(zip(("p1", "p3"), values, strict=True))
        if modality == "fused":
            floor = ranking.same_label_floor(labels)
            yield "random", {"p1": floor, "p3": floor}
