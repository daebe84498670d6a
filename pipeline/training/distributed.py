"""Training in one or several processes: accelerator, mixed precision, gathering."""

from __future__ import annotations

from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor

from pipeline.models.encoding import fast_in_bfloat16


def make_accelerator(mixed_precision: str) -> Accelerator:
    """Accelerator for one or several processes.

    Args:
        mixed_precision: "auto" takes bf16 or fp16 where a GPU has it, bf16 on a CPU with AMX, else none.
    """
    if mixed_precision == "auto":
        mixed_precision = _fastest_precision()
    handlers: list[Any] = [DistributedDataParallelKwargs(find_unused_parameters=True)]
    return Accelerator(mixed_precision=mixed_precision, kwargs_handlers=handlers)


def _fastest_precision() -> str:
    if fast_in_bfloat16():
        return "bf16"
    return "fp16" if torch.cuda.is_available() else "no"


def gather_others(accelerator: Accelerator, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The rows of each tensor in the other processes, without gradient; empty in a single process."""
    if accelerator.num_processes == 1:
        return {name: value.detach()[:0] for name, value in tensors.items()}
    others = {}
    for name, value in tensors.items():
        start = len(value) * accelerator.process_index
        gathered = accelerator.gather(value.detach())
        assert isinstance(gathered, Tensor)
        others[name] = torch.cat([gathered[:start], gathered[start + len(value) :]])
    return others
