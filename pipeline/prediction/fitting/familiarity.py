"""Fits how products look to the model, against made-up texts and photos that are none (`prediction.nonsense`).

A linear discriminant between the vectors of held-out products and of nonsense, its covariance shrunk towards a sphere:
cheaper than the likeliest alternatives and, measured on sorts of nonsense left out of the fit, far better than scalars
of the prediction (nearest cosine, margin, entropy), which a photo of a face passes like a product. One dot product at
prediction time, and the same over every taxonomy. Listings of shops are long; so that "sofa bed" counts as a product
too, texts as short as people type them stand beside those of the held-out products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.bundle.calibration import Familiarity
from pipeline.bundle.encode import encode_products
from pipeline.bundle.protocol import Encoder
from pipeline.data.images import to_photo
from pipeline.data.vectors import ProductVectors
from pipeline.prediction.fitting.predictions import TuningRows
from pipeline.prediction.nonsense.photos import NONSENSE_PHOTOS
from pipeline.prediction.nonsense.texts import NONSENSE_TEXTS
from pipeline.types import Modality

OUTLIER_QUANTILES = (0.015, 0.05)
"""Least and greatest share of the held-out products, and of the short texts, that do not count as products;
`OOD_QUANTILE` comes on top."""

PASSING = 0.03
"""Share of the nonsense that may pass for products; where it takes less than the greatest share above, less is lost."""

UNLIKE_QUANTILE = 0.05
"""Share of the validation rows whose nearest training product does not count as like them."""

TEXTS_OF_A_SORT, PHOTOS_OF_A_SORT = 60, 40
_SHRINKAGE = 0.5  # of the mean variance, added to each; chosen on sorts left out of the fit
_FOLDS = 5


def fit_familiarity(
    bundle: Encoder, rows: Mapping[Modality, TuningRows], typed: np.ndarray, seed: int
) -> dict[Modality, Familiarity]:
    """Fit it for every modality that has rows.

    Args:
        bundle: Encodes the nonsense.
        rows: Held-out products, by modality.
        typed: float32 [m, d], vectors of short texts of products; there may be none.
        seed: Of the nonsense.
    """
    nonsense = encode_nonsense(bundle, seed)
    fitted: dict[Modality, Familiarity] = {}
    for modality, subset in rows.items():
        outliers = nonsense.of(modality)[nonsense.has_both if modality == "fused" else nonsense.has(modality)]
        counted = np.ones(len(subset.truths), dtype=bool) if subset.calibrating is None else subset.calibrating
        kinds = [subset.vectors, typed] if modality == "text" and len(typed) else [subset.vectors]
        asked = [np.flatnonzero(counted), np.arange(len(typed)) + len(counted)][: len(kinds)]
        likeness = fit_likeness(np.concatenate(kinds), outliers, asked, seed)
        fitted[modality] = replace(likeness, least_neighbor=least_neighbor(subset))
    return fitted


def fit_likeness(products: np.ndarray, outliers: np.ndarray, groups: Sequence[np.ndarray], seed: int) -> Familiarity:
    """Direction and threshold that tell products from outliers.

    Args:
        products: float32 [n, d].
        outliers: float32 [m, d].
        groups: Rows of products; of each group most are to be kept.
        seed: Of the folds.
    """
    scores, others = _cross_fitted(products, outliers, seed)
    low, high = np.min([np.quantile(scores[group], OUTLIER_QUANTILES) for group in groups], axis=0)
    least = float(np.clip(np.quantile(others, 1 - PASSING), low, high))
    return Familiarity(tuple(np.round(_discriminant(products, outliers), 5).tolist()), least)


def encode_nonsense(bundle: Encoder, seed: int) -> ProductVectors:
    """Vectors of texts, of photos, and of both together, of every sort as many."""
    rng = np.random.default_rng(seed)
    texts = [make(rng) for make in NONSENSE_TEXTS.values() for _ in range(TEXTS_OF_A_SORT)]
    photos = [
        to_photo(make(rng), bundle.image_size) for make in NONSENSE_PHOTOS.values() for _ in range(PHOTOS_OF_A_SORT)
    ]
    by_text = encode_products(bundle, texts, [None] * len(texts))
    by_photo = encode_products(bundle, [""] * len(photos), photos)
    text = by_text.text[rng.integers(len(texts), size=len(photos))]
    everywhere = np.ones(len(photos), dtype=bool)
    fused = bundle.fuse(text, by_photo.image, everywhere, everywhere)
    together = ProductVectors(fused, text, by_photo.image, everywhere, everywhere)
    return ProductVectors.concatenate([by_text, by_photo, together])


def least_neighbor(rows: TuningRows) -> float | None:
    """The cosine with the nearest training product that all but `UNLIKE_QUANTILE` of the rows reach; None without any.

    Counted are rows of categories and sources that training had: what a catalogue of such goods is like.
    """
    if not len(rows.neighbors):
        return None
    best = np.array([one.best for one in rows.neighbors])
    usual = ~rows.unseen & ~np.array([bool(name) for name in rows.sources or [""] * len(best)], dtype=bool)
    return float(np.quantile(best[usual] if usual.any() else best, UNLIKE_QUANTILE))


def _discriminant(products: np.ndarray, outliers: np.ndarray) -> np.ndarray:
    """Direction [d] of the linear discriminant of two classes with a shared, shrunk covariance (Friedman 1989).

    Scaled so that the mean of the products is 1 above that of the outliers.
    """
    centered = [(one - one.mean(axis=0)).astype(np.float64) for one in (products, outliers)]
    covariance = np.mean([part.T @ part / len(part) for part in centered], axis=0)
    dimension = len(covariance)
    covariance += (_SHRINKAGE * np.trace(covariance) / dimension + 1e-9) * np.eye(dimension)
    gap = products.mean(axis=0).astype(np.float64) - outliers.mean(axis=0)
    direction = np.linalg.solve(covariance, gap)
    scaled: np.ndarray = direction / max(float(direction @ gap), 1e-9)
    return scaled


def _cross_fitted(products: np.ndarray, outliers: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the products [n] and of the outliers [m], each by a discriminant that was fitted without it."""
    rng = np.random.default_rng(seed)
    folds = [rng.permutation(len(vectors)) % min(_FOLDS, len(products)) for vectors in (products, outliers)]
    scores = [np.zeros(len(vectors)) for vectors in (products, outliers)]
    for number in range(min(_FOLDS, len(products))):
        direction = _discriminant(products[folds[0] != number], outliers[folds[1] != number])
        for part, fold, vectors in zip(scores, folds, (products, outliers), strict=True):
            part[fold == number] = vectors[fold == number] @ direction
    return scores[0], scores[1]
