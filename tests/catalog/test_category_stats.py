"""The tree of a catalogue's categories, against the obvious loops."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.category_stats import Categories, chain
from pipeline.data.vectors import unit
from tests.helpers.damage import publish_again, with_column
from tests.helpers.fakes import PRODUCTS, write_catalog

PREDICTED = [
    "Clothing > Shirts",
    "Clothing > Shirts > Polos",  # deeper than the truth: right at both levels that there are
    "Clothing > Dresses",
    "Home > Vases",
    "Home > Vases",
    "Home",
    "Clothing > Shirts",
]


def read(path: Path, **columns: list[str]) -> Categories:
    """The tree of the small catalogue, with some of its columns replaced."""
    write_catalog(path, PRODUCTS)
    for name, values in columns.items():
        publish_again(path, path, with_column(name, pa.array(values)))
    return Categories(Catalog.open(path))


@pytest.fixture
def tree(tmp_path: Path) -> Categories:
    return read(tmp_path / "catalog.parquet", predicted_path=PREDICTED)


def node(tree: Categories, path: str) -> int:
    return tree.taxonomy.index[path]


def test_centroids_and_members_equal_the_obvious_loop(tree: Categories, tmp_path: Path) -> None:
    assert tree.taxonomy.paths[0] == "Clothing"
    vectors, _ = Catalog.open(tmp_path / "catalog.parquet").vectors("fused")
    for number, path in enumerate(tree.taxonomy.paths):
        rows = [
            row for row, (_, category) in enumerate(PRODUCTS) if category == path or category.startswith(path + " > ")
        ]
        assert sorted(tree.members(number).tolist()) == rows
        assert tree.counts[number] == len(rows)
        centroid = unit(vectors[rows].mean(axis=0, keepdims=True))[0]
        np.testing.assert_allclose(tree.centroids[number], centroid, atol=1e-5)
        assert tree.dispersion[number] == pytest.approx(1 - (vectors[rows] @ centroid).mean(), abs=1e-5)
        members, cosines = tree.by_distance(number)
        np.testing.assert_allclose(cosines, vectors[members] @ centroid, atol=1e-5)
        assert (np.diff(cosines) <= 1e-6).all()


def test_accuracy_and_mistakes_are_those_of_the_nodes_own_depth(tree: Categories) -> None:
    shirts, dresses, vases = (node(tree, path) for path in ("Clothing > Shirts", "Clothing > Dresses", "Home > Vases"))
    assert tree.accuracy[shirts] == pytest.approx(3 / 4)
    assert tree.accuracy[node(tree, "Clothing")] == pytest.approx(4 / 5)
    assert tree.accuracy[node(tree, "Home > Clocks")] == 0  # stopped above it
    assert tree.mistaken_for(shirts) == [("Clothing > Dresses", 1)]
    assert tree.mistaken_from(dresses) == [("Clothing > Shirts", 1)]
    assert tree.mistaken_from(vases) == [("Clothing > Dresses", 1)]
    assert tree.mistaken_for(node(tree, "Clothing")) == [("Home", 1)]


def test_accuracy_is_measured_on_test_products_where_there_are_some(tree: Categories, tmp_path: Path) -> None:
    assert not tree.tested.any()  # all of them are for training
    splits = ["train", "test", "train", "train", "test", "train", "validation"]
    tested = read(tmp_path / "tested.parquet", predicted_path=PREDICTED, split=splits)
    shirts, home, dresses = (node(tree, path) for path in ("Clothing > Shirts", "Home", "Clothing > Dresses"))
    assert tested.tested[[shirts, home, dresses]].tolist() == [1, 1, 0]
    assert tested.accuracy[[shirts, home]].tolist() == [1, 1]
    assert tested.accuracy[dresses] == tree.accuracy[dresses] == 0
    assert tested.counts.tolist() == tree.counts.tolist()


def test_similar_categories_are_as_deep_and_children_the_largest_first(tree: Categories) -> None:
    shirts = node(tree, "Clothing > Shirts")
    similar = tree.similar(shirts, 9)
    assert {tree.taxonomy.paths[other] for other, _ in similar} == {
        "Clothing > Dresses",
        "Home > Vases",
        "Home > Clocks",
    }
    assert [cosine for _, cosine in similar] == sorted((cosine for _, cosine in similar), reverse=True)
    assert [tree.taxonomy.paths[top] for top in tree.children(None)] == ["Clothing", "Home"]
    assert tree.children(node(tree, "Home > Vases")) == []


def test_the_chain_puts_similar_categories_side_by_side() -> None:
    near = np.array([[1, 0.1, 0.9, 0.2], [0.1, 1, 0.3, 0.8], [0.9, 0.3, 1, 0.5], [0.2, 0.8, 0.5, 1]])
    assert chain(near) == [0, 2, 3, 1]
    assert chain(np.zeros((0, 0))) == []
