"""Rows to tune and to calibrate on, drawn from made tables with and without held-out sources."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.config.presets import tiny
from pipeline.data.text import clean_text
from pipeline.data.text.dropout import field_dropout
from pipeline.data.vectors import ProductVectors
from pipeline.prediction.fitting import rows as module
from pipeline.prediction.fitting.rows import learned_vectors, tuning_rows
from tests.helpers.fakes import CATEGORIES, FakeBundle, word_vector

SPLITS = {"train": 60, "validation": 40, "heldout": 30, "heldout-source": 220}


class _Bundle(FakeBundle):
    def was_seen(self, path: str) -> bool:
        return path.startswith("Clothing")


@pytest.fixture
def products() -> pd.DataFrame:
    splits = [name for name, count in SPLITS.items() for _ in range(count)]
    paths = [CATEGORIES[number % len(CATEGORIES)] for number in range(len(splits))]
    sources = ["ours"] * 130 + ["large shop"] * 180 + ["small shop"] * 40
    languages = ["de" if number % 3 == 0 else "en" for number in range(len(splits))]
    return pd.DataFrame(
        {"split": splits, "category_path": paths, "text": paths, "source": sources, "language": languages}
    )


def _vectors(products: pd.DataFrame) -> ProductVectors:
    text = np.stack([word_vector(path) for path in products["category_path"]])
    n = len(text)
    return ProductVectors(text, text, np.zeros_like(text), np.ones(n, dtype=bool), np.zeros(n, dtype=bool))


def _text_rows(products: pd.DataFrame):
    return tuning_rows(tiny(), _Bundle(), products, _vectors(products))["text"]


def test_confidences_are_measured_on_held_out_sources_and_categories(products, monkeypatch):
    monkeypatch.setattr(module, "SOURCE_ROWS", 120)
    rows = _text_rows(products)
    assert len(rows.truths) == 40 + 30 + 60 + 40, "as many of each source, where it has them"
    assert (rows.sources.count("large shop"), rows.sources.count("small shop"), rows.sources.count("")) == (60, 40, 70)
    measured = rows.for_calibration
    assert len(measured.truths) == 30 + 60 + 40
    assert len(measured.neighbors) == len(measured.sources) == len(measured.vectors) == len(measured.languages) == 130
    assert set(measured.languages) == {"de", "en"}
    assert (measured.unseen == [not truth.startswith("Clothing") for truth in measured.truths]).all()


def test_without_that_split_all_rows_are_measured_on(products):
    plain = products[products["split"] != "heldout-source"].reset_index(drop=True)
    for table in (plain, plain.drop(columns="source")):
        rows = _text_rows(table)
        assert rows.calibrating is None
        assert len(rows.for_calibration.truths) == 70
        assert set(rows.sources) == {""}


def test_a_few_rows_of_a_source_are_not_enough_to_measure_on(products):
    few = products.drop(products.index[products["split"] == "heldout-source"][9:]).reset_index(drop=True)
    assert _text_rows(few).calibrating is None


def test_the_classifier_learns_rows_that_lose_their_fields_from_their_shorter_text(products):
    ids = [f"p{number}" for number in range(len(products))]
    whole = products["text"] + " | mug"
    products = products.assign(product_id=ids, title=products["text"], product_type="mug", text=whole)
    vectors = _vectors(products)
    config = replace(tiny(), train=replace(tiny().train, field_dropout=0.5))
    learned = learned_vectors(config, FakeBundle(), products, vectors)
    dropped = field_dropout(products, 0.5, config.seed)
    assert 0 < dropped.sum() < SPLITS["train"]
    shorter = FakeBundle().encode_texts([clean_text(title) for title in products["title"][dropped]])
    np.testing.assert_allclose(learned.text[dropped], shorter)
    np.testing.assert_allclose(learned.text[~dropped], vectors.text[~dropped])
    assert learned_vectors(tiny(), FakeBundle(), products, vectors) is vectors
