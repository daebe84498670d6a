"""Candidates for training rows that came without: drawn from the taxonomy around the true path.

They are drawn anew each time a row is shown, by the random state that the loop sets at every step: a category of a
few rows then meets far more than eight other paths, and a resumed run draws what an unbroken one would have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pipeline.data.vectors import unit
from pipeline.taxonomy.paths import SEPARATOR
from pipeline.training.dataset import Examples

SIBLINGS, KIN, NEAREST, RANDOM = 3, 1, 2, 2
"""Paths drawn of each kind; where there are fewer siblings or kin, nearest ones take their places."""
DRAWN = SIBLINGS + KIN + NEAREST + RANDOM
_NEIGHBORS = 24  # nearest paths of a truth that are drawn from
_ROWS_AT_A_TIME = 512


@dataclass(frozen=True)
class Lists:
    """Candidates of a batch of b products.

    Attributes:
        candidates: int [b, c], numbers of paths, -1 = padding; the truth is among them.
        target: int [b], position of the truth.
    """

    candidates: np.ndarray
    target: np.ndarray


@dataclass(frozen=True)
class _Surroundings:
    """Paths around a true path: same parent; children and the parent's siblings; nearest by vector, nearest first."""

    siblings: np.ndarray
    kin: np.ndarray
    nearest: np.ndarray


class CandidateLists:
    """The candidates of training rows: their own, or drawn ones where they have the truth alone."""

    def __init__(self, examples: Examples, vectors: np.ndarray) -> None:
        """Look up the surroundings of the truths of all rows without candidates.

        Args:
            examples: n training products.
            vectors: float32 [p, w], of all paths by the untrained text tower.
        """
        self.examples = examples
        self._lone = ~examples.listed
        truths = np.unique(examples.truth[self._lone])
        self._around = _surroundings(truths, examples.paths, vectors)

    def of(self, rows: np.ndarray) -> Lists:
        """Candidates of these products; draws by torch's global generator where some have none of their own."""
        candidates, target = self.examples.candidates[rows], self.examples.target[rows]
        lone = np.flatnonzero(self._lone[rows])
        if not len(lone):
            return Lists(candidates, target)
        generator = np.random.default_rng(int(torch.randint(2**62, ())))
        width = max(candidates.shape[1], 1 + DRAWN)
        wider = np.full((len(rows), width), -1, dtype=candidates.dtype)
        wider[:, : candidates.shape[1]] = candidates
        for row in lone.tolist():
            truth = int(self.examples.truth[rows[row]])
            drawn = self._draw(truth, generator)
            wider[row, : 1 + len(drawn)] = [truth, *drawn]
        return Lists(wider, np.where(self._lone[rows], 0, target))

    def _draw(self, truth: int, generator: np.random.Generator) -> list[int]:
        """At most `DRAWN` distinct paths other than the truth."""
        around = self._around[truth]
        near = generator.permutation(around.nearest)
        drawn = [*generator.permutation(around.siblings)[:SIBLINGS], *generator.permutation(around.kin)[:KIN]]
        wanted = SIBLINGS + KIN + NEAREST
        distinct = dict.fromkeys([*drawn, *near])
        chosen = dict.fromkeys(list(distinct)[:wanted])
        chosen |= dict.fromkeys(generator.integers(0, len(self.examples.paths), RANDOM).tolist())
        chosen.pop(truth, None)
        return [int(path) for path in chosen]


def _surroundings(truths: np.ndarray, paths: Sequence[str], vectors: np.ndarray) -> dict[int, _Surroundings]:
    """The surroundings of each true path, by its number."""
    if not len(truths):
        return {}
    children: dict[str, list[int]] = defaultdict(list)
    for number, path in enumerate(paths):
        children[_parent(path)].append(number)
    nearest = _nearest(truths, vectors)
    around = {}
    for truth, close in zip(truths.tolist(), nearest, strict=True):
        path = paths[truth]
        parent = _parent(path)
        above = [n for n in children[_parent(parent)] if paths[n] != parent] if parent else []
        around[truth] = _Surroundings(
            siblings=np.array([n for n in children[parent] if n != truth], dtype=np.int64),
            kin=np.array([*children[path], *above], dtype=np.int64),
            # a parent is not wrong, only less than could be said
            nearest=np.array(
                [n for n in close.tolist() if n != truth and not path.startswith(paths[n] + SEPARATOR)], dtype=np.int64
            ),
        )
    return around


def _parent(path: str) -> str:
    """The path one level up, "" above the top."""
    return path.rpartition(SEPARATOR)[0]


def _nearest(truths: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The nearest paths of each truth, itself among them, int [t, at most _NEIGHBORS]."""
    directions = unit(vectors)
    count = min(_NEIGHBORS, len(vectors))
    found = [
        np.argpartition(-(directions[truths[start : start + _ROWS_AT_A_TIME]] @ directions.T), count - 1, axis=1)
        for start in range(0, len(truths), _ROWS_AT_A_TIME)
    ]
    return np.concatenate(found)[:, :count]
