"""Stage analyze: counts the products and looks at the space they lie in, for a page that only draws.

Reads products, embeddings and clusters; writes `analysis.json`, the parts `data` and `space` of
`pipeline.catalog.analysis`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import RunPaths, write_json
from pipeline.catalog.analysis import SpaceFacts, data_facts, largest
from pipeline.config.build import Config
from pipeline.data.schema import read_products, read_table
from pipeline.data.vectors import centroid, nearest_first, read_rows, read_vectors
from pipeline.taxonomy.paths import truncate

_LOG = logging.getLogger(__name__)
_NEAREST = 6  # products of a cluster that stand for it
_TYPICAL = 240  # categories that a product stands for


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.analysis]


def run(config: Config, run_dir: Path) -> None:
    """Analyze the products of a run."""
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    product_ids = products["product_id"].tolist()
    vectors = read_vectors(paths.embeddings, product_ids).fused
    categories = [None if pd.isna(path) else str(path) for path in products["category_path"]]
    light = products["brightness"].dropna().to_numpy(dtype=np.float64)
    named = [path for path, _ in largest(path for path in categories if path is not None)][:_TYPICAL]
    typical = [product_ids[rows[0]] for rows in nearest_to_centers(categories, vectors, named, 1)]
    data = data_facts(products, light, typical)
    space = space_facts(paths, product_ids, vectors, categories, config.cluster.dbscan_min_samples)
    write_json(paths.analysis, {"data": data, "space": space})
    _LOG.info("%d products of %d categories analyzed", len(products), data["categories"])


def nearest_to_centers(
    labels: Sequence[object], vectors: np.ndarray, wanted: Sequence[object], count: int
) -> list[list[int]]:
    """The products nearest to the mean of each group.

    Args:
        labels: Group of each product.
        vectors: float32 [n, d], L2-normalized.
        wanted: Groups, each with at least one product.
        count: How many of each, at most.

    Returns:
        Rows of `vectors`, greatest cosine to the mean first.
    """
    members: dict[object, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        members[label].append(row)
    nearest = []
    for label in wanted:
        rows = np.array(members[label])
        order, _ = nearest_first(vectors[rows], centroid(vectors[rows]))
        nearest.append(rows[order[:count]].tolist())
    return nearest


def space_facts(
    paths: RunPaths,
    product_ids: Sequence[str],
    vectors: np.ndarray,
    categories: Sequence[str | None],
    min_samples: int,
) -> SpaceFacts:
    """Facts of the space.

    Args:
        paths: Of the run, for its tables of clusters.
        product_ids: Of n products.
        vectors: float32 [n, d], L2-normalized.
        categories: Their category paths, None where unknown.
        min_samples: What made a dense region.
    """
    groups = read_rows(paths.clusters, product_ids, ["cluster", "dbscan"])
    clusters = groups["cluster"].to_numpy()
    tried = read_table(paths.silhouette).to_pandas()
    curve = read_table(paths.k_distances).to_pandas()
    tops = [None if path is None else truncate(path, 1) for path in categories]
    names = [name for name, _ in largest(top for top in tops if top is not None)]
    place = {name: number for number, name in enumerate(names)}
    shared = np.zeros((int(clusters.max()) + 1, len(names)), dtype=np.int64)
    for cluster, top in zip(clusters.tolist(), tops, strict=True):
        if top is not None:
            shared[cluster, place[top]] += 1
    nearest = nearest_to_centers(clusters.tolist(), vectors, range(len(shared)), _NEAREST)
    scores = tried.dropna(subset="silhouette")
    return {
        "silhouette": [
            (int(k), round(float(score), 4), bool(chosen))
            for k, score, chosen in zip(scores["k"], scores["silhouette"], scores["chosen"], strict=True)
        ],
        "k_distances": [
            (round(float(share), 5), round(float(distance), 5))
            for share, distance in zip(curve["share"], curve["distance"], strict=True)
        ],
        "reach": float(curve.loc[curve["chosen"], "distance"].iloc[0]) if len(curve) else None,
        "min_samples": min_samples,
        "regions": int(groups["dbscan"].max()) + 1,
        "in_none": int((groups["dbscan"] < 0).sum()),
        "tops": names,
        "shared": shared.tolist(),
        "nearest": [[product_ids[row] for row in rows] for rows in nearest],
    }
