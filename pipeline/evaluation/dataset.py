"""What `measure` works on: products and category paths with their vectors, from a run or read from any source."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from pipeline.bundle.encode import product_vectors
from pipeline.bundle.protocol import Encoder
from pipeline.config.stages import IngestConfig, SourceConfig
from pipeline.data.rows import CleanRow, Reject, clean_row
from pipeline.data.sources import Item, SourceError, open_source
from pipeline.data.vectors import ProductVectors

if TYPE_CHECKING:
    from pipeline.bundle.aliases import NameVectors

_LOG = logging.getLogger(__name__)
_PHOTOS_AT_A_TIME = 256  # 256 x 256 x 256 x 3 bytes are 50 MB


@dataclass(frozen=True)
class MeasureRows:
    """Products to measure on; all sequences have n entries.

    Attributes:
        texts: What the text tower reads, "" for none.
        truths: Normalised category paths, None where unknown.
        candidates: Normalised, distinct candidate paths; empty where there are none.
        vectors: The products in the shared space.
    """

    texts: Sequence[str]
    truths: Sequence[str | None]
    candidates: Sequence[tuple[str, ...]]
    vectors: ProductVectors

    def __post_init__(self) -> None:
        sizes = {len(self.texts), len(self.truths), len(self.candidates), len(self.vectors.fused)}
        if len(sizes) > 1:
            raise ValueError(f"texts, truths, candidates and vectors differ in length: {sorted(sizes)}")

    def at(self, chosen: np.ndarray) -> MeasureRows:
        """Some of the products, by a mask."""
        rows = np.flatnonzero(chosen)
        return MeasureRows(
            texts=[self.texts[row] for row in rows.tolist()],
            truths=[self.truths[row] for row in rows.tolist()],
            candidates=[self.candidates[row] for row in rows.tolist()],
            vectors=self.vectors.at(rows),
        )


@dataclass(frozen=True)
class CategoryTable:
    """Category paths in both spaces.

    Attributes:
        paths: First the `open_size` paths of the taxonomy, then those that only candidate lists name.
        open_size: Number of paths that the open prediction chooses from.
        trained: float32 [m, d].
        pictured: float32 [m, d], with which photos alone are compared.
        untrained: float32 [m, width].
        names: What the taxonomy's paths are called in other languages, where the predictor reads that.
    """

    paths: tuple[str, ...]
    open_size: int
    trained: np.ndarray
    pictured: np.ndarray
    untrained: np.ndarray
    names: NameVectors | None = None

    @classmethod
    def of(
        cls,
        bundle: Encoder,
        taxonomy: Sequence[str],
        candidates: Iterable[Sequence[str]],
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> CategoryTable:
        """Encode the taxonomy and all candidates, each distinct path once, and its names in other languages."""
        distinct = dict.fromkeys(taxonomy)
        size = len(distinct)
        distinct.update((path, None) for row in candidates for path in row)
        paths = tuple(distinct)
        others = bundle.encode_names(paths[:size], names or {})
        trained = bundle.encode_categories(paths)
        pictured = trained if bundle.predictor is None else bundle.predictor.for_photos(paths, trained)
        return cls(paths, size, trained, pictured, bundle.encode_texts_untrained(paths), others)


def read_rows(bundle: Encoder, products: str, split: str | None = None) -> MeasureRows:
    """Read products of the input schema, cleaned as `ingest` does, and encode them.

    Args:
        bundle: The model.
        products: Anything that `SourceConfig.location` takes.
        split: Split to read; None takes `test` where there is one, and else every row.

    Raises:
        SourceError: If the source cannot be read or has no such split.
    """
    source = open_source(SourceConfig(location=products))
    if split is not None and split not in source.splits:
        raise SourceError(f"{products} has no split '{split}'; it has {', '.join(source.splits)}.")
    parts = [part for part in source.parts if part.split == (split or "test") and part.rows != 0]
    if split is None and not parts:
        parts = list(source.parts)
    items = (item for part in parts for item in part.read())
    total = sum(part.rows or 0 for part in parts) or None
    rows: list[CleanRow] = []
    progress = tqdm(items, total=total, desc="products", unit="row")
    image, has_image = _encode_photos(bundle, _photos(progress, bundle.image_size, rows))
    return MeasureRows(
        texts=[row.text for row in rows],
        truths=[row.category for row in rows],
        candidates=[tuple(row.candidates) for row in rows],
        vectors=product_vectors(bundle, [row.text for row in rows], image, has_image),
    )


def _photos(items: Iterable[Item], image_size: int, rows: list[CleanRow]) -> Iterator[np.ndarray | None]:
    """The square photo of each usable row; the row itself, without it, is appended to `rows`."""
    config = IngestConfig(image_size=image_size)
    rejected: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for item in items:
        row = clean_row(item, config)
        if isinstance(row, Reject):
            rejected[row.reason] += 1
            continue
        notes.update(row.notes)
        rows.append(row.without_square())
        yield None if row.photo is None else row.photo.square
    for reason, number in rejected.most_common():
        _LOG.warning("%d rows are not measured: %s", number, reason)
    for note, number in notes.most_common():
        _LOG.info("%d rows: %s", number, note)


def _encode_photos(bundle: Encoder, photos: Iterable[np.ndarray | None]) -> tuple[np.ndarray, np.ndarray]:
    """Vectors float32 [n, d] of photos (zeros without one) and bool [n]; only a batch of pixels is held at a time."""
    vectors: list[np.ndarray] = []
    present: list[bool] = []
    batch: list[np.ndarray] = []
    for photo in photos:
        present.append(photo is not None)
        if photo is not None:
            batch.append(photo)
        if len(batch) == _PHOTOS_AT_A_TIME:
            vectors.append(bundle.encode_images(np.stack(batch)))
            batch.clear()
    if batch:
        vectors.append(bundle.encode_images(np.stack(batch)))
    has_image = np.array(present, dtype=bool)
    whole = np.zeros((len(present), bundle.dimension), dtype=np.float32)
    if vectors:
        whole[has_image] = np.concatenate(vectors)
    return whole, has_image


def count_rows(
    rows: MeasureRows, known: np.ndarray, listed: np.ndarray, seen: np.ndarray, table: CategoryTable
) -> dict[str, int]:
    """How many rows there are, and how many have what a figure needs."""
    taxonomy = set(table.paths[: table.open_size])
    masks = {
        "truth": known,
        "candidates": listed,
        "photo": rows.vectors.has_image,
        "text": rows.vectors.has_text,
        "seen": known & seen,
        "unseen": known & ~seen,
        "truth_in_taxonomy": np.array([truth in taxonomy for truth in rows.truths]),
    }
    return {"rows": len(rows.texts), **{name: int(mask.sum()) for name, mask in masks.items()}}


def reasons(rows: MeasureRows, known: np.ndarray, listed: np.ndarray, seen: np.ndarray) -> list[str]:
    """One sentence for everything that these rows do not allow."""
    photo, text = known & rows.vectors.has_image, known & rows.vectors.has_text
    either, listless = photo | text, known & ~listed
    checks = (
        (not known.any(), "No row has a true category: nothing can be measured."),
        (known.any() and not listed.any(), "rerank: no row has candidates with its true category among them."),
        (listed.any() and listless.any(), f"rerank: {listless.sum()} rows lack candidates with the truth among them."),
        (known.any() and not photo.any(), "image: no row with a true category has a photo."),
        (known.any() and not text.any(), "text, zero_shot: no row with a true category has a text."),
        (text.any(), "open.zero_shot: for text alone, the untrained text tower reads no photo."),
        (known.any() and not (known & seen).any(), "seen: training saw none of these rows' categories."),
        (known.any() and not (known & ~seen).any(), "unseen: training saw all of these rows' categories."),
        (known.any() and either.sum() < 2, "retrieval: it takes at least two rows with a true category."),
    )
    return [sentence for applies, sentence in checks if applies]
