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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from pipeline.artifacts import ClassifyPaths, write_json
from pipeline.bundle.bundle import load_bundle
from pipeline.catalog.catalog import Catalog
from pipeline.config.stages import ANY_SOURCE, IngestConfig, SourceConfig
from pipeline.data.rows import CleanRow, Reject, clean_row, in_threads
from pipeline.data.schema import REJECTS, count_rows, write_table
from pipeline.data.sources import Item, Source, content_of_source, layout_of, open_source
from pipeline.prediction.answer import evidence_index_of
from pipeline.prediction.batch_classifier import PREDICTIONS, BatchClassifier, Classified
from pipeline.prediction.output.destination import Destination
from pipeline.prediction.output.parts import Parts
from pipeline.prediction.predictor import CategoryPredictor, PredictionRequest, predictor_of
from pipeline.provenance import content_of
from pipeline.taxonomy.mappings import read_google_mapping

_LOG = logging.getLogger("pipeline.classify")


def classify_catalog(
    model: Path,
    source: str,
    out: Path,
    *,
    taxonomy: Path | None = None,
    catalog: Path | None = None,
    google_mapping: Path | None = None,
    form: str | None = None,
    request: PredictionRequest,
    reading: SourceConfig = ANY_SOURCE,
    write_review: Callable[[FinishedFile], None] | None = None,
) -> dict[str, float]:
    """Predict the category of every row of a source; the result is a table of `PREDICTIONS`, or the one that came in.

    Args:
        model: Bundle folder.
        source: Anything that `SourceConfig.location` takes.
        out: Where the result goes; the rejects go beside it.
        taxonomy: Taxonomy file; None takes the categories of the bundle.
        catalog: A published catalogue, whose nearest labeled products are the evidence.
        google_mapping: Shopify's mapping file, for Google's categories beside the predicted ones.
        form: Format of the result (`formats.FORMATS`); None: as its name says.
        request: How to classify.
        reading: How the source is read, but for its location: columns, photos, encoding.
        write_review: Makes a review of what is classified; None makes none.

    Returns:
        `rows` and `rejects` of the whole result; of this run alone `seconds`, `rows_per_second`, and `over_towers`, its
        time over that of the forward passes of the towers (NaN where nothing was left to do).

    Raises:
        ArtifactError, SourceError, ValueError: In one sentence, if something cannot be read, or the result cannot be
            written in its format.
    """
    config = replace(reading, location=source)
    layout = layout_of(config)
    destination = Destination.of(out, form, source, layout, has_google=google_mapping is not None)
    google = None if google_mapping is None else read_google_mapping(google_mapping)
    bundle = load_bundle(model)
    predictor = predictor_of(bundle, taxonomy, request)
    evidence_index = None if catalog is None else evidence_index_of(Catalog.open(catalog))
    destination.check(predictor.ids.values())
    if google is not None:
        mapped = sum(google.one(path, predictor.ids.get(path)) is not None for path in predictor.paths)
        _LOG.info("%d of %d categories have one of Google's", mapped, len(predictor.paths))
    opened, paths = open_source(config), destination.paths
    _check_state(
        paths,
        {
            "model": bundle.meta["sha256"],
            "source": asdict(config),
            "content": content_of_source(config, paths.parts),
            "paths": _digest([f"{predictor.ids.get(path, '')}\t{path}" for path in predictor.paths]),
            "catalog": None if catalog is None else content_of(catalog),
            "google": None if google_mapping is None else content_of(google_mapping),
            "columns": PREDICTIONS.names,
            "review": write_review is not None,
            **asdict(request),
        },
    )
    classifier = BatchClassifier(bundle, predictor, request, evidence_index, google, write_review is not None)
    timing = _classify(opened, paths, classifier)
    predictions, rejects = finished_batches(paths)
    destination.write(predictions, rejects)
    if write_review is not None:
        write_review(FinishedFile(paths, predictor, config))
    shutil.rmtree(paths.parts)
    figures = {
        "rows": len(predictions),
        "rejects": len(rejects),
        "seconds": timing.seconds,
        "rows_per_second": timing.rows / timing.seconds,
        "over_towers": timing.seconds / timing.tower_seconds if timing.tower_seconds else float("nan"),
    }
    _LOG.info(
        "%d rows classified, %d rejected; %.1f rows/s, %.2f x the time in the towers",
        *(figures[name] for name in ("rows", "rejects", "rows_per_second", "over_towers")),
    )
    return figures


@dataclass(frozen=True)
class FinishedFile:
    """A file all of which is classified, before its batches are deleted.

    Attributes:
        paths: Of its batches.
        predictor: That made them.
        config: How the file was read.
    """

    paths: ClassifyPaths
    predictor: CategoryPredictor
    config: SourceConfig


@dataclass(frozen=True)
class _Timing:
    """Rows that a run classified itself, its seconds, and those of them in the towers."""

    rows: int
    seconds: float
    tower_seconds: float


def _classify(source: Source, paths: ClassifyPaths, classifier: BatchClassifier) -> _Timing:
    """Classify what is left of a source, with a progress bar."""
    started, tower_seconds, count = time.perf_counter(), 0.0, 0
    with tqdm(total=rows_of(source) or None, desc="classify", unit="row", mininterval=1.0) as progress:
        for batch in classify_batches(source, paths, classifier, ahead=True):
            if batch.is_new:
                tower_seconds, count = tower_seconds + batch.tower_seconds, count + batch.rows
            progress.update(batch.rows)
    return _Timing(count, time.perf_counter() - started, tower_seconds)


@dataclass(frozen=True)
class FinishedBatch:
    """A batch whose files are written.

    Attributes:
        number: Of it, from 0.
        rows: Of it, rejects too.
        is_new: Whether it was classified now; else its files were there.
        tower_seconds: Seconds that the towers took.
    """

    number: int
    rows: int
    is_new: bool
    tower_seconds: float = 0.0


def rows_of(source: Source) -> int:
    """Rows that `classify_batches` reads of a source."""
    return sum(part.rows for part in source.parts)


def classify_batches(
    source: Source, paths: ClassifyPaths, classifier: BatchClassifier, *, ahead: bool = False
) -> Iterator[FinishedBatch]:
    """Classify a source batch by batch, a file each; those whose files are there are skipped.

    Args:
        source: Where the rows come from.
        paths: Of the batches' files.
        classifier: Of clean rows.
        ahead: Whether rows of the next batch are read and decoded while the towers are at work; between two batches
            they are in memory.
    """
    number = before = 0
    while paths.part(number).exists():
        rows = sum(count_rows(path) for path in (paths.part(number), paths.part(number, "rejects")))
        yield FinishedBatch(number, rows, is_new=False)
        number, before = number + 1, before + rows
    items, size = source.whole(before), classifier.request.batch
    cleaned = clean_rows(items, classifier) if ahead else None
    while batch := list(islice(cleaned, size) if cleaned else clean_rows(islice(items, size), classifier)):
        classified, rejects = classify_rows(batch, classifier)
        write_table(paths.part(number, "rejects"), rejects)
        if classifier.for_review:
            write_table(paths.part(number, "seen"), classified.seen)
        write_table(paths.part(number), classified.predictions)  # last, so that it also means "complete"
        yield FinishedBatch(number, len(batch), is_new=True, tower_seconds=classified.tower_seconds)
        number += 1


def clean_rows(items: Iterable[Item], classifier: BatchClassifier) -> Iterator[CleanRow | Reject]:
    """Clean rows of a source for a classifier, in threads."""
    limits = IngestConfig(image_size=classifier.bundle.image_size)
    return in_threads(items, partial(clean_row, config=limits, resolver=classifier.resolver, with_facts=False))


def classify_rows(rows: Sequence[CleanRow | Reject], classifier: BatchClassifier) -> tuple[Classified, pa.Table]:
    """Classify some rows, and their rejects."""
    classified = classifier.classify([row for row in rows if isinstance(row, CleanRow)])
    return classified, _rejects([row for row in rows if isinstance(row, Reject)])


def finished_batches(paths: ClassifyPaths) -> tuple[Parts, Parts]:
    """The predictions and the rejects of all batches that are finished."""
    finished = paths.finished()
    parts, rejected = [part for part, _, _ in finished], [part for _, part, _ in finished]
    return Parts.of_files(PREDICTIONS, parts), Parts.of_files(REJECTS, rejected)


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
        _LOG.info("continuing after %d finished batches", len(paths.finished()))


def _rejects(rejects: Sequence[Reject]) -> pa.Table:
    records = [{"source_row": one.row, "split": one.split, "reason": one.reason, "raw": one.raw} for one in rejects]
    return pa.Table.from_pylist(records, schema=REJECTS)


def _digest(paths: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()[:16]
