"""Cache of resized photos: one NumPy file that grows row by row and is read through a memory map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

_COPIED_AT_ONCE = 1024


class ImageCacheWriter:
    """Writes uint8 [n, size, size, 3] without knowing n; NumPy pads its header for a first axis that grows.

    Use as a context manager; call `finish` once.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self._rows = 0
        self._file = path.open("wb+")
        self._write_header()
        self._start = self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _write_header(self) -> None:
        shape = (self._rows, self._size, self._size, 3)
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, {"descr": "|u1", "fortran_order": False, "shape": shape})

    def append(self, square: np.ndarray) -> int:
        """Add a photo.

        Args:
            square: uint8 [size, size, 3].

        Returns:
            Its row.
        """
        if square.shape != (self._size, self._size, 3) or square.dtype != np.uint8:
            raise ValueError(
                f"The cache takes uint8 {self._size} x {self._size} x 3, not {square.dtype} {square.shape}."
            )
        self._file.write(np.ascontiguousarray(square).tobytes())
        self._rows += 1
        return self._rows - 1

    def finish(self, kept: Sequence[int]) -> None:
        """Keep only these rows, in this order, and complete the file.

        Args:
            kept: Ascending row numbers.
        """
        self._file.flush()
        if self._rows and len(kept) < self._rows:
            rows = np.memmap(
                self._path, np.uint8, "r+", offset=self._start, shape=(self._rows, self._size, self._size, 3)
            )
            for start in range(0, len(kept), _COPIED_AT_ONCE):
                block = np.asarray(kept[start : start + _COPIED_AT_ONCE])
                rows[start : start + len(block)] = rows[block]
            rows.flush()
            del rows
        self._rows = len(kept)
        self._write_header()
        self._file.truncate(self._start + self._rows * self._size * self._size * 3)
        self._file.flush()
