"""Texts that describe a category (`taxonomy.category_texts`), as training reads them.

All are training rows beside the products. Those in
the taxonomy's own language can also be a reading of their category, beside its path: a product's title is then compared
with titles of such goods, also in another language, and also for categories that no training product has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.data.vectors import unit
from pipeline.taxonomy.category_texts import CategoryText
from pipeline.training.dataset import Examples

LEAST_OF_A_LANGUAGE = 100
"""Texts from which on the mean of a language says something of it."""
TITLE_LANGUAGE = "en"
"""Language of the typical titles that a category is read by: that of the default taxonomy."""


def title_features(
    texts: Sequence[CategoryText], paths: Sequence[str], encode: Callable[[Sequence[str]], np.ndarray]
) -> np.ndarray:
    """Mean unit feature of the typical titles of every path, float32 [p, w]; zeros for a path without any.

    Args:
        texts: Those in other languages are left out.
        paths: p category paths, those of the texts among them.
        encode: Features float32 [n, w] of n texts.
    """
    titles = [text for text in texts if text.language == TITLE_LANGUAGE]
    features = unit(encode([title.text for title in titles]))
    row_of = {path: row for row, path in enumerate(paths)}
    sums = np.zeros((len(paths), features.shape[1]), dtype=np.float32)
    np.add.at(sums, np.array([row_of[title.path] for title in titles], dtype=np.int64), features)
    return unit(sums)


def language_directions(texts: Sequence[CategoryText], features: np.ndarray, count: int) -> np.ndarray:
    """The directions in which the mean features of languages differ most, float32 [count, w], orthonormal.

    What they hold of a text is its language, not its product. With fewer languages there are fewer directions, and the
    last rows are zeros.

    Args:
        texts: t texts, of about the same categories in every language; languages with few of them are left out.
        features: float32 [t, w], their unit features.
        count: How many directions.
    """
    languages = np.array([text.language for text in texts])
    names, counts = np.unique(languages, return_counts=True)
    means = [features[languages == name].mean(axis=0) for name in names[counts >= LEAST_OF_A_LANGUAGE]]
    directions = np.zeros((count, features.shape[1]), dtype=np.float32)
    if len(means) > 1:
        differences = np.stack(means) - np.mean(means, axis=0)
        kept = min(count, len(means) - 1)
        directions[:kept] = np.linalg.svd(differences, full_matrices=False)[2][:kept]
    return directions


def with_category_texts(examples: Examples, texts: Sequence[CategoryText]) -> Examples:
    """Training products, then the texts as products without a photo and without candidates."""
    index = {path: row for row, path in enumerate(examples.paths)}
    truth = np.array([index[text.path] for text in texts], dtype=np.int64)
    candidates = np.full((len(texts), examples.candidates.shape[1]), -1, dtype=np.int64)
    candidates[:, 0] = truth
    return Examples(
        texts=[*examples.texts, *(text.text for text in texts)],
        image_rows=np.concatenate([examples.image_rows, np.full(len(texts), -1, dtype=np.int64)]),
        truth=np.concatenate([examples.truth, truth]),
        candidates=np.concatenate([examples.candidates, candidates]),
        target=np.concatenate([examples.target, np.zeros(len(texts), dtype=np.int64)]),
        paths=examples.paths,
        products=len(examples),
    )
