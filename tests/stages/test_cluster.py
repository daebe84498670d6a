"""Clusters with the right number, and dense regions."""

import numpy as np
import pytest

from pipeline.config.stages import ClusterConfig
from pipeline.stages.cluster import cluster, dense_regions
from tests.helpers.factories import clustered

CATEGORIES = ["A > B > C", "A > B", None, "A > D", "E", "A > B > C"]


def test_the_number_of_groups_is_found():
    vectors, labels = clustered(90)
    clustering = cluster(vectors, ClusterConfig(k_candidates=(2, 3, 5), silhouette_sample=60), seed=0)
    assert clustering.tried["k"].tolist() == [2, 3, 5]
    assert clustering.tried.loc[clustering.tried["chosen"], "k"].tolist() == [3]
    assert len(set(zip(clustering.labels.tolist(), labels.tolist(), strict=True))) == 3
    assert (clustering.labels == cluster(vectors, ClusterConfig((2, 3, 5), 60), seed=0).labels).all()


def test_clusters_are_numbered_by_size():
    sizes = np.bincount(cluster(clustered(91, seed=4)[0], ClusterConfig((4, 6)), seed=0).labels)
    assert (np.diff(sizes) <= 0).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_products_are_one_cluster(n):
    clustering = cluster(clustered(n)[0], ClusterConfig((10, 20)), seed=0)
    assert clustering.labels.tolist() == [0] * n
    assert clustering.tried["chosen"].all()


def test_identical_products_are_one_cluster():
    assert not cluster(np.ones((30, 4), dtype=np.float32) / 2, ClusterConfig((2, 3)), seed=0).labels.any()


def test_dense_regions_are_found_and_what_lies_between_is_in_none():
    rng = np.random.default_rng(0)
    blobs = [rng.normal(center, 0.02, size=(size, 3)) for center, size in (([0, 0, 0], 60), ([1, 1, 1], 90))]
    strays = np.array([[0.5, 0.4, 0.6], [-1, 2, 0], [2, -1, 1]])
    points = np.concatenate([*blobs, strays]).astype(np.float32)
    regions = dense_regions(points, 5)
    assert set(regions.labels[60:150].tolist()) <= {0, -1}  # the largest is number 0
    assert (regions.labels[:60] == 1).mean() > 0.8
    assert regions.labels[150:].tolist() == [-1, -1, -1]
    assert regions.distances["distance"].is_monotonic_increasing
    assert regions.distances["chosen"].sum() == 1
    reach = regions.distances.loc[regions.distances["chosen"], "distance"].item()
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    core = (gaps <= reach + 1e-6).sum(axis=1) >= 5
    assert (regions.labels[core] >= 0).all()
    assert (regions.labels[~(gaps[:, core] <= reach + 1e-6).any(axis=1)] == -1).all()


@pytest.mark.parametrize(("n", "label"), [(1, -1), (4, -1), (30, 0)])
def test_dense_regions_of_few_or_identical_points(n, label):
    regions = dense_regions(np.ones((n, 3), dtype=np.float32), 5)
    assert regions.labels.tolist() == [label] * n
    assert list(regions.distances.columns) == ["share", "distance", "chosen"]
