"""Cleaning of raw rows: texts, category paths, photo and id; or a reject with its reason."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np

from pipeline.config.stages import IngestConfig
from pipeline.data.images import Photo
from pipeline.data.language import guess_language, language_code
from pipeline.data.photos import PhotoFacts, photos_of
from pipeline.data.sources import BadRow, Item, RawRow, shorten
from pipeline.data.text import PLACEHOLDERS, SHEET_ERRORS, Fields, ListingText, listing_text
from pipeline.taxonomy.paths import Taxonomy, normalize_path
from pipeline.taxonomy.resolve import NO_TAXONOMY, Resolver, respellings

_MAX_KEPT_CHARACTERS = 20_000
"""Of each raw text, for the case that the row is rejected later: all rows of a source are in memory at once."""
_UNKNOWN_CATEGORIES = PLACEHOLDERS | frozenset(("uncategorized", "uncategorised", "default", "default category"))
_NO_BRANDS = PLACEHOLDERS | frozenset(("generic", "unbranded", "no brand", "does not apply"))
_TEXTS = ("title", "description", "brand")
_ID_DIGITS = 16
_AHEAD = 32
"""Rows in work at a time, for each thread."""
AHEAD_BYTES = 128 * 2**20
"""Bytes of the photos and texts of all rows in work, but for a single row that has more."""
T = TypeVar("T")


@dataclass(frozen=True)
class CleanRow:
    """A product as in `schema.PRODUCTS`, before its split is known; `notes` list what was repaired.

    `raw` lacks the photo, and its texts are cut; its `note` says why a photo that the source names is missing. `text`
    is that of the listing. `photo` is the first in the source's order that shows something; `more` are the others;
    `facts` are those of `photo`, where a build asked for them.
    """

    product_id: str
    raw: RawRow
    raw_image_bytes: int
    listing: ListingText
    text: str
    language: str
    category: str | None
    candidates: list[str]
    photo: Photo | None
    notes: tuple[str, ...]
    more: tuple[Photo, ...] = ()
    facts: PhotoFacts | None = None

    @property
    def title(self) -> str:
        """For people, "" for none."""
        return self.listing.title

    @property
    def description(self) -> str:
        """For people, "" for none."""
        return self.listing.description

    @property
    def photo_count(self) -> int:
        """How many photos there are."""
        return 0 if self.photo is None else 1 + len(self.more)

    def without_square(self) -> CleanRow:
        """The row without the pixels, which are in the image cache by then."""
        if self.photo is None:
            return self
        empty = np.empty((0, 0, 3), dtype=np.uint8)
        return replace(self, photo=replace(self.photo, square=empty), more=(Photo(empty, ""),) * len(self.more))


@dataclass(frozen=True)
class Reject:
    """A row that does not become a product, with the reason and the raw row as JSON (`schema.REJECTS`)."""

    split: str
    row: int
    reason: str
    raw: str


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": len(value)}
    return str(value)


def raw_json(fields: Any) -> str:
    """A raw row as JSON; bytes (photos) are replaced by their number, and halves of characters are escaped."""
    text = json.dumps(fields, ensure_ascii=False, default=_to_json, sort_keys=True)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def reject_clean(row: CleanRow, reason: str) -> Reject:
    """Reject a clean row after all."""
    fields = {**asdict(row.raw), "image": {"bytes": row.raw_image_bytes} if row.raw_image_bytes else None}
    return Reject(row.raw.split, row.raw.row, reason, raw_json(fields))


def _kept(raw: RawRow, note: str) -> RawRow:
    """A raw row as it is kept until its split is known."""
    title, description = shorten(raw.title, _MAX_KEPT_CHARACTERS), shorten(raw.description, _MAX_KEPT_CHARACTERS)
    return replace(raw, image=None, more_images=(), title=title, description=description, note=note)


def _clean_path(raw: str | None) -> str | None:
    if raw is None or raw.strip().casefold() in _UNKNOWN_CATEGORIES:
        return None
    try:
        return normalize_path(raw)
    except ValueError:
        return None


def product_id(raw: RawRow) -> str:
    """The source's id as written, else a hash of split, row number, title and photo: the same for the same input."""
    if raw.product_id and (written := raw.product_id.replace("\0", "")):
        return written
    digest = hashlib.sha256(f"{raw.split}\0{raw.row}\0{raw.title}\0".encode(errors="surrogatepass"))
    digest.update(hashlib.sha256(raw.image or b"").digest())
    return digest.hexdigest()[:_ID_DIGITS]


def _categories(raw: RawRow, notes: list[str], resolver: Resolver) -> tuple[str | None, list[str]]:
    """True path and distinct candidates, normalized; no candidates where the truth is not among them.

    A list without the truth is of no use for training or evaluation, and we cannot add the truth: its position in a
    list that somebody else made would be our choice.
    """
    paths = [_clean_path(path) for path in (raw.category, *raw.other_categories)]
    cell = next((path for path in paths if path is not None and resolver.knows(path)), paths[0])
    category = None if cell is None else resolver.resolve(cell)
    if cell is not None and category is None:
        notes.append("category is an id that no given taxonomy has: unknown")
    elif raw.category is not None and category is None:
        notes.append("category unreadable or unknown")
    cells = [_clean_path(path) for path in raw.candidates]
    paths = [None if path is None else resolver.resolve(path) for path in cells]
    candidates = list(dict.fromkeys(path for path in paths if path is not None))
    if len(candidates) < len(raw.candidates):
        notes.append("candidates repeated, empty or unknown ids")
    if candidates and category is not None and category not in candidates:
        notes.append("truth not among the candidates, which were emptied")
        candidates = []
    return category, candidates


def _is(words: frozenset[str], text: str | None) -> bool:
    return text is not None and text.strip().casefold() in words


def _without_placeholders(raw: RawRow) -> RawRow:
    """The row without words that stand for nothing.

    A title such as "None" or "NaN" can be one; it is dropped where the other cells of the row are such words too.
    """
    description = "" if _is(PLACEHOLDERS, raw.description) else raw.description
    brand = "" if _is(_NO_BRANDS, raw.brand) else raw.brand
    title = raw.title
    if _is(PLACEHOLDERS, title):
        others = (raw.description, raw.category, raw.brand)
        real = description or brand or (raw.category and not _is(_UNKNOWN_CATEGORIES, raw.category))
        if _is(SHEET_ERRORS, title) or (not real and any(other and other.strip() for other in others)):
            title = ""
    return replace(raw, title=title, description=description, brand=brand)


def clean_row(
    item: Item, config: IngestConfig, resolver: Resolver = NO_TAXONOMY, *, with_facts: bool = True
) -> CleanRow | Reject:
    """Clean one row.

    Args:
        item: A row of a source.
        config: Limits and sizes.
        resolver: Of the taxonomy in which ids of categories are looked up.
        with_facts: Whether a build wants the facts of its photo.

    Returns:
        The clean row; a reject where there is neither text nor a usable photo.
    """
    if isinstance(item, BadRow):
        return Reject(item.split, item.row, item.reason, raw_json(dict(item.raw)))
    read = _without_placeholders(item)
    fields = Fields(read.brand, read.product_type, read.tags, read.collections, read.options)
    listing = listing_text(read.title, read.description, config, fields)
    notes = [*item.notes, *(f"{field} cut" for field in listing.cut)]
    notes += [f"{field} is a placeholder" for field in _TEXTS if getattr(read, field) != getattr(item, field)]
    category, candidates = _categories(item, notes, resolver)
    photos = photos_of(item, config, with_facts=with_facts)
    photo, photo_problem = photos.first, photos.problem
    notes += photos.notes
    text = listing.text
    language = language_code(item.language)
    if item.language and not language:
        notes.append("language is not a code such as en or pt-BR and was guessed")
    row = CleanRow(
        product_id=product_id(item),
        raw=_kept(item, photo_problem),
        raw_image_bytes=len(item.image or b""),
        listing=listing,
        text=text,
        language=language or guess_language(text),
        category=category,
        candidates=candidates,
        photo=photo,
        notes=tuple(notes),
        more=photos.more,
        facts=photos.facts,
    )
    if not text and photo is None:
        return reject_clean(row, f"neither text nor a usable photo: {photo_problem or 'no photo'}")
    return row


def in_threads(items: Iterable[Item], work: Callable[[Item], T]) -> Iterator[T]:
    """Apply `work` to the items, in their order, in a thread a core (Pillow frees the interpreter lock)."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers, thread_name_prefix="rows") as pool:
        waiting: deque[tuple[Future[T], int]] = deque()
        held = 0
        try:
            for item in items:
                size = _size(item)
                while waiting and (len(waiting) >= workers * _AHEAD or held + size > AHEAD_BYTES):
                    done, freed = waiting.popleft()
                    held -= freed
                    yield done.result()
                waiting.append((pool.submit(work, item), size))
                held += size
                del item  # the pool lets go of it when it is done
            while waiting:
                yield waiting.popleft()[0].result()
        finally:
            pool.shutdown(cancel_futures=True)  # where it was interrupted, nobody waits for the others


def _size(item: Item) -> int:
    """Bytes that a row takes while it is in work."""
    if isinstance(item, BadRow):
        return 0
    return (
        len(item.image or b"")
        + sum(map(len, item.more_images))
        + sys.getsizeof(item.title)
        + sys.getsizeof(item.description)
    )


def one_spelling(rows: Sequence[CleanRow], taxonomy: Taxonomy) -> list[CleanRow]:
    """All rows of a source with one spelling for categories that differ in case alone, that of the taxonomy if any."""
    used = [path for row in rows for path in (row.category, *row.candidates) if path is not None]
    changed = respellings(used, taxonomy)
    return [_respelled(row, changed) for row in rows] if changed else list(rows)


def _respelled(row: CleanRow, changed: Mapping[str, str]) -> CleanRow:
    category = None if row.category is None else changed.get(row.category, row.category)
    candidates = list(dict.fromkeys(changed.get(path, path) for path in row.candidates))
    return replace(row, category=category, candidates=candidates)
