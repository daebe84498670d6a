"""The category table of a bundle: ids of its paths, and vectors of others that are encoded once."""

import logging

import numpy as np
import pyarrow.parquet as pq

from pipeline.artifacts import CACHE_VARIABLE, BundlePaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.files import ID_COLUMN, encoder_key, read_ids
from pipeline.bundle.writer import add_ids, add_metrics, add_predictor, adopt_bundle
from pipeline.models.vector_cache import LEAST_TEXTS
from pipeline.taxonomy.paths import Taxonomy
from tests.helpers.fakes import CATEGORIES, write_small_model

TEXTS = [f"Home > Thing {number}" for number in range(LEAST_TEXTS)]
IDS = {"Home": "gid://shopify/TaxonomyCategory/hg", "Home > Vases": "gid://shopify/TaxonomyCategory/hg-3"}


def test_a_bundle_without_ids_has_no_column_for_them_and_opens(tmp_path):
    model = write_small_model(tmp_path / "model")
    assert ID_COLUMN not in pq.read_schema(BundlePaths(model).categories).names
    assert load_bundle(model).category_ids == {}


def test_ids_are_added_in_place_and_survive_what_is_added_later(tmp_path):
    model = write_small_model(tmp_path / "model")
    before = load_bundle(model)
    add_ids(model, {**IDS, "Not > In the table": "x"})
    add_metrics(model, tmp_path / "measured", {})
    add_predictor(tmp_path / "measured", tmp_path / "again", None)
    after = load_bundle(tmp_path / "again")
    assert after.category_ids == read_ids(tmp_path / "again") == IDS
    assert after.categories == CATEGORIES
    np.testing.assert_array_equal(after.category_vectors, before.category_vectors)


def test_an_adopted_bundle_has_the_ids_of_its_taxonomy(tmp_path):
    model = write_small_model(tmp_path / "model")
    taxonomy = Taxonomy.of(["Toys"], by_id={"2169": "Home > Mugs"})
    adopt_bundle(model, tmp_path / "adopted", taxonomy)
    assert load_bundle(tmp_path / "adopted").category_ids == {"Home > Mugs": "2169"}
    adopt_bundle(tmp_path / "adopted", tmp_path / "bare", Taxonomy.of(["Home > Mugs"]))
    assert load_bundle(tmp_path / "bare").category_ids == {}


def test_a_bundle_remembers_its_categories_whatever_its_figures(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    model = write_small_model(tmp_path / "model")
    vectors = load_bundle(model).encode_categories(TEXTS)
    untrained = load_bundle(model).encode_categories_untrained(TEXTS)
    add_metrics(model, tmp_path / "measured", {"accuracy": 1.0})
    again = load_bundle(tmp_path / "measured")
    with caplog.at_level(logging.INFO):
        np.testing.assert_array_equal(again.encode_categories(TEXTS), vectors)
        np.testing.assert_array_equal(again.encode_categories_untrained(TEXTS), untrained)
    assert caplog.text.count("vectors of categories remembered") == 2
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_the_name_of_a_file_depends_on_weights_tokenizer_and_towers():
    meta = {
        "files": {"model.safetensors": "a", "tokenizer/t.json": "b"},
        "model": {"text": {"model_id": ""}, "centered": False, "category_names": False},
        "towers": {"text": "e5", "vision": "lite"},
    }
    borrowed = {**meta, "model": {**meta["model"], "text": {"model_id": "pip:e5"}}}
    others = [
        {**meta, "files": {**meta["files"], "model.safetensors": "c"}},
        {**meta, "files": {**meta["files"], "tokenizer/t.json": "c"}},
        {**meta, "towers": {"text": "MiniLM", "vision": "lite"}},
        borrowed,
    ]
    keys = {encoder_key(one, "trained") for one in [meta, *others]} | {encoder_key(meta, "untrained")}
    assert len(keys) == 6
    assert encoder_key({**meta, "metrics": {"accuracy": 1}}, "trained") == encoder_key(meta, "trained")
    trained_on = {**borrowed, "files": {**meta["files"], "model.safetensors": "c"}}
    assert encoder_key(trained_on, "untrained") == encoder_key(borrowed, "untrained")
    assert encoder_key({**borrowed, "towers": {"text": "MiniLM"}}, "untrained") != encoder_key(borrowed, "untrained")
    named = {**borrowed, "model": {**borrowed["model"], "category_names": True}}
    assert encoder_key(named, "untrained") != encoder_key(borrowed, "untrained")
    centered = {"model": {**borrowed["model"], "centered": True}}  # after the features that are remembered
    assert encoder_key({**trained_on, **centered}, "untrained") == encoder_key(borrowed, "untrained")
    assert encoder_key({**trained_on, **centered}, "trained") != encoder_key({**borrowed, **centered}, "trained")
