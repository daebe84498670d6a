"""Which precision this machine is fast in."""

from __future__ import annotations

import contextlib

import torch

MANY = 256
"""Inputs from which on encoding takes bfloat16 where that is faster; it moves a unit vector by about 1e-4."""


def fast_in_bfloat16() -> bool:
    """Whether this machine multiplies bfloat16 matrices faster than float32: by its GPU, or else by AMX of its CPU."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def bulk_precision(device: torch.device, count: int) -> contextlib.AbstractContextManager[None]:
    """Context in which `count` inputs are encoded on a device: in bfloat16 where they are many and it is fast."""
    if count < MANY or not fast_in_bfloat16():
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
