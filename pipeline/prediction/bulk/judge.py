"""Judges predictions anew at another target precision by their confidences: nothing is classified again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.bundle.calibration import Calibration
from pipeline.prediction.batch_classifier import PREDICTIONS, Reading, decided
from pipeline.prediction.confidence import MeasuredOn, Prediction, judge_confidences, stricter
from pipeline.prediction.explanation import measured_language
from pipeline.prediction.output.parts import records_of
from pipeline.prediction.predictor import CategoryPredictor, checked_precision
from pipeline.taxonomy.mappings import CategoryMapping
from pipeline.types import Modality

_NEEDED = ("path", "confidences", "in_distribution", "modality", "photo_flaw", "language", "contradiction")


@dataclass(frozen=True)
class Judge:
    """Judges predictions that were made without a catalogue as their predictor would.

    Attributes:
        calibrations: Of the predictor, by modality.
        measured_on: On which taxonomy these were measured.
        ids: Of paths in the taxonomy.
        target_precision: Of the predictor.
        google: As that of a `BatchClassifier`.
    """

    calibrations: Mapping[Modality, Calibration]
    measured_on: MeasuredOn
    ids: Mapping[str, str]
    target_precision: float
    google: CategoryMapping | None = None

    @classmethod
    def of(cls, predictor: CategoryPredictor, google: CategoryMapping | None = None) -> Judge:
        """The judge of a predictor's predictions."""
        return cls(predictor.calibrations, predictor.measured_on, predictor.ids, predictor.target_precision, google)

    @cached_property
    def modalities(self) -> tuple[Modality, ...]:
        """Those with a calibration, in the order of `thresholds`."""
        return tuple(self.calibrations)

    def thresholds(self, depth: int, target_precision: float) -> np.ndarray:
        """The least confidence that is enough, float64 [modalities, depth]; infinite where none is."""
        checked_precision(target_precision)
        rows = [
            [calibration.threshold(level, target_precision) for level in range(depth)]
            for calibration in self.calibrations.values()
        ]
        return np.array(rows).reshape(len(rows), depth)

    def prediction(self, record: Mapping[str, Any], target_precision: float) -> Prediction:
        """The prediction of a record of `PREDICTIONS`, judged at a target precision."""
        checked_precision(target_precision)
        target = stricter(target_precision) if record["language"] else target_precision
        confidences = np.array(record["confidences"])
        calibration = self.calibrations[record["modality"]]
        judged = judge_confidences(record["path"], confidences, calibration, target, record["in_distribution"])
        depth = 0 if record["contradiction"] else judged.accepted_depth
        return replace(judged, accepted_depth=depth, taxonomy=self.measured_on)

    def decided(self, record: Mapping[str, Any], target_precision: float) -> dict[str, Any]:
        """The fields of a record of `PREDICTIONS` that follow from a target precision."""
        prediction = self.prediction(record, target_precision)
        contradiction = tuple(record["contradiction"]) if record["contradiction"] else None
        read = Reading(record["modality"], record["photo_flaw"], record["language"], contradiction)
        return decided(prediction, self.ids, self.google, read, measured_language(self.calibrations))

    def judged(self, predictions: pa.Table, target_precision: float) -> pa.Table:
        """The same `PREDICTIONS`, judged at a target precision."""
        fields = [self.decided(record, target_precision) for record in records_of(predictions.select(_NEEDED))]
        for name in fields[0] if fields else ():
            place = PREDICTIONS.get_field_index(name)
            column = pa.array([one[name] for one in fields], PREDICTIONS.field(name).type)
            predictions = predictions.set_column(place, PREDICTIONS.field(name), column)
        return predictions
