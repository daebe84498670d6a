"""Unit vectors of category paths as a table of int8 codes, and back; matrices of weights likewise.

A unit vector is its direction, so the codes need no scale. A table that is read and written again stays the same, bit
for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.data.vectors import unit

if TYPE_CHECKING:  # torch takes seconds to import, and the Space reads tables before it needs weights
    from torch import Tensor

LARGE = 65_536
"""Weights from which on a matrix is stored in 8 bits."""
SCALE = ".scale"


def quantize(categories: Sequence[str], vectors: np.ndarray) -> pa.Table:
    """The table of paths [m] with their unit vectors [m, d]: `category_path`, `codes` (the largest of a row is 127)."""
    largest = np.abs(vectors).max(axis=1, keepdims=True).clip(min=1e-12)
    codes = np.rint(vectors / largest * 127).astype(np.int8)
    column = pa.FixedSizeListArray.from_arrays(pa.array(codes.ravel()), vectors.shape[1])
    return pa.table({"category_path": pa.array(list(categories), pa.string()), "codes": column})


def dequantize(table: pa.Table) -> np.ndarray:
    """The vectors of such a table, float32 [m, d], L2-normalized."""
    column = table["codes"].combine_chunks()
    codes = column.flatten().to_numpy().reshape(len(table), column.type.list_size)
    return unit(codes.astype(np.float32))


def pack(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are stored: large matrices as int8 codes with a scale for each row, the others in half precision.

    A row's largest weight has the code 127. A matrix NAME becomes NAME and NAME.scale.
    """
    packed: dict[str, Tensor] = {}
    for name, value in weights.items():
        if value.is_floating_point() and value.ndim == 2 and value.numel() >= LARGE:
            scale = (value.float().abs().amax(dim=1) / 127).clamp(min=1e-7).half()  # not below what half precision has
            packed[name] = (value.float() / scale.float().unsqueeze(1)).round().clamp(-127, 127).char()
            packed[name + SCALE] = scale
        else:
            packed[name] = (value.half() if value.is_floating_point() else value).contiguous()
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in float32 of what `pack` made."""
    weights: dict[str, Tensor] = {}
    for name, value in packed.items():
        if name.endswith(SCALE):
            continue
        if name + SCALE in packed:
            weights[name] = value.float() * packed[name + SCALE].float().unsqueeze(1)
        else:
            weights[name] = value.float() if value.is_floating_point() else value
    return weights
