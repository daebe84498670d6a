from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.vectors import StoredVectors
from pipeline.search.fusion import hybrid
from pipeline.search.product_search import Examples, ProductSearch
from pipeline.search.query import Query
from pipeline.search.strength import FAIR
from pipeline.search.vector_index import VectorIndex, exact_scan, skip_near_duplicates
from tests.helpers.fakes import FakeBundle, unit, word_vector


@pytest.mark.parametrize("k", [1, 7, 500])
def test_the_index_agrees_with_the_scan(k: int) -> None:
    rng = np.random.default_rng(1)
    vectors, queries = StoredVectors(unit(rng.normal(size=(200, 24)))), unit(rng.normal(size=(9, 24)))
    scores, rows = VectorIndex(vectors).search(queries, k)
    expected_scores, expected_rows = exact_scan(vectors[:], queries, k)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


def test_the_index_skips_rows_that_are_not_allowed() -> None:
    rng = np.random.default_rng(4)
    vectors, queries = StoredVectors(unit(rng.normal(size=(90, 8)))), unit(rng.normal(size=(3, 8)))
    allowed = np.arange(90) % 9 == 0
    scores, rows = VectorIndex(vectors).search(queries, 20, allowed)
    expected_scores, expected_rows = exact_scan(vectors[allowed], queries, 20)
    np.testing.assert_array_equal(rows, np.flatnonzero(allowed)[expected_rows])
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


@pytest.mark.parametrize("words", ["", "red shirt"])
def test_a_search_returns_only_allowed_rows(catalog: Catalog, words: str) -> None:
    search, allowed = ProductSearch(catalog, FakeBundle()), np.isin(np.arange(len(catalog)), [2, 4])
    assert {hit.row for hit in search.search(_text("red shirt"), 6, words=words, allowed=allowed)} == {2, 4}
    assert search.search(_text("red shirt"), 6, words=words, allowed=np.zeros(len(catalog), dtype=bool)) == []


def test_near_duplicates_are_skipped_against_a_slow_reference() -> None:
    rng = np.random.default_rng(2)
    vectors = unit(np.repeat(rng.normal(size=(10, 8)), 4, axis=0) + rng.normal(scale=0.05, size=(40, 8)))
    rows = rng.permutation(40)
    positions: list[int] = []
    for position, row in enumerate(rows):
        if all(vectors[rows[other]] @ vectors[row] <= 0.985 for other in positions):
            positions.append(position)
    assert skip_near_duplicates(rows, vectors, 40) == positions
    assert skip_near_duplicates(rows, vectors, 3) == positions[:3]


def _text(text: str) -> Query:
    return Query(word_vector(text), None, word_vector(text))


def test_a_text_finds_its_product_once(catalog: Catalog) -> None:
    hits = ProductSearch(catalog, FakeBundle()).search(_text("red shirt"), 6)
    assert hits[0].row in (0, 6)
    assert hits[0].score == pytest.approx(1, abs=1e-3)
    assert hits[0].image is None
    titles = [catalog.products.title[hit.row] for hit in hits]
    assert titles.count("red shirt") == 1  # rows 0 and 6 are the same photo and text
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_weight_goes_from_photo_to_text(catalog: Catalog) -> None:
    search = ProductSearch(catalog, FakeBundle())
    text, image = word_vector("tall vase"), word_vector("photo of green dress")
    query = Query(text, image, unit(text + image))
    assert search.search(query, 1, text_weight=1)[0].row == 4
    assert search.search(query, 1, text_weight=0)[0].row == 3
    middle = search.search(query, 1, text_weight=0.5)[0]
    assert middle.text is not None
    assert middle.image is not None
    assert middle.score == pytest.approx((middle.text + middle.image) / 2, abs=1e-5)


def test_words_are_fused_with_the_vector(catalog: Catalog) -> None:
    """Of the vector alone the dress is best, of the words alone the clock; fused, both stand before all others."""
    search = ProductSearch(catalog, FakeBundle())
    query = _text("green dress")
    assert search.search(query, 1)[0].row == 3
    hits = search.search(query, 7, words="oak clock")
    assert {hit.row for hit in hits[:2]} == {3, 5}
    (text, has_text), (whole, _) = catalog.vectors("text"), catalog.vectors("fused")
    assert has_text.all()
    cosines = (text.cosines(query.text_vector) + whole.cosines(query.text_vector)) / 2
    named = search.names.with_all("oak clock")
    senses, _ = search.senses.of(query.text_vector)
    fused = hybrid(cosines, search.lexical.scores("oak clock"), named, senses)
    assert [hit.score for hit in hits] == pytest.approx([fused[hit.row] for hit in hits], abs=1e-6)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].text == pytest.approx(catalog.vectors("text")[0][hits[0].row] @ query.text_vector, abs=1e-6)


def test_words_without_a_match_leave_the_order_to_the_vectors(catalog: Catalog) -> None:
    search = ProductSearch(catalog, FakeBundle())
    hits = search.search(_text("tall vase"), 4, words="zzz")
    assert hits[0].row == 4


def test_with_a_photo_words_do_not_change_the_order(catalog: Catalog) -> None:
    search = ProductSearch(catalog, FakeBundle())
    both = Query(word_vector("tall vase"), word_vector("photo of green dress"), word_vector("tall vase"))
    plain, worded = (search.search(both, 5, words=words) for words in ("", "oak clock"))
    assert [(hit.row, hit.score) for hit in plain] == [(hit.row, hit.score) for hit in worded]


def test_one_index_serves_many_threads() -> None:
    rng = np.random.default_rng(5)
    vectors, queries = StoredVectors(unit(rng.normal(size=(3_000, 24)))), unit(rng.normal(size=(64, 24)))
    index = VectorIndex(vectors)
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda row: index.search(queries[[row]], 9)[1][0], range(len(queries))))
    np.testing.assert_array_equal(results, exact_scan(vectors[:], queries, 9)[1])


def test_results_are_like_examples_and_not_like_others(catalog: Catalog) -> None:
    search = ProductSearch(catalog, FakeBundle())
    like = search.search(None, 6, examples=Examples(like=(1,)))
    assert like[0].row == 2  # the blue polo shirt after the blue shirt
    assert 1 not in {hit.row for hit in like}
    shirts = [hit.row for hit in search.search(_text("shirt"), 7, threshold=2)]
    others = [hit.row for hit in search.search(_text("shirt"), 7, threshold=2, examples=Examples(unlike=(0,)))]
    assert 0 not in others
    assert others.index(6) > shirts.index(6)  # the same red shirt


def test_what_matches_too_little_is_not_found(catalog: Catalog) -> None:
    search = ProductSearch(catalog, FakeBundle())
    every = search.search(_text("red shirt"), 7, words="red shirt", threshold=2)
    least = sorted(hit.match for hit in every)[3]
    found = search.search(_text("red shirt"), 7, words="red shirt", threshold=2, least=least)
    assert {hit.row for hit in found} == {hit.row for hit in every if hit.match >= least}
    assert search.search(_text("red shirt"), 7, words="red shirt", least=1.1) == []
    assert search.search(_text("red shirt"), 7, least=1.1) == []


def test_a_product_named_by_all_words_is_at_least_a_fair_match(catalog: Catalog) -> None:
    """The vector of the query is far from all products, as that of an article number is."""
    [best, *_] = ProductSearch(catalog, FakeBundle()).search(_text("xk-4711"), 7, words="oak clock")
    assert best.row == 5
    assert best.match >= FAIR
