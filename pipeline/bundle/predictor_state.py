"""The category predictor of a bundle as data: classifier, calibrations, prototypes. Needs no torch.

Category paths are kept as hashes, as the bundle's `seen` is, so that a bundle can be shipped with another taxonomy than
that of its training data; a class whose path the taxonomy lacks is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, get_args

import numpy as np
from pydantic import TypeAdapter

from pipeline.bundle.calibration import Calibration, Familiarity
from pipeline.bundle.meta import PredictorFields, PredictorName
from pipeline.bundle.prototypes import Prototypes
from pipeline.taxonomy.paths import hash_path
from pipeline.types import Modality

PREDICTORS: tuple[PredictorName, ...] = get_args(PredictorName)
"""Both predictors and their mixture."""

_FIELDS = TypeAdapter(PredictorFields)


class Classifier(Protocol):
    """The part of `pipeline.models.classifier.HierarchicalClassifier` that prediction needs."""

    dimension: int
    hidden: int

    def probabilities(self, vectors: np.ndarray) -> list[np.ndarray]:
        """Softmax of each level, float32 [n, classes + 1], of unit vectors float32 [n, dimension]."""

    def state_dict(self) -> Mapping[str, Any]:
        """Weights by name."""


@dataclass(frozen=True)
class PredictorParts:
    """The category predictor of a bundle.

    Attributes:
        classes: For each level, `hash_path` of the classes of the classifier.
        classifier: None where there is none; then no calibration gives it a weight.
        calibrations: By predictor and modality.
        target_precision: Share of the accepted levels that are to be right.
        most_frequent: `hash_path` of the category of most training products, "" if unknown.
        notes: JSON of how all this was chosen.
        evidence_calibrations: Those of the default predictor for products whose nearest labeled products are known; of
            the modalities for which that was better on validation.
        prototypes: Mean photos of categories; None where it has none.
        foreign_calibrations: By predictor and modality, for taxonomies other than the bundle's own; may lack some.
        flat_calibrations: The same for lists of names, whose first level is their last.
        familiarity: How products look, by modality; empty where it was not measured.
    """

    classes: tuple[tuple[str, ...], ...]
    classifier: Classifier | None
    calibrations: Mapping[PredictorName, Mapping[Modality, Calibration]]
    target_precision: float = 0.9
    most_frequent: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    evidence_calibrations: Mapping[Modality, Calibration] = field(default_factory=dict)
    prototypes: Prototypes | None = None
    foreign_calibrations: Mapping[PredictorName, Mapping[Modality, Calibration]] = field(default_factory=dict)
    flat_calibrations: Mapping[PredictorName, Mapping[Modality, Calibration]] = field(default_factory=dict)
    familiarity: Mapping[Modality, Familiarity] = field(default_factory=dict)

    def vectors_for_photos(self, paths: Sequence[str], names: np.ndarray) -> np.ndarray:
        """The vectors with which a photo alone is compared, float32 [m, d], of paths with the unit vectors `names`."""
        calibration = self.calibrations["default"].get("image")
        if self.prototypes is None or calibration is None:
            return names
        return self.prototypes.interpolate(paths, names, calibration.prototype_weight)

    @property
    def reads_aliases(self) -> bool:
        """Whether some calibration reads the names of categories in other languages."""
        return any(one.aliases for modalities in self.calibrations.values() for one in modalities.values())

    def meta(self) -> dict[str, Any]:
        """As JSON, without weights."""
        fields = PredictorFields(
            classes=self.classes,
            classifier=None if self.classifier is None else (self.classifier.dimension, self.classifier.hidden),
            calibrations={name: dict(modalities) for name, modalities in self.calibrations.items()},
            evidence_calibrations=dict(self.evidence_calibrations),
            prototypes=self.prototypes is not None,
            target_precision=self.target_precision,
            most_frequent=self.most_frequent,
            notes=self.notes,
            foreign_calibrations={name: dict(one) for name, one in self.foreign_calibrations.items()},
            flat_calibrations={name: dict(one) for name, one in self.flat_calibrations.items()},
            familiarity=dict(self.familiarity),
        )
        raw: dict[str, Any] = _FIELDS.dump_python(fields, mode="json")
        return raw

    @classmethod
    def of_meta(
        cls, raw: Mapping[str, Any], classifier: Classifier | None, prototypes: Prototypes | None
    ) -> PredictorParts:
        """Inverse of `meta`, with the weights that it is without."""
        fields = _FIELDS.validate_python(raw)
        return cls(
            fields.classes,
            classifier,
            fields.calibrations,
            target_precision=fields.target_precision,
            most_frequent=fields.most_frequent,
            notes=fields.notes,
            evidence_calibrations=fields.evidence_calibrations,
            prototypes=prototypes,
            foreign_calibrations=fields.foreign_calibrations,
            flat_calibrations=fields.flat_calibrations,
            familiarity=fields.familiarity,
        )


def hashed_classes(classes: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The category paths of each level of a classifier as `PredictorParts` keeps them."""
    return tuple(tuple(map(hash_path, level)) for level in classes)
