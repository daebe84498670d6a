"""Parents and siblings in a list of category paths, for training targets and hard negatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from pipeline.taxonomy.paths import SEPARATOR


class Relatives:
    """Who is whose parent and sibling.

    Attributes:
        parents: int64 [p], row of each path's parent among the paths, -1 where they do not name it.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        index = {path: row for row, path in enumerate(paths)}
        self.parents = np.array([index.get(path.rpartition(SEPARATOR)[0], -1) for path in paths], dtype=np.int64)
        order = np.argsort(self.parents, kind="stable")
        named, starts = np.unique(self.parents[order], return_index=True)
        self._children = dict(zip(named.tolist(), np.split(order, starts[1:]), strict=True))

    def siblings(self, rows: np.ndarray, count: int) -> np.ndarray:
        """At most `count` random siblings of each path, by torch's global generator.

        Args:
            rows: int [n], paths; those without a parent have none.
            count: Siblings of each.

        Returns:
            int64, distinct and rising; a path of `rows` may be among them where it is another one's sibling.
        """
        drawn = [np.empty(0, dtype=np.int64)]
        for row in np.unique(rows[self.parents[rows] >= 0]):
            others = self._children[int(self.parents[row])]
            others = others[others != row]
            drawn.append(others[torch.randperm(len(others))[:count].numpy()])
        return np.unique(np.concatenate(drawn))
