"""Texts of categories as training rows of the classifier: typical titles, names in other languages.

Products are named in few languages; these texts say what a category is called in the others.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle
from pipeline.bundle.encode import RememberingEncoder, encode_products
from pipeline.config.build import Config
from pipeline.data.vectors import ProductVectors
from pipeline.models.feature_store import FeatureStore
from pipeline.taxonomy.paths import read_taxonomy
from pipeline.training.category_texts import read_category_texts


@dataclass(frozen=True)
class Described:
    """n texts of categories.

    Attributes:
        truths: Category path of each.
        vectors: As of products without a photo.
    """

    truths: list[str]
    vectors: ProductVectors

    def among(self, categories: Collection[str]) -> Described:
        """The texts of these categories."""
        rows = np.array([row for row, truth in enumerate(self.truths) if truth in categories], dtype=np.int64)
        return Described([self.truths[row] for row in rows.tolist()], self.vectors.at(rows))


def describe(config: Config, bundle: Bundle, paths: RunPaths) -> Described:
    """The texts that training read (`train.category_texts`), by the trained model; there may be none."""
    taxonomy = read_taxonomy(paths.taxonomy, may_be_empty=True)
    texts = read_category_texts(config.train.category_texts, taxonomy)
    encoder = RememberingEncoder(bundle, FeatureStore(paths.features, config.seed))
    vectors = encode_products(encoder, [text.text for text in texts], [None] * len(texts))
    return Described([text.path for text in texts], vectors)
