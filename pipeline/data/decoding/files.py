"""Files of photos, read with care: regular files alone, and no more of them than may be decoded."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pipeline.data.decoding.decode import ImageError


def read_photo_file(path: Path, max_bytes: int) -> bytes:
    """Contents of a regular file, of which at most one byte more than `max_bytes` is read.

    Raises:
        ImageError: If it is a folder, a device, a pipe or a socket, or has more bytes.
        OSError: If it cannot be opened or read.
    """
    # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ImageError("The photo is not a regular file.")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ImageError(f"The photo has too many bytes; at most {max_bytes:,} are allowed.")
    return data
