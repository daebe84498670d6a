"""Vectors of category paths as a table of int8 codes with a scale a row, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
import torch.nn.functional as F


def quantise(categories: Sequence[str], vectors: np.ndarray) -> pa.Table:
    """The table of paths [m] with their unit vectors [m, d]: `category_path`, `scale`, `codes`."""
    scale = np.abs(vectors).max(axis=1, keepdims=True).clip(min=1e-12) / 127
    codes = np.rint(vectors / scale).astype(np.int8)
    column = pa.FixedSizeListArray.from_arrays(pa.array(codes.ravel()), vectors.shape[1])
    return pa.table(
        {
            "category_path": pa.array(list(categories), pa.string()),
            "scale": pa.array(scale[:, 0].astype(np.float32)),
            "codes": column,
        }
    )


def dequantise(table: pa.Table) -> np.ndarray:
    """The vectors of such a table, float32 [m, d], L2-normalised again."""
    column = table["codes"].combine_chunks()
    codes = column.flatten().to_numpy().reshape(len(table), -1).astype(np.float32)
    vectors = torch.from_numpy(codes * table["scale"].to_numpy()[:, None])
    return F.normalize(vectors, dim=-1).numpy()
