import numpy as np
import pytest

from experiments.match_strength import SHOWN, Pairs, fit, held_out_words, judged_pairs, shows
from pipeline.evaluation.search_eval import JudgedSearch
from pipeline.search.words.senses import CategorySenses
from tests.helpers.fakes import FakeBundle, word_vector


def _drawn(n: int, by_cosine: float, by_shortfall: float, constant: float) -> Pairs:
    rng = np.random.default_rng(3)
    cosine, shortfall = rng.uniform(0, 1, n), rng.uniform(0, 0.5, n)
    share = 1 / (1 + np.exp(-(by_cosine * cosine - by_shortfall * shortfall + constant)))
    return Pairs(np.arange(n) // SHOWN, cosine, shortfall, rng.random(n) < share)


def test_a_curve_is_found_again() -> None:
    assert fit(_drawn(60_000, 9.0, 3.0, -4.0)) == pytest.approx((9.0, 3.0, -4.0), abs=0.3)


def test_a_stronger_word_is_right_more_often() -> None:
    words = held_out_words(_drawn(12_000, 9.0, 3.0, -4.0))
    shares = [share for _, share in words.values()]
    assert list(words) == ["strong", "fair", "weak", "none"]
    assert shares == sorted(shares, reverse=True)
    assert sum(number for number, _ in words.values()) == 12_000


def test_without_what_was_judged_relevant_a_list_holds_nothing_right() -> None:
    texts = [f"{color} {kind}" for color in ("red", "blue", "green") for kind in ("shirt", "vase", "clock", "dress")]
    gains = np.array([["shirt" in text for text in texts]], dtype=np.float64)
    search = JudgedSearch(texts, texts, texts, ["shirt"], gains, gains > 0)
    vectors = np.stack([word_vector(text) for text in texts])
    query = word_vector("shirt")[None]
    senses = CategorySenses(FakeBundle(), ["Clothing"] * len(texts))
    there = judged_pairs(search, query, vectors, senses, without=False)
    missing = judged_pairs(search, query, vectors, senses, without=True)
    assert there.right[:3].all()
    assert there.right.sum() == 3
    assert not missing.right[: SHOWN - 3].any()
    assert shows(there, 0.0) == 1
    assert shows(there, 1.1) == 0
