import numpy as np
import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.search.neighbors import centroid_of, nearest_products
from pipeline.search.vector_index import exact_scan


def test_neighbors_are_those_of_a_scan_without_the_product_itself(catalog: Catalog) -> None:
    fused, _ = catalog.vectors("fused")
    for row in range(len(catalog)):
        scores, rows = exact_scan(fused[:], fused[row : row + 1], len(catalog))
        nearest = [(other, score) for other, score in zip(rows[0], scores[0], strict=True) if other != row][:3]
        hits = nearest_products(catalog, row, 3)
        assert [hit.row for hit in hits] == [other for other, _ in nearest]
        assert [hit.score for hit in hits] == pytest.approx([score for _, score in nearest], abs=1e-6)
    assert len(nearest_products(catalog, 0, 100)) == len(catalog) - 1


def test_a_centroid_is_the_mean_and_distances_rise(catalog: Catalog) -> None:
    rows = np.array([0, 1, 2, 4])
    centroid = centroid_of(catalog, rows)
    assert sorted(centroid.rows) == sorted(rows)
    assert (np.diff(centroid.distances) >= 0).all()
    members = catalog.vectors("fused")[0][centroid.rows]
    mean = members.mean(axis=0)
    assert centroid.distances == pytest.approx(1 - members @ mean / np.linalg.norm(mean), abs=1e-6)
    assert centroid.dispersion == pytest.approx(1 - np.linalg.norm(mean), abs=1e-6)  # as the stage `cluster` defines it
    assert centroid_of(catalog, np.array([3])).dispersion == pytest.approx(0, abs=1e-6)


def test_near_duplicates_of_the_product_and_of_one_another_are_skipped(catalog: Catalog) -> None:
    titles = catalog.products["title"]
    rows = [hit.row for hit in nearest_products(catalog, 0, 3, threshold=0.985)]
    assert len(rows) == 3
    assert "red shirt" not in [titles[row] for row in rows]  # what it is itself
    every = [hit.row for hit in nearest_products(catalog, 4, 100, threshold=0.985)]
    assert [titles[row] for row in every].count("red shirt") == 1
    assert nearest_products(catalog, 4, 2, threshold=2.0) == nearest_products(catalog, 4, 2)
