"""CLIP recommender: a photo, or else a text, to the three most similar products; nothing is trained.

Vectors of length 1 in a flat FAISS index; a product that is nearly the query or nearly one found before (cosine above
0.985) is skipped. Its answer to "which category" is that of the most similar product. The published one has CLIP from
the hub; the same recommender with our frozen towers compares photos with photos and texts with texts.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save_file
from sklearn.decomposition import PCA

from experiments.horse_race.race import Answers, Opened, Race, System, count_parameters
from experiments.horse_race.systems.clip import Clip
from experiments.horse_race.systems.curves import plot_heatmap, plot_places, plot_tsne
from pipeline.artifacts import write_json
from pipeline.catalog.vectors import StoredVectors
from pipeline.config.stages import ClusterConfig
from pipeline.data.vectors import unit
from pipeline.search.evidence import NEAR_DUPLICATE
from pipeline.search.vector_index import VectorIndex, skip_near_duplicates
from pipeline.stages.cluster import cluster, dense_regions
from pipeline.taxonomy.paths import levels

SHOWN = 3
FEW = 80
"""Photos that the published figures were taken on: P@1 .39, P@3 .35."""
_NEAREST = 48
_CLUSTERED = 4_000  # photos
_VECTORS, _CATEGORIES = "vectors.safetensors", "categories.json"


class Sides(NamedTuple):
    """Unit vectors of products by photo [n, d] and by text [n, e]; zeros for what is missing."""

    photo: np.ndarray
    text: np.ndarray


Encode = Callable[[Race, pd.DataFrame], Sides]


def by_towers(race: Race, rows: pd.DataFrame) -> Sides:
    """Photos by our photo tower, texts by our text tower: two spaces."""
    return Sides(unit(race.photos(rows)), unit(race.texts(rows)))


class Recommender:
    """Products to recommend, found by photo or by text."""

    def __init__(self, products: Sides, categories: list[str]) -> None:
        """Index n products by what they have.

        Args:
            products: Their vectors.
            categories: Their paths.
        """
        self.categories = np.array(categories)
        self._rows = [np.flatnonzero(side.any(axis=1)) for side in products]
        sides = zip(products, self._rows, strict=True)
        self._indexes = [VectorIndex(StoredVectors(side[rows])) for side, rows in sides]

    def similar(self, queries: Sides, shown: int = SHOWN) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each query at most `shown` products, best first: numbers and cosines. A photo goes before a text."""
        results: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0, np.int64), np.empty(0))] * len(queries.photo)
        by_photo = queries.photo.any(axis=1)
        for side, asked, index, rows in zip(queries, (by_photo, ~by_photo), self._indexes, self._rows, strict=True):
            chosen = np.flatnonzero(asked & side.any(axis=1))
            if not len(chosen) or not len(index):
                continue
            cosines, found = index.search(side[chosen], min(_NEAREST, len(index)))
            for query, near, order in zip(chosen, cosines, found, strict=True):
                order, near = order[near <= NEAR_DUPLICATE], near[near <= NEAR_DUPLICATE]
                kept = skip_near_duplicates(order, index.vectors, shown, NEAR_DUPLICATE)
                results[query] = (rows[order[kept]], near[kept])
        return results


def precision(recommender: Recommender, queries: Sides, truths: list[str]) -> dict[str, float]:
    """Share of the first and of the three products shown for photos that are of the query's top-level category."""
    hits: list[np.ndarray] = []
    for truth, (found, _) in zip(truths, recommender.similar(queries), strict=True):
        tops = [levels(path)[0] == levels(truth)[0] for path in recommender.categories[found]]
        hits.append(np.array([*tops, *[False] * (SHOWN - len(tops))]))
    table = np.stack(hits)
    return {"P@1": round(float(table[:, 0].mean()), 4), "P@3": round(float(table.mean()), 4), "photos": len(table)}


def fit(encode: Encode, one_space: bool, race: Race, folder: Path) -> dict[str, Any]:
    """Encode the products to recommend; measure what the published system measured; draw its space.

    In one space a text is compared with photos, too.
    """
    rows = race.rows("train")
    sides = encode(race, rows)
    if one_space:
        sides = Sides(sides.photo, sides.photo)
    categories: list[str] = rows["category_path"].tolist()
    save_file({name: side.astype(np.float16) for name, side in sides._asdict().items()}, folder / _VECTORS)
    write_json(folder / _CATEGORIES, categories)
    notes: dict[str, Any] = {"space": space(folder, sides.photo, categories, race.budget.seed)}
    test = race.rows("test")
    test = test[test["image_row"] >= 0].sample(frac=1, random_state=race.budget.seed).reset_index(drop=True)
    if len(test) and sides.photo.any():
        recommender, truths = Recommender(sides, categories), test["category_path"].tolist()
        queries = encode(race, test)
        few = Sides(queries.photo[:FEW], queries.text[:FEW])
        notes |= {"few": precision(recommender, few, truths[:FEW]), "all": precision(recommender, queries, truths)}
    return notes


def space(folder: Path, photos: np.ndarray, categories: list[str], seed: int) -> dict[str, Any]:
    """Plots and clusters of photos: PCA to 50, k-means with K of 4 to 10 by silhouette, DBSCAN by k-distance."""
    shown = np.flatnonzero(photos.any(axis=1))
    shown = np.random.default_rng(seed).permutation(shown)[:_CLUSTERED]
    if len(shown) < 12:
        return {}
    named = [categories[row] for row in shown]
    reduced = PCA(min(50, len(shown) - 1, photos.shape[1]), random_state=seed).fit_transform(photos[shown])
    reduced = reduced.astype(np.float32)
    grouped = cluster(reduced, ClusterConfig(k_candidates=tuple(range(4, 11))), seed=seed)
    regions = dense_regions(reduced, min_samples=10)
    tops = np.array([levels(path)[0] for path in named])
    columns = sorted(set(tops.tolist()))
    counts = [
        [int(((grouped.labels == k) & (tops == top)).sum()) for top in columns] for k in range(grouped.labels.max() + 1)
    ]
    plot_heatmap(folder / "clusters.png", np.array(counts), [str(k) for k in range(len(counts))], columns)
    plot_places(folder / "pca.png", reduced[:, :2], named)
    plot_tsne(folder / "tsne.png", reduced, named, seed)
    tried = grouped.tried
    return {
        "silhouette": {str(k): round(float(s), 4) for k, s in zip(tried["k"], tried["silhouette"], strict=True)},
        "clusters": len(counts),
        "dense regions": int(regions.labels.max() + 1),
        "in no dense region": round(float((regions.labels < 0).mean()), 4),
    }


def opened(encode: Encode, parameters: Callable[[Race], int], race: Race, folder: Path) -> Opened:
    """The category of the most similar product; candidates by the most similar product that each has."""
    stored = load_file(folder / _VECTORS)
    sides = Sides(*(unit(stored[name].astype(np.float32)) for name in Sides._fields))
    categories = json.loads((folder / _CATEGORIES).read_text(encoding="utf-8"))
    recommender = Recommender(sides, categories)

    def answer(rows: pd.DataFrame) -> Answers:
        queries = encode(race, rows)
        paths, scores = [], []
        for (found, near), listed in zip(recommender.similar(queries, _NEAREST), rows["candidates"], strict=True):
            named = recommender.categories[found]
            paths.append(str(named[0]) if len(named) else "")
            scores.append(np.array([max(near[named == path], default=-1.0) for path in listed], dtype=float))
        return Answers(paths, scores, vectors=queries.photo)

    return Opened(answer, parameters(race))


@functools.lru_cache(maxsize=1)
def _clip() -> Clip:
    return Clip()


def by_clip(race: Race, rows: pd.DataFrame) -> Sides:
    """Photos and texts by CLIP: one space."""
    return Sides(_clip().photos(race.images, rows["image_row"].to_numpy()), _clip().texts(rows["title"].tolist()))


RECOMMENDERS = {
    "recommender": System(
        "recommender with our frozen towers",
        functools.partial(opened, by_towers, lambda race: count_parameters(race.text_tower, race.vision_tower)),
        functools.partial(fit, by_towers, False),
    ),
    "clip-recommender": System(
        "CLIP recommender",
        functools.partial(opened, by_clip, lambda race: count_parameters(_clip().model)),
        functools.partial(fit, by_clip, True),
        needs_hub=True,
    ),
}
