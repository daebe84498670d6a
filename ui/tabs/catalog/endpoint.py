"""`classify_file` for programs: rows, or an uploaded file, classified a part at a time."""

from __future__ import annotations

import base64
import binascii
import json
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.config.stages import ANY_SOURCE, PredictorConfig
from pipeline.data.sources import Item
from pipeline.prediction.bulk.recognized import Recognized
from ui.api.answers import ClassifiedRow, FileClassification
from ui.guard.faults import refuse
from ui.guard.inputs import uploaded_only
from ui.guard.limits import MAX_PHOTO, MAX_ROWS, MAX_ROWS_OF_A_CALL
from ui.tabs.catalog.jobs import Jobs, linked, new_folder
from ui.tabs.catalog.view import command

PRECISION = PredictorConfig().target_precision
_READ = {"text": "text", "image": "photo", "fused": "photo and text"}
_ADDRESSES = ("http://", "https://")
_SERVED = "/gradio_api/file="


def classify_file(
    jobs: Jobs,
    rows: list[dict[str, Any]] | None = None,
    file: str | None = None,
    photos: str | None = None,
    precision: float = PRECISION,
    start: int = 0,
    count: int = MAX_ROWS_OF_A_CALL,
) -> FileClassification:
    """Predict the categories of many products: of rows, or of an uploaded table or shop export, a part at a time.

    Args:
        jobs: The files that are open.
        rows: Products as objects, such as [{"product_id": "7", "title": "Mug", "image": null}]; other names
            are told by their words, as headings of a table are. An image is an upload, its address, or a data URI.
        file: Table or shop export, in place of rows.
        photos: Zip of the photos that rows or file name.
        precision: Share of the accepted levels that should be correct, above 0 and at most 1.
        start: Number of the first row to classify, from 0.
        count: Number of rows to classify, 1 to 256.

    Returns:
        "read_as": in words, which shop system and columns were recognized; "total": the number of rows; "next_start":
        the start of the next call, null after the last row; "rows": the classified ones, each with "row" (its number),
        "line" (of the file, null for rows), "product_id", "title", "given_category" (its own, null without one),
        "category_path" and "category_id", the "probabilities" of its levels from the top (none of a guess),
        "accepted_path" and "accepted_id", "needs_review", the "reason", and "read", the input that was used;
        "rejected": the rows that cannot be read, each with "row" and "reason".
    """
    if (rows is None) == (file is None):
        raise refuse("Give either rows or an uploaded file.")
    if not 0 < precision <= 1:
        raise refuse("The precision must be above 0 and at most 1, for example 0.9.")
    if start < 0 or not 1 <= count <= MAX_ROWS_OF_A_CALL:
        raise refuse(f"The start must not be negative, and the count between 1 and {MAX_ROWS_OF_A_CALL}.")
    if file is not None:
        with jobs.readings.reading(file, photos) as reading:
            return _classified(jobs, reading.recognized, reading.rows(start, count), precision, start)
    _, folder = new_folder()
    try:
        table, found = _written(rows or [], folder)
        if found is not None and photos is not None:
            raise refuse("The rows have photos of their own; leave out the zip.")
        if photos is not None:
            found = linked(Path(photos), folder / "photos")
        recognized = jobs.recognize(folder, table, found, ANY_SOURCE)
        return _classified(jobs, recognized, islice(recognized.source.whole(start), count), precision, start)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _classified(
    jobs: Jobs, file: Recognized, items: Iterator[Item], precision: float, start: int
) -> FileClassification:
    from pipeline.prediction.batch import classify_rows, clean_rows  # imports torch: not before the page is open
    from pipeline.prediction.bulk.judge import Judge

    if file.rows > MAX_ROWS:
        raise refuse(
            f"The file has {file.rows:,} products; at most {MAX_ROWS:,} are classified here. On a machine of your own: "
            f"{command(file.path.name, precision)}"
        )
    classifier = jobs.classifier
    classified, rejects = classify_rows(list(clean_rows(items, classifier)), classifier)
    judged = Judge.of(classifier.predictor).judged(classified.predictions, precision)
    following = start + len(classified.predictions) + len(rejects)
    return {
        "read_as": f"{file.form}; {file.layout.mapped.said}",
        "total": file.rows,
        "next_start": following if start < following < file.rows else None,
        "rows": [_row(record) for record in judged.to_pylist()],
        "rejected": [{"row": record["source_row"], "reason": record["reason"]} for record in rejects.to_pylist()],
    }


def _row(record: dict[str, Any]) -> ClassifiedRow:
    return {
        "row": record["source_row"],
        "line": record["line"],
        "product_id": record["product_id"],
        "title": record["title"],
        "given_category": record["given_category"],
        "category_path": record["path"],
        "category_id": record["category_id"],
        "probabilities": record["probabilities"],
        "accepted_path": record["accepted_path"],
        "accepted_id": record["accepted_id"],
        "needs_review": record["needs_review"],
        "reason": record["reason"],
        "read": _READ[record["modality"]],
    }


def _written(rows: list[dict[str, Any]], folder: Path) -> tuple[Path, Path | None]:
    """The rows as a table file, which is read as any other, and the folder of their photos, None without any."""
    if not rows:
        raise refuse("There are no rows.")
    photos = folder / "photos"
    texts = [
        {name: _cell(value, photos, f"{number}-{place}") for place, (name, value) in enumerate(row.items())}
        for number, row in enumerate(rows)
    ]
    table = folder / "file" / "rows.json"
    table.parent.mkdir(parents=True)
    table.write_text(json.dumps(texts), encoding="utf-8")
    return table, photos if photos.exists() else None


def _cell(value: Any, photos: Path, name: str) -> Any:
    """A value as the table has it: of a photo, its name in the folder of photos."""
    if isinstance(value, str) and value.startswith(_ADDRESSES) and _SERVED in value:
        value = uploaded_only({"path": value})
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        return linked(Path(value["path"]), photos, name).name
    if not (isinstance(value, str) and value.startswith("data:image/")):
        return value
    try:
        content = base64.b64decode(value.partition("base64,")[2], validate=True)
    except binascii.Error as error:
        raise refuse("A data URI of a photo is damaged; encode it in base64.") from error
    if not content or len(content) > MAX_PHOTO:
        raise refuse(f"A data URI of a photo is empty, or larger than {MAX_PHOTO:,} bytes.")
    photos.mkdir(parents=True, exist_ok=True)
    (photos / name).write_bytes(content)
    return name
