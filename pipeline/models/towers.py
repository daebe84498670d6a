"""Text and vision towers: backbones with pooling and adapters, as the configuration describes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn

from pipeline.config.model import TowerConfig
from pipeline.models.checkpoints import load_backbone, read_adapter


class Tower(nn.Module):
    """A backbone, its pooling and, where configured, its LoRA adapters, which start as the identity or from a file."""

    def __init__(self, config: TowerConfig, *, weights: bool = True, lora: bool = True) -> None:
        """Load it.

        Args:
            config: Of the tower.
            weights: False builds a random one of the same shape without reading a checkpoint's weights.
            lora: Whether it has the adapters that the configuration names; False is for a tower that they are folded
                into (`lora.fold`), and takes 130 MB less, since nothing of peft is imported.

        Raises:
            TowerError: If it cannot be loaded as configured.
        """
        super().__init__()
        self.config = config
        self.backbone = load_backbone(config, weights=weights)
        if config.lora_rank and lora:
            from peft import LoraConfig, inject_adapter_in_model

            adapters = LoraConfig(
                r=config.lora_rank,
                lora_alpha=config.lora_alpha,
                target_modules=list(config.lora_targets),
                lora_dropout=0.0,
            )
            self.backbone = inject_adapter_in_model(adapters, self.backbone)
        self.requires_grad_(False)
        if config.adapter and lora:
            read_adapter(config, dict(self.adapters()))
            self.merge_adapters()

    @property
    def revision(self) -> str:
        """Origin of the tower's weights: a commit, a hash, "local" or "trained here"."""
        commit = getattr(getattr(self.backbone, "config", None), "_commit_hash", None)
        return (
            cast("str | None", commit)
            or self.config.revision
            or self.config.sha256
            or ("local" if self.config.model_id else "trained here")
        )

    def adapters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Names and values of the LoRA parameters."""
        return ((name, value) for name, value in self.named_parameters() if "lora_" in name)

    def merge_adapters(self) -> None:
        """Fold the adapters into the weights; for inference only."""
        from peft.tuners.lora import LoraLayer

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

    def __init__(self, config: TowerConfig, *, weights: bool = True, lora: bool = True) -> None:
        super().__init__(config, weights=weights, lora=lora)
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
