"""Layout: the same every time, joined by id, and alive on very few rows."""

import numpy as np
import pytest

from pipeline.artifacts import RunPaths
from pipeline.catalog.catalog import Catalog
from pipeline.config.stages import LayoutConfig
from pipeline.data.schema import LAYOUT
from pipeline.metrics.places import crowding
from pipeline.stages.layout import lay_out, scale_to_unit, spread
from tests.helpers import ROOT
from tests.helpers.factories import clustered

NAMES = [name for name in LAYOUT.names if name != "product_id"]


@pytest.mark.slow(9)  # UMAP is compiled, once a process: by this test rather than by the builds below
def test_groups_stay_together_and_the_layout_repeats():
    vectors, labels = clustered(60)
    config = LayoutConfig(n_neighbors=10)
    first, again = lay_out(vectors, config, seed=3), lay_out(vectors, config, seed=3)
    assert list(first) == NAMES
    for name in NAMES:
        assert first[name].dtype == np.float32
        assert first[name].shape == (60,)
        np.testing.assert_array_equal(first[name], again[name])
    for names in (("x", "y", "z"), ("umap2_x", "umap2_y"), ("pca_x", "pca_y", "pca_z"), ("tsne_x", "tsne_y")):
        points = np.stack([first[name] for name in names], axis=1)
        gaps = np.linalg.norm(points[:, None] - points[None], axis=-1) + np.where(np.eye(60), np.inf, 0)
        assert (labels[gaps.argmin(axis=1)] == labels).mean() > 0.95


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_few_products_are_laid_out_too(n, caplog):
    caplog.set_level("INFO")
    columns = lay_out(clustered(n)[0], LayoutConfig(), seed=0)
    assert list(columns) == NAMES
    assert all(np.isfinite(column).all() and len(column) == n for column in columns.values())
    assert "instead of 64" in caplog.text


def test_tsne_places_a_sample_of_many_and_identical_products():
    columns = lay_out(clustered(40)[0], LayoutConfig(n_neighbors=5, tsne_rows=20), seed=0)
    assert np.isfinite(columns["tsne_x"]).sum() == 20
    np.testing.assert_array_equal(np.isnan(columns["tsne_x"]), np.isnan(columns["tsne_y"]))
    assert np.isfinite(columns["umap2_x"]).all()
    alike = lay_out(np.ones((6, 4), dtype=np.float32) / 2, LayoutConfig(), seed=0)
    assert all(np.isfinite(column).all() for column in alike.values())


def test_scale_keeps_the_shape_and_ends_at_one():
    points = np.random.default_rng(0).normal(5, [3, 1], size=(500, 2)).astype(np.float32)
    scaled = scale_to_unit(points)
    assert np.abs(np.median(scaled, axis=0)).max() < 1e-6
    assert np.quantile(np.abs(scaled).max(axis=1), 0.99) == pytest.approx(1, abs=1e-5)
    assert scaled[:, 0].std() / scaled[:, 1].std() == pytest.approx(points[:, 0].std() / points[:, 1].std(), rel=1e-4)
    assert not scale_to_unit(np.ones((3, 2), dtype=np.float32)).any()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_heaps_are_spread_over_the_sky_and_neighbors_stay(dimensions):
    rng = np.random.default_rng(5)
    centers = rng.normal(size=(30, dimensions))
    labels = rng.integers(30, size=1500)
    heaps = centers[labels] + rng.normal(0, 0.01, (1500, dimensions))
    assert crowding(heaps) > 0.8
    placed = spread(heaps, 0.3, seed=0)
    np.testing.assert_array_equal(placed, spread(heaps, 0.3, seed=0))
    assert crowding(placed) <= 1 / 3
    gaps = np.linalg.norm(placed[:, None] - placed[None], axis=-1) + np.where(np.eye(1500), np.inf, 0)
    nearest = np.argsort(gaps, axis=1)[:, :5]
    assert (labels[nearest] == labels[:, None]).mean() > 0.85
    assert spread(heaps[:3], 0.3, seed=0).tolist() == heaps[:3].astype(np.float32).tolist()


def test_what_fills_the_sky_already_is_left_in_its_shape():
    rng = np.random.default_rng(2)
    even = rng.random((2000, 2)) * [4, 1]
    placed = spread(even, 0.3, seed=0)
    gaps = [np.linalg.norm(points[:500, None] - points[None, :500], axis=-1) for points in (even / [4, 1], placed)]
    assert np.corrcoef(gaps[0].ravel(), gaps[1].ravel())[0, 1] > 0.99


def test_the_densest_tenth_of_the_shipped_sky_holds_at_most_a_third():
    products = Catalog.open(RunPaths(ROOT).catalog).products
    for names in (["x", "y", "z"], ["umap2_x", "umap2_y"]):
        assert crowding(products[names].to_numpy()) <= 1 / 3
