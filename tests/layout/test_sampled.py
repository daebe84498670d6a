from typing import Any

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from pipeline.config.stages import ConfigError, LayoutConfig
from pipeline.layout.sampled import fit_on_some
from pipeline.stages import layout
from tests.helpers.factories import clustered


class Doubling:
    """A layout that doubles points; it remembers which it was fitted on."""

    def fit_transform(self, points: np.ndarray) -> np.ndarray:
        self.fitted = points
        return 2 * points

    def transform(self, points: np.ndarray) -> np.ndarray:
        return 2 * points


@pytest.mark.parametrize("most", [7, 50, 100])
def test_every_point_has_its_own_place(most):
    points, mapper = np.random.default_rng(0).normal(size=(50, 3)), Doubling()
    np.testing.assert_array_equal(fit_on_some(mapper, points, most, seed=1), (2 * points).astype(np.float32))
    assert len(mapper.fitted) == min(most, 50)
    again = Doubling()
    fit_on_some(again, points, most, seed=1)
    np.testing.assert_array_equal(again.fitted, mapper.fitted)


@pytest.mark.slow(15)  # UMAP is compiled
def test_neighbors_stay_neighbors_where_a_sample_is_fitted():
    import umap

    vectors, _ = clustered(300)

    def places(most: int) -> np.ndarray:
        mapper = umap.UMAP(n_components=3, n_neighbors=10, metric="cosine", random_state=3, n_jobs=1)
        return fit_on_some(mapper, vectors, most, seed=3)

    whole, sampled = places(300), places(120)
    kept = [trustworthiness(vectors, points, n_neighbors=10, metric="cosine") for points in (whole, sampled)]
    assert kept[1] > kept[0] - 0.03
    np.testing.assert_array_equal(places(120), sampled)


def test_the_stage_fits_on_as_many_as_the_configuration_says(monkeypatch):
    asked = []

    def fit(mapper: Any, points: np.ndarray, most: int, *, seed: int) -> np.ndarray:
        asked.append((type(mapper).__name__, most, seed))
        return points[:, : mapper.n_components]

    monkeypatch.setattr(layout, "fit_on_some", fit)
    layout.lay_out(clustered(40)[0], LayoutConfig(umap_rows=123, tsne_rows=16), seed=7)
    assert asked == [("UMAP", 123, 7)] * 2


def test_too_few_rows_to_fit_on_are_refused():
    with pytest.raises(ConfigError, match="umap_rows must be at least 100"):
        LayoutConfig(umap_rows=3)
