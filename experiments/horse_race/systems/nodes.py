"""The categories of training rows and all their ancestors, as the outputs of a classifier that knows no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.taxonomy.paths import SEPARATOR, levels


class Nodes:
    """Categories with their parents, sorted, so that a parent stands before its children.

    Attributes:
        paths: Of each node.
        parents: int [nodes], -1 at the top.
    """

    def __init__(self, truths: Iterable[str]) -> None:
        """Take categories and whatever lies above them."""
        named = {levels(truth) for truth in truths}
        above = {names[:depth] for names in named for depth in range(1, len(names) + 1)}
        ordered = sorted(above)
        self.paths = [SEPARATOR.join(names) for names in ordered]
        self._names = ordered
        self._index = {names: number for number, names in enumerate(ordered)}
        self.parents = np.array([self._index.get(names[:-1], -1) for names in ordered], dtype=np.int64)
        self._children: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parents.tolist()):
            self._children.setdefault(parent, []).append(node)

    def __len__(self) -> int:
        return len(self.paths)

    def targets(self, truths: Sequence[str]) -> np.ndarray:
        """Bool [n, nodes]: a row's category and all its ancestors, as far as they are known here."""
        table = np.zeros((len(truths), len(self)), dtype=bool)
        for row, truth in enumerate(truths):
            table[row, self._line(truth)] = True
        return table

    def descend(self, probabilities: np.ndarray, least: float) -> tuple[list[str], list[np.ndarray]]:
        """Paths from the top: at each node the likeliest child, as long as it reaches `least`; at least one level.

        Args:
            probabilities: float [n, nodes].
            least: In [0, 1].

        Returns:
            A path a row, and one confidence a level: the smallest probability down to there.
        """
        paths, confidences = [], []
        for row in probabilities:
            node = -1
            line: list[int] = []
            while children := self._children.get(node):
                best = max(children, key=row.__getitem__)
                if line and row[best] < least:
                    break
                line.append(best)
                node = best
            paths.append(self.paths[node])
            confidences.append(np.minimum.accumulate(row[line]).astype(np.float64))
        return paths, confidences

    def expected_overlap(self, probabilities: np.ndarray, candidates: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Scores of candidates: about the hF1 that each would have, by the probabilities of its levels.

        Twice the expected number of common levels over the levels of the candidate and those expected of the truth.
        Levels that are not known here count as surely wrong.

        Args:
            probabilities: float [n, nodes].
            candidates: n lists of paths.
        """
        depth = probabilities.sum(axis=1)
        return [
            np.array([2 * row[self._line(path)].sum() / (len(levels(path)) + total) for path in paths])
            for row, total, paths in zip(probabilities, depth, candidates, strict=True)
        ]

    def _line(self, path: str) -> list[int]:
        """The known nodes of a path."""
        names = levels(path)
        return [self._index[names[:depth]] for depth in range(1, len(names) + 1) if names[:depth] in self._index]
