"""The model.json of a bundle: its fields, checked when it is read. Needs no torch, so that a page can refuse at once.

It holds the SHA-256 of every other file of the bundle and one of itself (`json_checks.sealed`), which therefore stands
for the whole bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.calibration import Calibration, Familiarity
from pipeline.config.model import ModelConfig
from pipeline.config.stages import require
from pipeline.data.json_checks import MAY_BE_ABSENT, Sha256, check_fields, check_seal, read_object, require_whole
from pipeline.types import Modality

BUNDLE_VERSION = 7

PredictorName = Literal["retrieval", "classifier", "default"]
CategoryHash = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Size = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]

ADVICE = "copy the whole bundle again, or publish it again"


@dataclass(frozen=True)
class TowerFields:
    """Where a tower came from: an id and its revision, "" or "trained here" where there is none."""

    id: str
    revision: str


@dataclass(frozen=True)
class TowersFields:
    """Where both towers came from."""

    text: TowerFields
    vision: TowerFields


@dataclass(frozen=True)
class PredictorFields:
    """`PredictorParts` without its weights; `classifier` is its dimension and hidden width."""

    classes: tuple[tuple[CategoryHash, ...], ...]
    classifier: tuple[Size, Size] | None
    calibrations: dict[PredictorName, dict[Modality, Calibration]]
    evidence_calibrations: dict[Modality, Calibration]
    prototypes: bool
    target_precision: Share
    most_frequent: Annotated[str, Field(pattern=r"^([0-9a-f]{12})?$")]
    notes: dict[str, Any]
    foreign_calibrations: dict[PredictorName, dict[Modality, Calibration]] = field(
        default_factory=dict, metadata=MAY_BE_ABSENT
    )
    flat_calibrations: dict[PredictorName, dict[Modality, Calibration]] = field(
        default_factory=dict, metadata=MAY_BE_ABSENT
    )
    familiarity: dict[Modality, Familiarity] = field(default_factory=dict, metadata=MAY_BE_ABSENT)

    def __post_init__(self) -> None:
        absent = {"retrieval", "default"} - self.calibrations.keys()
        require(not absent, f"calibrations lack {', '.join(sorted(absent))}")


@dataclass(frozen=True)
class SelectionFields:
    """The WiSE-FT alphas and the shift of the gate's bias, chosen after training; `--final-fit` takes them over."""

    alpha: float
    image_alpha: float
    gate_shift: float


@dataclass(frozen=True)
class BundleFields:
    """Fields of model.json; those with a default are not in every bundle."""

    version: int
    sha256: Sha256
    files: dict[str, Sha256]
    model: ModelConfig
    seen: tuple[CategoryHash, ...]
    towers: TowersFields
    predictor: PredictorFields | None
    preset: str = ""
    fingerprint: str = ""
    seed: int = 0
    selection: SelectionFields | None = None
    metrics: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        paths = BundlePaths(Path())
        for path in (paths.weights, paths.categories):
            require(path.name in self.files, f"files name no {path.name}")
        tokenizer = f"{paths.tokenizer.name}/"
        present = any(name.startswith(tokenizer) for name in self.files)
        require(present or not self.model.text.has_tokenizer_files, f"files name nothing in {tokenizer}")


_FIELDS = TypeAdapter(BundleFields)
_MODEL_CONFIG = TypeAdapter(ModelConfig)


def read_meta(folder: Path) -> dict[str, Any]:
    """model.json of a bundle, without loading the model.

    Raises:
        ArtifactError: In one sentence, if there is none, it is of another version, a field is missing or wrong, or one
            was changed after it was written.
    """
    path = BundlePaths(folder).meta
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"There is no model bundle at {folder} ({path.name} missing); build one with 'python -m pipeline build'."
        ) from error
    return check_meta(read_object(text, str(path), ADVICE), folder)


def check_meta(meta: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The object in the model.json of the bundle in `folder`, checked.

    Raises:
        ArtifactError: As `read_meta`.
    """
    what = str(BundlePaths(folder).meta)
    if meta.get("version") != BUNDLE_VERSION:
        raise ArtifactError(
            f"{folder} has bundle version {meta.get('version')}, this code reads {BUNDLE_VERSION}; "
            "build it again, into another folder."
        )
    fields = check_fields(_FIELDS, meta, what, ADVICE)
    require_whole(fields.model, meta["model"], "model", what, ADVICE)
    require_whole(fields.predictor, meta["predictor"], "predictor", what, ADVICE)
    check_seal(meta, what, ADVICE)
    return meta


def model_config(raw: Mapping[str, Any]) -> ModelConfig:
    """Inverse of `dataclasses.asdict` for a model read from JSON, where tuples have become lists."""
    return _MODEL_CONFIG.validate_python(_tuples(raw))


def _tuples(value: Any) -> Any:
    """The value with tuples for its lists, which pydantic leaves where the type says Any."""
    if isinstance(value, Mapping):
        return {name: _tuples(inner) for name, inner in value.items()}
    return tuple(_tuples(inner) for inner in value) if isinstance(value, list) else value
