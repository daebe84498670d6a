"""Vision towers that another build can start from: one as it left its teacher, in a file, and that of a bundle.

The file is of a tower that has not heard of any category. Its weights are int8 with a scale a row, so it has a byte a
weight; norms and biases stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pipeline.artifacts import ArtifactError, atomic_path
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.files import bundle_hash
from pipeline.config.model import TowerConfig
from pipeline.models.towers import VisionTower

SCALE = "/scale"  # ends the name of the scales of a weight


def save_tower(path: Path, tower: VisionTower, teacher: str) -> None:
    """Write the tower's weights, whole or not at all; `teacher` says what it learnt from."""
    stored: dict[str, Tensor] = {}
    for name, value in tower.state_dict().items():
        if value.ndim < 2:
            stored[name] = value.contiguous()
            continue
        scale = value.flatten(1).abs().amax(1).clamp(min=1e-12) / 127
        stored[name] = (value / _rows(scale, value)).round().to(torch.int8).contiguous()
        stored[name + SCALE] = scale
    marks = {"tower": _architecture(tower.config), "teacher": teacher}
    with atomic_path(path) as temporary:
        save_file({name: value.cpu().clone() for name, value in stored.items()}, temporary, metadata=marks)


def load_tower(path: Path, tower: VisionTower) -> None:
    """Give a tower of the same architecture the weights of a file, or those of the folder of a bundle.

    Raises:
        ArtifactError: If the file or the bundle is damaged, or has a tower of another architecture.
    """
    architecture, weights = _of_bundle(path) if path.is_dir() else _of_file(path)
    if architecture != _architecture(tower.config):
        raise ArtifactError(f"The tower {path} has another architecture than the preset's vision tower.")
    tower.load_state_dict(weights)


def _of_bundle(path: Path) -> tuple[str, dict[str, Tensor]]:
    tower = load_bundle(path).model.vision_tower
    return _architecture(tower.config), tower.state_dict()


def _of_file(path: Path) -> tuple[str, dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            marks = file.metadata() or {}
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"The tower {path} cannot be read ({error}); a build with --teacher writes one.") from error
    scales = {name: stored.pop(name) for name in list(stored) if name.endswith(SCALE)}
    for name, scale in scales.items():
        codes = stored[name.removesuffix(SCALE)].float()
        stored[name.removesuffix(SCALE)] = codes * _rows(scale, codes)
    return marks.get("tower", ""), stored


def tower_hash(path: Path) -> str:
    """SHA-256 of the file, or of the weights of a bundle.

    Raises:
        ArtifactError: If there is none.
    """
    try:
        return bundle_hash(path) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactError(f"The tower {path} cannot be read ({error}); a build with --teacher writes one.") from error


def _rows(scale: Tensor, weight: Tensor) -> Tensor:
    return scale.view(-1, *[1] * (weight.ndim - 1))


def _architecture(config: TowerConfig) -> str:
    """What two towers must have in common; the side of the photos need not be."""
    shape = {name: value for name, value in asdict(config).items() if name in ("model_class", "architecture", "width")}
    return json.dumps(shape, sort_keys=True)
