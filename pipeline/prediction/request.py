"""A request to the predictor (which one, how precise, among which paths), and the predictor and evidence it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.bundle.bundle import Bundle
from pipeline.bundle.meta import PredictorName
from pipeline.catalog.catalog import Catalog
from pipeline.prediction.answer import EvidenceIndex
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.product_search import ProductSearch
from pipeline.taxonomy.paths import read_taxonomy


@dataclass(frozen=True)
class PredictionRequest:
    """How products are classified.

    Attributes:
        which: The retrieval, the classifier, or their mixture, the default.
        target_precision: Share of the accepted levels that are to be right; None takes the bundle's.
        branches: Only these branches; all, if there are none.
        candidates: Only these paths.
        batch: Rows at a time.
    """

    which: PredictorName = "default"
    target_precision: float | None = None
    branches: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    batch: int = 256


def predictor_of(bundle: Bundle, taxonomy: Path | None, request: PredictionRequest) -> CategoryPredictor:
    """The predictor of a request, over the category paths of a file (None: those of the bundle)."""
    which, target_precision = request.which, request.target_precision
    if taxonomy is None:
        return CategoryPredictor(bundle, which=which, target_precision=target_precision)
    table = read_taxonomy(taxonomy)
    aliases = bundle.encode_aliases(table.paths, table.names)
    return CategoryPredictor(bundle, table.paths, aliases=aliases, which=which, target_precision=target_precision)


def evidence_index_of(catalog: Catalog) -> EvidenceIndex:
    """The labelled products of a catalogue, for evidence."""
    return EvidenceIndex(ProductSearch(catalog), catalog.products)
