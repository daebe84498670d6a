"""LoRA adapters (Hu et al. 2021) folded into the weights of a tower that has none of peft's modules.

Names and arithmetic are peft's: a matrix W [out, in] becomes W + alpha / rank x B A.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from pipeline.models.towers import Tower

_DOWN, _UP = "lora_A.default.weight", "lora_B.default.weight"
_BASE = ".base_layer."


def adapter_shapes(tower: Tower) -> dict[str, torch.Size]:
    """Shapes of the adapters that a tower's configuration names: A [rank, in] and B [out, rank] of each matrix.

    Args:
        tower: Without adapters (`Tower(..., lora=False)`).
    """
    config, shapes = tower.config, {}
    if not config.lora_rank:
        return {}
    for name, module in tower.named_modules():
        if isinstance(module, nn.Linear) and name.rsplit(".", 1)[-1] in config.lora_targets:
            shapes[f"{name}.{_DOWN}"] = torch.Size((config.lora_rank, module.in_features))
            shapes[f"{name}.{_UP}"] = torch.Size((module.out_features, config.lora_rank))
    return shapes


@torch.no_grad()
def fold(tower: Tower, adapters: Mapping[str, Tensor]) -> None:
    """Add adapters to a tower's weights.

    Args:
        tower: Without adapters.
        adapters: With the names and shapes of `adapter_shapes`.
    """
    scale = tower.config.lora_alpha / max(tower.config.lora_rank, 1)
    for name, down in adapters.items():
        if name.endswith(_DOWN):
            module = name.removesuffix(f".{_DOWN}")
            tower.get_submodule(module).get_parameter("weight").add_((adapters[f"{module}.{_UP}"] @ down) * scale)


def plain_name(name: str) -> str:
    """Name of a weight in a tower without adapters, of its name in one with them."""
    return name.replace(_BASE, ".")
