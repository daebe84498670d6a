"""Which rows an epoch shows: every row once, or rows drawn so that frequent categories do not fill the batches.

Texts of categories join the products as a fixed share of the rows.
"""

from __future__ import annotations

import numpy as np


def draw_epoch(
    truths: np.ndarray, products: int, *, exponent: float, text_share: float, generator: np.random.Generator
) -> np.ndarray:
    """Rows of an epoch in random order: as many products as there are, and texts of categories beside them.

    Args:
        truths: int [n], category of every row, products first.
        products: How many rows are products.
        exponent: Of `draw_rows`, for the products.
        text_share: Share of the texts in the epoch, in [0, 1); each text is drawn as often as the others, but for one.
        generator: Of the epoch.

    Returns:
        int [m], row numbers.
    """
    rows = draw_rows(truths[:products], exponent, generator)
    texts = len(truths) - products
    if not texts or not text_share:
        return rows
    count = max(1, round(len(rows) * text_share / (1 - text_share)))
    rounds = [generator.permutation(texts) for _ in range(-(-count // texts))]
    return generator.permutation(np.concatenate([rows, products + np.concatenate(rounds)[:count]]))


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
