import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from pipeline.config.stages import ConfigError, LayoutConfig
from pipeline.layout.sampled import fit_on_some
from pipeline.stages.layout import lay_out
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


@pytest.mark.slow(25)  # UMAP is compiled
def test_neighbors_stay_neighbors_where_a_sample_is_fitted():
    vectors, _ = clustered(400)
    whole, sampled = (
        lay_out(vectors, LayoutConfig(n_neighbors=10, umap_rows=rows, tsne_rows=16), seed=3) for rows in (400, 120)
    )
    kept = [
        trustworthiness(vectors, np.stack([one[axis] for axis in "xyz"], axis=1), n_neighbors=10, metric="cosine")
        for one in (whole, sampled)
    ]
    assert kept[1] > kept[0] - 0.03
    again = lay_out(vectors, LayoutConfig(n_neighbors=10, umap_rows=120, tsne_rows=16), seed=3)
    for name, column in sampled.items():
        np.testing.assert_array_equal(again[name], column)


def test_too_few_rows_to_fit_on_are_refused():
    with pytest.raises(ConfigError, match="umap_rows must be at least 100"):
        LayoutConfig(umap_rows=3)
