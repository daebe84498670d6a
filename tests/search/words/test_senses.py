import numpy as np
import pytest

from pipeline.search.words.senses import CategorySenses


class Axes:
    """Categories at right angles."""

    categories = ("Clothing", "Clothing > Coats", "Clothing > Coats > Rain Coats", "Hardware > Paint", "Coat Racks")
    category_vectors = np.eye(6, dtype=np.float32)[:5]

    def encode_categories(self, paths: list[str]) -> np.ndarray:
        return np.tile(np.eye(6, dtype=np.float32)[5], (len(paths), 1)).reshape(-1, 6)


def test_a_category_means_what_is_below_it_too() -> None:
    senses = CategorySenses(Axes(), ["Clothing > Coats", "Hardware > Paint", "", "Clothing", "Clothing > Coats"])
    query = np.array([0.0, 0.3, 0.9, 0.2, 0.1, 0.0], dtype=np.float32)
    own, shortfall = senses.of(query)
    assert own == pytest.approx([0.9, 0.2, 0.9, 0.9, 0.9])
    assert shortfall == pytest.approx([0, 0.7, 0, 0, 0], abs=1e-6)


def test_a_category_that_the_model_lacks_is_read() -> None:
    senses = CategorySenses(Axes(), ["Garden > Gnomes", "Coat Racks"])
    own, shortfall = senses.of(np.eye(6, dtype=np.float32)[5])
    assert own == pytest.approx([1, 0])
    assert shortfall == pytest.approx([0, 1])


def test_a_catalogue_without_categories_falls_short_nowhere() -> None:
    _, shortfall = CategorySenses(Axes(), ["", ""]).of(np.eye(6, dtype=np.float32)[0])
    assert shortfall.tolist() == [0, 0]
