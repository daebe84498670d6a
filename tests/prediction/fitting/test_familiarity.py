"""What is no product is told from products, with products of which nothing was fitted kept."""

import numpy as np
import pytest

from pipeline.bundle.calibration import Familiarity
from pipeline.data.vectors import unit
from pipeline.prediction.fitting.familiarity import encode_nonsense, fit_familiarity, least_neighbor
from pipeline.prediction.fitting.predictions import TuningRows
from pipeline.search.evidence import NeighborEvidence
from tests.helpers.fakes import CATEGORIES, DIMENSION, FakeBundle, word_vector

NOTHING_TYPED = np.zeros((0, DIMENSION), dtype=np.float32)


def _products(n: int, seed: int = 0) -> TuningRows:
    rng = np.random.default_rng(seed)
    truths = [CATEGORIES[number % len(CATEGORIES)] for number in range(n)]
    vectors = np.stack([word_vector(truth) for truth in truths])
    vectors = unit(vectors + 0.6 * unit(rng.normal(size=vectors.shape))).astype(np.float32)
    return TuningRows(vectors, truths, np.zeros(n, dtype=bool))


@pytest.fixture(scope="module")
def fitted() -> dict[str, Familiarity]:
    rows = _products(600)
    return fit_familiarity(FakeBundle(), {"text": rows, "image": rows, "fused": rows}, NOTHING_TYPED, seed=0)


def test_other_products_are_kept_and_other_nonsense_is_not(fitted):
    nonsense = encode_nonsense(FakeBundle(), seed=9)
    known = _products(2_000, seed=5).vectors
    for modality, familiarity in fitted.items():
        assert familiarity.is_product(known).mean() > 0.96
        chosen = nonsense.has_both if modality == "fused" else nonsense.has(modality)
        outliers = nonsense.of(modality)[chosen & (nonsense.has_both == (modality == "fused"))]
        assert len(outliers) > 400
        assert familiarity.is_product(outliers).mean() < 0.1


def test_it_is_the_same_for_the_same_seed_and_one_number_a_dimension(fitted):
    rows = _products(600)
    again = fit_familiarity(FakeBundle(), {"text": rows}, NOTHING_TYPED, seed=0)
    assert again["text"] == fitted["text"]
    assert len(again["text"].direction) == DIMENSION


def test_short_texts_are_kept_as_products_are_and_count_for_texts_alone(fitted):
    rows = _products(600)
    typed = -_products(400, seed=3).vectors  # as unlike listings as can be, and far from the nonsense
    again = fit_familiarity(FakeBundle(), {"text": rows, "image": rows}, typed, seed=0)
    others = -_products(1_000, seed=4).vectors
    assert fitted["text"].is_product(others).mean() < 0.5
    assert again["text"].is_product(others).mean() > 0.9
    assert again["text"].is_product(rows.vectors).mean() > 0.9
    assert again["image"] == fitted["image"]


def test_the_least_neighbor_is_that_of_rows_like_the_training():
    rows = _products(100)
    assert least_neighbor(rows) is None
    near = [NeighborEvidence(("A",), (0.5 + number / 200,)) for number in range(100)]
    some = TuningRows(rows.vectors, rows.truths, np.arange(100) < 50, neighbors=near)
    assert least_neighbor(some) == pytest.approx(0.75 + 0.05 * 49 / 200)
    strange = ["" if number >= 75 else "a shop" for number in range(100)]
    both = TuningRows(rows.vectors, rows.truths, np.arange(100) < 50, neighbors=near, sources=strange)
    assert least_neighbor(both) == pytest.approx(0.875 + 0.05 * 24 / 200)
