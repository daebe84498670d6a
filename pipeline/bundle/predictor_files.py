"""The files of a bundle's category predictor: the weights of its classifier, and its prototypes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.bundle.prototypes import Prototypes
from pipeline.data.schema import parse_table, write_table
from pipeline.models.classifier import HierarchicalClassifier
from pipeline.models.quantization import pack, unpack


def write_parts(folder: Path, parts: PredictorParts) -> dict[str, Any]:
    """Write the weights into a bundle's folder.

    Returns:
        The value of `predictor` in its model.json.
    """
    paths = BundlePaths(folder)
    for path in (paths.classifier, paths.prototypes):
        path.unlink(missing_ok=True)  # of an earlier predictor
    if parts.classifier is not None:
        weights = pack(parts.classifier.state_dict())
        paths.classifier.write_bytes(save(weights))  # `save_file` makes a file that only its owner may read
    if parts.prototypes is not None:
        write_table(paths.prototypes, parts.prototypes.table())
    return parts.meta()


def read_parts(contents: Mapping[str, bytes], raw: Mapping[str, Any], folder: Path) -> PredictorParts:
    """Inverse of `write_parts`.

    Args:
        contents: The files of the bundle, from `files.read_files`.
        raw: Of its model.json, checked.
        folder: That they were read from.

    Raises:
        ArtifactError: If the weights are missing or of another classifier.
    """
    paths, prototypes, classifier = BundlePaths(folder), None, None
    if raw["prototypes"]:
        prototypes = Prototypes.from_table(parse_table(_part(contents, paths.prototypes), paths.prototypes))
    if raw["classifier"] is not None:
        classifier = _classifier(_part(contents, paths.classifier), raw, paths.classifier)
    return PredictorParts.of_meta(raw, classifier, prototypes)


def _classifier(content: bytes, raw: Mapping[str, Any], path: Path) -> HierarchicalClassifier:
    dimension, hidden = raw["classifier"]
    classifier = HierarchicalClassifier(dimension, hidden, [len(level) for level in raw["classes"]])
    try:
        classifier.load_state_dict(unpack(load(content)))
    except (SafetensorError, RuntimeError) as error:
        raise ArtifactError(
            f"{path} is damaged or of another bundle ({type(error).__name__}); publish the bundle again."
        ) from error
    return classifier.eval().requires_grad_(False)


def _part(contents: Mapping[str, bytes], path: Path) -> bytes:
    if path.name not in contents:
        raise ArtifactError(f"{path} is missing, and the predictor in model.json needs it; publish the bundle again.")
    return contents[path.name]
