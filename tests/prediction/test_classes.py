"""The classifier over other trees than its own: its share of a prediction falls with what it knows of them."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.bundle.calibration import Calibration
from pipeline.data.vectors import unit
from pipeline.prediction.classes import known_share
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import Taxonomy
from pipeline.types import MODALITIES
from tests.helpers import SHARED
from tests.helpers.fakes import DIMENSION, FakeBundle, bundle_with_classifier, word_vector

HOME = (
    "Animals",
    "Animals > Live Animals",
    "Furniture > Sofas",
    "Furniture > Beds",
    "Kitchenware > Mugs",
    "Kitchenware > Pots",
)


def _certain(best: str) -> FakeBundle:
    """A bundle whose classifier is sure of one top-level category, whatever it is given."""
    bundle = bundle_with_classifier(HOME, 0.5)
    contract = bundle.predictor.classifier.contract[0]
    contract.weight.zero_()
    tops = ("Animals", "Furniture", "Kitchenware", "none of them")
    contract.bias.copy_(contract.bias.new_tensor([8.0 * (name == best) for name in tops]))
    return bundle


def _leaf(bundle: FakeBundle, paths: tuple[str, ...], text: str) -> dict[str, float]:
    predictor = CategoryPredictor(bundle, paths)
    total = predictor.score(word_vector(text)[None]).subtree[0]
    return dict(zip(predictor.tree.taxonomy.paths, total.tolist(), strict=True))


def test_what_the_classifier_gives_to_classes_that_the_tree_lacks_goes_to_the_retrieval() -> None:
    tree = ("Kitchen > Cups and mugs", "Kitchen > Pots", "Living > Sofas", "Animals > Live Animals")
    sure = _leaf(_certain("Kitchenware"), tree, "kitchen cups and mugs")
    alone = CategoryPredictor(bundle_with_classifier(HOME, 0.5), tree, which="retrieval")
    [expected] = alone.score(word_vector("kitchen cups and mugs")[None]).subtree
    np.testing.assert_allclose(list(sure.values()), expected, atol=0.01)


def test_half_of_the_probability_never_goes_to_the_few_names_that_are_shared() -> None:
    """Even a classifier that is sure of the one shared category gets no more than that category's share of the tree."""
    tree = ("Kitchen > Cups and mugs", "Kitchen > Pots", "Living > Sofas", "Living > Lamps", "Animals > Live Animals")
    shares = _leaf(_certain("Animals"), tree, "kitchen cups and mugs")
    assert shares["Animals"] < 0.5 / 3 + 0.02  # a third of the top level is known
    assert shares["Kitchen"] > 0.8


def test_below_a_shared_node_with_children_of_its_own_the_retrieval_decides() -> None:
    tree = ("Furniture", "Furniture > Garden chairs", "Furniture > Desks", "Animals", "Kitchenware")
    shares = _leaf(_certain("Furniture"), tree, "furniture desks")
    assert shares["Furniture"] > 0.95
    assert shares["Furniture > Desks"] > 0.9


def test_over_its_own_table_the_classifier_keeps_its_weight() -> None:
    bundle, vectors = bundle_with_classifier(HOME, 0.7), unit(np.random.default_rng(0).normal(size=(5, DIMENSION)))
    vectors = vectors.astype(np.float32)
    predictor = CategoryPredictor(bundle)
    scorer = predictor.scorer
    expected = 0.7 * scorer.classifier.leaf_alone(vectors) + 0.3 * scorer.retrieved(vectors, Calibration())
    np.testing.assert_allclose(predictor.score(vectors).leaf, expected, atol=1e-6)
    shuffled = CategoryPredictor(bundle, HOME[::-1])  # the same table, read as if it were another
    np.testing.assert_allclose(shuffled.score(vectors).leaf, expected, atol=1e-5)
    assert shuffled.scorer.known_share == 1


@pytest.mark.parametrize("seed", range(8))
def test_over_any_tree_probabilities_add_up_and_fall_between_retrieval_and_mixture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [" > ".join(rng.choice(list("ABC"), rng.integers(1, 5))) for _ in range(24)]
    home, tree = tuple(dict.fromkeys(names[:12])), tuple(dict.fromkeys(names[6:]))
    vectors = unit(rng.normal(size=(6, DIMENSION))).astype(np.float32)
    predictor = CategoryPredictor(bundle_with_classifier(home, 0.6, seed), tree)
    leaf = predictor.score(vectors).leaf
    assert (leaf >= 0).all()
    np.testing.assert_allclose(leaf.sum(axis=1), 1, atol=1e-4)
    known = predictor.scorer.classifier.scores(vectors)
    given = known.leaf.sum(axis=1) + known.returned.sum(axis=1) + known.returned_root
    assert (given <= 1 + 1e-4).all()
    retrieved = predictor.scorer.retrieved(vectors, Calibration())
    assert (leaf >= 0.4 * retrieved - 1e-6).all()


def test_the_known_share_counts_nodes_of_both() -> None:
    one, other = Taxonomy.of(["A > B", "C"]), Taxonomy.of(["A > B > D", "E"])
    assert known_share(one, other) == pytest.approx(2 / 5)
    assert known_share(one, one) == 1
    assert known_share(one, Taxonomy.of([])) == 0


def test_another_taxonomy_has_confidences_of_its_own_and_says_so() -> None:
    bundle = bundle_with_classifier(HOME, 0.5)
    cautious = dict.fromkeys(MODALITIES, Calibration(classifier_weight=0.5, platt_intercepts=(-2.0,)))
    vectors = word_vector("kitchen cups and mugs")[None]
    tree = ("Kitchen > Cups and mugs", "Furniture > Sofas")
    [plain] = CategoryPredictor(bundle, tree).decode(vectors)
    assert plain.taxonomy == "another"
    bundle.predictor = replace(bundle.predictor, foreign_calibrations={"default": cautious})
    [foreign] = CategoryPredictor(bundle, tree).decode(vectors)
    assert (foreign.taxonomy, foreign.path) == ("altered", plain.path)
    assert foreign.confidences[0] < plain.confidences[0]
    [own] = CategoryPredictor(bundle).decode(vectors)
    assert own.taxonomy == "this"


@pytest.mark.skipif(not SHARED.exists(), reason="needs the cases in ../shared")
@pytest.mark.parametrize("name", ["one-shared", "shop-categories", "flat-shop", "shop-mixed"])
def test_a_mug_is_found_in_a_tree_of_a_merchant(name: str) -> None:
    file = next(SHARED.glob(f"cases/23-*/{name}.txt"))
    tree = tuple(line for line in file.read_text(encoding="utf-8").splitlines() if line)
    for best in ("Animals", "Furniture", "Kitchenware"):
        [prediction] = CategoryPredictor(_certain(best), tree).decode(word_vector("coffee mugs cups and mugs")[None])
        assert "mug" in prediction.path.lower()
