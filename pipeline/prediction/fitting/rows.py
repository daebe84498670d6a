"""The rows that a predictor is tuned and calibrated on, drawn from the splits that training did not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.bundle.bundle import Bundle
from pipeline.bundle.encode import cached_photos, encode_products, further_photos
from pipeline.bundle.protocol import ProductEncoder
from pipeline.config.build import Config
from pipeline.data.splits import HELDOUT_SOURCE
from pipeline.data.text.dropout import field_dropout, learned_texts
from pipeline.data.vectors import ProductVectors
from pipeline.metrics import ratios
from pipeline.prediction.fitting.predictions import TuningRows
from pipeline.search.evidence import nearest_evidence
from pipeline.taxonomy.paths import levels
from pipeline.types import MODALITIES, Modality

TUNING_ROWS = 1_000  # of each split: enough to tell settings apart by 0.01
SOURCE_ROWS = 2_000  # of all held-out sources together: as many of each, so that none speaks for the others
FEWEST_OF_A_SOURCE = 50
FEWEST_TUNING_ROWS = 10  # of both splits: one error in fewer rows already misses a precision of 0.9


def tuning_rows(
    config: Config, bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors
) -> dict[Modality, TuningRows]:
    """Validation rows, held-out categories and held-out sources by modality; at most `TUNING_ROWS` of a split.

    Settings are chosen on all of them. Where a modality has rows of held-out sources, confidences are measured on these
    and on the held-out categories alone: validation rows are like those of the training, and so flatter. The
    calibration of "fused" is for vectors of both text and photo, so its rows have both.

    Arguments as of `fit.fit`.
    """
    split, sources = products["split"].to_numpy(), held_out_sources(products)
    unseen = ~np.array([bundle.was_seen(path) for path in products["category_path"]], dtype=bool)
    usable = _tunable(vectors)
    read = np.flatnonzero((split == "heldout") & usable["text"])[:TUNING_ROWS]
    floor = untrained_hf1(bundle, products["text"].iloc[read].tolist(), products["category_path"].iloc[read].tolist())
    generator = np.random.default_rng(config.seed)
    train = np.flatnonzero(split == "train")
    labels = products["category_path"].iloc[train].tolist()
    rows = {}
    for modality in MODALITIES:
        masks = [(split == name) & usable[modality] for name in ("validation", "heldout")]
        strange = _draw_sources(generator, sources, usable[modality])
        drawn = np.concatenate([*(_draw(generator, mask) for mask in masks), strange])
        measures_on_sources = len(strange) >= FEWEST_TUNING_ROWS
        truths = products["category_path"].iloc[drawn].tolist()
        needed = 0.0 if modality == "image" else floor  # the untrained tower reads no photo
        neighbors = nearest_evidence(modality, vectors.at(drawn), vectors.at(train), labels)
        rows[modality] = TuningRows(
            vectors.of(modality)[drawn],
            truths,
            unseen[drawn],
            needed,
            neighbors,
            sources[drawn].tolist(),
            split[drawn] != "validation" if measures_on_sources else None,
            products["language"].iloc[drawn].tolist(),
        )
    return rows


def learned_vectors(
    config: Config, encoder: ProductEncoder, products: pd.DataFrame, vectors: ProductVectors
) -> ProductVectors:
    """Vectors of the products as training read them: some training rows lose their fields (`TrainConfig`).

    Args:
        config: Of the build.
        encoder: The trained model.
        products: n rows with a category.
        vectors: Of the same rows, of their whole texts.
    """
    dropped = field_dropout(products, config.train.field_dropout, config.seed) & vectors.has_text
    rows = np.flatnonzero(dropped)
    if not len(rows):
        return vectors
    text, fused = vectors.text.copy(), vectors.fused.copy()
    texts = learned_texts(products, dropped)
    text[rows] = encoder.encode_texts([texts[row] for row in rows.tolist()])
    fused[rows] = encoder.fuse(text[rows], vectors.image[rows], vectors.has_text[rows], vectors.has_image[rows])
    return replace(vectors, text=text, fused=fused)


def held_out_rows(
    config: Config, earlier: Bundle, products: pd.DataFrame, images: np.ndarray
) -> dict[Modality, TuningRows]:
    """Training rows of categories that an earlier bundle lacked, encoded by that bundle; by modality.

    Args:
        config: Of the build.
        earlier: The earlier bundle.
        products: n rows with a category.
        images: Image cache, uint8 [m, side, side, 3].
    """
    unseen = ~np.array([earlier.was_seen(path) for path in products["category_path"]], dtype=bool)
    has_something = (products["text"].str.len().to_numpy() > 0) | (products["image_row"].to_numpy() >= 0)
    generator = np.random.default_rng(config.seed)
    rows = products.iloc[_draw(generator, unseen & (products["split"] == "train").to_numpy() & has_something)]
    photos, more = cached_photos(rows, images), further_photos(rows, images)
    vectors = encode_products(earlier, rows["text"].tolist(), photos, progress=True, more=more)
    held_out = {}
    for modality, usable in _tunable(vectors).items():
        chosen = np.flatnonzero(usable)
        truths = rows["category_path"].iloc[chosen].tolist()
        held_out[modality] = TuningRows(vectors.of(modality)[chosen], truths, np.ones(len(chosen), dtype=bool))
    return held_out


def held_out_sources(products: pd.DataFrame) -> np.ndarray:
    """Of each product of a held-out source that source, "" of the others; object [n].

    Products without the column `source` all count as of one source.
    """
    names = products["source"].fillna("") if "source" in products else pd.Series("", index=products.index)
    named = np.array([str(name) or "unnamed" for name in names], dtype=object)
    return np.where((products["split"] == HELDOUT_SOURCE).to_numpy(), named, "")


def _draw_sources(generator: np.random.Generator, sources: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """About `SOURCE_ROWS` rows of held-out sources, the same number of each where it has them; in their order."""
    names = sorted(set(sources[allowed].tolist()) - {""})
    if not names:
        return np.zeros(0, dtype=np.int64)
    most = max(FEWEST_OF_A_SOURCE, SOURCE_ROWS // len(names))
    drawn = [generator.permutation(np.flatnonzero(allowed & (sources == name)))[:most] for name in names]
    return np.sort(np.concatenate(drawn))


def _tunable(vectors: ProductVectors) -> Mapping[Modality, np.ndarray]:
    """Masks [n] of the rows on which each modality is calibrated."""
    return {"text": vectors.has_text, "image": vectors.has_image, "fused": vectors.has_both}


def _draw(generator: np.random.Generator, allowed: np.ndarray) -> np.ndarray:
    """At most `TUNING_ROWS` rows, in their order."""
    return np.sort(generator.permutation(np.flatnonzero(allowed))[:TUNING_ROWS])


def untrained_hf1(bundle: Bundle, texts: list[str], truths: list[str]) -> float:
    """Open hF1 of the untrained text tower; 0 without texts."""
    if not texts:
        return 0.0
    categories = bundle.encode_categories_untrained(bundle.categories)
    nearest = (bundle.encode_texts_untrained(texts) @ categories.T).argmax(axis=1)
    predicted = [levels(bundle.categories[row]) for row in nearest]
    return ratios.path_overlap(predicted, [levels(truth) for truth in truths]).f1.value
