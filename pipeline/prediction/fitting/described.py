"""Texts of categories: typical titles, names in other languages.

They are training rows of the classifier, since products are named in few languages and these say what a category is
called in the others; and cut short they are what people type, where a listing of a shop would say ten times as much.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle
from pipeline.bundle.encode import RememberingEncoder, encode_products
from pipeline.config.build import Config
from pipeline.data.vectors import ProductVectors
from pipeline.models.feature_store import FeatureStore
from pipeline.taxonomy.category_texts import read_category_texts
from pipeline.taxonomy.paths import levels, read_taxonomy

_TYPED_TEXTS = 1500
_WORDS_TYPED = 4
_CLAUSE = re.compile(r"[,;:(|–—、，]| - | with | für | avec | con ")
"""Where the part of a title that names the product may end."""


@dataclass(frozen=True)
class Described:
    """n texts of categories.

    Attributes:
        truths: Category path of each.
        vectors: As of products without a photo.
        typed: float32 [m, d], vectors of some of them, and of names of categories, as short as people type them.
    """

    truths: list[str]
    vectors: ProductVectors
    typed: np.ndarray

    def among(self, categories: Collection[str]) -> Described:
        """The texts of these categories."""
        rows = np.array([row for row, truth in enumerate(self.truths) if truth in categories], dtype=np.int64)
        return replace(self, truths=[self.truths[row] for row in rows.tolist()], vectors=self.vectors.at(rows))


def describe(config: Config, bundle: Bundle, paths: RunPaths) -> Described:
    """The texts that training read (`train.category_texts`), by the trained model; there may be none."""
    taxonomy = read_taxonomy(paths.taxonomy, may_be_empty=True)
    texts = read_category_texts(config.train.category_texts, taxonomy)
    encoder = RememberingEncoder(bundle, FeatureStore(paths.features, config.seed))
    vectors = encode_products(encoder, [text.text for text in texts], [None] * len(texts))
    typed = as_typed([text.text for text in texts], taxonomy.paths, config.seed)
    short = encode_products(encoder, typed, [None] * len(typed))
    return Described([text.path for text in texts], vectors, short.text)


def as_typed(texts: Sequence[str], paths: Sequence[str], seed: int) -> list[str]:
    """Short texts of products, as they are typed into a search field: at most 1,500, each once.

    Args:
        texts: Of categories; the clause that names the product is taken of each, and of that four words.
        paths: Of categories; the last name of each is one of the texts, in small letters.
        seed: Of the draw.
    """
    heads = [" ".join(_CLAUSE.split(text, maxsplit=1)[0].split()[:_WORDS_TYPED]) for text in texts]
    names = [levels(path)[-1].lower() for path in paths]
    distinct = [text for text in dict.fromkeys([*heads, *names]) if text]
    drawn = np.random.default_rng(seed).permutation(len(distinct))[:_TYPED_TEXTS]
    return [distinct[row] for row in sorted(drawn.tolist())]
