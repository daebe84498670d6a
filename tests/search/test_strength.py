import numpy as np
import pytest

from pipeline.search.strength import FAIR, STRONG, WEAK, match, strength
from pipeline.types import MODALITIES


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_greater_cosine_is_a_better_match(modality: str) -> None:
    shares = match(np.linspace(-1, 1, 41), modality)
    assert (np.diff(shares) > 0).all()
    assert 0 <= shares[0] < WEAK
    assert STRONG < shares[-1] <= 1


def test_every_scale_is_its_own() -> None:
    assert len({float(match(np.array(0.5), modality)) for modality in MODALITIES}) == len(MODALITIES)


@pytest.mark.parametrize(
    ("share", "word"), [(1, "strong"), (STRONG, "strong"), (FAIR, "fair"), (WEAK, "weak"), (WEAK - 0.001, None)]
)
def test_words_begin_at_their_cut_offs(share: float, word: str | None) -> None:
    assert strength(share) == word
