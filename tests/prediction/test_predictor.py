"""Prediction over a tree: distributions, decoding, thresholds; invariants on random trees and vectors."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.artifacts import ArtifactError
from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.bundle.predictor_state import KINDS, PREDICTORS, PredictorParts, hashed_classes
from pipeline.models.classifier import ClassTable, HierarchicalClassifier
from pipeline.prediction.predictor import CategoryPredictor, kinds_of
from tests.helpers.fakes import CATEGORIES, DIMENSION, FakeBundle, unit, word_vector

DEEP = ("A", "A > B > C", "A > B > D", "E > F", "E > F > G > H", "I")
NAMES = st.lists(st.sampled_from("ABC"), min_size=1, max_size=4).map(" > ".join)


def _random_vectors(n: int, seed: int = 3) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(n, DIMENSION)))


def _with_classifier(paths, share=0.5, seed=0, truths=None) -> FakeBundle:
    """A bundle whose classifier has random weights and knows every path, or only the truths."""
    bundle = FakeBundle(paths)
    torch.manual_seed(seed)
    table = ClassTable.of(list(truths or paths))
    classifier = HierarchicalClassifier(DIMENSION, 8, table.sizes).eval().requires_grad_(False)
    for value in classifier.state_dict().values():
        value.mul_(3)
    shares = {"retrieval": 0.0, "classifier": 1.0, "default": share}
    calibrations = {name: {kind: Calibration(share=shares[name]) for kind in KINDS} for name in PREDICTORS}
    bundle.predictor = PredictorParts(hashed_classes(table), classifier, calibrations)
    return bundle


def test_retrieval_is_a_softmax_with_the_sharpness() -> None:
    vectors = _random_vectors(5)
    predictor = CategoryPredictor(FakeBundle())
    logits = 20.0 / 2.0 * vectors @ predictor.scorer._vectors.T
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    own = predictor.scorer.retrieved(vectors, 0.5)
    np.testing.assert_allclose(own[:, predictor.scorer._node_of_path], expected, rtol=1e-4)


def test_a_category_is_found_by_its_name_in_another_language() -> None:
    bundle = FakeBundle()
    french = {CATEGORIES[2]: ("Rayon > Chose", "Autre"), CATEGORIES[0]: ("Divers",)}
    names = bundle.encode_names(CATEGORIES, french)
    scorer = CategoryPredictor(bundle, CATEGORIES, names=names).scorer
    query, strange = word_vector("rayon chose")[None], _random_vectors(1)
    cosines = strange @ np.stack([word_vector(path) for path in CATEGORIES]).T
    expected = cosines.copy()
    for path, others in french.items():
        row = CATEGORIES.index(path)
        expected[0, row] = max([cosines[0, row], *(strange[0] @ word_vector(other) for other in others)])
    names.raise_cosines(strange, cosines)
    np.testing.assert_allclose(cosines, expected, atol=1e-6)
    assert (
        scorer.paths[int(scorer.retrieved(query, 4.0, names=True)[0, scorer._node_of_path].argmax())] == CATEGORIES[2]
    )
    assert scorer.retrieved(query, 4.0).max() < 0.9 < scorer.retrieved(query, 4.0, names=True).max()


@pytest.mark.parametrize("paths", [CATEGORIES, DEEP])
def test_sums_up_the_tree_against_a_slow_reference(paths: tuple[str, ...]) -> None:
    predictor = CategoryPredictor(FakeBundle(paths))
    own = predictor.scorer.retrieved(_random_vectors(6), 1.0)
    total = predictor.tree.sum_up(own)
    nodes = predictor.tree.taxonomy.paths
    for node, ancestor in enumerate(nodes):
        below = [i for i, path in enumerate(nodes) if (path + " > ").startswith(ancestor + " > ")]
        np.testing.assert_allclose(total[:, node], own[:, below].sum(axis=1), atol=1e-6)


def test_the_classifier_is_read_under_the_tree_as_a_slow_reference_does() -> None:
    """At each node: the softmax over its children and "ends here" alone, renormalised."""
    closed = CategoryPredictor(FakeBundle(DEEP)).tree.taxonomy.paths
    bundle = _with_classifier(closed)
    predictor = CategoryPredictor(bundle, which="classifier")
    vectors = _random_vectors(4)
    own = predictor.scorer.classified(vectors)
    np.testing.assert_allclose(own.sum(axis=1), 1, atol=1e-5)
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
                whole = ends + sum(outputs[depth][row, column[depth][p]] for p in siblings)
                reached *= outputs[depth][row, column[depth][" > ".join(names[: depth + 1])]] / whole
            if len(names) < len(column):
                below = [p for p in column[len(names)] if p.rpartition(" > ")[0] == path]
                ends = outputs[len(names)][row, -1]
                reached *= ends / (ends + sum(outputs[len(names)][row, column[len(names)][p]] for p in below))
            assert own[row, predictor.tree.node(path)] == pytest.approx(reached, abs=1e-5)


def test_classes_that_the_taxonomy_lacks_are_ignored() -> None:
    bundle = _with_classifier(("A", "B > C"), truths=("A", "B > C", "B > Elsewhere", "Z > Y"))
    own = CategoryPredictor(bundle, which="classifier").scorer.classified(_random_vectors(3))
    np.testing.assert_allclose(own.sum(axis=1), 1, atol=1e-5)
    stranger = CategoryPredictor(bundle, ("Q", "Q > R"), which="classifier")
    with pytest.raises(ArtifactError, match="knows no category"):
        stranger.scorer.classified(_random_vectors(1))


@settings(max_examples=40, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=12, unique=True), st.floats(0, 1), st.integers(0, 99))
def test_a_decoded_path_is_real_and_its_confidence_never_rises(paths, share, seed) -> None:
    bundle = _with_classifier(tuple(paths), share, seed)
    slopes = np.random.default_rng(seed).uniform(0, 3, 4)
    crooked = Calibration(share=share, slopes=tuple(slopes), offsets=tuple(slopes - 1))
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(KINDS, crooked)})
    predictor = CategoryPredictor(bundle)
    vectors = _random_vectors(8, seed)
    own = predictor.scorer.mixed(vectors, crooked)
    total = predictor.tree.sum_up(own)
    np.testing.assert_allclose(own.sum(axis=1), 1, atol=1e-4)
    child = predictor.tree.parents >= 0
    assert (total[:, child] <= total[:, predictor.tree.parents[child]] + 1e-6).all()
    for found in predictor.decode(vectors):
        assert found.path in paths  # never a parent that only the tree knows
        assert len(found.confidences) == len(found.path.split(" > "))
        assert all(0 <= level <= 1 for level in found.confidences)
        assert list(found.confidences) == sorted(found.confidences, reverse=True)
        assert 0 <= found.certain <= len(found.confidences)
        assert (found.path + " > ").startswith(found.certain_path + " > ") or not found.certain_path


@settings(max_examples=20, deadline=None)
@given(st.lists(NAMES, min_size=2, max_size=10, unique=True), st.data())
def test_what_is_not_allowed_is_never_predicted(paths, data) -> None:
    predictor = CategoryPredictor(_with_classifier(tuple(paths)))
    branch = data.draw(st.sampled_from(paths)).split(" > ")[0]
    inside = [path for path in paths if path.split(" > ")[0] == branch]
    for found in predictor.decode(_random_vectors(4), branches=[branch]):
        assert found.path in inside
        assert found.confidences[0] == pytest.approx(1, abs=1e-4)
    candidates = data.draw(st.lists(st.sampled_from(paths), min_size=1, unique=True))
    for row in predictor.predict(_random_vectors(4), 20, candidates=candidates):
        assert sorted(score.path for score in row) == sorted(candidates)
        assert sum(score.score for score in row) == pytest.approx(1, abs=1e-4)


def test_unknown_branches_and_kinds_are_refused() -> None:
    predictor = CategoryPredictor(FakeBundle())
    with pytest.raises(ValueError, match="not a category"):
        predictor.decode(_random_vectors(1), branches=["Clothing > Hats"])
    with pytest.raises(ValueError, match="No category lies"):
        predictor.decode(_random_vectors(1), branches=["Home"], candidates=["Clothing > Shirts"])
    with pytest.raises(ValueError, match="not of 'smell'"):
        predictor.decode(_random_vectors(1), "smell")


def test_predict_orders_the_whole_table() -> None:
    predictor = CategoryPredictor(FakeBundle())
    [best] = predictor.predict(word_vector("clothing shirts polos")[None], 100)
    assert best[0].path == "Clothing > Shirts > Polos"
    assert sorted(score.path for score in best) == sorted(CATEGORIES)
    assert sum(score.score for score in best) == pytest.approx(1, abs=1e-5)
    assert [score.score for score in best] == sorted((score.score for score in best), reverse=True)
    assert predictor.predict(word_vector("clothing shirts polos")[None], 3)[0] == best[:3]


def test_decoding_goes_through_the_likeliest_branch() -> None:
    # two shirts together outweigh the single best path of another branch
    predictor = CategoryPredictor(FakeBundle(("A > B", "A > C", "D > E")))
    predictor.scorer.mixed = lambda vectors, *_: np.array([[0, 0.3, 0.25, 0, 0.45]], dtype=np.float32)  # type: ignore[method-assign]
    [found] = predictor.decode(np.zeros((1, DIMENSION), dtype=np.float32))
    assert found.path == "A > B"
    assert found.confidences == pytest.approx((0.55, 0.3), abs=1e-5)


def test_decoding_stops_where_stopping_is_likelier() -> None:
    predictor = CategoryPredictor(FakeBundle(("A", "A > B", "A > C")))
    predictor.scorer.mixed = lambda vectors, *_: np.array([[0.5, 0.3, 0.2]], dtype=np.float32)  # type: ignore[method-assign]
    [found] = predictor.decode(np.zeros((1, DIMENSION), dtype=np.float32))
    assert found.path == "A"


def _sure(confidences, thresholds, precision=None, branches=None) -> int:
    """How deep a path of three levels with these confidences is certain."""
    bundle = FakeBundle(("A > B > C", "D"))
    rows = tuple(tuple(thresholds.get(point, (None,) * 3)) for point in PRECISIONS)
    calibration = Calibration(thresholds=rows)
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(KINDS, calibration)})
    predictor = CategoryPredictor(bundle, precision=precision, branches=branches)
    nodes = [predictor.tree.node(path) for path in ("A", "A > B", "A > B > C")]
    return predictor._judge(nodes, np.array(confidences), "text", 1.0, predictor._asked[nodes], None).certain


def test_a_prediction_is_certain_down_to_the_deepest_level_that_passes() -> None:
    at = {0.9: (0.8, 0.7, 0.9), 0.95: (0.95, 0.9, None)}
    assert _sure((0.9, 0.8, 0.5), at) == 2
    assert _sure((0.75, 0.72, 0.5), at) == 2  # the second level passes, and with it the first is right
    assert _sure((0.5, 0.4, 0.3), at) == 0
    assert _sure((0.95, 0.93, 0.92), at) == 3


def test_the_operating_point_and_sensitive_branches_move_the_thresholds() -> None:
    at = {0.9: (0.8, 0.7, 0.9), 0.95: (0.95, 0.9, None)}
    assert _sure((0.9, 0.8, 0.5), at, precision=0.95) == 0
    assert _sure((0.9, 0.8, 0.5), at, precision=0.93) == 0  # no less than asked
    assert _sure((0.95, 0.92, 0.9), at, branches=[("A > B", 0.95)]) == 2
    assert _sure((0.95, 0.92, 0.9), at, branches=[("A", 0.95), ("A > B > C", 0.9)]) == 3
    assert _sure((0.9, 0.8, 0.5), at, branches=[("Not here", 0.99)]) == 2
    assert _sure((1.0, 1.0, 1.0), at, precision=0.999) == 0
    with pytest.raises(ValueError, match="precision"):
        CategoryPredictor(FakeBundle(), precision=0.0)


def test_what_is_likelier_wrong_than_right_is_never_certain() -> None:
    assert _sure((0.49, 0.3, 0.2), {0.9: (0.3, 0.2, 0.1)}) == 0
    assert _sure((0.52, 0.51, 0.2), {0.9: (0.3, 0.2, 0.1)}) == 2


def test_what_is_unlike_the_tuning_rows_is_never_certain_and_old_bundles_do_not_know() -> None:
    bundle = FakeBundle()
    at = tuple((0.5,) * 3 for _ in PRECISIONS)
    vectors = np.stack([word_vector("clothing shirts"), word_vector("xq zzv wwk")])
    for familiar, expected in ((0.6, [True, False]), (None, [None, None])):
        setting = Calibration(thresholds=at, familiar=familiar)
        bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(KINDS, setting)})
        near, far = CategoryPredictor(bundle).decode(vectors)
        assert [near.familiar, far.familiar] == expected
        assert near.certain == 2
        assert (far.certain > 0) == (familiar is None)
    assert Calibration.from_meta(Calibration(familiar=0.25).meta()).familiar == 0.25


def test_the_operating_point_moves_for_one_call() -> None:
    bundle = FakeBundle()
    at = tuple((0.5,) * 3 if point <= 0.9 else (1.0,) * 3 for point in PRECISIONS)
    setting = Calibration(thresholds=at)
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(KINDS, setting)})
    predictor, vectors = CategoryPredictor(bundle), word_vector("clothing shirts")[None]
    [usual], [strict] = predictor.decode(vectors), predictor.decode(vectors, precision=0.99)
    assert usual.confidences == strict.confidences
    assert (usual.certain, strict.certain) == (2, 0)
    assert (usual.asked, strict.asked) == ((0.9, 0.9), (0.99, 0.99))
    assert (usual.thresholds, strict.thresholds) == ((0.5, 0.5), (1.0, 1.0))
    with pytest.raises(ValueError, match="precision"):
        predictor.decode(vectors, precision=0)


def test_every_kind_has_its_own_calibration() -> None:
    bundle = FakeBundle()
    by_kind = {"text": Calibration(), "image": Calibration(offsets=(-9.0,)), "fused": Calibration(sharpness=3.0)}
    bundle.predictor = replace(bundle.predictor, calibrations={"default": by_kind})
    predictor = CategoryPredictor(bundle)
    vector = word_vector("blue polo shirt")[None]
    together = predictor.decode(np.repeat(vector, 3, axis=0), KINDS)
    assert together == [predictor.decode(vector, kind)[0] for kind in KINDS]
    assert together[1].confidences[0] < together[0].confidences[0] < together[2].confidences[0]


def test_kinds_of_fused_vectors() -> None:
    text, image = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert kinds_of(text, image) == ["fused", "text", "image", "fused"]


def test_a_bundle_without_a_predictor_says_so() -> None:
    bundle = FakeBundle()
    bundle.predictor = None
    with pytest.raises(ArtifactError, match="run stage 'fit-predictor'"):
        CategoryPredictor(bundle)
