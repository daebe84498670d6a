"""The index of large catalogues, at a size where the scan is quick too: what it finds, and the files it is in."""

import numpy as np
import pytest

from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog
from pipeline.catalog.index_files import IndexFiles
from pipeline.catalog.vectors import StoredVectors
from pipeline.search.large import index as large_index
from pipeline.search.large.index import LargeIndex, index_of, write_index
from pipeline.search.product_search import ProductSearch
from pipeline.search.query import Query
from pipeline.search.vector_index import VectorIndex, exact_scan
from tests.helpers.fakes import PRODUCTS, FakeBundle, unit, word_vector, write_catalog

N, D, QUERIES, K = 6_000, 32, 40, 10


@pytest.fixture(scope="module")
def made() -> tuple[StoredVectors, np.ndarray]:
    """Vectors in 300 clusters, and queries near them."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(300, D))
    vectors = unit(centers[rng.integers(300, size=N)] + 0.5 * rng.normal(size=(N, D)))
    queries = unit(centers[rng.integers(300, size=QUERIES)] + 0.5 * rng.normal(size=(QUERIES, D)))
    return StoredVectors(vectors), queries


@pytest.fixture(scope="module")
def path(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("index") / "text.ivf"
    LargeIndex.build(made[0], path)
    return path


@pytest.fixture
def large(made, path, monkeypatch) -> LargeIndex:
    """The index, which looks into lists wherever more than 100 rows are allowed."""
    monkeypatch.setattr(large_index, "EXACT_MOST", 100)
    return LargeIndex.open(made[0], path)


def _recall(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.mean([len(np.intersect1d(one, other)) / K for one, other in zip(found, expected, strict=True)]))


def test_it_finds_nearly_all_that_a_scan_finds(made, large):
    vectors, queries = made
    scores, rows = large.search(queries, K)
    expected_scores, expected = exact_scan(vectors[:], queries, K)
    assert rows.shape == scores.shape == (QUERIES, K)
    assert _recall(rows, expected) > 0.97
    np.testing.assert_allclose(scores[:, 0], expected_scores[:, 0], atol=1e-5)
    np.testing.assert_allclose(
        scores, [vectors[one] @ query for one, query in zip(rows, queries, strict=True)], atol=1e-5
    )
    assert (np.diff(scores, axis=1) <= 0).all()


def test_it_does_not_scan(made, large, monkeypatch):
    def scan(*arguments: object) -> None:
        raise AssertionError("it scans")

    monkeypatch.setattr(VectorIndex, "_nearest", scan)
    large.search(made[1], K)
    large.search(made[1], K, np.arange(N) % 2 == 0)
    with pytest.raises(AssertionError, match="it scans"):
        large.search(made[1], K, np.arange(N) < 100)


@pytest.mark.parametrize("every", [2, 50, 100])
def test_only_allowed_rows_are_found(made, large, every):
    """With few of them (120 and 60 rows), more lists are looked into, or all of them are scanned."""
    vectors, queries = made
    allowed = np.arange(N) % every == 0
    _, rows = large.search(queries, K, allowed)
    _, expected = exact_scan(vectors[allowed], queries, K)
    assert allowed[rows].all()
    assert _recall(rows, np.flatnonzero(allowed)[expected]) > 0.97


def test_all_rows_come_back_where_all_are_asked_for(made, large):
    _, rows = large.search(made[1][:2], N)
    np.testing.assert_array_equal(np.sort(rows, axis=1), np.tile(np.arange(N), (2, 1)))


def test_the_same_vectors_give_the_same_file(made, path, tmp_path):
    LargeIndex.build(made[0], tmp_path / "again.ivf")
    assert (tmp_path / "again.ivf").read_bytes() == path.read_bytes()


def test_an_index_of_other_vectors_is_refused(made, path, tmp_path):
    with pytest.raises(ArtifactError, match="index of other vectors"):
        LargeIndex.open(StoredVectors(made[0][:5]), path)
    (tmp_path / "x.ivf").write_bytes(path.read_bytes()[:300])
    with pytest.raises(ArtifactError, match=r"x\.ivf cannot be read"):
        LargeIndex.open(made[0], tmp_path / "x.ivf")


@pytest.fixture
def catalog(tmp_path) -> Catalog:
    """A small catalogue with the files of a large one."""
    opened = Catalog.open(write_catalog(tmp_path / "catalog.parquet", PRODUCTS))
    write_index(opened)
    return opened


def test_a_catalogue_with_files_answers_as_one_without(catalog, monkeypatch):
    mapped = Catalog.open(catalog.path)
    assert mapped.index_files is not None
    assert isinstance(index_of(mapped, "text"), VectorIndex)
    monkeypatch.setattr(large_index, "EXACT_MOST", 2)
    assert isinstance(index_of(mapped, "text"), LargeIndex)
    mapped.verify()
    for modality in ("fused", "text", "image"):
        for one, other in zip(mapped.vectors(modality), catalog.vectors(modality), strict=True):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    allowed = np.arange(len(PRODUCTS)) != 3
    text, photo = word_vector("tall vase"), word_vector("photo of green dress")
    for query in (Query(text, None, text), Query(None, photo, photo), Query(text, photo, text)):
        for words in ("", "oak clock"):
            for mask in (None, allowed):
                here, there = (
                    ProductSearch(one, FakeBundle()).search(query, 4, words=words, allowed=mask)
                    for one in (catalog, mapped)
                )
                assert [hit.row for hit in there] == [hit.row for hit in here]
                assert [hit.score for hit in there] == pytest.approx([hit.score for hit in here], abs=1e-6)


def test_files_of_another_catalogue_are_not_used(catalog, tmp_path):
    other = write_catalog(tmp_path / "other.parquet", PRODUCTS[:4])
    IndexFiles.beside(catalog.path).root.rename(IndexFiles.beside(other).root)
    assert Catalog.open(other).index_files is None


def test_damaged_files_are_one_sentence(catalog):
    files = IndexFiles.beside(catalog.path)
    content = bytearray(files.vectors("text").read_bytes())
    content[-1] ^= 1
    files.vectors("text").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"text\.vectors is damaged; publish the catalogue again"):
        Catalog.open(catalog.path).verify()
    files.vectors("text").write_bytes(content[:-1])
    with pytest.raises(ArtifactError, match=r"text\.vectors is missing or not whole"):
        Catalog.open(catalog.path)
    files.meta.write_text("[]")
    with pytest.raises(ArtifactError, match=r"index\.json cannot be read"):
        Catalog.open(catalog.path)
