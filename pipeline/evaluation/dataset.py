"""The data of an evaluation: products and category paths with their vectors, from a run or read from any source."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from tqdm import tqdm

from pipeline.bundle.aliases import AliasVectors
from pipeline.bundle.encode import encode_products
from pipeline.bundle.protocol import Encoder
from pipeline.config.stages import ANY_SOURCE, IngestConfig, SourceConfig
from pipeline.data.rows import CleanRow, Reject, clean_row
from pipeline.data.sources import BadRow, Item, SourceError, open_source
from pipeline.data.vectors import ProductVectors
from pipeline.taxonomy.resolve import NO_TAXONOMY, Resolver

_LOG = logging.getLogger(__name__)
_ROWS_AT_A_TIME = 256  # photos of 256 x 256 pixels are 50 MB


@dataclass(frozen=True)
class EvaluationRows:
    """Products to evaluate on; all sequences have n entries.

    Attributes:
        texts: As the text tower reads them, "" for none.
        truths: Normalized category paths, None where unknown.
        candidates: Normalized, distinct candidate paths; empty where there are none.
        vectors: The products in the shared space.
        blank: bool [n], products known by nothing but a photo that shows nothing; None: none of them.
        sources: Name of each one's source; None: not known.
    """

    texts: Sequence[str]
    truths: Sequence[str | None]
    candidates: Sequence[tuple[str, ...]]
    vectors: ProductVectors
    blank: np.ndarray | None = None
    sources: Sequence[str] | None = None

    def __post_init__(self) -> None:
        sizes = {len(self.texts), len(self.truths), len(self.candidates), len(self.vectors.fused)}
        sizes |= set() if self.sources is None else {len(self.sources)}
        if len(sizes) > 1:
            raise ValueError(f"texts, truths, candidates, vectors and sources differ in length: {sorted(sizes)}")

    def at(self, chosen: np.ndarray) -> EvaluationRows:
        """Some of the products, by a mask."""
        rows = np.flatnonzero(chosen)
        return EvaluationRows(
            texts=[self.texts[row] for row in rows.tolist()],
            truths=[self.truths[row] for row in rows.tolist()],
            candidates=[self.candidates[row] for row in rows.tolist()],
            vectors=self.vectors.at(rows),
            blank=None if self.blank is None else self.blank[rows],
            sources=None if self.sources is None else [self.sources[row] for row in rows.tolist()],
        )


@dataclass(frozen=True)
class CategoryTable:
    """Category paths in both spaces.

    Attributes:
        paths: First the `open_size` paths of the taxonomy, then those that only candidate lists name.
        open_size: Number of paths that the open prediction chooses from.
        trained: float32 [m, d].
        for_photos: float32 [m, d], with which photos alone are compared.
        untrained: float32 [m, width].
        aliases: Names of the taxonomy's paths in other languages, where the predictor reads them.
    """

    paths: tuple[str, ...]
    open_size: int
    trained: np.ndarray
    for_photos: np.ndarray
    untrained: np.ndarray
    aliases: AliasVectors | None = None

    @classmethod
    def of(
        cls,
        bundle: Encoder,
        taxonomy: Sequence[str],
        candidates: Iterable[Sequence[str]],
        aliases: Mapping[str, Sequence[str]] | None = None,
    ) -> CategoryTable:
        """Encode the taxonomy and all candidates, each distinct path once, and its aliases."""
        distinct = dict.fromkeys(taxonomy)
        size = len(distinct)
        distinct.update((path, None) for row in candidates for path in row)
        paths = tuple(distinct)
        alias_vectors = bundle.encode_aliases(paths[:size], aliases or {})
        trained = bundle.encode_categories(paths)
        for_photos = trained if bundle.predictor is None else bundle.predictor.vectors_for_photos(paths, trained)
        return cls(paths, size, trained, for_photos, bundle.encode_categories_untrained(paths), alias_vectors)


def read_rows(
    bundle: Encoder,
    products: str,
    split: str | None = None,
    resolver: Resolver = NO_TAXONOMY,
    reading: SourceConfig = ANY_SOURCE,
    *,
    without_fields: bool = False,
) -> EvaluationRows:
    """Read products of the input schema, cleaned as `ingest` does, and encode them.

    Args:
        bundle: The model.
        products: Anything that `SourceConfig.location` takes.
        split: Split to read; None takes `test` where there is one, and else every row.
        resolver: Of the taxonomy in which ids of categories are looked up.
        reading: How the source is read, but for its location: columns, photos, encoding.
        without_fields: Leave type, tags, collections and options out of the texts, as of shops that have none.

    Raises:
        SourceError: If the source cannot be read or has no such split.
    """
    source = open_source(replace(reading, location=products))
    if split is not None and split not in source.splits:
        raise SourceError(f"{products} has no split '{split}'; it has {', '.join(source.splits)}.")
    parts = [part for part in source.parts if part.split == (split or "test") and part.rows != 0]
    if split is None and not parts:
        parts = list(source.parts)
    items: Iterator[Item] = (item for part in parts for item in part.read())
    total = sum(part.rows or 0 for part in parts) or None
    rows: list[CleanRow] = []
    encoded = [encode_products(bundle, [], [])]
    if without_fields:
        items = map(_without_fields, items)
    cleaned = _clean(tqdm(items, total=total, desc="products", unit="row"), bundle.image_size, resolver)
    while batch := list(islice(cleaned, _ROWS_AT_A_TIME)):
        texts, photos = [row.text for row in batch], [row.photo for row in batch]
        encoded.append(encode_products(bundle, texts, photos, more=[row.more for row in batch]))
        rows += [row.without_square() for row in batch]
    return EvaluationRows(
        texts=[row.text for row in rows],
        truths=[row.category for row in rows],
        candidates=[tuple(row.candidates) for row in rows],
        vectors=ProductVectors.concatenate(encoded),
        blank=np.array([row.photo is not None and bool(row.photo.flaw) and not row.text for row in rows], dtype=bool),
        sources=[row.raw.source for row in rows],
    )


def _without_fields(item: Item) -> Item:
    return item if isinstance(item, BadRow) else replace(item, product_type="", tags="", collections="", options="")


def _clean(items: Iterable[Item], image_size: int, resolver: Resolver) -> Iterator[CleanRow]:
    """The usable rows; the others are counted in the log."""
    config = IngestConfig(image_size=image_size)
    rejected: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for item in items:
        row = clean_row(item, config, resolver)
        if isinstance(row, Reject):
            rejected[row.reason] += 1
            continue
        notes.update(row.notes)
        yield row
    for reason, number in rejected.most_common():
        _LOG.warning("%d rows are not measured: %s", number, reason)
    for note, number in notes.most_common():
        _LOG.info("%d rows: %s", number, note)


def count_rows(
    rows: EvaluationRows, known: np.ndarray, listed: np.ndarray, seen: np.ndarray, table: CategoryTable
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


def reasons(rows: EvaluationRows, known: np.ndarray, listed: np.ndarray, seen: np.ndarray) -> list[str]:
    """One sentence for everything that these rows do not allow."""
    photo, text = known & rows.vectors.has_image, known & rows.vectors.has_text
    either, listless = photo | text, known & ~listed
    checks = (
        (not known.any(), "No row has a true category: nothing can be measured."),
        (
            known.any() and not listed.any(),
            "rerank: no row has candidates with its true category among them; the open figures are all there is.",
        ),
        (listed.any() and listless.any(), f"rerank: {listless.sum()} rows lack candidates with the truth among them."),
        (known.any() and not photo.any(), "image: no row with a true category has a photo."),
        (known.any() and not text.any(), "text, zero_shot: no row with a true category has a text."),
        (text.any(), "open.zero_shot: for text alone, the untrained text tower reads no photo."),
        (known.any() and not (known & seen).any(), "seen: training saw none of these rows' categories."),
        (known.any() and not (known & ~seen).any(), "unseen: training saw all of these rows' categories."),
        (known.any() and either.sum() < 2, "retrieval: it takes at least two rows with a true category."),
    )
    return [sentence for applies, sentence in checks if applies]
