"""Choosing how to predict: the mixture of rows, calibration that brings the error down, thresholds that hold."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.bundle.predictor_state import PREDICTORS
from pipeline.bundle.prototypes import Prototypes
from pipeline.config.stages import PredictorConfig
from pipeline.data.vectors import unit
from pipeline.prediction.fitting.calibrate import calibrate, recalibrate
from pipeline.prediction.fitting.predictions import Sample, TuningRows
from pipeline.prediction.fitting.tune import tune
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.evidence import NeighborEvidence
from pipeline.types import MODALITIES
from tests.helpers.fakes import CATEGORIES, FakeBundle, bundle_with_classifier, word_vector

CONFIG = PredictorConfig(inverse_temperatures=(1.0, 3.0), classifier_weights=(0.0, 0.5), class_weights=(0.0, 0.5))


def _rows(n: int = 300, noise: float = 1.2, floor: float = 0.0) -> TuningRows:
    rng = np.random.default_rng(0)
    truths = [CATEGORIES[number % len(CATEGORIES)] for number in range(n)]
    vectors = np.stack([word_vector(truth) for truth in truths])
    vectors = unit(vectors + noise * unit(rng.normal(size=vectors.shape)))
    return TuningRows(vectors, truths, np.arange(n) % 3 == 0, floor)


def test_weights_are_the_share_asked_for():
    rows = _rows(30)
    weights = rows.weights(0.2)
    assert weights.mean() == pytest.approx(1)
    assert weights[rows.unseen].sum() / weights.sum() == pytest.approx(0.2)
    assert (replace(rows, unseen=np.zeros(30, dtype=bool)).weights(0.2) == 1).all()


def test_calibration_brings_the_error_down_and_thresholds_hold_their_precision():
    predictor = CategoryPredictor(FakeBundle())
    rows = _rows(noise=3.0)
    predictions, calibration = calibrate([Sample(predictor, rows)], Calibration(inverse_temperature=4.0), CONFIG)
    before = np.abs(np.average(predictions.probability[:, 0] - predictions.correct[:, 0], weights=predictions.weights))
    after = np.abs(np.average(predictions.confidence[:, 0] - predictions.correct[:, 0], weights=predictions.weights))
    assert after < 0.02 < before
    for place, precision in enumerate(PRECISIONS):
        for level, threshold in enumerate(calibration.thresholds[place]):
            if threshold is None:
                continue
            passed = predictions.present[:, level] & (predictions.confidence[:, level] >= threshold)
            weights = predictions.weights[passed]
            assert (weights * predictions.correct[passed, level]).sum() / weights.sum() >= precision - 0.01
    rising = [row[0] for row in calibration.thresholds if row[0] is not None]
    assert rising == sorted(rising)
    nearest = predictor.scorer.nearest(rows.vectors)
    assert np.average(nearest >= calibration.in_distribution_cosine, weights=predictions.weights) == pytest.approx(
        0.995, abs=0.005
    )
    covered = [row[0] for row in calibration.coverage]
    assert covered == sorted(covered, reverse=True)


def test_the_best_setting_tried_is_chosen():
    bundle = bundle_with_classifier(CATEGORIES)
    parts = {exponent: replace(bundle.predictor, calibrations={}) for exponent in CONFIG.class_weights}
    tuned, predictions = tune(bundle, parts, {"text": _rows(120)}, CONFIG)
    tried = tuned.notes["tried"]
    assert len(tried) == 2 + 2
    chosen = tuned.calibrations["default"]["text"]
    best = max(tried, key=lambda record: record["score"])
    assert (chosen.inverse_temperature, chosen.classifier_weight) == (
        best["inverse_temperature"],
        best["classifier_weight"],
    )
    assert set(tuned.calibrations) == set(predictions) == set(PREDICTORS)
    assert tuned.calibrations["default"]["image"] == chosen  # no photo to choose on
    assert set(tuned.calibrations["default"]) == set(MODALITIES)
    assert tuned.calibrations["retrieval"]["text"].classifier_weight == 0
    assert tuned.calibrations["classifier"]["text"].classifier_weight == 1


def test_aliases_are_used_where_they_score_better():
    bundle = bundle_with_classifier(CATEGORIES)
    parts = {0.0: replace(bundle.predictor, calibrations={})}
    rows = _rows(120)
    called = {path: (f"{path} autrement",) for path in CATEGORIES}
    bundle.aliases = bundle.encode_aliases(CATEGORIES, called)
    foreign = np.stack([word_vector(called[truth][0]) for truth in rows.truths])
    tuned, _ = tune(bundle, parts, {"text": replace(rows, vectors=foreign)}, CONFIG)
    assert tuned.calibrations["default"]["text"].aliases == tuned.reads_aliases
    by_aliases = {read: max(r["score"] for r in tuned.notes["tried"] if r["aliases"] is read) for read in (False, True)}
    assert tuned.reads_aliases == (by_aliases[True] > by_aliases[False])
    assert len(tuned.notes["tried"]) == 2 * len(CONFIG.inverse_temperatures) + 1


def test_chosen_settings_are_recalibrated_on_rows_of_two_models():
    predictor, rows = CategoryPredictor(FakeBundle()), _rows(noise=3.0)
    parts = {
        True: replace(rows, unseen=np.ones(300, dtype=bool)),
        False: replace(rows, unseen=np.zeros(300, dtype=bool)),
    }
    halves = [
        Sample(predictor, replace(part, vectors=part.vectors[::2], truths=part.truths[::2], unseen=part.unseen[::2]))
        for part in parts.values()
    ]
    chosen = {
        "default": {
            "text": Calibration(inverse_temperature=4.0, classifier_weight=0.0),
            "image": Calibration(inverse_temperature=7.0),
        }
    }
    calibrations, predictions = recalibrate({"text": halves}, chosen, CONFIG)
    text = calibrations["default"]["text"]
    assert (text.inverse_temperature, text.classifier_weight) == (4.0, 0.0)
    assert text.platt_slopes != chosen["default"]["text"].platt_slopes
    assert calibrations["default"]["image"] == chosen["default"]["image"]  # no rows
    assert predictions["default"]["text"].weights[:150].sum() / 300 == pytest.approx(CONFIG.unseen_share)
    assert text == calibrate(halves, chosen["default"]["text"], CONFIG)[1]


def test_agreement_enters_the_confidence_only_where_it_helps():
    bundle = bundle_with_classifier(CATEGORIES)
    config = replace(CONFIG, inverse_temperatures=(3.0,), classifier_weights=(0.0,), class_weights=(0.0,))
    parts = {0.0: replace(bundle.predictor, calibrations={})}
    rows = _rows(600, noise=3.0)
    telling = [NeighborEvidence((truth,), (0.9,)) for truth in rows.truths]
    empty = [NeighborEvidence((), ())] * len(rows.truths)
    for neighbors, helps in ((telling, True), (empty, False)):
        tuned, predictions = tune(bundle, parts, {"text": replace(rows, neighbors=neighbors)}, config)
        without, together = tuned.notes["log_loss_without_and_with_agreement"]["text"]
        assert (together < without) == helps == ("text" in tuned.evidence_calibrations)
        assert (predictions["default"]["text"].agreement.max() == 1) == helps
    tuned, _ = tune(bundle, parts, {"text": replace(rows, neighbors=telling)}, config)
    bundle.predictor = tuned
    predictor, vector = CategoryPredictor(bundle), rows.vectors[:1]
    [alone] = predictor.decode(vector, "text")
    paths = (alone.path, "Nowhere")
    agreeing, opposed = (
        predictor.score(vector, "text").decode([NeighborEvidence((path,), (0.9,))])[0] for path in paths
    )
    assert opposed.confidences[0] < alone.confidences[0] < agreeing.confidences[0]
    assert opposed.path == alone.path == agreeing.path
    [other] = CategoryPredictor(bundle, which="retrieval").score(vector, "text").decode([telling[0]])
    assert other.confidences == CategoryPredictor(bundle, which="retrieval").decode(vector, "text")[0].confidences


def test_a_combination_that_forgets_unseen_categories_is_not_chosen():
    bundle = bundle_with_classifier(CATEGORIES)
    config = replace(CONFIG, inverse_temperatures=(3.0,), classifier_weights=(0.0, 0.9), class_weights=(0.0,))
    parts = {0.0: replace(bundle.predictor, calibrations={})}
    tuned, _ = tune(bundle, parts, {"text": _rows(120)}, config)
    alone, mixed = tuned.notes["tried"]
    assert alone["unseen_hf1"] > mixed["unseen_hf1"]
    floor = (alone["unseen_hf1"] + mixed["unseen_hf1"]) / 2
    tuned, _ = tune(bundle, parts, {"text": _rows(120, floor=floor)}, config)
    assert [record["admissible"] for record in tuned.notes["tried"]] == [True, False]
    assert tuned.calibrations["default"]["text"].classifier_weight == 0


def test_tuning_without_rows_is_refused():
    none = TuningRows(np.zeros((0, 32), dtype=np.float32), [], np.zeros(0, dtype=bool))
    with pytest.raises(ValueError, match="cannot be calibrated"):
        tune(FakeBundle(), {}, {"text": none}, CONFIG)


def test_prototypes_are_used_where_they_score_better():
    """Photos that lie at random places of their own, one a category: their names say nothing of them."""
    rng = np.random.default_rng(1)
    places = unit(rng.normal(size=(len(CATEGORIES), 32)))
    truths = [CATEGORIES[number % len(CATEGORIES)] for number in range(140)]
    photos = unit(np.stack([places[CATEGORIES.index(truth)] for truth in truths]) + 0.1 * rng.normal(size=(140, 32)))
    bundle = bundle_with_classifier(CATEGORIES)
    prototypes = Prototypes.of(truths[:70], photos[:70])
    parts = {0.0: replace(bundle.predictor, calibrations={}, prototypes=prototypes)}
    rows = TuningRows(photos[70:], truths[70:], np.zeros(70, dtype=bool))
    tuned, _ = tune(bundle, parts, {"image": rows, "text": rows}, CONFIG)
    leaning = tuned.calibrations["default"]["image"].prototype_weight
    assert leaning == max(CONFIG.prototype_weights)
    assert tuned.calibrations["default"]["text"].prototype_weight == 0
    tried = {
        (r["modality"], r["prototype_weight"], r["classifier_weight"]): r["score"]
        for r in tuned.notes["tried"]
        if r["inverse_temperature"] == 3
    }
    assert tried["image", leaning, 0.0] > tried["image", 0.0, 0.0] + 0.2
