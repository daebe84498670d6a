"""Which rows an epoch shows: every row once, or rows drawn so that frequent categories do not fill the batches."""

from __future__ import annotations

import numpy as np


def draw_rows(labels: np.ndarray, exponent: float, generator: np.random.Generator) -> np.ndarray:
    """As many rows as there are, in random order.

    With an exponent above 0 they are drawn by systematic sampling with the weights n ** -exponent, n the rows of the
    row's category: each row comes as often as its weight says, rounded down or up by chance, so that a rare row comes
    several times and some of a frequent category wait for another epoch.

    Args:
        labels: int [n], category of every row.
        exponent: In [0, 1]. 0 gives every row once.
        generator: Of the epoch.

    Returns:
        int [n], row numbers.
    """
    order = generator.permutation(len(labels))
    if exponent == 0 or not len(labels):
        return order
    order = order[np.argsort(labels[order], kind="stable")]  # so that every category comes as often as it should
    _, category, sizes = np.unique(labels[order], return_inverse=True, return_counts=True)
    edges = np.cumsum(sizes[category] ** -float(exponent))
    points = (generator.random() + np.arange(len(order))) / len(order) * edges[-1]
    drawn = np.minimum(np.searchsorted(edges, points, side="right"), len(order) - 1)
    return generator.permutation(order[drawn])
