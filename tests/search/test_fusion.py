import numpy as np
import pytest

from pipeline.search.fusion import (
    COSINE_WEIGHT,
    LIKE_WEIGHT,
    SENSE_DEPTH,
    UNLIKE_WEIGHT,
    convex_combination,
    hybrid,
    reciprocal_rank_fusion,
    rocchio,
)

_NONE = np.zeros((0, 3), dtype=np.float32)
_X, _Y, _Z = np.eye(3, dtype=np.float32)


def test_reciprocal_ranks_by_hand() -> None:
    """Ranks 1 2 3 and 3 1 2; the first and the third swap nothing, the second is best overall."""
    fused = reciprocal_rank_fusion([np.array([0.9, 0.8, 0.1]), np.array([0.0, 5.0, 4.0])])
    np.testing.assert_allclose(fused, [1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62])


def test_equal_scores_share_the_lowest_rank() -> None:
    """Without a common word all but the first tie: they get rank 4, not ranks 2 to 4 by where they stand."""
    np.testing.assert_allclose(reciprocal_rank_fusion([np.array([0.0, 3.0, 0.0, 0.0])]), 1 / np.array([64, 61, 64, 64]))


def test_a_convex_combination_by_hand() -> None:
    """(0.5 + 1) / 1.5 = 1 and (-1 + 1) / 1.5 = 0 of the cosines, 2 / 8 and 8 / 8 of BM25."""
    fused = convex_combination(np.array([0.5, -1.0]), np.array([2.0, 8.0]), 0.75)
    np.testing.assert_allclose(fused, [0.75 + 0.25 * 0.25, 0.25])


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_without_a_common_word_the_cosines_decide(weight: float) -> None:
    cosines = np.array([0.2, 0.7, -0.1], dtype=np.float32)
    fused = convex_combination(cosines, np.zeros(3, dtype=np.float32), weight)
    assert fused.argsort().tolist() == cosines.argsort().tolist()
    assert fused.max() == pytest.approx(weight)


def test_a_word_counts_in_the_sense_of_the_vectors_or_as_a_name() -> None:
    """Three products share the word, none of them near: it counts for the one that is named by it alone."""
    n = SENSE_DEPTH + 3
    cosines = np.linspace(0.9, 0.1, n)
    lexical = np.zeros(n)
    lexical[[0, n - 2, n - 1]] = 4.0
    named = np.arange(n) == n - 1
    by_words = (hybrid(cosines, lexical, named) - COSINE_WEIGHT * (cosines + 1) / 1.9) / (1 - COSINE_WEIGHT)
    assert by_words[[0, 1, n - 2, n - 1]] == pytest.approx([1, 0, 0, 1])


def test_in_a_small_catalogue_every_word_counts() -> None:
    cosines, lexical = np.array([0.5, -1.0]), np.array([2.0, 8.0])
    expected = convex_combination(cosines, lexical, COSINE_WEIGHT)
    np.testing.assert_allclose(hybrid(cosines, lexical, np.zeros(2, dtype=bool)), expected)


def test_a_query_is_moved_by_hand() -> None:
    """(1, 0, 0) + 0.75 x (0, 1/2, 1/2) - 0.5 x (0, 0, 1), at length 1."""
    moved = rocchio(_X, np.stack([_Y, _Z]), _Z[None])
    expected = np.array([1, LIKE_WEIGHT / 2, LIKE_WEIGHT / 2 - UNLIKE_WEIGHT])
    np.testing.assert_allclose(moved, expected / np.linalg.norm(expected), atol=1e-6)


def test_one_example_alone_is_itself() -> None:
    np.testing.assert_allclose(rocchio(None, _Y[None], _NONE), _Y)


def test_nothing_to_look_for_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="a product to be like"):
        rocchio(None, _NONE, _X[None])
    with pytest.raises(ValueError, match="cancel each other out"):
        rocchio(UNLIKE_WEIGHT * _X, _NONE, _X[None])
