"""How strongly a product matches what was asked for: a probability by its cosine, and a word for it.

A cosine is no measure of that by itself: that of two photos is high for any two products, that of a query of two words
is low for what it means. So each kind of search has a curve of its own, fitted on searches with known right answers.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from pipeline.types import Modality

Strength = Literal["strong", "fair", "weak"]

STRONG, FAIR, WEAK = 0.5, 0.3, 0.15
"""Least probability of each word; what is below the last one is no match, and not shown."""

_CURVES: dict[Modality, tuple[float, float, float]] = {
    "text": (6.32, 2.51, -3.05),
    "image": (9.69, 0.0, -7.98),
    "fused": (9.32, 0.0, -5.17),
}
"""Slopes by the cosine and by the shortfall, and the constant of each curve: `python -m experiments.match_strength`."""


def match(cosines: np.ndarray, modality: Modality, shortfall: np.ndarray | float = 0.0) -> np.ndarray:
    """Probabilities that products are what was asked for, 0 to 1, of the shape of their cosines.

    Args:
        cosines: Of a text with texts, a photo with photos, or vectors of both.
        modality: Which of them.
        shortfall: Of a text, how much farther the products' categories are than the nearest (`CategorySenses.of`).
    """
    by_cosine, by_shortfall, constant = _CURVES[modality]
    powers = by_cosine * np.asarray(cosines, dtype=np.float64) - by_shortfall * np.asarray(shortfall) + constant
    probabilities: np.ndarray = 1 / (1 + np.exp(-powers))
    return probabilities


def strength(probability: float) -> Strength | None:
    """The word for a probability of `match`; None for no match."""
    if probability >= STRONG:
        return "strong"
    if probability >= FAIR:
        return "fair"
    return "weak" if probability >= WEAK else None
