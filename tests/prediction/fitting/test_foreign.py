"""Trees that stand for other taxonomies, and confidences that are right over them."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.config.stages import PredictorConfig
from pipeline.data.vectors import unit
from pipeline.prediction.fitting.foreign import ForeignCalibrations, altered_trees, foreign_calibrations
from pipeline.prediction.fitting.predictions import TuningRows
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.types import MODALITIES
from tests.helpers.fakes import FakeBundle, bundle_with_classifier, word_vector

HOME = tuple(
    f"top{top} > middle{top}{middle} > last{top}{middle}{last}"
    for top in range(5)
    for middle in range(4)
    for last in range(5)
)


def test_every_category_of_the_rows_is_in_one_tree_under_the_name_it_has_there():
    truths, names = HOME[::2], {path: (path.replace("top", "oben"),) for path in HOME}
    trees = altered_trees(HOME, truths, names, seed=1)
    assert len(trees) == 6
    dealt = [path for tree in trees for path in tree.called]
    assert sorted(dealt) == sorted(truths)
    for tree in trees:
        assert set(tree.called.values()) <= set(tree.paths)
        assert len(tree.paths) > len(tree.called), "filled up with others"
    depths = [{path.count(">") for path in tree.paths} for tree in trees]
    assert depths == [{2}, {1}, {1}, {2}, {0}, {0}]
    assert [tree.is_flat for tree in trees] == [False] * 4 + [True] * 2
    assert all(path.startswith("oben") for path in trees[3].paths)
    assert trees == altered_trees(HOME, truths, names, seed=1)


def test_confidences_over_another_tree_are_measured_on_altered_ones():
    rng = np.random.default_rng(0)
    truths = [HOME[number % len(HOME)] for number in range(600)]
    vectors = np.stack([word_vector(truth) for truth in truths])
    vectors = unit(vectors + 1.6 * unit(rng.normal(size=vectors.shape))).astype(np.float32)
    bundle = bundle_with_classifier(HOME, 0.5)
    boastful = {
        name: dict.fromkeys(MODALITIES, Calibration(4.0, weight, platt_intercepts=(6.0,)))
        for name, weight in (("retrieval", 0.0), ("default", 0.5))
    }
    bundle.predictor = replace(bundle.predictor, calibrations=boastful)
    rows = {"text": TuningRows(vectors, truths, np.arange(600) % 4 == 0)}
    found = foreign_calibrations(bundle, bundle.predictor, rows, {}, PredictorConfig(), seed=0)
    assert set(found.trees) == set(found.lists) == {"default", "retrieval"}
    assert set(found.trees["default"]) == set(MODALITIES)
    fitted = found.trees["default"]["text"]
    assert fitted.rows + found.lists["default"]["text"].rows == 600
    assert (fitted.inverse_temperature, fitted.classifier_weight) == (4.0, 0.5)
    calibrated = replace(bundle.predictor, foreign_calibrations=found.trees, flat_calibrations=found.lists)
    assert _error(bundle, calibrated, vectors, truths) < 0.1 < _error(bundle, bundle.predictor, vectors, truths)


def _error(bundle: FakeBundle, parts: PredictorParts, vectors: np.ndarray, truths: list[str]) -> float:
    """How far the mean confidence of whole paths is from the share of them that is right, over other trees."""
    confidences, right = [], []
    for tree in altered_trees(HOME, HOME, {}, seed=7):
        some = [row for row, truth in enumerate(truths) if truth in tree.called]
        predictor = CategoryPredictor(bundle, tree.paths, parts=parts)
        if not predictor.is_foreign:
            continue  # the first tree has all paths of this small table
        predictions = predictor.decode(vectors[some], "text")
        confidences += [one.confidences[-1] for one in predictions]
        right += [one.path == tree.called[truths[row]] for row, one in zip(some, predictions, strict=True)]
    return abs(float(np.mean(confidences)) - float(np.mean(right)))


def test_too_few_rows_give_none():
    bundle = bundle_with_classifier(HOME, 0.5)
    few = TuningRows(np.stack([word_vector(path) for path in HOME[:4]]), HOME[:4], np.zeros(4, dtype=bool))
    assert foreign_calibrations(
        bundle, bundle.predictor, {"text": few}, {}, PredictorConfig(), seed=0
    ) == ForeignCalibrations({}, {})


@pytest.mark.parametrize("path", ["Alone", "Same > Same"])
def test_paths_that_are_short_or_repeat_themselves_stay_paths(path):
    for tree in altered_trees([path], [path], {path: ("Allein",)}, seed=0):
        assert all(name and not name.startswith(" >") for name in tree.paths)
