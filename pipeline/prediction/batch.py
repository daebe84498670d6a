"""`python -m pipeline classify-file`: the category of every row of a catalogue.

A catalogue is read in batches; each finished batch is a file beside the result, so that a run which was stopped goes
on behind the last of them when the command is given again. Rows that cannot be read go to the rejects.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from pipeline.artifacts import ClassifyPaths, write_json
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.catalog.catalog import Catalog
from pipeline.config.stages import IngestConfig, SourceConfig
from pipeline.data.rows import CleanRow, Reject, clean_row
from pipeline.data.schema import REJECTS, read_table, write_table
from pipeline.data.sources import Item, content_of_source, open_source
from pipeline.prediction.answer import ALTERNATIVES, NOTHING, Evidence, Shelf
from pipeline.prediction.predictor import CategoryPredictor, kinds_of
from pipeline.prediction.request import Classify, predictor_of, shelf_of
from pipeline.provenance import content_of
from pipeline.search.query import Query

PREDICTIONS = pa.schema(
    [
        ("product_id", pa.string()),
        ("split", pa.string()),
        ("source_row", pa.int64()),
        ("title", pa.string()),
        ("path", pa.string()),
        ("confidences", pa.list_(pa.float32())),
        ("certain_path", pa.string()),
        ("needs_review", pa.bool_()),
        ("familiar", pa.bool_()),
        ("photo_flaw", pa.string()),
        ("evidence", pa.list_(pa.string())),
        ("agreement", pa.list_(pa.float32())),
        ("alternatives", pa.list_(pa.string())),
        ("alternative_scores", pa.list_(pa.float32())),
    ]
)
"""What a classified catalogue holds: `certain_path` is "" where no level is certain; `familiar` as in `Prediction`,
`photo_flaw` as `flaw` in `answer.Answer`; `evidence` is the ids of the nearest labelled products of a catalogue,
`agreement` their share in each level of `path` (both empty without a catalogue)."""

_LOG = logging.getLogger("pipeline.classify")


def classify_catalogue(
    model: Path,
    source: str,
    out: Path,
    *,
    taxonomy: Path | None = None,
    catalog: Path | None = None,
    asked: Classify,
) -> dict[str, float]:
    """Predict the category of every row of a source; the result is a parquet file of `PREDICTIONS`.

    Args:
        model: Bundle folder.
        source: Anything that `SourceConfig.location` takes.
        out: Where the result goes; the rejects go beside it.
        taxonomy: Category paths, one a line; None takes those of the bundle.
        catalog: A published catalogue, whose nearest labelled products are the evidence.
        asked: How.

    Returns:
        `rows` and `rejects` (of the whole result), and for what this run did itself: `seconds`, `rows_per_second`, and
        `over_towers`, its time over that of the forward passes of the towers alone (NaN where nothing was left to do).

    Raises:
        ArtifactError, SourceError, ValueError: In one sentence, if something cannot be read.
    """
    bundle = load_bundle(model)
    predictor = predictor_of(bundle, taxonomy, asked)
    shelf = None if catalog is None else shelf_of(Catalog.open(catalog))
    config = SourceConfig(location=source)
    opened = open_source(config)
    paths = ClassifyPaths(out)
    _check_state(
        paths,
        {
            "model": bundle.meta["sha256"],
            "source": source,
            "content": content_of_source(config, paths.parts),
            "paths": _digest(predictor.paths),
            "catalog": None if catalog is None else content_of(catalog),
            **asdict(asked),
        },
    )
    limits = IngestConfig(image_size=bundle.image_size)
    total = sum(part.rows or 0 for part in opened.parts) or None
    items = (item for part in opened.parts for item in part.read())
    started, towers, done = time.perf_counter(), 0.0, 0
    with tqdm(total=total, desc="classify", unit="row", mininterval=1.0) as progress:
        for number, batch in enumerate(_batches(items, asked.batch)):
            if paths.part(number).exists():
                progress.update(sum(1 for _ in batch))
            else:
                cleaned = [clean_row(item, limits) for item in batch]  # one photo as it came is held at a time
                rejects = [row for row in cleaned if isinstance(row, Reject)]
                table, seconds = _predict(
                    [row for row in cleaned if isinstance(row, CleanRow)], bundle, predictor, asked, shelf
                )
                towers, done = towers + seconds, done + len(cleaned)
                write_table(paths.rejected(number), _rejects(rejects))
                write_table(paths.part(number), table)  # last, so that it also means "complete"
                progress.update(len(cleaned))
    seconds = time.perf_counter() - started
    parts, rejected = paths.finished()
    result = pa.concat_tables([PREDICTIONS.empty_table(), *map(read_table, parts)])
    refused = pa.concat_tables([REJECTS.empty_table(), *map(read_table, rejected)])
    write_table(paths.rejects, refused)
    write_table(paths.out, result)
    shutil.rmtree(paths.parts)
    figures = {
        "rows": len(result),
        "rejects": len(refused),
        "seconds": seconds,
        "rows_per_second": done / seconds,
        "over_towers": seconds / towers if towers else float("nan"),
    }
    _LOG.info(
        "%d rows classified, %d rejected; %.1f rows/s, %.2f x the time of the bare towers",
        *(figures[name] for name in ("rows", "rejects", "rows_per_second", "over_towers")),
    )
    return figures


def _predict(
    rows: Sequence[CleanRow], bundle: Bundle, predictor: CategoryPredictor, asked: Classify, shelf: Shelf | None
) -> tuple[pa.Table, float]:
    """The predictions of clean rows, and the seconds that the towers took."""
    has_text = np.array([bool(row.text) for row in rows], dtype=bool)
    flaws = ["" if row.photo is None else row.photo.flaw for row in rows]
    photos = [None if flaw and row.text else row.photo for row, flaw in zip(rows, flaws, strict=True)]
    has_image = np.array([photo is not None for photo in photos], dtype=bool)
    text = np.zeros((len(rows), bundle.dimension), dtype=np.float32)
    image = np.zeros_like(text)
    started = time.perf_counter()
    if has_text.any():
        text[has_text] = bundle.encode_texts([row.text for row in rows if row.text])
    if has_image.any():
        image[has_image] = bundle.encode_images(np.stack([photo.square for photo in photos if photo is not None]))
    towers = time.perf_counter() - started
    vectors, kinds = bundle.fuse(text, image, has_text, has_image), kinds_of(has_text, has_image)
    near: list[Evidence] = []
    if shelf is not None:
        parts = zip(text, image, vectors, has_text, has_image, strict=True)
        queries = [Query(t if has_t else None, i if has_i else None, f) for t, i, f, has_t, has_i in parts]
        near = [shelf.evidence(query) for query in queries]
    supports = [each.support for each in near] if near else None
    only = asked.branches, asked.candidates
    decoded = predictor.decode(vectors, kinds, branches=only[0], candidates=only[1], supports=supports)
    best = predictor.predict(vectors, ALTERNATIVES, kinds, branches=asked.branches, candidates=asked.candidates)
    blind = [bool(flaw) and photo is not None for flaw, photo in zip(flaws, photos, strict=True)]
    decoded = [found.guessed if nothing else found for found, nothing in zip(decoded, blind, strict=True)]
    records = [
        {
            "product_id": row.product_id,
            "split": row.raw.split,
            "source_row": row.raw.row,
            "title": row.title,
            "path": found.path,
            "confidences": list(found.confidences),
            "certain_path": found.certain_path,
            "needs_review": found.needs_review,
            "familiar": found.familiar,
            "photo_flaw": flaw,
            "evidence": [] if shelf is None else [shelf.products["product_id"].iloc[hit.row] for hit in seen.hits],
            "agreement": [] if shelf is None else list(seen.support.agreement(found.path)),
            "alternatives": [score.path for score in scores],
            "alternative_scores": [score.score for score in scores],
        }
        for row, found, flaw, scores, seen in zip(
            rows, decoded, flaws, best, near or [NOTHING] * len(rows), strict=True
        )
    ]
    return pa.Table.from_pylist(records, schema=PREDICTIONS), towers


def _batches(items: Iterable[Item], size: int) -> Iterator[Iterator[Item]]:
    """The items, some at a time, each of which is to be taken before the next batch is asked for."""
    running = iter(items)
    for first in running:
        yield chain((first,), islice(running, size - 1))


def _check_state(paths: ClassifyPaths, state: dict[str, Any]) -> None:
    """Start afresh where what lies there is of another model, source or setting."""
    state = json.loads(json.dumps(state))
    try:
        same = json.loads(paths.state.read_text(encoding="utf-8")) == state
    except (OSError, ValueError):
        same = False
    if not same:
        shutil.rmtree(paths.parts, ignore_errors=True)
        write_json(paths.state, state)
    else:
        _LOG.info("going on behind %d finished batches", len(paths.finished()[0]))


def _rejects(rejects: Sequence[Reject]) -> pa.Table:
    records = [{"source_row": one.row, "split": one.split, "reason": one.reason, "raw": one.raw} for one in rejects]
    return pa.Table.from_pylist(records, schema=REJECTS)


def _digest(paths: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()[:16]
