"""Layout: the same every time, joined by id, and alive on very few rows."""

import numpy as np
import pytest

from pipeline.config.stages import LayoutConfig
from pipeline.data.schema import LAYOUT
from pipeline.stages.layout import lay_out, scale_to_unit
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
