"""Prediction over a tree: distributions, decoding, thresholds; invariants on random trees and vectors."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.artifacts import ArtifactError
from pipeline.bundle.calibration import PRECISIONS, Calibration, Familiarity
from pipeline.data.vectors import unit
from pipeline.errors import InputError
from pipeline.models.classifier import ClassTable
from pipeline.prediction.confidence import judge_path
from pipeline.prediction.predictor import CategoryPredictor, modalities_of
from pipeline.prediction.scorer import NodeScores
from pipeline.search.evidence import NeighborEvidence
from pipeline.types import MODALITIES
from tests.helpers.fakes import CATEGORIES, DIMENSION, FakeBundle, bundle_with_classifier, word_vector

DEEP = ("A", "A > B > C", "A > B > D", "E > F", "E > F > G > H", "I")
NAMES = st.lists(st.sampled_from("ABC"), min_size=1, max_size=4).map(" > ".join)


def _random_vectors(n: int, seed: int = 3) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32))


def test_retrieval_is_a_softmax_with_the_sharpness() -> None:
    vectors = _random_vectors(5)
    predictor = CategoryPredictor(FakeBundle())
    logits = 20.0 / 2.0 * vectors @ np.stack([word_vector(path) for path in CATEGORIES]).T
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    leaf = predictor.scorer.retrieved(vectors, Calibration(inverse_temperature=0.5))
    np.testing.assert_allclose(leaf[:, predictor.scorer.nodes], expected, rtol=1e-4)


def test_a_category_is_found_by_its_name_in_another_language() -> None:
    bundle = FakeBundle()
    french = {CATEGORIES[2]: ("Rayon > Chose", "Autre"), CATEGORIES[0]: ("Divers",)}
    aliases = bundle.encode_aliases(CATEGORIES, french)
    scorer = CategoryPredictor(bundle, CATEGORIES, aliases=aliases).scorer
    query, strange = word_vector("rayon chose")[None], _random_vectors(1)
    cosines = strange @ np.stack([word_vector(path) for path in CATEGORIES]).T
    expected = cosines.copy()
    for path, translations in french.items():
        row = CATEGORIES.index(path)
        expected[0, row] = max([cosines[0, row], *(strange[0] @ word_vector(other) for other in translations)])
    aliases.raise_cosines(strange, cosines)
    np.testing.assert_allclose(cosines, expected, atol=1e-6)
    without, with_aliases = (scorer.retrieved(query, Calibration(4.0, aliases=read)) for read in (False, True))
    assert scorer.paths[int(with_aliases[0, scorer.nodes].argmax())] == CATEGORIES[2]
    assert without.max() < 0.9 < with_aliases.max()


def test_without_a_catalogue_nothing_is_said_of_what_it_holds() -> None:
    bundle = FakeBundle()
    familiarity = dict.fromkeys(MODALITIES, Familiarity((0.0,) * DIMENSION, -1.0, least_neighbor=0.5))
    bundle.predictor = replace(bundle.predictor, familiarity=familiarity)
    far, near = (NeighborEvidence((CATEGORIES[0],), (cosine,)) for cosine in (0.1, 0.9))
    evidence = [NeighborEvidence((), ()), far, near]
    scores = CategoryPredictor(bundle).score(_random_vectors(3), ["text"] * 3)
    decoded = scores.decode(evidence)
    assert [prediction.has_similar for prediction in decoded] == [None, False, True]


@pytest.mark.parametrize("paths", [CATEGORIES, DEEP])
def test_sums_up_the_tree_against_a_slow_reference(paths: tuple[str, ...]) -> None:
    predictor = CategoryPredictor(FakeBundle(paths))
    leaf = predictor.scorer.retrieved(_random_vectors(6), Calibration())
    total = predictor.tree.sum_up(leaf)
    nodes = predictor.tree.taxonomy.paths
    for node, ancestor in enumerate(nodes):
        below = [i for i, path in enumerate(nodes) if (path + " > ").startswith(ancestor + " > ")]
        np.testing.assert_allclose(total[:, node], leaf[:, below].sum(axis=1), atol=1e-6)


def test_the_classifier_is_read_under_the_tree_as_a_slow_reference_does() -> None:
    """At each node: the softmax over its children and "ends here" alone, renormalized."""
    closed = CategoryPredictor(FakeBundle(DEEP)).tree.taxonomy.paths
    bundle = bundle_with_classifier(closed)
    predictor = CategoryPredictor(bundle, which="classifier")
    vectors = _random_vectors(4)
    leaf = predictor.scorer.classifier.leaf_alone(vectors)
    np.testing.assert_allclose(leaf.sum(axis=1), 1, atol=1e-5)
    outputs = bundle.predictor.classifier.probabilities(vectors)
    table = ClassTable.of(list(closed))
    column = [{path: number for number, path in enumerate(level)} for level in table.paths]
    for row in range(4):
        for path in predictor.tree.taxonomy.paths:
            names, reached = path.split(" > "), 1.0
            for depth in range(len(names)):
                parent = " > ".join(names[:depth])
                siblings = [p for p in column[depth] if p.rpartition(" > ")[0] == parent]
                ends = outputs[depth][row, -1] if depth else 0.0
                total = ends + sum(outputs[depth][row, column[depth][p]] for p in siblings)
                reached *= outputs[depth][row, column[depth][" > ".join(names[: depth + 1])]] / total
            if len(names) < len(column):
                below = [p for p in column[len(names)] if p.rpartition(" > ")[0] == path]
                ends = outputs[len(names)][row, -1]
                reached *= ends / (ends + sum(outputs[len(names)][row, column[len(names)][p]] for p in below))
            assert leaf[row, predictor.tree.node(path)] == pytest.approx(reached, abs=1e-5)


def test_classes_that_the_taxonomy_lacks_are_ignored() -> None:
    bundle = bundle_with_classifier(("A", "B > C"), truths=("A", "B > C", "B > Elsewhere", "Z > Y"))
    leaf = CategoryPredictor(bundle, which="classifier").scorer.classifier.leaf_alone(_random_vectors(3))
    np.testing.assert_allclose(leaf.sum(axis=1), 1, atol=1e-5)
    stranger = CategoryPredictor(bundle, ("Q", "Q > R"), which="classifier")
    with pytest.raises(ArtifactError, match="knows no category"):
        stranger.scorer.classifier.leaf_alone(_random_vectors(1))


def test_retrieval_alone_predicts_where_the_classifier_knows_no_category_of_the_taxonomy(caplog) -> None:
    bundle = bundle_with_classifier(("A", "B > C"), 0.5)
    vectors, others = _random_vectors(3), ("Q", "Q > R")
    leaf = CategoryPredictor(bundle, others).score(vectors).leaf
    assert "retrieval alone predicts" in caplog.text
    np.testing.assert_array_equal(leaf, CategoryPredictor(bundle, others, which="retrieval").score(vectors).leaf)


def test_without_a_category_nothing_is_scored() -> None:
    predictor = CategoryPredictor(FakeBundle(), (), vectors=np.zeros((0, DIMENSION)))
    with pytest.raises(InputError, match="no categories to choose from"):
        predictor.score(_random_vectors(1))


@settings(max_examples=40, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=12, unique=True), st.floats(0, 1), st.integers(0, 99))
def test_a_decoded_path_is_real_and_its_confidence_never_rises(paths, share, seed) -> None:
    bundle = bundle_with_classifier(tuple(paths), share, seed)
    platt_slopes = np.random.default_rng(seed).uniform(0, 3, 4)
    crooked = Calibration(
        classifier_weight=share, platt_slopes=tuple(platt_slopes), platt_intercepts=tuple(platt_slopes - 1)
    )
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, crooked)})
    predictor = CategoryPredictor(bundle)
    vectors = _random_vectors(8, seed)
    leaf = predictor.scorer.score(vectors, crooked).leaf
    total = predictor.tree.sum_up(leaf)
    np.testing.assert_allclose(leaf.sum(axis=1), 1, atol=1e-4)
    child = predictor.tree.parents >= 0
    assert (total[:, child] <= total[:, predictor.tree.parents[child]] + 1e-6).all()
    for prediction in predictor.decode(vectors):
        assert prediction.path in paths  # never a parent that only the tree knows
        assert len(prediction.confidences) == len(prediction.path.split(" > "))
        assert all(0 <= level <= 1 for level in prediction.confidences)
        assert list(prediction.confidences) == sorted(prediction.confidences, reverse=True)
        assert 0 <= prediction.accepted_depth <= len(prediction.confidences)
        assert (prediction.path + " > ").startswith(prediction.accepted_path + " > ") or not prediction.accepted_path


@settings(max_examples=20, deadline=None)
@given(st.lists(NAMES, min_size=2, max_size=10, unique=True), st.data())
def test_categories_outside_the_branches_are_never_predicted(paths, data) -> None:
    predictor = CategoryPredictor(bundle_with_classifier(tuple(paths)))
    branch = data.draw(st.sampled_from(paths)).split(" > ")[0]
    inside = [path for path in paths if path.split(" > ")[0] == branch]
    for prediction in predictor.score(_random_vectors(4), branches=[branch]).decode():
        assert prediction.path in inside
        assert prediction.confidences[0] == pytest.approx(1, abs=1e-4)
    candidates = data.draw(st.lists(st.sampled_from(paths), min_size=1, unique=True))
    for row in predictor.score(_random_vectors(4), candidates=candidates).top(20):
        assert sorted(score.path for score in row) == sorted(candidates)
        assert sum(score.score for score in row) == pytest.approx(1, abs=1e-4)


def test_unknown_branches_and_modalities_are_refused() -> None:
    predictor = CategoryPredictor(FakeBundle())
    with pytest.raises(ValueError, match="not a category"):
        predictor.score(_random_vectors(1), branches=["Clothing > Hats"])
    with pytest.raises(ValueError, match="No category lies"):
        predictor.score(_random_vectors(1), branches=["Home"], candidates=["Clothing > Shirts"])
    with pytest.raises(ValueError, match="not of 'smell'"):
        predictor.score(_random_vectors(1), "smell")


def test_top_orders_the_whole_table() -> None:
    predictor = CategoryPredictor(FakeBundle())
    [best] = predictor.score(word_vector("clothing shirts polos")[None]).top(100)
    assert best[0].path == "Clothing > Shirts > Polos"
    assert sorted(score.path for score in best) == sorted(CATEGORIES)
    assert sum(score.score for score in best) == pytest.approx(1, abs=1e-5)
    assert [score.score for score in best] == sorted((score.score for score in best), reverse=True)
    assert predictor.score(word_vector("clothing shirts polos")[None]).top(3)[0] == best[:3]


def test_decoding_goes_through_the_likeliest_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    # two shirts together outweigh the single best path of another branch
    predictor = CategoryPredictor(FakeBundle(("A > B", "A > C", "D > E")))
    leaf = np.array([[0, 0.3, 0.25, 0, 0.45]], dtype=np.float32)
    monkeypatch.setattr(predictor.scorer, "score", lambda *_, **__: NodeScores(leaf, np.ones(1)))
    [prediction] = predictor.decode(np.zeros((1, DIMENSION), dtype=np.float32))
    assert prediction.path == "A > B"
    assert prediction.confidences == pytest.approx((0.55, 0.3), abs=1e-5)


def test_decoding_stops_where_stopping_is_likelier(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = CategoryPredictor(FakeBundle(("A", "A > B", "A > C")))
    leaf = np.array([[0.5, 0.3, 0.2]], dtype=np.float32)
    monkeypatch.setattr(predictor.scorer, "score", lambda *_, **__: NodeScores(leaf, np.ones(1)))
    [prediction] = predictor.decode(np.zeros((1, DIMENSION), dtype=np.float32))
    assert prediction.path == "A"


def _accepted_depth(confidences, thresholds, target_precision=0.9) -> int:
    """Accepted depth of a path of three levels with these confidences."""
    rows = tuple(tuple(thresholds.get(point, (None,) * 3)) for point in PRECISIONS)
    calibration = Calibration(thresholds=rows)
    probabilities = np.array(confidences)
    return judge_path(
        "A > B > C", probabilities, calibration, target_precision=target_precision, nearest=1.0
    ).accepted_depth


def test_a_prediction_is_accepted_down_to_the_deepest_level_that_passes() -> None:
    at = {0.9: (0.8, 0.7, 0.9), 0.95: (0.95, 0.9, None)}
    assert _accepted_depth((0.9, 0.8, 0.5), at) == 2
    assert _accepted_depth((0.75, 0.72, 0.5), at) == 2  # the second level passes, and with it the first is right
    assert _accepted_depth((0.5, 0.4, 0.3), at) == 0
    assert _accepted_depth((0.95, 0.93, 0.92), at) == 3


def test_the_target_precision_moves_the_thresholds() -> None:
    at = {0.9: (0.8, 0.7, 0.9), 0.95: (0.95, 0.9, None)}
    assert _accepted_depth((0.9, 0.8, 0.5), at, 0.95) == 0
    assert _accepted_depth((0.9, 0.8, 0.5), at, 0.93) == 0  # no less than the target
    assert _accepted_depth((0.95, 0.92, 0.9), at, 0.95) == 2
    assert _accepted_depth((1.0, 1.0, 1.0), at, 0.999) == 0
    with pytest.raises(ValueError, match="precision"):
        CategoryPredictor(FakeBundle(), target_precision=0.0)


def test_a_level_that_is_likelier_wrong_than_right_is_never_accepted() -> None:
    assert _accepted_depth((0.49, 0.3, 0.2), {0.9: (0.3, 0.2, 0.1)}) == 0
    assert _accepted_depth((0.52, 0.51, 0.2), {0.9: (0.3, 0.2, 0.1)}) == 2


def test_products_out_of_distribution_are_never_accepted_where_the_bundle_measures_it() -> None:
    bundle = FakeBundle()
    at = tuple((0.5,) * 3 for _ in PRECISIONS)
    vectors = np.stack([word_vector("clothing shirts"), word_vector("xq zzv wwk")])
    for cosine, expected in ((0.6, [True, False]), (None, [None, None])):
        setting = Calibration(thresholds=at, in_distribution_cosine=cosine)
        bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, setting)})
        near, far = CategoryPredictor(bundle).decode(vectors)
        assert [near.in_distribution, far.in_distribution] == expected
        assert near.accepted_depth == 2
        assert (far.accepted_depth > 0) == (cosine is None)


def test_the_target_precision_moves_for_one_call() -> None:
    bundle = FakeBundle()
    at = tuple((0.5,) * 3 if point <= 0.9 else (1.0,) * 3 for point in PRECISIONS)
    setting = Calibration(thresholds=at)
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, setting)})
    predictor, vectors = CategoryPredictor(bundle), word_vector("clothing shirts")[None]
    [usual], [strict] = (predictor.score(vectors, target_precision=target).decode() for target in (None, 0.99))
    assert usual.confidences == strict.confidences
    assert (usual.accepted_depth, strict.accepted_depth) == (2, 0)
    assert (usual.target_precision, strict.target_precision) == (0.9, 0.99)
    assert (usual.thresholds, strict.thresholds) == ((0.5, 0.5), (1.0, 1.0))
    with pytest.raises(ValueError, match="precision"):
        predictor.score(vectors, target_precision=0)


def test_every_modality_has_its_own_calibration() -> None:
    bundle = FakeBundle()
    by_modality = {
        "text": Calibration(),
        "image": Calibration(platt_intercepts=(-9.0,)),
        "fused": Calibration(inverse_temperature=3.0),
    }
    bundle.predictor = replace(bundle.predictor, calibrations={"default": by_modality})
    predictor = CategoryPredictor(bundle)
    vector = word_vector("blue polo shirt")[None]
    together = predictor.decode(np.repeat(vector, 3, axis=0), MODALITIES)
    assert together == [predictor.decode(vector, modality)[0] for modality in MODALITIES]
    assert together[1].confidences[0] < together[0].confidences[0] < together[2].confidences[0]


def test_modalities_of_fused_vectors() -> None:
    text, image = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert modalities_of(text, image) == ["fused", "text", "image", "fused"]


def test_a_bundle_without_a_predictor_says_so() -> None:
    bundle = FakeBundle()
    bundle.predictor = None
    with pytest.raises(ArtifactError, match="run stage 'fit-predictor'"):
        CategoryPredictor(bundle)
