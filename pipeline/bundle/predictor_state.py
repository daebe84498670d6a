"""What a bundle knows beyond its vectors to predict categories: classifier, calibrations, thresholds; saved and loaded.

Category paths are kept as hashes, as the bundle's `seen` is, so that a bundle can be shipped with another taxonomy than
that of the data it learnt from; a class whose path the taxonomy lacks is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load, save

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.meta import PredictorName, QueryKind
from pipeline.bundle.prototypes import Prototypes
from pipeline.data.schema import parse_table, write_table
from pipeline.models.classifier import ClassTable, HierarchicalClassifier
from pipeline.taxonomy.paths import hash_path

KINDS: tuple[str, ...] = get_args(QueryKind)
"""Kinds of query: by text alone, by photo alone, by both."""

PREDICTORS: tuple[str, ...] = get_args(PredictorName)
"""Both predictors and their combination."""


@dataclass(frozen=True)
class PredictorParts:
    """The category predictor of a bundle.

    Attributes:
        classes: For each level, `hash_path` of the classes of the classifier.
        classifier: None where there is none; then no calibration gives it a share.
        calibrations: By predictor and by kind of query.
        precision: How often a level that is shown as certain shall be right.
        branches: Pairs (category path, precision) for branches that want another one.
        most_frequent: `hash_path` of the category of most training products, "" if unknown.
        notes: JSON of how all this was chosen.
        prototypes: What the photos of categories look like; None where it has none.
        supported: Those of the default predictor for where the nearest labelled products are known; by kind, of the
            kinds for which that was better on validation.
    """

    classes: tuple[tuple[str, ...], ...]
    classifier: HierarchicalClassifier | None
    calibrations: dict[str, dict[str, Calibration]]
    precision: float = 0.9
    branches: tuple[tuple[str, float], ...] = ()
    most_frequent: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    supported: dict[str, Calibration] = field(default_factory=dict)
    prototypes: Prototypes | None = None

    def for_photos(self, paths: Sequence[str], names: np.ndarray) -> np.ndarray:
        """The vectors with which a photo alone is compared, float32 [m, d], of paths with the unit vectors `names`."""
        calibration = self.calibrations["default"].get("image")
        if self.prototypes is None or calibration is None:
            return names
        return self.prototypes.lean(paths, names, calibration.pictures)

    @property
    def reads_names(self) -> bool:
        """Whether some calibration reads what categories are called in other languages."""
        return any(one.names for kinds in self.calibrations.values() for one in kinds.values())

    def meta(self) -> dict[str, Any]:
        """As JSON, without the classifier's weights."""
        shape = None if self.classifier is None else [self.classifier.dimension, self.classifier.hidden]
        return {
            "classes": self.classes,
            "classifier": shape,
            "calibrations": {
                name: {kind: calibration.meta() for kind, calibration in kinds.items()}
                for name, kinds in self.calibrations.items()
            },
            "supported": {kind: calibration.meta() for kind, calibration in self.supported.items()},
            "prototypes": self.prototypes is not None,
            "precision": self.precision,
            "branches": self.branches,
            "most_frequent": self.most_frequent,
            "notes": self.notes,
        }


def uncalibrated() -> PredictorParts:
    """The retrieval as it is, its probabilities taken for confidences."""
    return PredictorParts(
        (), None, {name: {kind: Calibration() for kind in KINDS} for name in ("retrieval", "default")}
    )


def hashed_classes(table: ClassTable) -> tuple[tuple[str, ...], ...]:
    """The classes of a table as `PredictorParts` keeps them."""
    return tuple(tuple(map(hash_path, level)) for level in table.paths)


def write_parts(folder: Path, parts: PredictorParts) -> dict[str, Any]:
    """Write the weights into a bundle's folder.

    Returns:
        What belongs into its model.json, under `predictor`.
    """
    paths = BundlePaths(folder)
    for path in (paths.classifier, paths.prototypes):
        path.unlink(missing_ok=True)  # of a predictor before
    if parts.classifier is not None:
        weights = {name: value.half().contiguous() for name, value in parts.classifier.state_dict().items()}
        paths.classifier.write_bytes(save(weights))  # `save_file` makes a file that only its owner may read
    if parts.prototypes is not None:
        write_table(paths.prototypes, parts.prototypes.table())
    return parts.meta()


def read_parts(contents: Mapping[str, bytes], raw: dict[str, Any], folder: Path) -> PredictorParts:
    """Inverse of `write_parts`.

    Args:
        contents: The files of the bundle, from `files.read_files`.
        raw: Of its model.json, checked.
        folder: That they were read from.

    Raises:
        ArtifactError: If the weights are missing or of another classifier.
    """
    paths, prototypes = BundlePaths(folder), None
    if raw["prototypes"]:
        prototypes = Prototypes.from_table(parse_table(_part(contents, paths.prototypes), paths.prototypes))
    return PredictorParts(
        tuple(map(tuple, raw["classes"])),
        None if raw["classifier"] is None else _classifier(_part(contents, paths.classifier), raw, paths.classifier),
        {
            name: {kind: Calibration.from_meta(values) for kind, values in kinds.items()}
            for name, kinds in raw["calibrations"].items()
        },
        raw["precision"],
        tuple((path, float(precision)) for path, precision in raw["branches"]),
        most_frequent=raw["most_frequent"],
        supported={kind: Calibration.from_meta(values) for kind, values in raw["supported"].items()},
        prototypes=prototypes,
        notes=raw["notes"],
    )


def _classifier(content: bytes, raw: dict[str, Any], path: Path) -> HierarchicalClassifier:
    dimension, hidden = raw["classifier"]
    classifier = HierarchicalClassifier(dimension, hidden, [len(level) for level in raw["classes"]])
    try:
        classifier.load_state_dict({name: value.float() for name, value in load(content).items()})
    except (SafetensorError, RuntimeError) as error:
        raise ArtifactError(
            f"{path} is damaged or of another bundle ({type(error).__name__}); publish the bundle again."
        ) from error
    return classifier.eval().requires_grad_(False)


def _part(contents: Mapping[str, bytes], path: Path) -> bytes:
    if path.name not in contents:
        raise ArtifactError(f"{path} is missing, and the predictor in model.json needs it; publish the bundle again.")
    return contents[path.name]
