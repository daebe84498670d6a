"""What frozen features of photos are good for, on whole sources that nothing was learnt from.

A linear head, learnt from the photos of the other rows, maps features to the vectors of the category names. Measured
are the share of right first candidates by photo alone, of categories that those rows have, and, since the shelves have
none of them, how often the most similar photo of the same source shows the same category.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from pipeline.training.dataset import Examples, candidate_ranks

FASHION, GROCERY, REST = "fashion shop", "grocery shelves", "rest"
ROWS = 1_000  # measured at most, of each source
HEAD_EPOCHS, HEAD_BATCH, HEAD_SCALE = 20, 256, 20.0
COLUMNS = (
    "first candidate right, other rows of the sources it learns from",
    f"the same, {FASHION}",
    f"most similar photo of the same category, {FASHION}",
    f"the same, {GROCERY}",
)
SHARED_DESCRIPTION = 5  # rows of one class of grocery share their description; so many do, elsewhere, by accident


def source_of(products: pd.DataFrame) -> np.ndarray:
    """Which source each product is from, as far as its photo and texts tell.

    The fashion shop's photos are three wide to four high; the grocery's are food with a description that many share.
    """
    shape = products["image_width"] / products["image_height"].clip(lower=1)
    portrait = (shape - 0.75).abs() < 0.01
    top = products["category_path"].fillna("").str.partition(" > ")[0]
    shared = products.groupby("description")["product_id"].transform("size") >= SHARED_DESCRIPTION
    grocery = (top == "Food, Beverages & Tobacco") & shared & (products["description"] != "")
    clothed = top.isin(("Apparel & Accessories", "Health & Beauty", "Luggage & Bags"))
    return np.select([grocery, portrait & clothed], [GROCERY, FASHION], REST)


@dataclass(frozen=True)
class Rows:
    """Rows of the training examples: what is learnt from, and what is measured on."""

    train: np.ndarray
    measured: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, sources: np.ndarray, seed: int) -> Rows:
        """Whole sources are held out, and some rows of the rest."""
        rng = np.random.default_rng(seed)
        rest = np.flatnonzero(sources == REST)
        measured = {REST: np.sort(rng.choice(rest, min(ROWS, len(rest) // 10), replace=False))}
        for source in (FASHION, GROCERY):
            rows = np.flatnonzero(sources == source)
            measured[source] = np.sort(rng.choice(rows, min(ROWS, len(rows)), replace=False))
        return cls(np.setdiff1d(rest, measured[REST]), measured)


def probe(
    encode: Callable[[np.ndarray], np.ndarray],
    examples: Examples,
    images: np.ndarray,
    path_features: np.ndarray,
    rows: Rows,
    seed: int,
) -> list[float]:
    """The figures of `COLUMNS`, by frozen features.

    Args:
        encode: Features float32 [n, width] of photos uint8 [n, side, side, 3].
        examples: With a photo or without.
        images: Their photos, uint8 [m, side, side, 3].
        path_features: Vectors of the category names, float32 [p, d].
        rows: Of the examples: learnt from, and measured on.
        seed: Of the head's batches.
    """
    learnt = _shown(examples, rows.train)
    features = encode(images[learnt.image_rows])
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-3
    names = F.normalize(torch.from_numpy(path_features), dim=-1)
    head = _fit_head((features - mean) / deviation, learnt.truth, names, seed)
    right, alike = {}, {}
    for source, places in rows.measured.items():
        found = _shown(examples, places)
        seen = (encode(images[found.image_rows]) - mean) / deviation
        cosines = seen @ seen.T / np.outer(*[np.linalg.norm(seen, axis=1)] * 2)
        np.fill_diagonal(cosines, -1)
        alike[source] = float((found.truth[cosines.argmax(axis=1)] == found.truth).mean())
        known = np.isin(found.truth, learnt.truth)
        if known.any():
            with torch.no_grad():
                vectors = F.normalize(head(torch.from_numpy(seen)), dim=-1).numpy()
            right[source] = float((candidate_ranks(vectors, names.numpy(), found, known) == 1).mean())
    return [right[REST], right[FASHION], alike[FASHION], alike[GROCERY]]


def _shown(examples: Examples, rows: np.ndarray) -> Examples:
    """Those of these rows that have a photo."""
    return examples.of_rows(rows[examples.has_image[rows]])


def _fit_head(features: np.ndarray, truth: np.ndarray, names: torch.Tensor, seed: int) -> nn.Linear:
    """A linear map of features [n, width] so that each is nearest to its category, int [n], among the names [m, d]."""
    classes, target = np.unique(truth, return_inverse=True)
    torch.manual_seed(seed)
    head = nn.Linear(features.shape[1], names.shape[1])
    steps = HEAD_EPOCHS * len(target) // HEAD_BATCH
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        chosen = rng.choice(len(target), HEAD_BATCH)
        vectors = F.normalize(head(torch.from_numpy(features[chosen])), dim=-1)
        loss = F.cross_entropy(HEAD_SCALE * vectors @ names[classes].T, torch.from_numpy(target[chosen]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return head
