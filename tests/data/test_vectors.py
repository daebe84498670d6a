"""Joins by id: any order, and a clear sentence when something is missing."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.artifacts import ArtifactError
from pipeline.data.schema import embeddings_schema, vectors_to_arrow, write_table
from pipeline.data.vectors import positions, read_rows, read_vectors


def write_vectors(path, ids, vectors, has_image):
    column = vectors_to_arrow(vectors)
    columns = {"product_id": ids, "fused": column, "text": column, "image": vectors_to_arrow(vectors, has_image)}
    write_table(path, pa.table(columns, schema=embeddings_schema(vectors.shape[1])))


def test_vectors_come_in_the_wanted_order(tmp_path):
    vectors = np.eye(4, dtype=np.float32)
    write_vectors(tmp_path / "e", list("abcd"), vectors, np.array([True, False, True, True]))
    vectors_read = read_vectors(tmp_path / "e", ["d", "b"])
    np.testing.assert_array_equal(vectors_read.fused, vectors[[3, 1]])
    assert vectors_read.has_text.tolist() == [True, True]
    assert vectors_read.has_image.tolist() == [True, False]
    assert not vectors_read.image[1].any()
    assert vectors_read.at(np.array([1])).fused.tolist() == [vectors[1].tolist()]


@pytest.mark.parametrize("count", [0, 5])
def test_vectors_of_products_that_all_lack_a_photo(tmp_path, count):
    ids = [str(number) for number in range(count)]
    write_vectors(tmp_path / "e", ids, np.ones((count, 4), dtype=np.float32), np.zeros(count, dtype=bool))
    vectors = read_vectors(tmp_path / "e", ids)
    assert vectors.image.shape == (count, 4)
    assert not vectors.image.any()
    assert not vectors.has_image.any()
    assert vectors.has_text.all()


def test_vectors_have_length_one_again(tmp_path):
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(20, 50)).astype(np.float32)
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    ids = [str(number) for number in range(20)]
    write_vectors(tmp_path / "e", ids, raw, np.ones(20, dtype=bool))
    np.testing.assert_allclose(np.linalg.norm(read_vectors(tmp_path / "e", ids).fused, axis=1), 1, atol=1e-6)


def test_rows_of_other_columns(tmp_path):
    write_table(tmp_path / "t", pa.table({"product_id": list("abc"), "x": [1, 2, 3], "y": [0, 0, 0]}))
    assert read_rows(tmp_path / "t", ["c", "a"], ["x"])["x"].tolist() == [3, 1]


def test_a_missing_or_repeated_product_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"lacks 2 products \(first: x\)"):
        positions(["a", "x", "y"], ["a", "b"], tmp_path)
    with pytest.raises(ArtifactError, match="names the product a twice"):
        positions(["a"], ["a", "a"], tmp_path)
