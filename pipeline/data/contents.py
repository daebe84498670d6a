"""Hash of a table's content, independent of compression, encoding and chunks.

It covers the values that were read and will be used, so any damage that changes a value changes the hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def content_hash(table: pa.Table) -> str:
    """SHA-256 of the names, types and values of a table's columns, in their order; 64 hex digits."""
    digest = hashlib.sha256()
    for field, column in zip(table.schema, table.columns, strict=True):
        digest.update(f"{field.name} {_name(field.type)} {len(column)}\n".encode())
        for part in _parts(column.chunks or [pa.array([], field.type)]):
            digest.update(part)
    return digest.hexdigest()


def _name(kind: pa.DataType) -> str:
    """Name of a type, without the names that parquet gives to the items of lists."""
    if pa.types.is_fixed_size_list(kind):
        return f"list[{kind.list_size}] of {_name(kind.value_type)}"
    return f"list of {_name(kind.value_type)}" if pa.types.is_list(kind) else str(kind)


def _parts(chunks: Sequence[pa.Array]) -> Iterator[memoryview]:
    """The bytes of a column: which values there are, how long each is, then the values themselves."""
    kind = chunks[0].type
    for chunk in chunks:
        yield np.asarray(chunk.is_valid()).astype(np.uint8).data
    present = [chunk.drop_null() for chunk in chunks]
    if pa.types.is_list(kind):
        for chunk in present:
            yield _numbers(pc.list_value_length(chunk))
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        for chunk in present:
            yield _numbers(pc.binary_length(chunk))
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _parts([chunk.flatten() for chunk in present])
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        yield from map(_text_bytes, present)
    else:
        yield from map(_numbers, present)


def _numbers(chunk: pa.Array) -> memoryview:
    return np.ascontiguousarray(chunk.to_numpy(zero_copy_only=False)).data


def _text_bytes(chunk: pa.Array) -> memoryview:
    """The bytes of all texts of an array without nulls, one after another."""
    _, offsets, content = chunk.buffers()
    if not len(chunk) or content is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, np.int32)
    return memoryview(content)[int(ends[chunk.offset]) : int(ends[chunk.offset + len(chunk)])]
