"""Text and vision towers: transformers backbones with pooling, as the configuration describes them.

A tower comes from the hub, from a folder, from a pip package, or is built here with random weights and trained in
full. A weight that loading would leave re-initialized is an error, never a warning.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from pipeline.artifacts import ArtifactError
from pipeline.config.model import TowerConfig

PACKAGE_PREFIX = "package:"


transformers.utils.logging.set_verbosity_error()  # what loading leaves out is checked below, not printed


class TowerError(ArtifactError):
    """A tower cannot be loaded as configured. The message says what to do."""


def resolve_model(model_id: str, sha256: str | None = None) -> str:
    """Turn "package:NAME/FOLDER" into a folder on disk; other ids pass through.

    Raises:
        TowerError: If the package is not installed or its weights are not the expected ones.
    """
    if not model_id.startswith(PACKAGE_PREFIX):
        return model_id
    package, _, folder = model_id.removeprefix(PACKAGE_PREFIX).partition("/")
    spec = importlib.util.find_spec(package)  # finds without importing: the package's own imports are slow
    if spec is None or spec.origin is None:
        name = package.replace("_", "-")
        raise TowerError(f"The text tower needs the Python package '{name}'; install requirements.txt.")
    path = Path(spec.origin).parent / folder
    if sha256 is not None:
        with (path / "model.safetensors").open("rb") as weights:
            actual = hashlib.file_digest(weights, "sha256").hexdigest()
        if actual != sha256:
            raise TowerError(f"The weights in package '{package}' are not the expected ones (sha256 {actual[:12]}…).")
    return str(path)


def load_tokenizer(config: TowerConfig) -> PreTrainedTokenizerBase:
    """Tokenizer of a text tower."""
    source = resolve_model(config.tokenizer or config.model_id)
    revision = None if config.tokenizer else config.revision
    return cast(PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(source, revision=revision))


def load_backbone(config: TowerConfig, *, weights: bool = True) -> PreTrainedModel:
    """The transformers model of a tower.

    Args:
        config: The tower.
        weights: False builds a random one of the same shape without reading a checkpoint's weights.

    Raises:
        TowerError: If the class is unknown, or a weight is missing from the checkpoint or of another shape.
    """
    cls = getattr(transformers, config.model_class, None)
    if cls is None:
        raise TowerError(f"transformers has no class '{config.model_class}'; check the tower's model_class.")
    options = dict(config.options)
    if not config.model_id or not weights:
        return cast(PreTrainedModel, cls(_architecture(cls, config), **options))
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
    return cast(PreTrainedModel, model)


def _architecture(cls: Any, config: TowerConfig) -> Any:
    if config.architecture:
        return cls.config_class(**dict(config.architecture))
    return cls.config_class.from_pretrained(resolve_model(config.model_id), revision=config.revision)


class Tower(nn.Module):
    """A backbone, its pooling and, where configured, its LoRA adapters (which start as the identity)."""

    def __init__(self, config: TowerConfig, *, weights: bool = True) -> None:
        super().__init__()
        self.config = config
        self.backbone = load_backbone(config, weights=weights)
        if config.lora_rank:
            adapters = LoraConfig(
                r=config.lora_rank,
                lora_alpha=config.lora_alpha,
                target_modules=list(config.lora_targets),
                lora_dropout=0.0,
            )
            self.backbone = cast(PreTrainedModel, inject_adapter_in_model(adapters, self.backbone))
        self.requires_grad_(False)

    @property
    def revision(self) -> str:
        """Origin of the tower's weights: a commit, a hash, "local" or "trained here"."""
        commit = getattr(self.backbone.config, "_commit_hash", None)
        return (
            commit
            or self.config.revision
            or self.config.sha256
            or ("local" if self.config.model_id else "trained here")
        )

    def adapters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Names and values of the LoRA parameters."""
        return ((name, value) for name, value in self.named_parameters() if "lora_" in name)

    def merge_adapters(self) -> None:
        """Fold the adapters into the weights; for inference only."""
        for module in list(self.modules()):
            if isinstance(module, LoraLayer):
                module.merge()  # type: ignore[attr-defined]

    def _pool(self, output: Any, mask: Tensor | None) -> Tensor:
        if self.config.pooling == "pooler":
            return cast(Tensor, output.pooler_output).flatten(1)
        states = output.last_hidden_state
        if self.config.pooling == "cls":
            return cast(Tensor, states[:, 0])
        assert mask is not None, "mean pooling needs an attention mask"
        weights = mask.unsqueeze(-1).to(states.dtype)
        return cast(Tensor, (states * weights).sum(1) / weights.sum(1).clamp(min=1))


class TextTower(Tower):
    """Tokens to one vector a text."""

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Pooled vectors.

        Args:
            input_ids: int64 [n, t].
            attention_mask: int64 [n, t], 0 on padding.

        Returns:
            float [n, width], not normalized.
        """
        output = self.backbone(input_ids=input_ids, attention_mask=attention_mask)
        return self._pool(output, attention_mask)


class VisionTower(Tower):
    """Photos to one vector each."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: TowerConfig, *, weights: bool = True) -> None:
        super().__init__(config, weights=weights)
        self.register_buffer("mean", torch.tensor(config.image_mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(config.image_std).view(1, 3, 1, 1), persistent=False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pixels: Tensor) -> Tensor:
        """Pooled vectors.

        Args:
            pixels: uint8 or float in [0, 255], [n, 3, size, size], RGB.

        Returns:
            float [n, width], not normalized.
        """
        scaled = (pixels.to(self.mean.dtype) / 255 - self.mean) / self.std
        output = self.backbone(pixel_values=scaled.contiguous(memory_format=torch.channels_last))
        return self._pool(output, None)
