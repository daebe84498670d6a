"""The catalogue in the galaxy's wire format: columns of small integers in one block of bytes; knows no Gradio.

A block is the length of its header (uint32), the header (JSON in UTF-8), then the columns one after the other, all
little-endian. Columns of two or four bytes are stored plane by plane (all lowest bytes first), which compresses better.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.search.words import topics
from pipeline.taxonomy.paths import levels
from ui.components import figures

LAYOUTS = {"umap3": ("x", "y", "z"), "umap2": ("umap2_x", "umap2_y"), "pca": ("pca_x", "pca_y", "pca_z")}
"""Layout -> its columns in the catalogue."""

UNKNOWN, RIGHT, NEAR, WRONG = range(4)
"""Codes of a predicted path: nothing to compare; correct; wrong below the right top level; wrong top level."""

NO_CONFIDENCE = 255
_REACH = 32_767  # int16: the farthest point of the widest axis
_COLORS = 48  # then they repeat
_SAMPLE = 1_400
_NO_TOP = "#7d879c"
_COLUMNS = {
    "split": "splits",
    "language": "languages",
    "brand": "brands",
    "category_path": "categories",
    "predicted_path": "predictions",
    "predicted_confidences": "confidences",
    "cluster": "clusters",
}


def points(products: pd.DataFrame) -> bytes:
    """Encode the positions of the products and everything they are filtered and colored by, except names of brands.

    Args:
        products: Columns of `schema.catalog_schema`; missing or empty ones are named in the header.

    Returns:
        A compressed block (`pack`). Its header has `rows`; `categories`, `splits` and `languages`, the names whose
        numbers from 1 are in the columns (0: unknown); `palette`; `missing`. Columns: x, y, z (`quantize`), category,
        brand, cluster (from 1), split, language, correct (UNKNOWN to WRONG), confidence of the whole predicted path
        (0 to 254 for 0 to 1).
    """
    numbers: dict[str, np.ndarray] = {}
    names: dict[str, list[str]] = {}
    for column in ("category_path", "brand", "split", "language"):
        numbers[column], names[column] = _numbered(products, column)
    header = {
        "rows": len(products),
        "categories": names["category_path"],
        "splits": names["split"],
        "languages": names["language"],
        "palette": list(figures.colors(map(str, range(_COLORS))).values()),
        "missing": [label for column, label in _COLUMNS.items() if not _filled(products, column)],
    }
    columns = {
        **_coordinates(products, "umap3"),
        "category": _small(numbers["category_path"]),
        "brand": _small(numbers["brand"]),
        "cluster": _small(_column(products, "cluster", -1).fillna(-1).to_numpy(np.int64) + 1),
        "split": _small(numbers["split"]),
        "language": _small(numbers["language"]),
        "correct": correctness(products),
        "confidence": _confidence(products),
    }
    return pack(header, columns)


def sample(products: pd.DataFrame) -> bytes:
    """Encode every n-th product for the small galaxy of the header: x, y, z, and `top`, an index into `palette`."""
    some = products.iloc[:: max(1, -(-len(products) // _SAMPLE))]
    counts = _column(products, "category_top").value_counts().sort_index().sort_values(ascending=False, kind="stable")
    palette = list(figures.colors(map(str, counts.index)).values())
    ranks = {top: rank for rank, top in enumerate(counts.index)}
    tops = np.array([ranks.get(top, len(palette)) for top in _column(some, "category_top")])
    header = {"rows": len(some), "palette": [*palette, _NO_TOP]}
    return pack(header, {**_coordinates(some, "umap3"), "top": _small(tops)})


def layout(products: pd.DataFrame, name: str) -> bytes:
    """Encode another layout (a key of LAYOUTS) as a compressed block: columns x, y and, in three dimensions, z.

    Raises:
        KeyError: If there is no such layout.
    """
    return pack({"rows": len(products)}, _coordinates(products, name))


def regions(products: pd.DataFrame, name: str) -> bytes:
    """Encode the named regions of a layout: header `regions` (name, x, y, z, radius, count) in the block's own units.

    Raises:
        KeyError: If there is no such layout.
    """
    places = np.stack(list(_coordinates(products, name).values()), axis=1).astype(np.float64)
    titles = topics.TitleWords(*(topics.texts(_column(products, name)) for name in ("title", "brand")))
    paths = [path if isinstance(path, str) else None for path in _column(products, "category_path")]
    found = [
        {"name": one.name, **_named(one.center), "radius": round(one.radius), "count": one.count}
        for one in topics.regions(places, titles, paths)
    ]
    return pack({"regions": found}, {})


def _named(center: np.ndarray) -> dict[str, int]:
    return {axis: round(value) for axis, value in zip("xyz", [*center.tolist(), 0][:3], strict=True)}


def brands(products: pd.DataFrame) -> bytes:
    """Encode the names of the brands, numbered from 1 in `points`: header `brands`, no columns."""
    return pack({"brands": _numbered(products, "brand")[1]}, {})


def pack(header: Mapping[str, Any], columns: Mapping[str, np.ndarray]) -> bytes:
    """Pack a header and columns into one block, compressed by gzip.

    Args:
        header: Plain values; `columns` is added: name, type ("u1", "u2", "u4", "i2") and length of each, in order.
        columns: One-dimensional arrays of these types.
    """
    layout = [{"name": name, "type": column.dtype.str[1:], "length": len(column)} for name, column in columns.items()]
    text = json.dumps({**header, "columns": layout}, ensure_ascii=False, separators=(",", ":")).encode()
    planes = [column.view(np.uint8).reshape(len(column), column.itemsize).T.tobytes() for column in columns.values()]
    return gzip.compress(b"".join([len(text).to_bytes(4, "little"), text, *planes]), mtime=0)


def quantize(coordinates: np.ndarray) -> np.ndarray:
    """Round points to a centered grid of int16 with the same step on every axis.

    Args:
        coordinates: float [n, k]; values that are not finite become 0.

    Returns:
        "<i2" [n, k] within 32,767 of zero.
    """
    finite = np.where(np.isfinite(coordinates), coordinates, np.nan)
    if not np.isfinite(finite).any():
        return np.zeros(coordinates.shape, dtype="<i2")
    low, high = np.fmin.reduce(finite), np.fmax.reduce(finite)
    reach = float(np.fmax.reduce(high - low)) / 2
    scaled = (finite - (low + high) / 2) * (_REACH / reach if reach > 0 else 0)
    return np.rint(np.nan_to_num(scaled)).astype("<i2")


def correctness(products: pd.DataFrame) -> np.ndarray:
    """Compare the predicted path of each product with its true one: uint8 [n], UNKNOWN to WRONG."""
    codes = np.full(len(products), UNKNOWN, dtype=np.uint8)
    pairs = zip(_column(products, "category_path"), _column(products, "predicted_path"), strict=True)
    for row, (truth, predicted) in enumerate(pairs):
        if isinstance(truth, str) and isinstance(predicted, str):
            same_top = levels(truth)[0] == levels(predicted)[0]
            codes[row] = RIGHT if truth == predicted else NEAR if same_top else WRONG
    return codes


def _confidence(products: pd.DataFrame) -> np.ndarray:
    lowest = [np.nan if not _has(one) else float(one[-1]) for one in _column(products, "predicted_confidences")]
    values = np.array(lowest, dtype=np.float64)
    return np.where(np.isfinite(values), np.rint(254 * np.clip(values, 0, 1)), NO_CONFIDENCE).astype(np.uint8)


def _coordinates(products: pd.DataFrame, name: str) -> dict[str, np.ndarray]:
    columns = quantize(products[list(LAYOUTS[name])].to_numpy(np.float64))
    return {axis: np.ascontiguousarray(column) for axis, column in zip("xyz", columns.T, strict=False)}


def _numbered(products: pd.DataFrame, column: str) -> tuple[np.ndarray, list[str]]:
    """Number the sorted names of a column from 1; 0 stands for no name."""
    values = _column(products, column)
    values = values.where(values.map(lambda value: isinstance(value, str) and value != ""))
    numbers, names = pd.factorize(values, sort=True)
    return numbers + 1, [str(name) for name in names]


def _small(numbers: np.ndarray) -> np.ndarray:
    """Convert numbers from 0 to the smallest unsigned type of 1, 2 or 4 bytes."""
    largest = int(numbers.max(initial=0))
    return numbers.astype("u1" if largest < 1 << 8 else "<u2" if largest < 1 << 16 else "<u4")


def _column(products: pd.DataFrame, name: str, absent: Any = None) -> pd.Series:
    """Return a column, or `absent` for every row if the table lacks it."""
    return products[name] if name in products else pd.Series([absent] * len(products), dtype=object)


def _filled(products: pd.DataFrame, name: str) -> bool:
    return any(_has(value) for value in _column(products, name))


def _has(value: Any) -> bool:
    """Whether a cell has a value: a non-empty list or text, or a number."""
    return len(value) > 0 if hasattr(value, "__len__") else value is not None and not pd.isna(value)
