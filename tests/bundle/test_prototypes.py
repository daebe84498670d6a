"""Mean photos of categories, beside their names."""

import numpy as np
import pytest

from pipeline.bundle.prototypes import Prototypes
from pipeline.data.vectors import unit
from pipeline.taxonomy.paths import hash_path

PATHS = ("Home > Vases", "Home > Clocks", "Toys")


@pytest.fixture
def photos():
    return unit(np.random.default_rng(0).normal(size=(9, 16)).astype(np.float32))


def test_a_prototype_is_the_direction_of_the_mean_photo(photos):
    prototypes = Prototypes.of([PATHS[0], PATHS[2], PATHS[0]], photos[:3])
    assert set(prototypes.categories) == {hash_path(PATHS[0]), hash_path(PATHS[2])}
    vector = prototypes.vectors[prototypes.categories.index(hash_path(PATHS[0]))]
    np.testing.assert_allclose(vector, unit(photos[[0, 2]].sum(0, keepdims=True))[0], atol=1e-6)


def test_category_vectors_move_towards_their_prototypes_if_any(photos):
    prototypes = Prototypes.of([PATHS[0]] * 3, photos[:3])
    names = photos[3:6]
    moved = prototypes.interpolate(PATHS, names, 0.5)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(moved[0], unit(names[:1] + 0.5 * prototypes.vectors[:1])[0], atol=1e-6)
    np.testing.assert_array_equal(moved[1:], names[1:])
    np.testing.assert_array_equal(prototypes.interpolate(PATHS, names, 0.0), names)
    assert not np.array_equal(moved[0], names[0])


def test_prototypes_of_no_photos_change_nothing(photos):
    prototypes = Prototypes.of([], photos[:0])
    np.testing.assert_array_equal(prototypes.interpolate(PATHS, photos[:3], 0.5), photos[:3])


def test_stored_prototypes_come_back(photos):
    prototypes = Prototypes.of([PATHS[0], PATHS[1]], photos[:2])
    again = Prototypes.from_table(prototypes.table())
    assert again.categories == prototypes.categories
    np.testing.assert_allclose(again.vectors, prototypes.vectors, atol=0.01)
