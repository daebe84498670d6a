"""Labeled products for training: indices into one list of category paths, and the ranks of their true categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from pipeline.artifacts import RunPaths
from pipeline.config.build import Config
from pipeline.data.text.dropout import field_dropout, learned_texts
from pipeline.metrics.ratios import path_overlap, ranks
from pipeline.models.two_tower import TwoTower
from pipeline.taxonomy.paths import Taxonomy, levels, read_taxonomy
from pipeline.types import Split

VALIDATION_SPLITS: tuple[Split, ...] = ("validation", "heldout", "heldout-source")
VALIDATION_ROWS = 1_000  # of each split: enough to tell states apart by 0.01


@dataclass(frozen=True)
class Examples:
    """Products with a known category. n products, at most c candidates each.

    Attributes:
        texts: Input of the text tower, "" = none.
        image_rows: int [n], rows of the image cache, -1 = no photo.
        truth: int [n], index of the true path in `paths`.
        candidates: int [n, c], indices into `paths`, -1 = padding; the truth is among them.
        target: int [n], position of the truth in `candidates`.
        paths: All category paths.
        products: How many of them are products; behind them stand texts of categories. None: all.
    """

    texts: list[str]
    image_rows: np.ndarray
    truth: np.ndarray
    candidates: np.ndarray
    target: np.ndarray
    paths: tuple[str, ...]
    products: int | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def product_count(self) -> int:
        """How many rows are products."""
        return len(self) if self.products is None else self.products

    @property
    def has_text(self) -> np.ndarray:
        """Bool [n]."""
        return np.array([bool(text) for text in self.texts], dtype=bool)

    @property
    def has_image(self) -> np.ndarray:
        """Bool [n]."""
        return self.image_rows >= 0

    @property
    def listed(self) -> np.ndarray:
        """Bool [n], products with more than one candidate; the others' truth cannot be ranked."""
        return (self.candidates >= 0).sum(axis=1) > 1

    def sample(self, count: int, seed: int) -> Examples:
        """At most `count` of the products, drawn without replacement."""
        if len(self) <= count:
            return self
        return self.of_rows(np.sort(np.random.default_rng(seed).choice(len(self), count, replace=False)))

    def of_rows(self, rows: np.ndarray) -> Examples:
        """These products, int [m], in this order."""
        arrays = {name: getattr(self, name)[rows] for name in ("image_rows", "truth", "candidates", "target")}
        return Examples(texts=[self.texts[row] for row in rows], paths=self.paths, **arrays)


@dataclass(frozen=True)
class FeatureSet:
    """Cached features of the frozen towers for one set of examples.

    Attributes:
        examples: n labeled products.
        text: float32 [n, text width], zeros without text.
        image: float32 [n, vision width], zeros without photo.
    """

    examples: Examples
    text: np.ndarray
    image: np.ndarray


@dataclass(frozen=True)
class TrainingData:
    """The labeled products of a run.

    Attributes:
        taxonomy: All category paths.
        images: Image cache, uint8 [photos, side, side, 3], memory-mapped.
        train: Training products.
        validation: Validation rows, held-out categories and held-out sources, as far as there are any.
    """

    taxonomy: Taxonomy
    images: np.ndarray
    train: Examples
    validation: list[Examples]

    @property
    def sets(self) -> list[Examples]:
        """The training products, then every validation set."""
        return [self.train, *self.validation]


def load_training_data(config: Config, paths: RunPaths, products: pd.DataFrame) -> TrainingData:
    """The labeled products of a run whose ingest is done; there may be none of them in any split.

    Some training products lose their fields (`TrainConfig.field_dropout`); those of other splits are read whole.
    """
    taxonomy = read_taxonomy(paths.taxonomy, may_be_empty=True)
    dropped = field_dropout(products, config.train.field_dropout, config.seed)
    products = products.assign(text=learned_texts(products, dropped))
    by_split = {name: products[products["split"] == name] for name in ("train", *VALIDATION_SPLITS)}
    by_split["heldout-source"] = evenly(by_split["heldout-source"], VALIDATION_ROWS, config.seed)
    examples = {name: make_examples(rows, taxonomy.paths) for name, rows in by_split.items()}
    validation = [examples[name].sample(VALIDATION_ROWS, config.seed) for name in VALIDATION_SPLITS]
    validation = [rows for rows in validation if len(rows)]
    return TrainingData(taxonomy, np.load(paths.images, mmap_mode="r"), examples["train"], validation)


def evenly(products: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """At most `count` products with a category, as many of each source as there are, so that no large one decides."""
    shuffled = products[products["category_path"].notna()].sample(frac=1, random_state=seed)
    turns = shuffled.groupby("source").cumcount().sort_values(kind="stable")
    return shuffled.loc[turns.index[:count]].sort_index()


def make_examples(products: pd.DataFrame, paths: Sequence[str]) -> Examples:
    """Examples of the products whose category is known.

    Args:
        products: Rows of `schema.PRODUCTS`. A product without candidates, or whose truth is not among them, gets
            the truth as its only candidate; `tasks.negatives` draws others for training.
        paths: All category paths, every truth and candidate among them.
    """
    index = {path: row for row, path in enumerate(paths)}
    known = products[products["category_path"].notna()]
    lists = []
    for truth, named in zip(known["category_path"], known["candidates"], strict=True):
        candidates = list(dict.fromkeys(named)) if named is not None else []
        lists.append(candidates if truth in candidates else [truth])
    width = max((len(candidates) for candidates in lists), default=1)
    table = np.full((len(known), width), -1, dtype=np.int64)
    for row, candidates in enumerate(lists):
        table[row, : len(candidates)] = [index[path] for path in candidates]
    target = [candidates.index(truth) for candidates, truth in zip(lists, known["category_path"], strict=True)]
    return Examples(
        texts=known["text"].tolist(),
        image_rows=known["image_row"].to_numpy(dtype=np.int64),
        truth=np.array([index[path] for path in known["category_path"]], dtype=np.int64),
        candidates=table,
        target=np.array(target, dtype=np.int64),
        paths=tuple(paths),
    )


def candidate_ranks(products: np.ndarray, paths: np.ndarray, examples: Examples, kept: np.ndarray) -> np.ndarray:
    """Rank of the truth among each product's candidates, ties counted against it.

    Args:
        products: [n, d] unit vectors.
        paths: [p, d] unit vectors of all paths.
        examples: The n products.
        kept: bool [n], which of them to rank.

    Returns:
        int [number kept], from 1.
    """
    candidates = examples.candidates[kept]
    scores = np.einsum("nd,ncd->nc", products[kept], paths[np.maximum(candidates, 0)])
    return ranks(np.where(candidates >= 0, scores, -np.inf), examples.target[kept])


def mean_reciprocal_rank(ranks: np.ndarray) -> float:
    """Mean of 1 / rank; 0 without any rank."""
    return float((1 / ranks).mean()) if len(ranks) else 0.0


def project(model: TwoTower, features: FeatureSet, path_features: np.ndarray) -> dict[str, np.ndarray]:
    """Unit vectors of n products and all paths from tower features, in the current mode.

    Args:
        model: Its heads and gate are used.
        features: Of the products.
        path_features: Of p categories, as `TwoTower.category_vectors` takes them.

    Returns:
        "text", "image", "fused" float32 [n, d] and "categories" float32 [p, d].
    """
    examples, device = features.examples, model.log_logit_scale.device
    arrays = (features.text, features.image, examples.has_text, examples.has_image, path_features)
    vectors = model(*(torch.from_numpy(array).to(device) for array in arrays))
    return {name: value.float().cpu().numpy() for name, value in vectors.items()}


def open_hf1(
    products: np.ndarray, paths: np.ndarray, examples: Examples, kept: np.ndarray, among: np.ndarray | None = None
) -> float:
    """Hierarchical F1 of the path that is nearest to each product.

    Args:
        products: [n, d] unit vectors.
        paths: [p, d] unit vectors of all paths.
        examples: The n products.
        kept: bool [n], which of them to measure; at least one.
        among: int [m], the paths to choose from; None: all.
    """
    chosen = np.arange(len(paths)) if among is None else among
    nearest = chosen[(products[kept] @ paths[chosen].T).argmax(axis=1)]
    predicted = [levels(examples.paths[row]) for row in nearest]
    return path_overlap(predicted, [levels(examples.paths[row]) for row in examples.truth[kept]]).f1.value


def selection_score(
    products: np.ndarray, paths: np.ndarray, examples: Examples, kept: np.ndarray, among: np.ndarray | None = None
) -> float:
    """MRR of the products with candidates and open hF1 of those without, weighted by their numbers; 0 without any.

    Arguments as of `open_hf1`; `kept` may be empty.
    """
    listed, listless = kept & examples.listed, kept & ~examples.listed
    parts = [mean_reciprocal_rank(candidate_ranks(products, paths, examples, listed))] if listed.any() else []
    parts += [open_hf1(products, paths, examples, listless, among)] if listless.any() else []
    weights = [int(rows.sum()) for rows in (listed, listless) if rows.any()]
    return float(np.average(parts, weights=weights)) if parts else 0.0


def named_paths(sets: Sequence[Examples]) -> np.ndarray:
    """The paths that these products have as truth or candidate, int [m]."""
    candidates = np.unique(np.concatenate([each.candidates.ravel() for each in sets]))
    return candidates[candidates >= 0]


def modality_mrr(vectors: dict[str, np.ndarray], examples: Examples) -> dict[str, float]:
    """MRR of the truth among the candidates, by "text", "image" and "fused"; none where no product has candidates.

    Products without a modality, or without candidates beside the truth, are left out.

    Args:
        vectors: As `project` returns them.
        examples: The products.
    """
    listed = examples.listed
    if not listed.any():
        return {}
    present = {"text": examples.has_text & listed, "image": examples.has_image & listed, "fused": listed}
    return {
        modality: mean_reciprocal_rank(candidate_ranks(vectors[modality], vectors["categories"], examples, rows))
        for modality, rows in present.items()
    }
