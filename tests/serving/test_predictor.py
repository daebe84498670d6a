import numpy as np
import pytest

from pipeline.serving.predictor import CategoryPredictor
from tests.serving.fakes import CATEGORIES, DIMENSION, FakeBundle, unit, word_vector

DEEP = ("A", "A > B > C", "A > B > D", "E > F", "E > F > G > H", "I")


def _random_vectors(n: int) -> np.ndarray:
    return unit(np.random.default_rng(3).normal(size=(n, DIMENSION)))


def test_probabilities_are_a_softmax_with_the_temperature() -> None:
    vectors = _random_vectors(5)
    predictor = CategoryPredictor(FakeBundle(temperature=2.0))
    logits = 20.0 / 2.0 * vectors @ predictor._vectors.T
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictor.probabilities(vectors), expected, rtol=1e-4)


@pytest.mark.parametrize("paths", [None, DEEP])
def test_sums_up_the_tree_against_a_slow_reference(paths: tuple[str, ...] | None) -> None:
    predictor = CategoryPredictor(FakeBundle(), paths)
    probabilities = predictor.probabilities(_random_vectors(6))
    own, total = predictor.node_probabilities(probabilities)
    for node, ancestor in enumerate(predictor.taxonomy.paths):
        below = [i for i, path in enumerate(predictor.paths) if (path + " > ").startswith(ancestor + " > ")]
        np.testing.assert_allclose(total[:, node], probabilities[:, below].sum(axis=1), atol=1e-6)
        itself = [i for i, path in enumerate(predictor.paths) if path == ancestor]
        np.testing.assert_allclose(own[:, node], probabilities[:, itself].sum(axis=1), atol=1e-6)


def test_predict_orders_the_whole_table() -> None:
    predictor = CategoryPredictor(FakeBundle())
    [best] = predictor.predict(word_vector("clothing shirts polos")[None], 100)
    assert best[0].path == "Clothing > Shirts > Polos"
    assert sorted(score.path for score in best) == sorted(CATEGORIES)
    assert sum(score.score for score in best) == pytest.approx(1, abs=1e-5)
    assert [score.score for score in best] == sorted((score.score for score in best), reverse=True)
    assert predictor.predict(word_vector("clothing shirts polos")[None], 3)[0] == best[:3]


def test_a_decoded_path_is_real_and_its_confidence_falls() -> None:
    predictor = CategoryPredictor(FakeBundle(), DEEP)
    vectors = _random_vectors(300)  # more than one slice
    paths, confidences = predictor.predict_paths(vectors)
    assert set(paths) <= set(DEEP)  # never a parent that only the tree knows
    for vector, path, levels in zip(vectors[:20], paths, confidences, strict=False):
        assert len(levels) == len(path.split(" > "))
        assert all(0 <= level <= 1 for level in levels)
        assert levels == sorted(levels, reverse=True)
        np.testing.assert_allclose(predictor.confidences(vector, path), levels, atol=1e-6)


def test_decoding_goes_through_the_likeliest_branch() -> None:
    # two shirts together outweigh the single best path of another branch
    bundle = FakeBundle(("A > B", "A > C", "D > E"))
    predictor = CategoryPredictor(bundle)
    predictor.probabilities = lambda vectors: np.array([[0.3, 0.25, 0.45]], dtype=np.float32)  # type: ignore[method-assign]
    paths, confidences = predictor.predict_paths(np.zeros((1, DIMENSION), dtype=np.float32))
    assert paths == ["A > B"]
    assert confidences[0] == pytest.approx([0.55, 0.3])


def test_decoding_stops_where_stopping_is_likelier() -> None:
    predictor = CategoryPredictor(FakeBundle(("A", "A > B", "A > C")))
    predictor.probabilities = lambda vectors: np.array([[0.5, 0.3, 0.2]], dtype=np.float32)  # type: ignore[method-assign]
    assert predictor.predict_paths(np.zeros((1, DIMENSION), dtype=np.float32)) == (["A"], [[1.0]])


def test_an_unknown_path_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        CategoryPredictor(FakeBundle()).confidences(word_vector("shirt"), "Clothing > Hats")
