"""Opens a file as it is, or what is packed in it (gzip, zip), for reading as often as one likes."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from pipeline.data.decoding import open_zip
from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.base import MAX_MEMORY_BYTES, MAX_UNPACKED_BYTES, unreadable

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_SHEET_PART = "xl/workbook.xml"
_HEAD_BYTES = 4096
_MAX_LISTED = 5


@dataclass(frozen=True)
class Packed:
    """A file to be read, taken out of what it is packed in.

    Attributes:
        path: The file that holds it, for messages.
        name: Its own name.
        how: What it is packed in, for the log; "" if it is not.
        open: Opens it anew.
        is_workbook: Whether it is an XLSX file, which is a zip itself.
    """

    path: Path
    name: str
    how: str
    open: Callable[[], BinaryIO]
    is_workbook: bool = False

    def head(self) -> bytes:
        """Its first bytes."""
        with self.open() as file:
            return file.read(_HEAD_BYTES)

    def read(self) -> bytes:
        """All of it.

        Raises:
            SourceError: If that is more than is kept in memory.
        """
        with self.open() as file:
            content = file.read(MAX_MEMORY_BYTES + 1)
        if len(content) > MAX_MEMORY_BYTES:
            raise SourceError(
                f"{self.path} has more than {MAX_MEMORY_BYTES // 2**20} MB of data that can only be read as a whole; "
                "save it as CSV or JSON Lines, or split it."
            )
        return content


def unpack(path: Path) -> Packed:
    """Open a file, whatever it is packed in.

    Raises:
        SourceError: If it cannot be opened, holds several tables, or unpacks to too much.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_ZIP))
    except OSError as error:
        raise unreadable(path, error, "check the file") from error
    if head.startswith(_GZIP):
        return Packed(path, path.stem, "gzip", lambda: cast(BinaryIO, _Bounded(path, gzip.open(path, "rb"))))
    if not head.startswith(_ZIP):
        return Packed(path, path.name, "", lambda: path.open("rb"))
    with open_zip(path) as archive:
        names = archive.namelist()
        if _SHEET_PART in names:
            _check_workbook(path, archive.infolist())
            return Packed(path, path.name, "", lambda: path.open("rb"), is_workbook=True)
        files = [info for info in archive.infolist() if _is_table(info)]
    if len(files) != 1:
        listed = ", ".join(info.filename for info in files[:_MAX_LISTED]) or "no file"
        raise SourceError(f"{path} holds {listed}; give a zip with one table, or unpack it and give the table.")
    info = files[0]
    if info.flag_bits & 1:
        raise SourceError(f"{path} is locked with a password; unpack it and give the table.")
    name = PurePosixPath(info.filename).name
    return Packed(path, name, "zip", lambda: cast(BinaryIO, _Bounded(path, zipfile.ZipFile(path).open(info))))


def _is_table(info: zipfile.ZipInfo) -> bool:
    """Whether a member can be the table: neither a folder nor what systems hide, nor a photo."""
    path = PurePosixPath(info.filename)
    hidden = path.parts[:1] == ("__MACOSX",) or path.name.startswith(".") or path.name == "Thumbs.db"
    photo = path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".bmp", ".tiff", ".pdf")
    return not (info.is_dir() or hidden or photo)


def _check_workbook(path: Path, parts: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse a workbook that takes too much memory: its texts are in memory as a whole, its rows are not."""
    for part in parts:
        limit = MAX_UNPACKED_BYTES if part.filename.startswith("xl/worksheets/") else MAX_MEMORY_BYTES
        if part.file_size > limit:
            raise SourceError(
                f"{path}: its part {part.filename} unpacks to {part.file_size // 2**20:,} MB; at most "
                f"{limit // 2**20:,} MB are read: save it as CSV, or split it."
            )


class _Bounded:
    """A packed file that is read no further than `MAX_UNPACKED_BYTES`."""

    def __init__(self, path: Path, file: object) -> None:
        self._path, self._file = path, cast(BinaryIO, file)
        self._left = MAX_UNPACKED_BYTES
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise SourceError(f"{self._path} unpacks to more than {MAX_UNPACKED_BYTES // 2**30} GB; split it.")
        return data

    read1 = read

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def writable(self) -> bool:
        """Whether it can be written."""
        return False

    def seekable(self) -> bool:
        """Whether one can go back in it."""
        return False

    def flush(self) -> None:
        """There is nothing to write."""

    def close(self) -> None:
        """Close the packed file."""
        self.closed = True
        self._file.close()

    def __enter__(self) -> _Bounded:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
