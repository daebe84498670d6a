"""Decodes the galaxy's data blocks as ui/galaxy/static/chart.js does."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np

_TYPES = {"u1": "u1", "u2": "<u2", "u4": "<u4", "i2": "<i2"}


def unpack(block: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and columns of a compressed block."""
    raw = gzip.decompress(block)
    size = int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4 : 4 + size])
    start, columns = 4 + size, {}
    for column in header["columns"]:
        dtype = np.dtype(_TYPES[column["type"]])
        end = start + dtype.itemsize * column["length"]
        planes = np.frombuffer(raw[start:end], np.uint8).reshape(dtype.itemsize, column["length"])
        columns[column["name"]] = np.ascontiguousarray(planes.T).view(dtype).ravel()
        start = end
    assert start == len(raw)
    return header, columns
