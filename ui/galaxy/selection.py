"""What the Space answers about products selected in the galaxy: their words, similar ones, a file of them."""

from __future__ import annotations

import base64
import binascii
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.data.vectors import centroid
from pipeline.prediction.output.parts import Parts
from pipeline.prediction.output.tables import write_new
from pipeline.search.vector_index import best_of
from pipeline.search.words import topics
from ui.api.answers import ExportedFile, SelectionWords, SimilarRows
from ui.guard.faults import refuse
from ui.workspace import Workspace, text_or_none

_WORDS = 8
_SIMILAR = 24
_KINDS = ("csv", "parquet")
_COLUMNS = ("product_id", "title", "brand", "category_path", "predicted_path", "split", "language")
_NOTHING = "Nothing is selected; draw a box or a lasso around some products first."


def selection(workspace: Workspace, question: Any) -> SelectionWords:
    """The words that set selected products apart from all others.

    Args:
        workspace: The open catalogue and its model.
        question: {"mask": as of `find`}; it comes from a browser, so it may be anything.
    """
    rows = selected(workspace, question)
    return {"products": len(rows), "words": _title_words(workspace).of(rows, _WORDS)}


@functools.lru_cache(maxsize=1)
def _title_words(workspace: Workspace) -> topics.TitleWords:
    """The words of all titles, counted once."""
    products = workspace.catalog.products
    return topics.TitleWords(topics.texts(products["title"]), topics.texts(products["brand"]))


def similar_to(workspace: Workspace, question: Any) -> SimilarRows:
    """Products nearest to the center of selected ones (cosine of fused vectors) and not among them, nearest first."""
    rows = selected(workspace, question)
    vectors, _ = workspace.catalog.vectors("fused")
    cosines = vectors.cosines(centroid(vectors[rows]))
    cosines[rows] = -np.inf
    scores, nearest = best_of(cosines, min(_SIMILAR, len(vectors) - len(rows)))
    titles = workspace.catalog.products["title"]
    pairs = zip(nearest.tolist(), scores.tolist(), strict=True)
    found = [(row, text_or_none(titles.iloc[row]), score) for row, score in pairs]
    return {"products": [{"row": row, "title": title, "similarity": score} for row, title, score in found]}


def export_rows(workspace: Workspace, question: Any) -> ExportedFile:
    """A table of selected products with their ids, in base64; no cell of a CSV is a formula to a spreadsheet.

    Args:
        workspace: The open catalogue and its model.
        question: {"mask": as of `find`, "kind": "csv" or "parquet"}.
    """
    rows = selected(workspace, question)
    kind = question.get("kind")
    if kind not in _KINDS:
        raise refuse(f"A selection is exported as one of {', '.join(_KINDS)}.")
    products = workspace.catalog.products.iloc[rows]
    table = pa.table({name: pa.array(products[name], from_pandas=True) for name in _COLUMNS if name in products})
    confidences = products.get("predicted_confidences")
    if confidences is not None:
        last = [float(one[-1]) if one is not None and len(one) else None for one in confidences]
        table = table.append_column("confidence", pa.array(last, pa.float32()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"selection.{kind}"
        write_new(path, kind, Parts.of(table))
        return {"name": path.name, "file": base64.b64encode(path.read_bytes()).decode()}


def selected(workspace: Workspace, question: Any) -> np.ndarray:
    """Rows of a question's mask: int64 [m], at least one.

    Raises:
        gr.Error: If it is no mask of this catalogue, or an empty one.
    """
    mask = question.get("mask") if isinstance(question, dict) else None
    n = len(workspace.catalog)
    try:
        packed = np.frombuffer(base64.b64decode(mask if isinstance(mask, str) else "", validate=True), np.uint8)
    except (binascii.Error, ValueError) as error:
        raise refuse(_NOTHING) from error
    if len(packed) != -(-n // 8):
        raise refuse(_NOTHING)
    rows = np.flatnonzero(np.unpackbits(packed, bitorder="little")[:n])
    if not len(rows):
        raise refuse(_NOTHING)
    return rows
