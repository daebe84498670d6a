"""Unit vectors of category paths as a table of int8 codes, and back.

A unit vector is its direction, so the codes need no scale. A table that is read and written again stays the same, bit
for bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.data.vectors import unit


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
