"""Calibrations for taxonomies that are not the bundle's: measured on small trees cut from its own, and renamed.

A merchant's tree is smaller, flatter and worded in another way. So the categories of the held-out rows are dealt out to
six tables, filled up with others: whole paths of some branches; top and last level; the last two levels; paths in
another language, where they are known; and, as lists, last names alone, the same in another language. No row is in two
of them, so rows stay independent. Lists are calibrated apart: their first level is as hard as the last of a tree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.bundle.calibration import Calibration
from pipeline.bundle.meta import PredictorName
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.bundle.protocol import Encoder
from pipeline.config.stages import PredictorConfig
from pipeline.prediction.fitting.calibrate import calibrate
from pipeline.prediction.fitting.predictions import Sample, TuningRows
from pipeline.prediction.fitting.rows import FEWEST_TUNING_ROWS
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import SEPARATOR, levels, normalize_path
from pipeline.types import MODALITIES, Modality

CATEGORIES_OF_A_TREE = 200
"""About as many as a shop has; half of them at most are categories of held-out rows."""

_PREDICTORS: tuple[PredictorName, ...] = ("default", "retrieval")  # the default where no class is known is the latter


@dataclass(frozen=True)
class AlteredTree:
    """A tree made from the bundle's own.

    Attributes:
        paths: Of the tree.
        called: Path here of the categories of held-out rows that were dealt to it.
    """

    paths: tuple[str, ...]
    called: Mapping[str, str]

    @property
    def is_flat(self) -> bool:
        """Whether it is a list of names, without levels."""
        return not any(SEPARATOR in path for path in self.paths)


@dataclass(frozen=True)
class ForeignCalibrations:
    """Calibrations by predictor and modality, for trees and for lists; empty where there are too few rows."""

    trees: dict[PredictorName, dict[Modality, Calibration]]
    lists: dict[PredictorName, dict[Modality, Calibration]]


def foreign_calibrations(
    bundle: Encoder,
    parts: PredictorParts,
    rows: Mapping[Modality, TuningRows],
    names: Mapping[str, Sequence[str]],
    config: PredictorConfig,
    seed: int,
) -> ForeignCalibrations:
    """Calibrations of the chosen settings over altered trees and lists.

    Args:
        bundle: Encodes the new paths; its categories are the tree that is altered.
        parts: The predictor that was chosen.
        rows: Held-out rows by modality.
        names: Of categories, in other languages.
        config: Names the mixture of rows.
        seed: Of the draws.
    """
    held_out = {modality: subset.for_calibration for modality, subset in rows.items()}
    truths = sorted({truth for subset in held_out.values() for truth in subset.truths})
    trees = altered_trees(bundle.categories, truths, names, seed)
    return ForeignCalibrations(
        *(
            _calibrate_over(bundle, parts, held_out, [tree for tree in trees if tree.is_flat == flat], config)
            for flat in (False, True)
        )
    )


def _calibrate_over(
    bundle: Encoder,
    parts: PredictorParts,
    held_out: Mapping[Modality, TuningRows],
    trees: Sequence[AlteredTree],
    config: PredictorConfig,
) -> dict[PredictorName, dict[Modality, Calibration]]:
    """Calibrations over some altered trees; a modality that has too few rows there takes those of another."""
    predictors = [CategoryPredictor(bundle, tree.paths, parts=parts) for tree in trees]
    found: dict[PredictorName, dict[Modality, Calibration]] = {}
    for name in _PREDICTORS:
        fitted: dict[Modality, Calibration] = {}
        for modality, subset in held_out.items():
            pairs = zip(predictors, (_rows_of(tree, subset) for tree in trees), strict=True)
            samples = [Sample(predictor, some) for predictor, some in pairs if len(some.truths)]
            if sum(len(sample.rows.truths) for sample in samples) >= FEWEST_TUNING_ROWS:
                _, fitted[modality] = calibrate(samples, parts.calibrations[name][modality], config)
        if fitted:
            other = next(iter(fitted.values()))
            found[name] = {modality: fitted.get(modality, other) for modality in MODALITIES}
    return found


def altered_trees(
    categories: Sequence[str], truths: Sequence[str], names: Mapping[str, Sequence[str]], seed: int
) -> list[AlteredTree]:
    """The trees, those of them that have any category of the held-out rows.

    Args:
        categories: Paths of the tree that is altered.
        truths: Categories of held-out rows, each to be in one tree.
        names: Of categories, in other languages.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)

    def translated(path: str) -> str:
        """The path in another language, if it is known."""
        known = names.get(path, ())
        return known[len(path) % len(known)] if known else path

    alterations: list[Callable[[str], str]] = [_same, _top_and_last, _last_two, translated, _last]
    alterations.append(lambda path: _last(translated(path)))
    dealt = np.array(truths, dtype=object)[rng.permutation(len(truths))]
    others = np.array(categories, dtype=object)[rng.permutation(len(categories))].tolist()
    trees = []
    for number, alter in enumerate(alterations):
        own = dealt[number :: len(alterations)].tolist()[: CATEGORIES_OF_A_TREE // 2]
        if not own:
            continue
        called = {path: normalize_path(alter(path)) for path in own}
        room = CATEGORIES_OF_A_TREE - len(called)
        start = number * room % max(1, len(others))
        further = [normalize_path(alter(path)) for path in (others[start:] + others[:start])[:room]]
        trees.append(AlteredTree(tuple(dict.fromkeys([*called.values(), *further])), called))
    return trees


def _rows_of(tree: AlteredTree, rows: TuningRows) -> TuningRows:
    """The rows whose categories were dealt to a tree, with the paths that they have there."""
    some = rows.at(np.array([row for row, truth in enumerate(rows.truths) if truth in tree.called], dtype=np.int64))
    return replace(some, truths=[tree.called[truth] for truth in some.truths], neighbors=())


def _same(path: str) -> str:
    return path


def _top_and_last(path: str) -> str:
    names = levels(path)
    return SEPARATOR.join(dict.fromkeys((names[0], names[-1])))


def _last_two(path: str) -> str:
    return SEPARATOR.join(levels(path)[-2:])


def _last(path: str) -> str:
    return levels(path)[-1]
