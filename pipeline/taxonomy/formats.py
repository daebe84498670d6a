"""Taxonomy files as people publish them, parsed: which kind a file is, is told from what it holds.

Known are Shopify's release files ("gid : A > B", plain or gzipped, and categories.json), Google's with and without
numbers ("123 - A > B"), tables of id, parent and name, and plain lists of paths with aliases after tabs. Our own files
with ids are written like Shopify's.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.encoding import NotTextError, encoding_name, find_encoding
from pipeline.errors import InputError
from pipeline.taxonomy.tables import is_table, parse_table

MAX_BYTES = 256 * 2**20
"""Of a file, unpacked: Shopify's largest has 90 MB."""
FORMAT_LINE = "# Format: {id} : {path}"
"""Comment by which a file says that its lines begin with an id, even where some have none."""

_GZIP = b"\x1f\x8b"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel file; save its table as UTF-8 text",
    b"PAR1": "a Parquet file; write its paths into a text file, one a line",
    b"%PDF": "a PDF; give the text file",
}
_WEB_PAGE = re.compile(r"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
_HAS_IDS = re.compile(r"#\s*Format:\s*\{(gid|id)\}\s*:", re.IGNORECASE)
_VERSIONS = re.compile(r"#\s*(?:Shopify Product Taxonomy - Categories:|Google_Product_Taxonomy_Version:)\s*(\S+)")
_WITH_ID = re.compile(r"(?:(\S+)\s+)?:\s(.+)")
_NUMBERED = re.compile(r"(\d+) - (.+)")
_TELLING_LINES = 5


@dataclass(frozen=True)
class Entry:
    """A category as a file has it.

    Attributes:
        place: Where it stands, such as "line 7".
        path: As it is written.
        id: "" where the file gives none.
        names: The path in other languages.
    """

    place: str
    path: str
    id: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """The categories of a file, in its order.

    Attributes:
        kind: Of the file, in words.
        version: Of the taxonomy, "" where the file does not say.
        entries: Its categories.
        encoding: Of the text, as people call it.
    """

    kind: str
    version: str
    entries: tuple[Entry, ...]
    encoding: str = "UTF-8"


@dataclass(frozen=True)
class _Line:
    number: int
    text: str

    @property
    def place(self) -> str:
        return f"line {self.number}"


def parse(content: bytes) -> Parsed:
    """Parse the content of a taxonomy file.

    Raises:
        InputError: Half a sentence that begins with the place, if something cannot be read; says what to do.
    """
    text, encoding = decoded(content)
    return replace(_parsed(text), encoding=encoding)


def _parsed(text: str) -> Parsed:
    if text.lstrip()[:1] in ("{", "["):
        return _parse_json(text)
    if _WEB_PAGE.match(text):
        raise InputError(
            "line 1: this is a web page or XML; give the text file itself (on GitHub: 'Download raw file')"
        )
    every = split_lines(text)
    lines = [_Line(number, line.rstrip()) for number, line in enumerate(every, start=1)]
    comments = [line.text for line in lines if line.text.startswith("#")]
    lines = [line for line in lines if line.text.strip() and not line.text.startswith("#")]
    versions = [match[1] for match in map(_VERSIONS.match, comments) if match]
    version = versions[0] if versions else ""
    if any(map(_HAS_IDS.match, comments)) or any(line.text.startswith("gid://") for line in lines):
        return Parsed("lines of id and path", version, tuple(_with_id(line) for line in lines))
    if _is_numbered(lines[:_TELLING_LINES]):
        return Parsed("lines of number and path, as Google's", version, tuple(_numbered(line) for line in lines))
    if lines and is_table(lines[0].text):
        above = lines[0].number - 1
        table = parse_table(every[above:], above)
        return Parsed("table of ids and names", version, tuple(Entry(row.place, row.path, row.id) for row in table))
    return Parsed("plain list of paths", version, tuple(_plain(line) for line in lines))


def text_of(content: bytes) -> str:
    """The text of a file, gzipped or not, in any encoding; errors are those of `decoded`."""
    return decoded(content)[0]


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file, gzipped or not, with or without a byte order mark, and the encoding it was found to have.

    Raises:
        InputError: Half a sentence, if it is no text; says what to do.
    """
    content = _unpacked(content)
    try:
        return content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as not_utf8:
        try:
            codec = find_encoding(lambda: io.BytesIO(content))
            if codec.startswith("utf-8"):  # with a few damaged bytes, which no path should hold
                raise InputError(_not_utf8(content, not_utf8)) from not_utf8
            return content.decode(codec), encoding_name(codec)
        except NotTextError as error:
            raise InputError(f"{error}; give a text file of paths, one a line") from error
        except UnicodeDecodeError as error:
            raise InputError(f"it is no text in {encoding_name(error.encoding)} ({error}); save it as UTF-8") from error


def split_lines(text: str) -> list[str]:
    """Lines by CR, LF or both alone: other separators of Unicode may stand inside a name."""
    return re.split(r"\r\n|\r|\n", text)


def _is_numbered(lines: Sequence[_Line]) -> bool:
    """Whether the first of these lines and most of the others begin with Google's number."""
    numbered = [_NUMBERED.fullmatch(line.text) is not None for line in lines]
    return bool(numbered) and numbered[0] and 2 * sum(numbered) > len(numbered)


def _unpacked(content: bytes) -> bytes:
    """The content without gzip.

    Raises:
        InputError: If it is damaged, too large, or of a kind that is no text.
    """
    if content.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = packed.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"it is gzipped but damaged ({error}); download it again") from error
    if len(content) > MAX_BYTES:
        raise InputError(f"it has more than {MAX_BYTES // 2**20} MB; give a taxonomy, one category a line")
    for beginning, kind in _FOREIGN.items():
        if content.startswith(beginning):
            raise InputError(f"it is {kind}")
    return content


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> str:
    """Where the first byte is that is damaged."""
    number = content.count(b"\n", 0, error.start) + 1
    return f"line {number}: byte 0x{content[error.start]:02x} is not UTF-8, as the rest is; write the line again"


def _with_id(line: _Line) -> Entry:
    match = _WITH_ID.fullmatch(line.text)
    if match is None:
        raise InputError(
            f"{line.place}: '{_short(line.text)}' is not an id and a path, as in "
            "'gid://shopify/TaxonomyCategory/ap-1 : Animals & Pet Supplies > Live Animals'; complete it or delete it"
        )
    path, *names = _cells(match[2])
    return Entry(line.place, path, match[1] or "", tuple(names))


def _numbered(line: _Line) -> Entry:
    match = _NUMBERED.fullmatch(line.text)
    if match is None:
        raise InputError(
            f"{line.place}: '{_short(line.text)}' is not a number and a path as the lines before, "
            "such as '1 - Animals & Pet Supplies'; complete it or delete it"
        )
    return Entry(line.place, match[2], match[1])


def _plain(line: _Line) -> Entry:
    path, *names = _cells(line.text)
    return Entry(line.place, path, "", tuple(names))


def _cells(text: str) -> list[str]:
    return [cell for cell in text.split("\t") if cell.strip()]


def _parse_json(text: str) -> Parsed:
    """Shopify's categories.json or taxonomy.json: verticals, each with its categories."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"line {error.lineno}: it is not whole JSON ({error.msg}); download it again") from error
    except (RecursionError, ValueError) as error:  # nested too deep; a number of thousands of digits
        raise InputError(f"it is no taxonomy ({error}); of JSON, Shopify's categories.json is read") from error
    if not isinstance(whole, dict) or not isinstance(whole.get("verticals"), list):
        raise InputError("it is JSON without a list 'verticals'; of JSON, Shopify's categories.json is read")
    entries = []
    for number, vertical in enumerate(whole["verticals"]):
        place = f"verticals[{number}]"
        for position, category in enumerate(_field(vertical, "categories", list, place)):
            where = f"{place}.categories[{position}]"
            full_name, identifier = (_field(category, name, str, where) for name in ("full_name", "id"))
            entries.append(Entry(where, full_name, identifier))
    version = whole.get("version")
    return Parsed("Shopify's categories.json", version if isinstance(version, str) else "", tuple(entries))


def _field(value: Any, name: str, kind: type, place: str) -> Any:
    """A field of a JSON object that must be a non-empty text or a list."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind) or found == "":
        raise InputError(f"{place}: it has no '{name}' as Shopify's categories.json has; download it again")
    return found


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"
