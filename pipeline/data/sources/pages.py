"""Decompressed sizes of the pages of a parquet file, read from the page headers.

The sizes in the footer, and the size of the file, say nothing of that: 256 rows that name one photo of a dictionary
are a file of 1 KB, and a page of zeros is compressed a thousandfold. A value never is larger than the page that holds
it, so the largest page bounds how many rows can be decoded at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

_HEADER_BYTES = (512, 65_536, 16 * 2**20)
"""Bytes tried for one header; statistics make some of them long, and Arrow reads no longer ones either."""
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
"""Types of fields in Thrift's compact protocol."""
_MAX_DEPTH = 8  # a page header is a struct of structs of structs
_DICTIONARY_PAGE = 2
_PLAIN, _PLAIN_DICTIONARY, _DELTA_BYTE_ARRAY, _RLE_DICTIONARY = 0, 2, 7, 8
_LENGTH_BYTES = 4  # before each text or photo, and before the levels of a page of version 1
_CODECS = {"SNAPPY": "snappy", "GZIP": "gzip", "BROTLI": "brotli", "LZ4_RAW": "lz4_raw", "ZSTD": "zstd"}
_INDEX_BYTES = 12  # of a value that is kept as a number in a dictionary, with its place in its list
_DATA_HEADER, _DATA_HEADER_2 = 5, 8  # fields of a page header


class PageError(ValueError):
    """The header of a page cannot be read."""


@dataclass(frozen=True)
class Page:
    """Fields of a page header.

    Attributes:
        body: Offset in the file at which the content begins, behind the header.
        stored: Bytes of the content as stored.
        uncompressed: Bytes of the content after decompression.
        values: Number of values in a data page, 0 for a dictionary page.
        encoding: Parquet's number of how the values are encoded.
        levels: Bytes before the values that say which are null: a number, None where they begin with their length.
    """

    body: int
    stored: int
    uncompressed: int
    values: int
    encoding: int
    levels: int | None
    packed: bool = True  # whether the values are compressed where the chunk is

    def decoded(self, byte_array: bool, width: int) -> int:
        """An upper bound on the bytes of its values in memory, where those of a dictionary are kept as numbers."""
        numbers = self.values * (_INDEX_BYTES + (0 if byte_array else width))
        if byte_array and self.encoding == _DELTA_BYTE_ARRAY:
            return numbers + self.values * self.uncompressed
        if byte_array and self.encoding not in (_PLAIN_DICTIONARY, _RLE_DICTIONARY):
            return numbers + self.uncompressed
        return numbers


def pages(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> Iterator[Page]:
    """The pages of a column chunk, in the order of the file; nothing is decompressed.

    Args:
        file: The parquet file.
        chunk: Description in the footer, of which only the offsets are used.

    Raises:
        PageError: If a header is damaged.
    """
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        start = min(start, chunk.dictionary_page_offset or start)
    end = start + chunk.total_compressed_size
    while start < end:
        page = _page(file, start)
        yield page
        start = page.body + page.stored


def _page(file: BinaryIO, start: int) -> Page:
    for size in _HEADER_BYTES:
        file.seek(start)
        reader = _Compact(BytesIO(file.read(size)))
        try:
            fields = reader.struct()
        except EOFError:
            continue
        uncompressed, compressed = fields.get(2), fields.get(3)
        if not (isinstance(uncompressed, int) and isinstance(compressed, int)) or min(uncompressed, compressed) < 0:
            raise PageError("a page header gives no size")
        return _described(fields, start + reader.read, compressed, uncompressed)
    raise PageError("a page header has no end")


def _described(fields: dict[int, Any], body: int, stored: int, uncompressed: int) -> Page:
    if fields.get(1) == _DICTIONARY_PAGE:
        return Page(body, stored, uncompressed, 0, _PLAIN, 0)
    second = isinstance(fields.get(_DATA_HEADER_2), dict)
    data = fields.get(_DATA_HEADER_2 if second else _DATA_HEADER)
    if not isinstance(data, dict):
        return Page(body, stored, uncompressed, 0, _PLAIN, 0)  # of an index: no values
    numbers = {number: value for number, value in data.items() if isinstance(value, int)}
    levels = numbers.get(5, 0) + numbers.get(6, 0) if second else None
    encoding = numbers.get(4 if second else 2, _PLAIN)
    packed = not second or bool(numbers.get(7, True))
    return Page(body, stored, uncompressed, max(0, numbers.get(1, 0)), encoding, levels, packed)


def largest_value(file: BinaryIO, page: Page, compression: str, nullable: bool) -> int:
    """Bytes of the largest text or photo in a page that holds no lists; it is decompressed for that.

    Args:
        file: The parquet file.
        page: A page of texts or bytes.
        compression: Of its column chunk.
        nullable: Whether values may be missing.

    Returns:
        That, or the bytes of the whole page where its encoding does not tell lengths.

    Raises:
        pa.ArrowException: If it cannot be decompressed.
    """
    if page.encoding != _PLAIN or compression not in ("UNCOMPRESSED", *_CODECS):
        return page.uncompressed
    file.seek(page.body + (page.levels or 0))
    data = file.read(page.stored - (page.levels or 0))
    if page.packed and compression in _CODECS:
        size = page.uncompressed - (page.levels or 0)
        data = pa.decompress(data, decompressed_size=size, codec=_CODECS[compression], asbytes=False)
    values = memoryview(data)
    place = 0
    if page.levels is None and nullable:
        place = _LENGTH_BYTES + int.from_bytes(values[:_LENGTH_BYTES], "little")
    largest = 0
    while place + _LENGTH_BYTES <= len(values):
        length = int.from_bytes(values[place : place + _LENGTH_BYTES], "little")
        largest = max(largest, length)
        place += _LENGTH_BYTES + length
    return largest


class _Compact:
    """Reads structs of Thrift's compact protocol as dictionaries: field number -> int, bytes length or struct."""

    def __init__(self, data: BytesIO) -> None:
        self._data = data

    @property
    def read(self) -> int:
        """Bytes read so far."""
        return self._data.tell()

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The struct that comes next.

        Raises:
            EOFError: If the bytes end before it does.
            PageError: If it is none.
        """
        if depth > _MAX_DEPTH:
            raise PageError("a page header is nested too deep")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            fields[number] = self._value(head & 0x0F, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return int(kind == _TRUE)
        if kind in (_BYTE, _DOUBLE):
            return self._skip(1 if kind == _BYTE else 8)
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _BINARY:
            return self._skip(self._varint())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise PageError(f"a page header has a field of type {kind}")

    def _byte(self) -> int:
        byte = self._data.read(1)
        if not byte:
            raise EOFError
        return byte[0]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise PageError("a page header holds a number without end")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, size: int) -> int:
        if len(self._data.read(size)) < size:
            raise EOFError
        return size


def leaves(metadata: pq.FileMetaData, wanted: Collection[str]) -> list[int]:
    """Numbers of the leaf columns that lie in the wanted top-level columns."""
    paths = [str(metadata.schema.column(number).path) for number in range(metadata.num_columns)]
    return [
        number
        for number, path in enumerate(paths)
        if any(path == name or path.startswith(f"{name}.") for name in wanted)
    ]
