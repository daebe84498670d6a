import numpy as np

from pipeline.catalog.vectors import StoredVectors
from pipeline.search.index_check import compare
from pipeline.search.vector_index import VectorIndex
from tests.helpers.fakes import unit


def test_the_index_is_compared_with_the_scan() -> None:
    rng = np.random.default_rng(3)
    vectors, query = StoredVectors(unit(rng.normal(size=(50, 8)))), unit(rng.normal(size=8))
    comparison = compare(VectorIndex(vectors), query, 12)
    assert (comparison.vectors, comparison.results, comparison.common, comparison.same_order) == (50, 12, 12, True)
    assert comparison.index_ms > 0
    assert comparison.scan_ms > 0
    broken = VectorIndex(vectors)
    broken.vectors = StoredVectors(vectors[::-1])
    assert not compare(broken, query, 12).same_order
