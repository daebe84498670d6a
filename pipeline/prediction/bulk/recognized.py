"""What a table file was recognized as: shop system, format, columns, number of rows, and a sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import Item, Layout, RawRow, Source, SourceError, layout_of, open_source, shorten
from pipeline.data.sources.files import SUFFIXES
from pipeline.data.sources.files.packed import unpack
from pipeline.data.text import clean_text
from pipeline.errors import InputError

_SAMPLE = 3
_LINES = (".jsonl", ".ndjson")
_BEFORE_JSON = b"\x00\xff\xfe\xef\xbb\xbf \t\r\n"
_MAX_CHARACTERS, _MAX_MARKUP = 200, 5_000


@dataclass(frozen=True)
class Field:
    """A field of ours, the headings that hold it, and whether these were guessed by their words."""

    name: str
    headings: tuple[str, ...]
    is_guess: bool


@dataclass(frozen=True)
class SampleRow:
    """A row as it is read; texts are shortened, and "" where there is none.

    Attributes:
        title: Of the product.
        description: Of it, without markup.
        category: The file's own.
        has_photo: Whether its photo is found.
        problem: Why the row, or its photo, cannot be read.
    """

    title: str
    description: str
    category: str
    has_photo: bool
    problem: str


@dataclass(frozen=True)
class Recognized:
    """A table file with what it was recognized as.

    Attributes:
        config: How it is read.
        layout: Of it.
        source: Its rows.
        rows: Number of its products, and of rows that cannot be read.
        sample: Its first rows.
    """

    config: SourceConfig
    layout: Layout = field(repr=False)
    source: Source = field(repr=False)
    rows: int
    sample: Sequence[SampleRow]

    @property
    def path(self) -> Path:
        """Of the file."""
        return self.layout.file.path

    @property
    def system(self) -> str:
        """Name of the shop system, "" for a plain table."""
        profile = self.layout.mapped.profile
        return "" if profile is None else profile.system

    @property
    def form(self) -> str:
        """How it is written: encoding, delimiter, heading row, and the like."""
        return self.layout.file.form

    @property
    def fields(self) -> Sequence[Field]:
        """The columns that are read."""
        mapped = self.layout.mapped
        return [Field(name, headings, name in mapped.guessed) for name, headings in mapped.headings.items()]

    @property
    def unread(self) -> Sequence[str]:
        """Headings of the columns that are not read."""
        read = {heading for headings in self.layout.mapped.headings.values() for heading in headings}
        return [heading for heading in dict.fromkeys(self.layout.file.headings) if heading and heading not in read]


def recognize(config: SourceConfig, max_json_bytes: int) -> Recognized:
    """Read a table file once, to say what it is.

    Args:
        config: How it is read; its location is a file, its photos lie in a folder or a zip.
        max_json_bytes: Of a JSON file, all of which stays in memory; JSON Lines and all others do not.

    Raises:
        UserError: If it cannot be read, or is no table file.
    """
    path = Path(config.location)
    if path.suffix.lower() not in SUFFIXES:
        raise SourceError(
            f"{path} is no table that is read here; give CSV, TSV, JSON, JSON Lines, XML or XLSX, packed or not."
        )
    _check_json(path, max_json_bytes)
    layout = layout_of(config)
    if layout is None:
        raise InputError(f"{path} is no table.")
    source = open_source(config)
    rows = sum(part.rows for part in source.parts)
    items = (item for part in source.parts for item in part.read())
    return Recognized(config, layout, source, rows, [_sample(item) for item in islice(items, _SAMPLE)])


def _check_json(path: Path, max_bytes: int) -> None:
    packed = unpack(path)
    if Path(packed.name).suffix.lower() in _LINES or packed.is_workbook:
        return
    if packed.head().translate(None, _BEFORE_JSON)[:1] not in (b"[", b"{"):
        return
    with packed.open() as file:
        if len(file.read(max_bytes + 1)) > max_bytes:
            raise InputError(
                f"{path} has more than {max_bytes // 10**6} MB of JSON, which is read as a whole; save it as JSON "
                "Lines (.jsonl) or CSV."
            )


def _sample(item: Item) -> SampleRow:
    if not isinstance(item, RawRow):
        return SampleRow("", "", "", has_photo=False, problem=item.reason)
    texts = (item.title, clean_text(shorten(item.description, _MAX_MARKUP)), item.category or "")
    title, text, category = (shorten(one, _MAX_CHARACTERS) for one in texts)
    return SampleRow(title, text, category, has_photo=item.image is not None, problem=item.note)
