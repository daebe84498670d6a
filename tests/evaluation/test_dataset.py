"""Rows and categories to measure: what is read, what is encoded, what is refused."""

import logging

import numpy as np
import pytest

from pipeline.data.sources import SourceError
from pipeline.data.vectors import ProductVectors
from pipeline.evaluation.dataset import CategoryTable, EvaluationRows, read_rows
from pipeline.taxonomy.paths import Taxonomy
from pipeline.taxonomy.resolve import Resolver
from tests.helpers.factories import write_dataset
from tests.helpers.measuring import PATHS, RandomEncoder


def test_each_path_is_encoded_once():
    encoder = RandomEncoder()
    CategoryTable.of(encoder, PATHS, [PATHS[:3], ("Strange", PATHS[0])])
    assert sorted(encoder.asked) == sorted([*PATHS, "Strange"])


def test_parts_of_different_length_are_refused():
    none = np.zeros((1, 6), dtype=np.float32)
    vectors = ProductVectors(none, none, none, np.ones(1, dtype=bool), np.ones(1, dtype=bool))
    with pytest.raises(ValueError, match="differ in length"):
        EvaluationRows(["a", "b"], [None, None], [(), ()], vectors)


def test_the_test_split_is_read_unless_told_otherwise(tmp_path):
    encoder = RandomEncoder()
    no_test_rows = write_dataset(tmp_path / "data", 24)
    assert len(read_rows(encoder, str(no_test_rows)).texts) == 24
    folder = write_dataset(tmp_path / "more", 60)
    test, train = read_rows(encoder, str(folder)), read_rows(encoder, str(folder), "train")
    assert (len(test.texts), len(train.texts)) == (12, 48)
    with pytest.raises(SourceError, match="no split 'heldout'"):
        read_rows(encoder, str(folder), "heldout")


def test_broken_photos_make_text_only_rows(tmp_path):
    rows = read_rows(RandomEncoder(), str(write_dataset(tmp_path / "data", 120)), "train")
    missing = ~rows.vectors.has_image
    assert 0 < missing.sum() < 20
    np.testing.assert_allclose(rows.vectors.fused[missing], rows.vectors.text[missing], atol=1e-6)
    assert all("<" not in text for text in rows.texts)


def test_ids_of_true_categories_are_looked_up(tmp_path, caplog):
    lines = ["product_title,ground_truth_category", "vase,hg-3", "clock,fr-1", "jar,home > VASES"]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    taxonomy = Taxonomy.of((), by_id={"gid://shopify/TaxonomyCategory/hg-3": "Home > Vases"})
    with caplog.at_level(logging.INFO):
        rows = read_rows(RandomEncoder(), str(tmp_path / "t.csv"), resolver=Resolver(taxonomy))
    assert list(rows.truths) == ["Home > Vases", None, "Home > Vases"]
    assert "1 rows: category is an id that no given taxonomy has: unknown" in caplog.text


def test_fields_can_be_left_out_of_the_texts(tmp_path):
    (tmp_path / "t.csv").write_text("title,type,tags,size,brand\nTee,Shirts,cotton,M,Nord\n", encoding="utf-8")
    whole = read_rows(RandomEncoder(), str(tmp_path / "t.csv"))
    bare = read_rows(RandomEncoder(), str(tmp_path / "t.csv"), without_fields=True)
    assert (whole.texts, bare.texts) == (["Tee | Shirts | Nord | cotton | size: M"], ["Tee | Nord"])
