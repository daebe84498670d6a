"""Confidences measured on held-out sources: each by a calibration that had nothing of its source."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.config.stages import PredictorConfig
from pipeline.data.vectors import unit
from pipeline.prediction.fitting.calibrate import calibrate
from pipeline.prediction.fitting.predictions import Sample, TuningRows, decode_levels
from pipeline.prediction.fitting.rows import held_out_sources
from pipeline.prediction.predictor import CategoryPredictor
from tests.helpers.fakes import CATEGORIES, FakeBundle, word_vector

CONFIG = PredictorConfig()


def _rows(noise: list[float], each: int = 300) -> TuningRows:
    """A source for every noise; the more of it, the less is right."""
    rng = np.random.default_rng(0)
    truths = [CATEGORIES[number % len(CATEGORIES)] for number in range(each * len(noise))]
    spread = np.repeat(noise, each)[:, None]
    vectors = np.stack([word_vector(truth) for truth in truths])
    vectors = unit(vectors + spread * unit(rng.normal(size=vectors.shape))).astype(np.float32)
    sources = [f"shop {number}" for number in range(len(noise)) for _ in range(each)]
    return TuningRows(vectors, truths, np.zeros(len(truths), dtype=bool), sources=sources)


def _threshold(rows: TuningRows) -> float:
    _, calibration = calibrate([Sample(CategoryPredictor(FakeBundle()), rows)], Calibration(4.0), CONFIG)
    return calibration.thresholds[PRECISIONS.index(0.9)][0] or 1.0


def test_a_source_unlike_the_others_makes_thresholds_stricter():
    rows = _rows([1.0, 1.0, 6.0])
    pooled = replace(rows, sources=["all one"] * len(rows.truths))
    assert _threshold(rows) >= _threshold(pooled) - 1e-6
    alike = _rows([2.0, 2.0, 2.0])
    assert _threshold(alike) == pytest.approx(_threshold(replace(alike, sources=())), abs=0.1)


def test_the_calibration_knows_what_it_was_measured_on():
    rows = replace(_rows([1.0, 2.0]), calibrating=np.arange(600) >= 100)
    sample = Sample(CategoryPredictor(FakeBundle()), rows.for_calibration)
    _, calibration = calibrate([sample], Calibration(4.0), CONFIG)
    assert (calibration.rows, calibration.sources) == (500, 2)
    _, plain = calibrate([Sample(sample.predictor, replace(rows, sources=()))], Calibration(4.0), CONFIG)
    assert (plain.rows, plain.sources, plain.language) == (600, 0, "")
    languages = ["de"] * 200 + ["en"] * 300 + [""] * 60 + ["xx"] * 40
    _, told = calibrate([Sample(sample.predictor, replace(rows, languages=languages))], Calibration(4.0), CONFIG)
    assert told.language == "en", "of those that tell it"


def test_unseen_categories_weigh_at_least_as_much_as_in_the_held_out_sources():
    rows = _rows([1.0], each=200)
    unseen = np.arange(200) < 120
    for sources, share in ((["shop"] * 200, 0.6), ([""] * 200, CONFIG.unseen_share)):
        some = replace(rows, unseen=unseen, sources=sources)
        predictor = CategoryPredictor(FakeBundle())
        weights = decode_levels([Sample(predictor, some)], Calibration(), CONFIG.unseen_share).weights
        assert weights[unseen].sum() / weights.sum() == pytest.approx(share)


def test_a_table_without_sources_has_none_held_out():
    splits = ["train", "heldout-source", "heldout-source", "heldout"]
    with_column = pd.DataFrame({"split": splits, "source": ["a", "b", None, "a"]})
    assert held_out_sources(with_column).tolist() == ["", "b", "unnamed", ""]
    assert held_out_sources(with_column.drop(columns="source")).tolist() == ["", "unnamed", "unnamed", ""]
    assert held_out_sources(pd.DataFrame({"split": ["train", "validation"]})).tolist() == ["", ""]
