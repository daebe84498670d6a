"""Conversion of raw cells to a row of the input schema: texts, flags, candidates and photos, or the reason why not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeline.config.stages import IngestConfig
from pipeline.data.sources.base import BadRow, Item, RawRow

MAX_PHOTO_BYTES = IngestConfig.max_image_bytes
"""Default limit of a photo."""
MAX_TEXT_CHARACTERS = 1_000_000
"""Characters read of one text; whole pages with embedded photos stay below."""
MAX_CANDIDATES = 20_000
"""Paths in one list: twice a whole taxonomy."""
OTHER_CATEGORIES = "other_categories"
"""Paths that a source gives a product besides its category; only tables give any."""
_MAX_KEPT_CHARACTERS = 2_000
_MAX_KEPT_ITEMS = 20
_MAX_SHOWN_CHARACTERS = 120
_MAX_LABEL_CHARACTERS = 200
_MAX_FIELD_CHARACTERS, _MAX_FIELD_ITEMS = 5_000, 250
"""Of a type, tags, collections or options; Shopify allows 250 tags."""

_TRUE = frozenset(("true", "1", "1.0", "yes", "y", "t"))
_FALSE = frozenset(("false", "0", "0.0", "no", "n", "f"))
_KINDS = {
    str: "a text",
    bool: "a truth value",
    int: "an integer",
    float: "a number",
    bytes: "bytes",
    dict: "a struct",
    list: "a list",
}


@dataclass(frozen=True)
class Unread:
    """A cell that its source did not read; `why` ends a sentence that begins with the column."""

    why: str


class CellError(ValueError):
    """A cell holds something of another kind; the message names its column and what it holds."""


def shown(name: str) -> str:
    """Quote a name from a source for a message: on one line, shortened."""
    return repr(name if len(name) <= _MAX_SHOWN_CHARACTERS else name[:_MAX_SHOWN_CHARACTERS] + "…")


def too_large(size: int, limit: int) -> str:
    """End of a message on a photo with too many bytes; of `size`, only `limit` + 1 may have been counted."""
    return f"has {size:,} bytes; at most {limit:,} are allowed"


def shorten(text: str, length: int = _MAX_KEPT_CHARACTERS) -> str:
    """Shorten a raw text for the rejects: its beginning, and how long it was."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters)"


def kept(value: Any) -> Any:
    """Shorten a raw cell for the rejects, so that rejects of a hostile file take little memory."""
    if isinstance(value, Unread):
        return f"(not read: {value.why})"
    if isinstance(value, str):
        return shorten(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": len(value)}
    if isinstance(value, Mapping):
        return {str(name): kept(value[name]) for name in list(value)[:_MAX_KEPT_ITEMS]}
    if isinstance(value, Sequence | set):
        return [kept(item) for item in list(value)[:_MAX_KEPT_ITEMS]]
    return value


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def _text(column: str, value: Any) -> str:
    """A text or a number as text; "" for None and for NaN, the missing value of numeric columns."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Unread):
        raise CellError(f"{column} {value.why}")
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise CellError(f"{column} holds {_kind(value)}, not a text")


def _name(column: str, value: Any) -> str:
    """A text that must not be cut, since a part of it would mean something else."""
    text = _text(column, value)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise CellError(f"{column} has more than {MAX_TEXT_CHARACTERS:,} characters")
    return text


def _cut(column: str, value: Any, notes: list[str]) -> str:
    """A text that may be cut."""
    text = _text(column, value)
    if len(text) > MAX_TEXT_CHARACTERS:
        notes.append(f"{column} cut at {MAX_TEXT_CHARACTERS:,} characters")
    return text[:MAX_TEXT_CHARACTERS]


def _label(column: str, value: Any, notes: list[str]) -> str:
    """A short text that a row can do without; what is none is left out, which is noted."""
    try:
        text = _text(column, value).strip()
    except CellError:
        notes.append(f"{column} is not a text and was left out")
        return ""
    if len(text) > _MAX_LABEL_CHARACTERS:
        notes.append(f"{column} has more than {_MAX_LABEL_CHARACTERS} characters and was left out")
        return ""
    return text


def _field(raw: Mapping[str, Any], column: str, notes: list[str]) -> str:
    """A text or a list of texts, each on a line of its own, that a row can do without; what is none is left out."""
    value = raw.get(column)
    if not value or isinstance(value, str):
        return (value or "")[:_MAX_FIELD_CHARACTERS].strip()
    listed = value if isinstance(value, Sequence | set) and not isinstance(value, str | bytes) else [value]
    try:
        text = "\n".join(_text(column, one).strip() for one in list(listed)[:_MAX_FIELD_ITEMS])
    except CellError:
        notes.append(f"{column} is not a text and was left out")
        return ""
    return text[:_MAX_FIELD_CHARACTERS].strip()


def _candidates(column: str, value: Any) -> list[str]:
    if isinstance(value, Unread):
        raise CellError(f"{column} {value.why}")
    if value is None:
        return []
    if isinstance(value, str | bytes | bytearray | memoryview) or not isinstance(value, Sequence | set):
        raise CellError(f"{column} holds {_kind(value)}, not a list of paths")
    if len(value) > MAX_CANDIDATES:
        raise CellError(f"{column} lists {len(value):,} paths; at most {MAX_CANDIDATES:,} are read")
    for path in value:
        if path is not None and not isinstance(path, str):
            raise CellError(f"{column} lists {_kind(path)} among its paths")
    return [path for path in value if path is not None]


def _photo(column: str, value: Any, limit: int) -> tuple[bytes | None, str]:
    """The bytes of a photo, or None with the reason why the named photo is missing ("" if the cell names none)."""
    where = ""
    if isinstance(value, Mapping):
        path = value.get("path")
        where = path if isinstance(path, str) else ""
        value = value.get("bytes")
    if value is None:
        return None, f"the photo {shown(where)} is named, but its file is not in the source" if where else ""
    if isinstance(value, Unread):
        return None, f"the photo {value.why}"
    if isinstance(value, bytes | bytearray | memoryview):
        if len(value) > limit:
            return None, f"the photo {too_large(len(value), limit)}"
        return bytes(value) or None, ""
    raise CellError(f"{column} holds {_kind(value)}, not the bytes of a photo")


def _flag(column: str, value: Any, notes: list[str]) -> bool | None:
    """A flag; None where it is missing, or unreadable, which is noted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, bytes | bytearray | memoryview | Mapping | Sequence | set) and not isinstance(value, str):
        raise CellError(f"{column} holds {_kind(value)}, not yes or no")
    word = "" if isinstance(value, float) and math.isnan(value) else str(value).strip().casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if word:
        notes.append(f"{column} is neither yes nor no")
    return None


def to_item(
    split: str,
    row: int,
    raw: Mapping[str, Any],
    product_id: Any = None,
    *,
    note: str = "",
    max_photo_bytes: int = MAX_PHOTO_BYTES,
    line: int = 0,
    more_images: tuple[bytes, ...] = (),
) -> Item:
    """A row of the input schema as a `RawRow`, or as a `BadRow` where a column holds something of another kind.

    Args:
        split: Our name of it.
        row: Its number in the split.
        raw: Values by the columns of the input schema.
        product_id: The source's own id, a text or a number.
        note: Why its photo is missing, where the source looked for one.
        max_photo_bytes: A photo of more bytes is left out, with a note.
        line: As in `RawRow`.
        more_images: As in `RawRow`.
    """
    notes: list[str] = []
    try:
        image, missing = _photo("product_image", raw.get("product_image"), max_photo_bytes)
        return RawRow(
            split=split,
            row=row,
            title=_cut("product_title", raw.get("product_title"), notes),
            description=_cut("product_description", raw.get("product_description"), notes),
            image=image,
            candidates=_candidates("potential_product_categories", raw.get("potential_product_categories")),
            category=_name("ground_truth_category", raw.get("ground_truth_category")) or None,
            brand=_name("ground_truth_brand", raw.get("ground_truth_brand")),
            is_secondhand=_flag("ground_truth_is_secondhand", raw.get("ground_truth_is_secondhand"), notes),
            product_id=_name("product_id", product_id).strip() or None,
            source=_label("source", raw.get("source"), notes),
            language=_label("language", raw.get("language"), notes),
            product_type=_field(raw, "product_type", notes),
            tags=_field(raw, "tags", notes),
            collections=_field(raw, "collections", notes),
            options=_field(raw, "options", notes),
            other_categories=tuple(raw.get(OTHER_CATEGORIES, ())),
            note=note or missing,
            notes=tuple(notes),
            line=line,
            more_images=more_images,
        )
    except CellError as error:
        where = {"line": line} if line else {}
        return BadRow(split, row, str(error), {**where, **{name: kept(value) for name, value in raw.items()}})
