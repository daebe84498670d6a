"""The predictions of some rows at a time, as a table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from pipeline.bundle.bundle import Bundle
from pipeline.bundle.encode import encode_products
from pipeline.data.rows import CleanRow
from pipeline.data.vectors import ProductVectors
from pipeline.prediction.answer import ALTERNATIVES, NO_EVIDENCE, Evidence, EvidenceIndex, explain
from pipeline.prediction.confidence import Prediction
from pipeline.prediction.predictor import CategoryPredictor, PredictionRequest, modalities_of
from pipeline.prediction.scores import CategoryScore
from pipeline.search.query import Query
from pipeline.taxonomy.mappings import CategoryMapping
from pipeline.taxonomy.paths import Taxonomy
from pipeline.taxonomy.resolve import Resolver
from pipeline.types import Modality

PREDICTIONS = pa.schema(
    [
        ("product_id", pa.string()),
        ("split", pa.string()),
        ("source_row", pa.int64()),
        ("line", pa.int64()),
        ("title", pa.string()),
        ("given_category", pa.string()),
        ("path", pa.string()),
        ("category_id", pa.string()),
        ("confidences", pa.list_(pa.float64())),
        ("accepted_path", pa.string()),
        ("accepted_id", pa.string()),
        ("needs_review", pa.bool_()),
        ("reason", pa.string()),
        ("in_distribution", pa.bool_()),
        ("modality", pa.string()),
        ("photo_flaw", pa.string()),
        ("evidence", pa.list_(pa.string())),
        ("agreement", pa.list_(pa.float32())),
        ("alternatives", pa.list_(pa.string())),
        ("alternative_scores", pa.list_(pa.float32())),
        ("google_id", pa.string()),
        ("google_path", pa.string()),
        ("accepted_google_id", pa.string()),
        ("accepted_google_path", pa.string()),
    ]
)
"""Columns of a classified catalogue. `line` is that of a table's file in which the product's own row begins, null
elsewhere; `given_category` is the product's category in the source as the taxonomy writes it, null without one that can
be read; `reason` says down to which level the prediction is accepted and why no further; `accepted_path` is "" where
no level is accepted; `category_id` and `accepted_id` are the ids of the two paths, null where the taxonomy has none;
`in_distribution` as in `Prediction`; `modality` what was read, "text", "image", or "fused" for both; `photo_flaw` as
`flaw` in `answer.Answer`; `evidence` has the ids of the nearest labeled products of a catalogue, `agreement` their
share in each level of `path` (both empty without a catalogue). The last four are the categories of Google that a
mapping file gives for the two paths, null without one and where it gives none or several."""


@dataclass(frozen=True)
class BatchClassifier:
    """Classifies some rows at a time.

    Attributes:
        bundle: The model.
        predictor: Of the model.
        request: Among which paths.
        evidence_index: Of a catalogue, None without one.
        google: Google's categories of those of the taxonomy, None without a mapping.
    """

    bundle: Bundle
    predictor: CategoryPredictor
    request: PredictionRequest
    evidence_index: EvidenceIndex | None
    google: CategoryMapping | None = None

    @cached_property
    def resolver(self) -> Resolver:
        """Finds the categories of the taxonomy that cells of the source mean."""
        by_id = {identifier: path for path, identifier in self.predictor.ids.items()}
        return Resolver(Taxonomy.of(self.predictor.paths, by_id=by_id))

    def classify(self, rows: Sequence[CleanRow]) -> tuple[pa.Table, float]:
        """The predictions of clean rows, and the seconds that the towers took."""
        started = time.perf_counter()
        texts, photos = [row.text for row in rows], [row.photo for row in rows]
        vectors = encode_products(self.bundle, texts, photos, more=[row.more for row in rows])
        tower_seconds = time.perf_counter() - started
        evidence = self._evidence(vectors)
        scores = self.predictor.score(
            vectors.fused,
            modalities_of(vectors.has_text, vectors.has_image),
            branches=self.request.branches,
            candidates=self.request.candidates,
        )
        flaws = [row.photo is not None and bool(row.photo.flaw) for row in rows]
        decoded = scores.decode([one.neighbors for one in evidence], flaws & vectors.has_image)
        columns = zip(rows, scores.modalities, decoded, scores.top(ALTERNATIVES), evidence, strict=True)
        records = [self._record(*column) for column in columns]
        return pa.Table.from_pylist(records, schema=PREDICTIONS), tower_seconds

    def _evidence(self, vectors: ProductVectors) -> list[Evidence]:
        count = len(vectors.fused)
        if self.evidence_index is None:
            return [NO_EVIDENCE] * count
        return [self.evidence_index.evidence(Query.of(vectors, row)) for row in range(count)]

    def _record(
        self,
        row: CleanRow,
        modality: Modality,
        prediction: Prediction,
        alternatives: Sequence[CategoryScore],
        evidence: Evidence,
    ) -> dict[str, Any]:
        flaw = "" if row.photo is None else row.photo.flaw
        products = None if self.evidence_index is None else self.evidence_index.products["product_id"]
        return {
            "product_id": row.product_id,
            "split": row.raw.split,
            "source_row": row.raw.row,
            "line": row.raw.line or None,
            "title": row.title,
            "given_category": row.category,
            "path": prediction.path,
            "category_id": self.predictor.ids.get(prediction.path),
            "confidences": list(prediction.confidences),
            **decided(prediction, self.predictor.ids, self.google, modality, flaw),
            "in_distribution": prediction.in_distribution,
            "modality": modality,
            "photo_flaw": flaw,
            "evidence": [] if products is None else [products.iloc[hit.row] for hit in evidence.hits],
            "agreement": [] if products is None else list(evidence.neighbors.agreement(prediction.path)),
            "alternatives": [score.path for score in alternatives],
            "alternative_scores": [score.score for score in alternatives],
            **_of_google("google", prediction.path, self.predictor.ids, self.google),
        }


def decided(
    prediction: Prediction, ids: Mapping[str, str], google: CategoryMapping | None, modality: Modality, flaw: str
) -> dict[str, Any]:
    """The fields of `PREDICTIONS` that depend on the target precision.

    Args:
        prediction: Judged at it.
        ids: Of paths in the taxonomy.
        google: As that of a `BatchClassifier`.
        modality: What was read.
        flaw: Why the photo shows nothing, "" otherwise.
    """
    return {
        "accepted_path": prediction.accepted_path,
        "accepted_id": ids.get(prediction.accepted_path),
        "needs_review": prediction.needs_review,
        "reason": explain(prediction, flaw, photo_is_read=modality != "text"),
        **_of_google("accepted_google", prediction.accepted_path, ids, google),
    }


def _of_google(prefix: str, path: str, ids: Mapping[str, str], google: CategoryMapping | None) -> dict[str, str | None]:
    """Google's category of a path; null where the mapping gives none or several."""
    found = None if google is None else google.one(path, ids.get(path))
    return {
        f"{prefix}_id": None if found is None else found.id or None,
        f"{prefix}_path": None if found is None else found.path,
    }
