"""How a delimited table is written, so that cells of it can be changed and all else stays as it is, byte for byte."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.delimited import WrittenRow
from pipeline.data.sources.files.dialect import Dialect
from pipeline.data.sources.files.quoting import mended_places, plain_places, sound_places

_BOMS = {
    "utf-8-sig": ((codecs.BOM_UTF8, "utf-8"), (b"", "utf-8")),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"", "utf-16-le")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (b"", "utf-32-le")),
}
"""Byte order marks of codecs that read over them, with the codec of what follows."""


@dataclass(frozen=True)
class Encoding:
    """How the texts of a file become its bytes.

    Attributes:
        codec: A codec of Python that writes no byte order mark.
        mark: Byte order mark of the file, b"" if it has none.
    """

    codec: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        """The bytes of a text; those that were no characters are as they came.

        Raises:
            UnicodeEncodeError: If the text holds a character that the encoding lacks.
        """
        return text.encode(self.codec, "surrogateescape" if self.codec == "utf-8" else "strict")


def encoding_of(codec: str, head: bytes) -> Encoding:
    """The encoding of a file that is read with a codec and begins with these bytes."""
    name = codec.replace("_", "-").lower()
    marks = _BOMS.get(name, ((b"", "utf-8" if name in ("utf-8", "utf8") else codec),))
    mark, plain = next(one for one in marks if head.startswith(one[0]))
    return Encoding(plain, mark)


@dataclass(frozen=True)
class Written:
    """A delimited table as it is written.

    Attributes:
        path: Of the file.
        encoding: Of it.
        dialect: Of it.
        width: Number of its columns.
        rows: Starts a new pass over all of its rows.
        open: Opens it anew, unpacked where it is packed.
    """

    path: Path
    encoding: Encoding
    dialect: Dialect
    width: int
    rows: Callable[[], Iterator[WrittenRow]] = field(repr=False)
    open: Callable[[], BinaryIO] = field(repr=False)

    def check(self) -> None:
        """Make sure that the file comes out as it is where no cell is changed.

        Raises:
            SourceError: If it does not, as in encodings that write one text in several ways.
        """
        with self.open() as file:
            same = file.read(len(self.encoding.mark)) == self.encoding.mark
            for row in self.rows():
                try:
                    content = self.encoding.encode(row.text)
                except UnicodeError:
                    same = False
                same = same and file.read(len(content)) == content
                if not same:
                    break
            same = same and not file.read(1)
        if not same:
            raise SourceError(
                f"{self.path} cannot be written back as it is in its encoding ({self.encoding.codec}); name a format "
                "with --format, or save it as UTF-8."
            )

    def rewrite(self, row: WrittenRow, changed: Mapping[int, str], added: Sequence[str] = ()) -> str | None:
        """The text of a row with other cells.

        Args:
            row: Not an empty one.
            changed: New values by the number of their column, from 0.
            added: Values behind the last column, before what the row has beyond it.

        Returns:
            None where the row is too damaged to tell its cells.
        """
        body = row.text.rstrip("\r\n")
        places = self._mended(body) if row.is_mended else sound_places(body, self.dialect)
        if places is None:
            return None
        cells = [body[place.start : place.stop] for place in places]
        quoted = all(cell.startswith(self.dialect.quote) for cell in cells)
        needed = self.width if added else max(changed, default=-1) + 1
        cells += [self._written("", quoted)] * (needed - len(cells))
        for column, value in changed.items():
            cells[column] = self._written(value, cells[column].startswith(self.dialect.quote))
        cells[self.width : self.width] = [self._written(value, quoted) for value in added]
        return self.dialect.delimiter.join(cells) + row.text[len(body) :]

    def _mended(self, body: str) -> list[slice] | None:
        """The cells of a row with broken quotation marks, as they were read: in the way that gives all of them."""
        for places in (mended_places(body, self.dialect), plain_places(body, self.dialect)):
            if places and len(places) >= self.width and not any(body[one].strip() for one in places[self.width :]):
                return places
        return None

    def _written(self, value: str, quoted: bool) -> str:
        mark = self.dialect.quote
        if quoted or any(sign in value for sign in (self.dialect.delimiter, mark, "\r", "\n")):
            return f"{mark}{value.replace(mark, mark * 2)}{mark}"
        return value
