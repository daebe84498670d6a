"""Stage cluster: groups products by k-means of their vectors and by DBSCAN of their places by UMAP.

Reads products, embeddings and layout; writes `clusters.parquet`, `silhouette.parquet` and `k_distances.parquet`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.cluster import DBSCAN, KMeans
from sklearn.metrics import pairwise_distances, silhouette_score
from sklearn.neighbors import NearestNeighbors
from tqdm import tqdm

from pipeline.artifacts import RunPaths
from pipeline.config.build import Config
from pipeline.config.stages import ClusterConfig
from pipeline.data.schema import CLUSTERS, HEAPS, read_products, write_table
from pipeline.data.vectors import read_rows, read_vectors

_LOG = logging.getLogger(__name__)
_CURVE_POINTS = 256  # of the k-distance plot
_OUTLIERS = 0.01  # the farthest neighbors, which would pull the bend of the curve to themselves


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.clusters, run.silhouette, run.k_distances]


def run(config: Config, run_dir: Path) -> None:
    """Cluster the products of a run by their vectors and by their places."""
    paths = RunPaths(run_dir)
    product_ids = read_products(paths.products)["product_id"].tolist()
    vectors = read_vectors(paths.embeddings, product_ids).fused

    clustering = cluster(vectors, config.cluster, seed=config.seed)
    points = read_rows(paths.layout, product_ids, list(HEAPS))[list(HEAPS)].to_numpy(np.float32)
    regions = dense_regions(points, config.cluster.dbscan_min_samples)
    columns = {"product_id": product_ids, "cluster": clustering.labels, "dbscan": regions.labels}
    write_table(paths.clusters, pa.table(columns, schema=CLUSTERS))
    for path, frame in ((paths.silhouette, clustering.tried), (paths.k_distances, regions.distances)):
        write_table(path, pa.Table.from_pandas(frame, preserve_index=False))


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
        vectors: float32 [n, d], L2-normalized, so that Euclidean distance orders as cosine does.
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


@dataclass(frozen=True)
class DenseRegions:
    """Regions of n points by DBSCAN.

    Attributes:
        labels: int32 [n], 0 the largest region, -1 for points in none.
        distances: The k-distance plot, at most 256 points: share of all points (0 to 1), distance, chosen (the reach).
    """

    labels: np.ndarray
    distances: pd.DataFrame


def dense_regions(points: np.ndarray, min_samples: int) -> DenseRegions:
    """Regions where points lie close, with the reach at the bend of the sorted distances.

    Ester et al. 1996, "A density-based algorithm for discovering clusters in large spatial databases with noise"; its
    k-distance plot shows how far the `min_samples`-th point lies from each, itself counted. The bend is where the
    curve lies farthest below the line between its ends.

    Args:
        points: float32 [n, k], few dimensions: distances to all others are looked up in a tree.
        min_samples: Points within reach that make one the core of a region.
    """
    n = len(points)
    if n < min_samples:
        _LOG.info("%d products are too few for dense regions of %d", n, min_samples)
        none = {"share": pd.Series(dtype=float), "distance": pd.Series(dtype=float), "chosen": pd.Series(dtype=bool)}
        return DenseRegions(np.full(n, -1, dtype=np.int32), pd.DataFrame(none))
    reached, _ = NearestNeighbors(n_neighbors=min_samples).fit(points).kneighbors(points)
    distances = np.sort(reached[:, -1]).astype(np.float64)
    bend = _bend(distances[: max(1, n - int(_OUTLIERS * n))])
    reach = max(float(distances[bend]), 1e-6)  # points may all be the same
    fitted = DBSCAN(eps=reach, min_samples=min_samples).fit_predict(points)
    labels = np.full(n, -1, dtype=np.int32)
    labels[fitted >= 0] = _largest_first(fitted[fitted >= 0])
    _LOG.info("%d dense regions within %.4f, %.1f %% in none", labels.max() + 1, reach, 100 * (labels < 0).mean())
    shown = np.unique([bend, *np.linspace(0, n - 1, min(n, _CURVE_POINTS - 1)).round().astype(int)])
    curve = {"share": (shown + 1) / n, "distance": distances[shown], "chosen": shown == bend}
    return DenseRegions(labels, pd.DataFrame(curve))


def _bend(rising: np.ndarray) -> int:
    """Position where a rising curve lies farthest below the line between its ends."""
    height = (rising - rising[0]) / max(float(rising[-1] - rising[0]), 1e-12)
    return int(np.argmax(np.linspace(0, 1, len(rising)) - height))
