"""A table of results in parts, one of which is in memory at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.data.schema import count_rows, read_table

_BATCH = 2048


@dataclass(frozen=True)
class Parts:
    """A table in parts; iterating reads one after the other, as often as one likes.

    Attributes:
        schema: Of all of them.
        rows: Of all of them together.
        readers: Each reads a part.
    """

    schema: pa.Schema
    rows: int
    readers: Sequence[Callable[[], pa.Table]]

    @classmethod
    def of_files(cls, schema: pa.Schema, paths: Sequence[Path]) -> Parts:
        """The tables of some files."""
        return cls(schema, sum(map(count_rows, paths)), [functools.partial(read_table, path) for path in paths])

    @classmethod
    def of(cls, table: pa.Table) -> Parts:
        """A table that is in memory."""
        return cls(table.schema, len(table), [lambda: table])

    def __iter__(self) -> Iterator[pa.Table]:
        for read in self.readers:
            yield read()

    def __len__(self) -> int:
        return self.rows

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows."""
        for table in self:
            yield from records_of(table)

    def changed(self, change: Callable[[pa.Table], pa.Table]) -> Parts:
        """The same rows with other values: each part is changed when it is read."""
        return replace(self, readers=[functools.partial(_changed, read, change) for read in self.readers])

    def select(self, names: Sequence[str]) -> Parts:
        """Some of the columns."""
        schema = pa.schema([self.schema.field(name) for name in names])
        return replace(self.changed(lambda table: table.select(names)), schema=schema)


def _changed(read: Callable[[], pa.Table], change: Callable[[pa.Table], pa.Table]) -> pa.Table:
    return change(read())


def records_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table, some at a time in memory."""
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield from batch.to_pylist()
