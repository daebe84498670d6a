import numpy as np
import pytest

from pipeline.search.fusion import convex_combination, reciprocal_rank_fusion


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
