"""Training in one or several processes: what runs it there, and what the others hold."""

from __future__ import annotations

from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor


def make_accelerator(mixed_precision: str) -> Accelerator:
    """An accelerator for one or several processes.

    Args:
        mixed_precision: "auto" takes bf16 or fp16 where a GPU has it, bf16 on a CPU that multiplies matrices of it,
            else none.
    """
    if mixed_precision == "auto":
        mixed_precision = _fastest_precision()
    handlers: list[Any] = [DistributedDataParallelKwargs(find_unused_parameters=True)]
    return Accelerator(mixed_precision=mixed_precision, kwargs_handlers=handlers)


def fast_in_bfloat16() -> bool:
    """Whether this machine multiplies matrices of bfloat16 faster than others: its GPU, or else its CPU by AMX."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def _fastest_precision() -> str:
    if fast_in_bfloat16():
        return "bf16"
    return "fp16" if torch.cuda.is_available() else "no"


def gather_others(accelerator: Accelerator, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What the other processes hold of each tensor, without gradient; empty in a single process."""
    if accelerator.num_processes == 1:
        return {name: value.detach()[:0] for name, value in tensors.items()}
    others = {}
    for name, value in tensors.items():
        size, mine = len(value), accelerator.process_index
        everything = accelerator.gather(value.detach())
        assert isinstance(everything, Tensor)
        others[name] = torch.cat([everything[: mine * size], everything[(mine + 1) * size :]])
    return others
