"""What is asked of the predictor: which one, how precise, among which paths; and the predictor that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.bundle.bundle import Bundle
from pipeline.catalog.catalog import Catalog
from pipeline.prediction.answer import Shelf
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import read_taxonomy


@dataclass(frozen=True)
class Classify:
    """What is asked of the predictor.

    Attributes:
        which: "default", "retrieval" or "classifier".
        precision: Operating point; None takes the bundle's.
        branches: Only these branches; all, if there are none.
        candidates: Only these paths.
        batch: Rows at a time.
    """

    which: str = "default"
    precision: float | None = None
    branches: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    batch: int = 256


def predictor_of(bundle: Bundle, taxonomy: Path | None, asked: Classify) -> CategoryPredictor:
    """The predictor asked for, over the category paths of a file (None: those of the bundle)."""
    if taxonomy is None:
        return CategoryPredictor(bundle, which=asked.which, precision=asked.precision)
    whole = read_taxonomy(taxonomy)
    names = bundle.encode_names(whole.paths, whole.names)
    return CategoryPredictor(bundle, whole.paths, names=names, which=asked.which, precision=asked.precision)


def shelf_of(catalog: Catalog) -> Shelf:
    """The products of a catalogue, for evidence."""
    from pipeline.search.product_search import ProductSearch  # brings faiss: only where there is a catalogue

    return Shelf(ProductSearch(catalog), catalog.products)
