"""Columns of a catalogue that can be counted and filtered by, found by what they hold; knows no Gradio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.schema import LAYOUT
from ui.galaxy.blocks import NEAR, RIGHT, UNKNOWN, WRONG, correctness, pack

_BINS = 24
_NAMED = 12  # values with a bar of their own; all others share one
_ENDS = 0.01  # of the numbers at each end, which share the outermost bars
_LABELS = {
    "category_top": "Category",
    "category_depth2": "Category below it",
    "is_secondhand": "Second hand",
    "product_type": "Product type",
}
_NO_FACETS = {"product_id", "title", "description", "category_path", "predicted_path", *LAYOUT.names, "dbscan"}
_VERDICTS = {RIGHT: "right", NEAR: "wrong below the top level", WRONG: "wrong at the top level"}


@dataclass(frozen=True)
class Facet:
    """A column as bars.

    Attributes:
        id: Name of the column.
        label: What it is called on the page.
        kind: "choice" has names, "number" has the edges of its bins.
        names: Of the bars of a choice, most frequent first.
        edges: float, one more than bins.
        bars: uint8 [n], the bar of each product from 1; 0 where it has no value.
    """

    id: str
    label: str
    kind: str
    names: list[str]
    edges: list[float]
    bars: np.ndarray


def facets(products: pd.DataFrame) -> bytes:
    """Encode all facets as a compressed block: header `facets` (without bars), a column of bars for each."""
    found = list(find_facets(products))
    header = {
        "rows": len(products),
        "facets": [{"id": f.id, "label": f.label, "kind": f.kind, "names": f.names, "edges": f.edges} for f in found],
    }
    return pack(header, {facet.id: facet.bars for facet in found})


def find_facets(products: pd.DataFrame) -> Iterator[Facet]:
    """Find the facets of a table: columns of numbers, and columns of texts or flags whose values repeat.

    Columns of lists have none but the predicted confidences, whose last counts, and whether the prediction is right.
    """
    verdicts = correctness(products)
    if (verdicts != UNKNOWN).any():
        yield from _some(_choice("correct", "Prediction", pd.Series(verdicts).map(_VERDICTS)))
    if "predicted_confidences" in products:
        last = [one[-1] if one is not None and len(one) else np.nan for one in products["predicted_confidences"]]
        if np.isfinite(last).any():
            yield from _some(_numbers("confidence", "Confidence", np.array(last, dtype=np.float64)))
    for name in products.columns.difference(sorted(_NO_FACETS), sort=False):
        column, label = products[name], _LABELS.get(name, str(name).replace("_", " ").capitalize())
        facet: Facet | None = None
        if pd.api.types.is_bool_dtype(column.dtype) or _all(column, bool):
            facet = _choice(name, label, column.map({True: "yes", False: "no"}))
        elif name == "cluster":
            facet = _choice(name, label, column.map(lambda number: f"cluster {number}" if number >= 0 else None))
        elif pd.api.types.is_numeric_dtype(column.dtype):
            facet = _numbers(name, label, column.to_numpy(np.float64, na_value=np.nan))
        elif _all(column, str):
            facet = _choice(name, label, column)
        yield from _some(facet)


def _some(facet: Facet | None) -> Iterator[Facet]:
    """The facet, if it has two bars or more."""
    if facet is not None and len(np.unique(facet.bars[facet.bars > 0])) > 1:
        yield facet


def _all(column: pd.Series, kind: type) -> bool:
    values = column.dropna()
    return len(values) > 0 and all(isinstance(value, kind) for value in values)


def _choice(name: str, label: str, column: pd.Series) -> Facet | None:
    """None for texts that hardly ever repeat, such as names of products."""
    values = column.where(column.map(lambda value: isinstance(value, str) and value != ""))
    counts = values.value_counts()
    if len(counts) > _NAMED and len(counts) > 0.5 * counts.sum():
        return None
    order = sorted(counts.index, key=lambda value: (-counts[value], value))
    names = order[:_NAMED]
    numbers = values.map({value: min(place, _NAMED) + 1 for place, value in enumerate(order)}).fillna(0)
    if len(order) > _NAMED:
        names.append(f"{len(order) - _NAMED:,} others")
    return Facet(name, label, "choice", names, [], numbers.to_numpy(np.uint8))


def _numbers(name: str, label: str, values: np.ndarray) -> Facet | None:
    known = np.isfinite(values)
    if not known.any():
        return None
    low, high = np.quantile(values[known], [_ENDS, 1 - _ENDS])
    if low == high:
        low, high = values[known].min(), values[known].max()
    if low == high:
        return None
    edges = np.linspace(low, high, _BINS + 1)
    bars: Any = np.zeros(len(values), dtype=np.uint8)
    bars[known] = np.clip(np.searchsorted(edges, values[known], side="right"), 1, _BINS)
    return Facet(name, label, "number", [], [float(f"{edge:.6g}") for edge in edges], bars)
