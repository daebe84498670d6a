"""Stage 1: raw rows in; clean products with thumbnails, the image cache, the taxonomy and the rejects out.

Reads the configured sources. Writes products.parquet, rejects.parquet, images.npy and taxonomy.txt. What costs a row
its place: neither text nor a usable photo, a repeated id, a duplicate of a product in a more precious split of the
source. What does not: a missing or broken photo (a text-only product), candidates without the truth (emptied).
"""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from pipeline.artifacts import RunPaths, atomic_path
from pipeline.config.build import Config
from pipeline.data.duplicates import Fingerprints, group_rows
from pipeline.data.image_cache import ImageCacheWriter
from pipeline.data.images import SIGNATURE_SIZE
from pipeline.data.rows import CleanRow, Reject, clean_row, in_threads, one_spelling, reject_clean
from pipeline.data.schema import PRODUCTS, REJECTS, SPLITS, write_table
from pipeline.data.sources import Source, SourceError, content_of_source, open_source
from pipeline.data.splits import assign_splits, hold_out_sources, release_sources
from pipeline.data.text.listing import FIELD_COLUMNS, TEXT_PARTS
from pipeline.provenance import content_of
from pipeline.taxonomy.paths import Taxonomy, read_taxonomy, write_taxonomy
from pipeline.taxonomy.resolve import Resolver

log = logging.getLogger(__name__)

_EXAMPLES = 20
"""Photos that are missing or unusable of which the log says each; the others are counted."""


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.products, run.rejects, run.images, run.taxonomy]


def content(config: Config, run_dir: Path) -> dict[str, str]:
    """Describe the content of the sources, of the photos beside them and of the taxonomy, the run folder left out.

    How the text of a product is put together is told too, so that an older run makes its texts anew.
    """
    taxonomy = config.source.taxonomy
    given = {} if taxonomy is None else {"taxonomy": content_of(Path(taxonomy), run_dir)}
    return {"text": TEXT_PARTS, **content_of_source(config.source, run_dir), **given}


def run(config: Config, run_dir: Path) -> None:
    """Read the source that `config` names and write the outputs into `run_dir`.

    Raises:
        SourceError: If the source cannot be read or gives no product.
        ConfigError: If a source that is to be held out is not there.
        ArtifactError: If the configured taxonomy cannot be read.
    """
    paths = RunPaths(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(paths)
    given = read_taxonomy(Path(config.source.taxonomy)) if config.source.taxonomy else Taxonomy.of(())
    source = open_source(config.source, max_photo_bytes=config.ingest.max_image_bytes)
    log.info("ingest: %s (%s), %s rows in %s", source.name, source.kind, source.total, ", ".join(source.splits))
    with atomic_path(paths.images) as temporary, ImageCacheWriter(temporary, config.ingest.image_size) as cache:
        rows, rejects = _read(source, config, cache, Resolver(given))
        rows = one_spelling(rows, given)
        before = _before_cuts(rows, config)
        groups = _group(rows, before, config)
        splits = _assign(rows, before, groups, rejects, config)
        kept = [number for number, split in enumerate(splits) if split]
        if not kept:
            raise SourceError(_nothing(source.name, rejects))
        counts = np.array([row.photo_count for row in rows])
        first = np.cumsum(counts) - counts
        cache.finish([int(first[number]) + more for number in kept for more in range(counts[number])])
    products = _products_table([rows[n] for n in kept], [rows[groups[n]] for n in kept], [splits[n] for n in kept])
    write_table(paths.products, products)
    write_table(paths.rejects, _rejects_table(rejects))
    _write_taxonomy(paths, given, (rows[n] for n in kept))
    _report(products, rejects)


def _remove_leftovers(paths: RunPaths) -> None:
    """Delete what a killed run left half written: an image cache is large."""
    for path in outputs(paths):
        for leftover in path.parent.glob(f".{path.name}.*.tmp"):
            leftover.unlink()


def _read(
    source: Source, config: Config, cache: ImageCacheWriter, resolver: Resolver
) -> tuple[list[CleanRow], list[Reject]]:
    """All rows of the source; the photos of the clean ones go to the cache, in their order."""
    rows: list[CleanRow] = []
    rejects: list[Reject] = []
    notes: Counter[str] = Counter()
    ids: set[str] = set()
    photoless = 0
    cleaned = in_threads(source, functools.partial(clean_row, config=config.ingest, resolver=resolver))
    for done in tqdm(cleaned, total=source.total, desc="ingest", unit="row", mininterval=1.0):
        if isinstance(done, Reject):
            rejects.append(done)
            continue
        if done.product_id in ids:
            rejects.append(reject_clean(done, f"the product id '{done.product_id}' was used before"))
            continue
        ids.add(done.product_id)
        if done.raw.note:
            photoless += 1
            if photoless <= _EXAMPLES:
                log.warning("ingest: row %d of %s has no photo: %s", done.raw.row, done.raw.split, done.raw.note)
        notes.update(done.notes)
        if done.photo is not None:
            for photo in (done.photo, *done.more):
                cache.append(photo.square)
        rows.append(done.without_square())
    if photoless > _EXAMPLES:
        log.warning("ingest: %d more rows have no photo although the source names one", photoless - _EXAMPLES)
    for note, count in sorted(notes.items()):
        log.info("ingest: %s: %d rows", note, count)
    return rows, rejects


def _before_cuts(rows: Sequence[CleanRow], config: Config) -> list[str]:
    """Splits of the source, with whole sources held out."""
    splits, sources = [row.raw.split for row in rows], [row.raw.source for row in rows]
    return hold_out_sources(splits, sources, config.ingest.heldout_sources)


def _group(rows: Sequence[CleanRow], given: Sequence[str], config: Config) -> np.ndarray:
    """int64 [n]: the smallest row of the group of each row."""
    hashes = np.zeros(len(rows), dtype=np.uint64)
    signatures = np.zeros((len(rows), SIGNATURE_SIZE, SIGNATURE_SIZE, 3), dtype=np.uint8)
    for number, row in enumerate(rows):
        if row.facts is not None:
            hashes[number] = row.facts.hash
            signatures[number] = row.facts.signature
    prints = Fingerprints(
        titles=[row.title for row in rows],
        descriptions=[row.description for row in rows],
        image_bytes=[None if row.facts is None else row.facts.digest for row in rows],
        hashes=hashes,
        signatures=signatures,
    )
    groups = group_rows(prints, given, bits=config.ingest.near_duplicate_bits)
    if len(rows):
        _, sizes = np.unique(groups, return_counts=True)
        log.info("ingest: %d groups of duplicates and variants, the largest of %d rows", len(sizes), sizes.max())
    return groups


def _assign(
    rows: Sequence[CleanRow], given: Sequence[str], groups: np.ndarray, rejects: list[Reject], config: Config
) -> list[str]:
    """Split of every row, "" for those that join the rejects."""
    assignment = assign_splits(
        given,
        groups,
        [row.category for row in rows],
        [row.product_id for row in rows],
        config=config.ingest,
        seed=config.seed,
    )
    for row, reason in zip(rows, assignment.reasons, strict=True):
        if reason:
            rejects.append(reject_clean(row, reason))
    if config.ingest.train_on_heldout:
        return release_sources(assignment.splits, [row.raw.split for row in rows])
    return assignment.splits


def _products_table(rows: Sequence[CleanRow], leaders: Sequence[CleanRow], splits: Sequence[str]) -> pa.Table:
    """Rows as `schema.PRODUCTS`; a group is named after the product id of its first row."""
    image_row = 0
    records = []
    for row, leader, split in zip(rows, leaders, splits, strict=True):
        photo, facts = row.photo, row.facts
        records.append(
            {
                "product_id": row.product_id,
                "source": row.raw.source,
                "source_row": row.raw.row,
                "split": split,
                "group": leader.product_id,
                "title": row.title,
                "description": row.description,
                "text": row.text,
                "brand": row.listing.fields.vendor,
                **{name: getattr(row.listing.fields, name) for name in FIELD_COLUMNS},
                "language": row.language,
                "is_secondhand": row.raw.is_secondhand,
                "category_path": row.category,
                "candidates": row.candidates,
                "image_row": -1 if photo is None else image_row,
                "more_photos": len(row.more),
                "image_width": 0 if facts is None else facts.width,
                "image_height": 0 if facts is None else facts.height,
                "photo_flaw": "" if photo is None else photo.flaw,
                "brightness": None if facts is None else facts.brightness,
                "thumbnail": None if facts is None else facts.thumbnail,
            }
        )
        image_row += row.photo_count
    return pa.Table.from_pylist(records, schema=PRODUCTS)


def _rejects_table(rejects: Iterable[Reject]) -> pa.Table:
    records = [
        {"source_row": reject.row, "split": reject.split, "reason": reject.reason, "raw": reject.raw}
        for reject in rejects
    ]
    return pa.Table.from_pylist(records, schema=REJECTS)


def _write_taxonomy(paths: RunPaths, given: Taxonomy, rows: Iterable[CleanRow]) -> None:
    """The configured taxonomy with every path that a product names and their parents."""
    named = {path for row in rows for path in (*row.candidates, row.category) if path is not None}
    taxonomy = Taxonomy.of((*given.paths, *named), given.names, given.by_id)
    if len(given) and (strange := len(named - set(given.paths))):
        log.warning("ingest: %d paths of the products are not in the configured taxonomy; they were added", strange)
    write_taxonomy(paths.taxonomy, taxonomy)
    log.info("ingest: taxonomy of %d paths", len(taxonomy))


def _reasons(rejects: Iterable[Reject]) -> list[tuple[str, int]]:
    """Kinds of reasons with their numbers, the most frequent first."""
    return Counter(reject.reason.split(" (")[0].split(":")[0] for reject in rejects).most_common()


def _nothing(name: str, rejects: Sequence[Reject]) -> str:
    """Compose the error for a source without a single product."""
    said = f"{name} gives no product: all of its {len(rejects)} rows were rejected"
    return f"{said}, most of them since: {_reasons(rejects)[0][0]}." if rejects else f"{said}."


def _report(products: pa.Table, rejects: Sequence[Reject]) -> None:
    counts = Counter(products.column("split").to_pylist())
    sources = Counter(products.column("source").to_pylist()).most_common(_EXAMPLES)
    log.info("ingest: %d products: %s", products.num_rows, ", ".join(f"{s} {counts[s]}" for s in SPLITS))
    log.info("ingest: sources: %s", ", ".join(f"{name} {count}" for name, count in sources))
    for reason, count in _reasons(rejects):
        log.info("ingest: rejected %d rows: %s", count, reason)
