"""`python -m pipeline classify`: the category of one product, or of every row of a catalogue.

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
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from pipeline.artifacts import ClassifyPaths, write_json
from pipeline.data.cleaning import clean_text, product_text
from pipeline.data.images import ImageError, decode_image
from pipeline.data.rows import CleanRow, Reject, clean_row
from pipeline.data.schema import REJECTS, read_table, write_table
from pipeline.data.sources import Item, SourceError, open_source
from pipeline.data.taxonomy import levels, read_taxonomy
from pipeline.model.bundle import bundle_hash, load_bundle
from pipeline.serving.answer import ALTERNATIVES, NOTHING, Answer, Evidence, Shelf, ask
from pipeline.serving.catalog import Catalog
from pipeline.serving.encoder import Query, QueryEncoder
from pipeline.serving.predictor import CategoryPredictor, kinds_of
from pipeline.stageconfig import IngestConfig, SourceConfig

if TYPE_CHECKING:
    from pipeline.model.bundle import Bundle

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


def classify_product(
    model: Path,
    title: str,
    description: str,
    image: Path | None,
    *,
    taxonomy: Path | None = None,
    catalog: Path | None = None,
    asked: Classify,
) -> dict[str, Any]:
    """Predict the category of one product and print it.

    Args:
        model: Bundle folder.
        title: May be empty.
        description: May be empty, may hold HTML.
        image: Photo, or None.
        taxonomy: Category paths, one a line; None takes those of the bundle.
        catalog: A published catalogue, whose nearest labelled products are the evidence.
        asked: How.

    Raises:
        ArtifactError, ValueError: In one sentence, if something cannot be read or nothing is asked.
    """
    bundle = load_bundle(model)
    predictor = _predictor(bundle, taxonomy, asked)
    text = product_text(clean_text(title), clean_text(description))
    photo = None if image is None else _read_photo(image)
    opened = None if catalog is None else Catalog.open(catalog)
    shelf = None if opened is None else _shelf(opened)
    only = asked.branches, asked.candidates
    answer = ask(predictor, QueryEncoder(bundle), text, photo, branches=only[0], candidates=only[1], shelf=shelf)
    near = None if opened is None else _evidence(opened, answer)
    print(render(answer, near))
    found = answer.prediction
    alternatives = [asdict(score) for score in answer.alternatives]
    return {**asdict(found), "certain_path": found.certain_path, "alternatives": alternatives, "evidence": near}


def _shelf(catalog: Catalog) -> Shelf:
    from pipeline.serving.index import ProductSearch  # brings faiss: only where there is a catalogue

    return Shelf(ProductSearch(catalog), catalog.products)


def _evidence(catalog: Catalog, answer: Answer) -> dict[str, Any] | None:
    near = answer.evidence
    if near is None:
        return None
    rows = [(catalog.products.iloc[hit.row], hit) for hit in near.hits]
    products = [
        {"title": str(row["title"]), "category_path": str(row["category_path"]), "similarity": round(hit.score, 4)}
        for row, hit in rows
    ]
    return {"products": products, "agreement": list(near.support.agreement(answer.prediction.path))}


def render(answer: Answer, evidence: dict[str, Any] | None = None) -> str:
    """An answer as text: its levels with their confidence, why no further, the likeliest paths, the nearest products.

    Args:
        answer: To one product.
        evidence: `products` (title, category_path, similarity) and `agreement` a level, where there is a catalogue.
    """
    found, best = answer.prediction, answer.alternatives
    lines = [found.path, answer.summary]
    for depth, (name, sure) in enumerate(zip(levels(found.path), found.confidences, strict=True)):
        note = "" if depth < found.certain else "  needs review"
        agree = f"  neighbours {100 * evidence['agreement'][depth]:.0f} %" if evidence else ""
        lines.append(f"  {'  ' * depth}{name}  {100 * sure:.1f} %{agree}{note}")
    lines += [
        "likeliest paths, each without what lies below it:",
        *(f"  {100 * score.score:5.1f} %  {score.path}" for score in best),
    ]
    if evidence:
        lines.append("nearest labelled products:")
        lines += [f"  {p['similarity']:.3f}  {p['title']}  [{p['category_path']}]" for p in evidence["products"]]
    return "\n".join(lines)


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
    predictor = _predictor(bundle, taxonomy, asked)
    shelf = None if catalog is None else _shelf(Catalog.open(catalog))
    opened = open_source(SourceConfig(location=source))
    paths = ClassifyPaths(out)
    _check_state(
        paths,
        {
            "model": bundle_hash(model),
            "source": source,
            "paths": _digest(predictor.paths),
            "catalog": str(catalog),
            **asdict(asked),
        },
    )
    limits = IngestConfig(image_size=bundle.image_size)
    total = sum(part.rows or 0 for part in opened.parts) or None
    items = (item for part in opened.parts for item in part.read())
    started, towers, done = time.perf_counter(), 0.0, 0
    with tqdm(total=total, desc="classify", unit="row", mininterval=1.0) as progress:
        for number, batch in enumerate(_batches(items, asked.batch)):
            if not paths.part(number).exists():
                cleaned = [clean_row(item, limits) for item in batch]
                rejects = [row for row in cleaned if isinstance(row, Reject)]
                table, seconds = _predict(
                    [row for row in cleaned if isinstance(row, CleanRow)], bundle, predictor, asked, shelf
                )
                towers, done = towers + seconds, done + len(batch)
                write_table(paths.rejected(number), _rejects(rejects))
                write_table(paths.part(number), table)  # last, so that it also means "complete"
            progress.update(len(batch))
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


def _predictor(bundle: Bundle, taxonomy: Path | None, asked: Classify) -> CategoryPredictor:
    if taxonomy is None:
        return CategoryPredictor(bundle, which=asked.which, precision=asked.precision)
    whole = read_taxonomy(taxonomy)
    names = bundle.encode_names(whole.paths, whole.names)
    return CategoryPredictor(bundle, whole.paths, names=names, which=asked.which, precision=asked.precision)


def _read_photo(path: Path) -> Any:
    limits = IngestConfig()
    try:
        data = path.read_bytes()
        return decode_image(data, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels)
    except (OSError, ImageError) as error:
        raise SourceError(f"The photo {path} cannot be read: {error}") from error


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    running = iter(items)
    while batch := list(islice(running, size)):
        yield batch


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
