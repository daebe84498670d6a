"""`python -m pipeline classify-file`: the category of every row of a catalogue.

A catalogue is read in batches; each finished batch is a file beside the result, so that a run that was stopped
continues after the last of them when the command is given again. Rows that cannot be read go to the rejects.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from pipeline.artifacts import ClassifyPaths, write_json
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.encode import encode_products
from pipeline.catalog.catalog import Catalog
from pipeline.config.stages import ANY_SOURCE, IngestConfig, SourceConfig
from pipeline.data.rows import CleanRow, Reject, clean_row
from pipeline.data.schema import REJECTS, read_table, write_table
from pipeline.data.sources import Item, Source, content_of_source, open_source
from pipeline.data.vectors import ProductVectors
from pipeline.prediction.answer import ALTERNATIVES, NO_EVIDENCE, Evidence, EvidenceIndex, evidence_index_of
from pipeline.prediction.confidence import Prediction
from pipeline.prediction.predictor import CategoryPredictor, PredictionRequest, modalities_of, predictor_of
from pipeline.prediction.scores import CategoryScore
from pipeline.provenance import content_of
from pipeline.search.query import Query
from pipeline.taxonomy.mappings import CategoryMapping, read_google_mapping

PREDICTIONS = pa.schema(
    [
        ("product_id", pa.string()),
        ("split", pa.string()),
        ("source_row", pa.int64()),
        ("title", pa.string()),
        ("path", pa.string()),
        ("category_id", pa.string()),
        ("confidences", pa.list_(pa.float32())),
        ("accepted_path", pa.string()),
        ("accepted_id", pa.string()),
        ("needs_review", pa.bool_()),
        ("in_distribution", pa.bool_()),
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
"""Columns of a classified catalogue. `accepted_path` is "" where no level is accepted; `category_id` and `accepted_id`
are the ids of the two paths, null where the taxonomy has none; `in_distribution` as in `Prediction`; `photo_flaw` as
`flaw` in `answer.Answer`; `evidence` has the ids of the nearest labeled products of a catalogue, `agreement` their
share in each level of `path` (both empty without a catalogue). The last four are the categories of Google that a
mapping file gives for the two paths, null without one and where it gives none or several."""

_LOG = logging.getLogger("pipeline.classify")


def classify_catalog(
    model: Path,
    source: str,
    out: Path,
    *,
    taxonomy: Path | None = None,
    catalog: Path | None = None,
    google_mapping: Path | None = None,
    request: PredictionRequest,
    reading: SourceConfig = ANY_SOURCE,
) -> dict[str, float]:
    """Predict the category of every row of a source; the result is a parquet file of `PREDICTIONS`.

    Args:
        model: Bundle folder.
        source: Anything that `SourceConfig.location` takes.
        out: Where the result goes; the rejects go beside it.
        taxonomy: Taxonomy file; None takes the categories of the bundle.
        catalog: A published catalogue, whose nearest labeled products are the evidence.
        google_mapping: Shopify's mapping file, for Google's categories beside the predicted ones.
        request: How to classify.
        reading: How the source is read, but for its location: columns, photos, encoding.

    Returns:
        `rows` and `rejects` of the whole result; of this run alone `seconds`, `rows_per_second`, and `over_towers`, its
        time over that of the forward passes of the towers (NaN where nothing was left to do).

    Raises:
        ArtifactError, SourceError, ValueError: In one sentence, if something cannot be read.
    """
    google = None if google_mapping is None else read_google_mapping(google_mapping)
    bundle = load_bundle(model)
    predictor = predictor_of(bundle, taxonomy, request)
    evidence_index = None if catalog is None else evidence_index_of(Catalog.open(catalog))
    config = replace(reading, location=source)
    if google is not None:
        mapped = sum(google.one(path, predictor.ids.get(path)) is not None for path in predictor.paths)
        _LOG.info("%d of %d categories have one of Google's", mapped, len(predictor.paths))
    opened, paths = open_source(config), ClassifyPaths(out)
    _check_state(
        paths,
        {
            "model": bundle.meta["sha256"],
            "source": asdict(config),
            "content": content_of_source(config, paths.parts),
            "paths": _digest([f"{predictor.ids.get(path, '')}\t{path}" for path in predictor.paths]),
            "catalog": None if catalog is None else content_of(catalog),
            "google": None if google_mapping is None else content_of(google_mapping),
            **asdict(request),
        },
    )
    timing = _classify_batches(opened, paths, BatchClassifier(bundle, predictor, request, evidence_index, google))
    rows, rejects = _join_batches(paths)
    figures = {
        "rows": rows,
        "rejects": rejects,
        "seconds": timing.seconds,
        "rows_per_second": timing.rows / timing.seconds,
        "over_towers": timing.seconds / timing.tower_seconds if timing.tower_seconds else float("nan"),
    }
    _LOG.info(
        "%d rows classified, %d rejected; %.1f rows/s, %.2f x the time of the bare towers",
        *(figures[name] for name in ("rows", "rejects", "rows_per_second", "over_towers")),
    )
    return figures


@dataclass(frozen=True)
class _Timing:
    """Rows that a run classified itself, its seconds, and those of them in the towers."""

    rows: int
    seconds: float
    tower_seconds: float


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

    def classify(self, rows: Sequence[CleanRow]) -> tuple[pa.Table, float]:
        """The predictions of clean rows, and the seconds that the towers took."""
        started = time.perf_counter()
        vectors = encode_products(self.bundle, [row.text for row in rows], [row.photo for row in rows])
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
        columns = zip(rows, decoded, scores.top(ALTERNATIVES), evidence, strict=True)
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
        prediction: Prediction,
        alternatives: Sequence[CategoryScore],
        evidence: Evidence,
    ) -> dict[str, Any]:
        products = None if self.evidence_index is None else self.evidence_index.products["product_id"]
        return {
            "product_id": row.product_id,
            "split": row.raw.split,
            "source_row": row.raw.row,
            "title": row.title,
            "path": prediction.path,
            "category_id": self.predictor.ids.get(prediction.path),
            "confidences": list(prediction.confidences),
            "accepted_path": prediction.accepted_path,
            "accepted_id": self.predictor.ids.get(prediction.accepted_path),
            "needs_review": prediction.needs_review,
            "in_distribution": prediction.in_distribution,
            "photo_flaw": "" if row.photo is None else row.photo.flaw,
            "evidence": [] if products is None else [products.iloc[hit.row] for hit in evidence.hits],
            "agreement": [] if products is None else list(evidence.neighbors.agreement(prediction.path)),
            "alternatives": [score.path for score in alternatives],
            "alternative_scores": [score.score for score in alternatives],
            **self._google("google", prediction.path),
            **self._google("accepted_google", prediction.accepted_path),
        }

    def _google(self, prefix: str, path: str) -> dict[str, str | None]:
        """Google's category of a path; null where the mapping gives none or several."""
        found = None if self.google is None else self.google.one(path, self.predictor.ids.get(path))
        return {
            f"{prefix}_id": None if found is None else found.id or None,
            f"{prefix}_path": None if found is None else found.path,
        }


def _classify_batches(source: Source, paths: ClassifyPaths, classifier: BatchClassifier) -> _Timing:
    """Classify what is left of a source, a file a batch."""
    limits = IngestConfig(image_size=classifier.bundle.image_size)
    total = sum(part.rows or 0 for part in source.parts) or None
    items = (item for part in source.parts for item in part.read())
    started, tower_seconds, count = time.perf_counter(), 0.0, 0
    with tqdm(total=total, desc="classify", unit="row", mininterval=1.0) as progress:
        for number, batch in enumerate(row_batches(items, classifier.request.batch)):
            if paths.part(number).exists():
                progress.update(sum(1 for _ in batch))
                continue
            cleaned = [clean_row(item, limits) for item in batch]  # one photo as it came is held at a time
            table, seconds = classifier.classify([row for row in cleaned if isinstance(row, CleanRow)])
            tower_seconds, count = tower_seconds + seconds, count + len(cleaned)
            write_table(paths.rejected(number), _rejects([row for row in cleaned if isinstance(row, Reject)]))
            write_table(paths.part(number), table)  # last, so that it also means "complete"
            progress.update(len(cleaned))
    return _Timing(count, time.perf_counter() - started, tower_seconds)


def _join_batches(paths: ClassifyPaths) -> tuple[int, int]:
    """Join the batches into the result and the rejects; the number of rows of each."""
    parts, rejected = paths.finished()
    result = pa.concat_tables([PREDICTIONS.empty_table(), *map(read_table, parts)])
    rejects = pa.concat_tables([REJECTS.empty_table(), *map(read_table, rejected)])
    write_table(paths.rejects, rejects)
    write_table(paths.out, result)
    shutil.rmtree(paths.parts)
    return len(result), len(rejects)


def row_batches(items: Iterable[Item], size: int) -> Iterator[Iterator[Item]]:
    """The items in batches; each batch must be used up before the next one is taken."""
    running = iter(items)
    for first in running:
        yield chain((first,), islice(running, size - 1))


def _check_state(paths: ClassifyPaths, state: dict[str, Any]) -> None:
    """Delete finished batches that were made with another model, source or setting."""
    state = json.loads(json.dumps(state))
    try:
        same = json.loads(paths.state.read_text(encoding="utf-8")) == state
    except (OSError, ValueError):
        same = False
    if not same:
        shutil.rmtree(paths.parts, ignore_errors=True)
        write_json(paths.state, state)
    else:
        _LOG.info("continuing after %d finished batches", len(paths.finished()[0]))


def _rejects(rejects: Sequence[Reject]) -> pa.Table:
    records = [{"source_row": one.row, "split": one.split, "reason": one.reason, "raw": one.raw} for one in rejects]
    return pa.Table.from_pylist(records, schema=REJECTS)


def _digest(paths: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()[:16]
