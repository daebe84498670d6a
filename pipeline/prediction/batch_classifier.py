"""The predictions of some rows at a time, as a table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from pipeline.bundle.bundle import Bundle
from pipeline.bundle.encode import encode_products
from pipeline.config.stages import IngestConfig
from pipeline.data.images import Photo, thumbnail
from pipeline.data.language import language_of_title
from pipeline.data.photos import THUMBNAIL_QUALITY
from pipeline.data.rows import CleanRow
from pipeline.data.vectors import ProductVectors
from pipeline.prediction.answer import ALTERNATIVES, NO_EVIDENCE, Evidence, EvidenceIndex
from pipeline.prediction.confidence import Prediction
from pipeline.prediction.explanation import explain, foreign_language, measured_language, of_language
from pipeline.prediction.predictor import CategoryPredictor, PredictionRequest, modalities_of
from pipeline.prediction.scores import CategoryScore, Scores
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
        ("probabilities", pa.list_(pa.float64())),
        ("accepted_path", pa.string()),
        ("accepted_id", pa.string()),
        ("needs_review", pa.bool_()),
        ("reason", pa.string()),
        ("in_distribution", pa.bool_()),
        ("modality", pa.string()),
        ("photo_flaw", pa.string()),
        ("language", pa.string()),
        ("contradiction", pa.list_(pa.string())),
        ("evidence", pa.list_(pa.string())),
        ("agreement", pa.list_(pa.float32())),
        ("alternatives", pa.list_(pa.string())),
        ("alternative_scores", pa.list_(pa.float64())),
        ("google_id", pa.string()),
        ("google_path", pa.string()),
        ("accepted_google_id", pa.string()),
        ("accepted_google_path", pa.string()),
    ]
)
"""Columns of a classified catalogue. `line` is that of a table's file in which the product's own row begins, null
elsewhere; `given_category` is the product's category in the source as the taxonomy writes it, null without one that can
be read; `confidences` and `probabilities` as in `Prediction`; `alternative_scores` are such probabilities, of
`alternatives`, of which the first is `path`; both are empty for a guess and for a text and a photo that contradict each
other, for which they would mean nothing; `reason` says down to which level the prediction is accepted and why no
further; `accepted_path` is "" where no level is accepted; `category_id` and `accepted_id` are the ids of the two paths,
null where the taxonomy has none; `in_distribution` as in `Prediction`; `modality` what was read, "text", "image", or
"fused" for both; `photo_flaw` as `flaw` in `answer.Answer`; `language` that of a text alone in another one than most of
the calibration, else ""; `contradiction` the top-level categories of a text and a photo that contradict each other;
`evidence` has the ids of the nearest labeled products of a catalogue, `agreement` their share in each level of `path`
(both empty without a catalogue). The last four are the categories of Google that a mapping file gives for the two
paths, null without one and where it gives none or several."""

SEEN = pa.schema(
    [
        ("product_id", pa.string()),
        ("text", pa.string()),
        ("vector", pa.binary()),
        ("runners", pa.list_(pa.string())),
        ("masses", pa.list_(pa.float32())),
        ("thumbnail", pa.binary()),
    ]
)
"""What a review keeps of products beside `PREDICTIONS`: the text as the model reads it, the fused vector as float16,
the likeliest paths with their leaf probabilities, and a photo as WebP, null without one."""
_RUNNERS = 16


@dataclass(frozen=True)
class Classified:
    """Products that are classified.

    Attributes:
        predictions: `PREDICTIONS`.
        seen: `SEEN` of the same, in the same order; empty where it was not asked for.
        tower_seconds: Seconds that the towers took.
    """

    predictions: pa.Table
    seen: pa.Table
    tower_seconds: float


@dataclass(frozen=True)
class Reading:
    """What a prediction was made of, as far as its words need it; the fields are columns of `PREDICTIONS`."""

    modality: Modality
    flaw: str
    language: str
    contradiction: tuple[str, str] | None


@dataclass(frozen=True)
class BatchClassifier:
    """Classifies some rows at a time.

    Attributes:
        bundle: The model.
        predictor: Of the model.
        request: Among which paths.
        evidence_index: Of a catalogue, None without one.
        google: Google's categories of those of the taxonomy, None without a mapping.
        for_review: Whether what a review needs is kept.
    """

    bundle: Bundle
    predictor: CategoryPredictor
    request: PredictionRequest
    evidence_index: EvidenceIndex | None
    google: CategoryMapping | None = None
    for_review: bool = False

    @cached_property
    def resolver(self) -> Resolver:
        """Finds the categories of the taxonomy that cells of the source mean."""
        by_id = {identifier: path for path, identifier in self.predictor.ids.items()}
        return Resolver(Taxonomy.of(self.predictor.paths, by_id=by_id))

    def classify(self, rows: Sequence[CleanRow]) -> Classified:
        """Classify clean rows."""
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
        flaws = ["" if row.photo is None else row.photo.flaw for row in rows]
        languages = [
            foreign_language(language_of_title(row.text), scores.calibrations["text"]) if modality == "text" else ""
            for row, modality in zip(rows, scores.modalities, strict=True)
        ]
        torn = self.predictor.contradictions(
            [Query.of(vectors, row) for row in range(len(rows))],
            branches=self.request.branches,
            candidates=self.request.candidates,
        )
        decoded = scores.decode(
            [one.neighbors for one in evidence],
            [bool(flaw) and has_image for flaw, has_image in zip(flaws, vectors.has_image.tolist(), strict=True)],
            strange=[bool(language) for language in languages],
            torn=[one is not None for one in torn],
        )
        reads = map(Reading, scores.modalities, flaws, languages, torn)
        columns = zip(rows, reads, decoded, scores.rank(decoded, ALTERNATIVES), evidence, strict=True)
        records = [self._record(*column) for column in columns]
        predictions = pa.Table.from_pylist(records, schema=PREDICTIONS)
        return Classified(
            predictions, _seen(rows, vectors, scores) if self.for_review else SEEN.empty_table(), tower_seconds
        )

    def _evidence(self, vectors: ProductVectors) -> list[Evidence]:
        count = len(vectors.fused)
        if self.evidence_index is None:
            return [NO_EVIDENCE] * count
        return [self.evidence_index.evidence(Query.of(vectors, row)) for row in range(count)]

    def _record(
        self,
        row: CleanRow,
        read: Reading,
        prediction: Prediction,
        ranking: Sequence[CategoryScore],
        evidence: Evidence,
    ) -> dict[str, Any]:
        products = None if self.evidence_index is None else self.evidence_index.products["product_id"]
        is_measured = not prediction.is_guess and read.contradiction is None
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
            "probabilities": list(prediction.probabilities) if is_measured else [],
            **decided(
                prediction, self.predictor.ids, self.google, read, measured_language(self.predictor.calibrations)
            ),
            "in_distribution": prediction.in_distribution,
            "modality": read.modality,
            "photo_flaw": read.flaw,
            "language": read.language,
            "contradiction": None if read.contradiction is None else list(read.contradiction),
            "evidence": [] if products is None else [products.iloc[hit.row] for hit in evidence.hits],
            "agreement": [] if products is None else list(evidence.neighbors.agreement(prediction.path)),
            "alternatives": [score.path for score in ranking],
            "alternative_scores": [score.score for score in ranking] if is_measured else [],
            **_of_google("google", prediction.path, self.predictor.ids, self.google),
        }


def _small(photo: Photo) -> bytes:
    """A photo as WebP, as small as in a catalogue."""
    return thumbnail(Image.fromarray(photo.square), IngestConfig().thumbnail_size, THUMBNAIL_QUALITY)


def _seen(rows: Sequence[CleanRow], vectors: ProductVectors, scores: Scores) -> pa.Table:
    columns = zip(rows, vectors.fused.astype(np.float16), scores.top(_RUNNERS), strict=True)
    records = [
        {
            "product_id": row.product_id,
            "text": row.text,
            "vector": vector.tobytes(),
            "runners": [one.path for one in likeliest],
            "masses": [one.score for one in likeliest],
            "thumbnail": None if row.photo is None else _small(row.photo),
        }
        for row, vector, likeliest in columns
    ]
    return pa.Table.from_pylist(records, schema=SEEN)


def decided(
    prediction: Prediction, ids: Mapping[str, str], google: CategoryMapping | None, read: Reading, measured: str
) -> dict[str, Any]:
    """The fields of `PREDICTIONS` that depend on the target precision.

    Args:
        prediction: Judged at it.
        ids: Of paths in the taxonomy.
        google: As that of a `BatchClassifier`.
        read: What it was made of.
        measured: Language of most texts of the calibration.
    """
    return {
        "accepted_path": prediction.accepted_path,
        "accepted_id": ids.get(prediction.accepted_path),
        "needs_review": prediction.needs_review,
        "reason": explain(
            prediction,
            read.flaw,
            photo_is_read=read.modality != "text",
            language=of_language(read.language, measured) if read.language else "",
            contradiction=read.contradiction,
        ),
        **_of_google("accepted_google", prediction.accepted_path, ids, google),
    }


def _of_google(prefix: str, path: str, ids: Mapping[str, str], google: CategoryMapping | None) -> dict[str, str | None]:
    """Google's category of a path; null where the mapping gives none or several."""
    found = None if google is None else google.one(path, ids.get(path))
    return {
        f"{prefix}_id": None if found is None else found.id or None,
        f"{prefix}_path": None if found is None else found.path,
    }
