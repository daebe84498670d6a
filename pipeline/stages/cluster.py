"""Stage cluster: groups products by k-means, and finds the centre of every category at every depth.

Reads products, embeddings and layout; writes `clusters.parquet`, `silhouette.parquet` and `centroids.parquet`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances, silhouette_score
from tqdm import tqdm

from pipeline.artifacts import Provenance, RunPaths, require
from pipeline.config import ClusterConfig, Config
from pipeline.data.joining import read_rows, read_vectors, unit
from pipeline.data.schema import CLUSTERS, centroids_schema, read_products, vectors_to_arrow, write_table
from pipeline.data.taxonomy import levels, truncate

STAGE = "cluster"
_LOG = logging.getLogger(__name__)


def outputs(run: RunPaths) -> list[Path]:
    """What the stage writes."""
    return [run.clusters, run.silhouette, run.centroids]


def run(config: Config, run_dir: Path) -> None:
    """Cluster the products of a run and find the centroids of their categories."""
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    product_ids = products["product_id"].tolist()
    require(paths.embeddings, config, "embed", product_ids)
    require(paths.layout, config, "layout", product_ids)
    vectors = read_vectors(paths.embeddings, product_ids).fused
    provenance = Provenance.of(config, STAGE, product_ids)

    clustering = cluster(vectors, config.cluster, seed=config.seed)
    table = pa.table({"product_id": product_ids, "cluster": clustering.labels}, schema=CLUSTERS)
    write_table(paths.clusters, table, provenance)
    write_table(paths.silhouette, pa.Table.from_pandas(clustering.tried, preserve_index=False), provenance)

    points = read_rows(paths.layout, product_ids, ["x", "y", "z"])[["x", "y", "z"]].to_numpy(np.float32)
    categories = [None if pd.isna(path) else str(path) for path in products["category_path"]]
    write_table(paths.centroids, centroids(categories, vectors, points), provenance)


@dataclass(frozen=True)
class Clustering:
    """Clusters of n products.

    Attributes:
        labels: int32 [n], 0 the largest cluster.
        tried: One row a number of clusters: k, silhouette (on the sample, -1 to 1), inertia, chosen.
    """

    labels: np.ndarray
    tried: pd.DataFrame


def cluster(vectors: np.ndarray, config: ClusterConfig, *, seed: int) -> Clustering:
    """k-means with the number of clusters of the best silhouette.

    Args:
        vectors: float32 [n, d], L2-normalised, so that Euclidean distance orders as cosine does.
        config: Numbers of clusters to try, and how many rows the silhouette looks at.
        seed: Same seed, same clusters.
    """
    n = len(vectors)
    candidates = [k for k in config.k_candidates if 2 <= k < len(np.unique(vectors, axis=0))]
    if not candidates:
        _LOG.info("%d products are too few for %s clusters; all are in one", n, config.k_candidates)
        none = {"k": pd.Series([1]), "silhouette": [np.nan], "inertia": [np.nan], "chosen": [True]}
        return Clustering(np.zeros(n, dtype=np.int32), pd.DataFrame(none))
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(n)[: config.silhouette_sample])
    distances = pairwise_distances(vectors[sample])
    np.fill_diagonal(distances, 0)  # rounding leaves 1e-4, which scikit-learn refuses
    rows, labels = [], {}
    for k in tqdm(candidates, desc="k-means", unit="k"):
        fitted = KMeans(k, n_init=2, random_state=seed).fit(vectors)
        labels[k] = fitted.labels_
        rows.append((k, _silhouette(distances, fitted.labels_[sample]), float(fitted.inertia_)))
    tried = pd.DataFrame(rows, columns=["k", "silhouette", "inertia"])
    best = int(tried["k"].iloc[int(tried["silhouette"].argmax())])
    tried["chosen"] = tried["k"] == best
    _LOG.info("%d clusters, silhouette %.3f", best, tried["silhouette"].max())
    return Clustering(_largest_first(labels[best]), tried)


def _silhouette(distances: np.ndarray, labels: np.ndarray) -> float:
    """Silhouette of a sample; -1, the worst, where all or none of its rows share a cluster."""
    if not 2 <= len(np.unique(labels)) < len(labels):
        return -1.0
    return float(silhouette_score(distances, labels, metric="precomputed"))


def _largest_first(labels: np.ndarray) -> np.ndarray:
    """The same clusters, numbered by falling size."""
    order = np.argsort(-np.bincount(labels), kind="stable")
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order))
    return number[labels]


def centroids(categories: Sequence[str | None], vectors: np.ndarray, points: np.ndarray) -> pa.Table:
    """Centres of all categories, at every depth; a product belongs to its category and to all above it.

    Args:
        categories: Category path of each product, None where unknown.
        vectors: float32 [n, d], L2-normalised.
        points: float32 [n, 3].

    Returns:
        A table of `schema.centroids_schema`, ordered by path. The spread is 1 - mean cosine of the members to the
        centroid, which for unit vectors is 1 - length of their mean.
    """
    depths = np.array([0 if path is None else len(levels(path)) for path in categories])
    members: dict[str, np.ndarray] = {}
    for depth in range(1, int(depths.max(initial=0)) + 1):
        rows = np.flatnonzero(depths >= depth)
        names = np.array([truncate(str(categories[row]), depth) for row in rows.tolist()], dtype=object)
        members.update({str(path): rows[found] for path, found in pd.Series(names).groupby(names).indices.items()})
    ordered = sorted(members, key=levels)
    means = np.zeros((len(ordered), vectors.shape[1]), dtype=np.float32)
    places = np.zeros((len(ordered), 3), dtype=np.float32)
    for number, path in enumerate(ordered):
        means[number] = vectors[members[path]].mean(axis=0)
        places[number] = points[members[path]].mean(axis=0)
    columns = {
        "category_path": ordered,
        "depth": [len(levels(path)) for path in ordered],
        "members": [len(members[path]) for path in ordered],
        "centroid": vectors_to_arrow(unit(means)),
        "spread": 1 - np.linalg.norm(means, axis=1),
        **dict(zip("xyz", places.T, strict=True)),
    }
    return pa.table(columns, schema=centroids_schema(vectors.shape[1]))
