"""Reading of photo files: only regular files, and only as many bytes as may be decoded."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from pipeline.data.decoding.decode import ImageError

_READ_ONLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""Does not wait for the other end of a FIFO, nor follow a link that was made after the path was resolved."""


class IrregularFileError(ImageError):
    """A folder, a device, a pipe or a socket lies where a photo was to be read."""


def open_regular(path: str | Path) -> BinaryIO:
    """Open a regular file, or what a link leads to, for reading.

    Raises:
        IrregularFileError: If it is no regular file.
        OSError: If it cannot be opened.
    """
    file = os.fdopen(_opened(os.path.realpath(path)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise IrregularFileError("The photo is not a regular file.")
    return file


def _opened(path: str) -> int:
    if os.path.isdir(path):  # which os.fdopen refuses as an error of the system
        raise IrregularFileError("The photo is not a regular file.")
    return os.open(path, _READ_ONLY)


def read_photo_file(path: Path, max_bytes: int) -> bytes:
    """Contents of a regular file, of which at most one byte more than `max_bytes` is read.

    Raises:
        ImageError: If it is no regular file, or has more bytes.
        OSError: If it cannot be opened or read.
    """
    with open_regular(path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ImageError(f"The photo has too many bytes; at most {max_bytes:,} are allowed.")
    return data
