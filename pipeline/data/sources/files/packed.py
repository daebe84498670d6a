"""Opens a file as it is, or what is packed in it (gzip, zip), for reading as often as one likes."""

from __future__ import annotations

import functools
import gzip
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from pipeline.data.decoding import open_zip
from pipeline.data.sources.base import SourceError
from pipeline.data.sources.files.base import MAX_MEMORY_BYTES, MAX_UNPACKED_BYTES, unreadable

PACKED_SUFFIXES = (".gz", ".zip")
"""Endings of a packed table, behind its own."""
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
        pack: Opens a new file at a place, packed in the same way.
        is_workbook: Whether it is an XLSX file, which is a zip itself.
    """

    path: Path
    name: str
    how: str
    open: Callable[[], BinaryIO]
    pack: Callable[[Path], AbstractContextManager[BinaryIO]]
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
        pack = functools.partial(_gzipped, path.stem)
        return Packed(path, path.stem, "gzip", lambda: _bounded(path, gzip.open(path, "rb")), pack)
    if not head.startswith(_ZIP):
        return Packed(path, path.name, "", lambda: path.open("rb"), _plain)
    with open_zip(path) as archive:
        names = archive.namelist()
        if _SHEET_PART in names:
            _check_workbook(path, archive.infolist())
            return Packed(path, path.name, "", lambda: path.open("rb"), _plain, is_workbook=True)
        files = [info for info in archive.infolist() if _is_table(info)]
    if len(files) != 1:
        listed = ", ".join(info.filename for info in files[:_MAX_LISTED]) or "no file"
        raise SourceError(f"{path} holds {listed}; give a zip with one table, or unpack it and give the table.")
    info = files[0]
    if info.flag_bits & 1:
        raise SourceError(f"{path} is locked with a password; unpack it and give the table.")
    name = PurePosixPath(info.filename).name
    pack = functools.partial(_zipped, path, info.filename)
    return Packed(path, name, "zip", lambda: _bounded(path, zipfile.ZipFile(path).open(info)), pack)


def _bounded(path: Path, file: object) -> BinaryIO:
    return cast(BinaryIO, _Bounded(path, file))


def _plain(path: Path) -> AbstractContextManager[BinaryIO]:
    return path.open("wb")


@contextmanager
def _gzipped(name: str, path: Path) -> Iterator[BinaryIO]:
    """A gzip file that names what is in it, and no time, so that the same content is the same file."""
    with path.open("wb") as file, gzip.GzipFile(name, "wb", fileobj=file, mtime=0) as packed:
        yield cast(BinaryIO, packed)


@contextmanager
def _zipped(source: Path, name: str, path: Path) -> Iterator[BinaryIO]:
    """A zip file with all that is in another one, but for one member, which is written anew."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            if info.filename != name:
                with old.open(info) as content, new.open(_as(info), "w", force_zip64=True) as copy:
                    shutil.copyfileobj(content, copy)
        with new.open(_as(old.getinfo(name)), "w", force_zip64=True) as changed:
            yield cast(BinaryIO, changed)


def _as(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """A new member with name, time, permissions and compression of another one."""
    new = zipfile.ZipInfo(info.filename, info.date_time)
    new.compress_type, new.external_attr, new.create_system = info.compress_type, info.external_attr, info.create_system
    return new


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
