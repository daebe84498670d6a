import numpy as np
import pytest

from pipeline.serving.encoder import Query
from pipeline.serving.reranker import rerank
from tests.serving.fakes import CATEGORIES, FakeBundle, word_vector


def test_the_fitting_candidate_comes_first() -> None:
    vector = word_vector("home vases")
    table = rerank(FakeBundle(), Query(vector, None, vector), [*CATEGORIES, "Home > Vases", "Never > Seen"])
    assert table.category_path[0] == "Home > Vases"
    assert len(table) == len(CATEGORIES) + 1
    assert table.fused.is_monotonic_decreasing
    assert table.image.isna().all()
    np.testing.assert_allclose(table.text, table.fused)


def test_no_candidates_is_an_error() -> None:
    vector = word_vector("home vases")
    with pytest.raises(ValueError, match="at least one"):
        rerank(FakeBundle(), Query(vector, None, vector), [])
