"""Strangers' zip files: opened only if their table of contents is small, photos read one at a time from inside."""

from __future__ import annotations

import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from pipeline.data.decoding.decode import ImageError
from pipeline.errors import InputError

MAX_DIRECTORY_BYTES = 8 * 2**20
"""Of a zip file's table of contents; Python keeps ten times as much in memory for it."""
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _END_64_BYTES, _MAX_COMMENT = 22, 20, 2**16
_LOCKED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
"""What zipfile raises while it reads a damaged or odd member."""


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip file whose table of contents is of a bearable size: zipfile reads it as a whole, whatever it says.

    Raises:
        InputError: If it is too large.
        zipfile.BadZipFile: If it is damaged.
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - _END_BYTES - _MAX_COMMENT - _END_64_BYTES))
        tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) - end < _END_BYTES:
        raise zipfile.BadZipFile("File is not a zip file")
    directory = int.from_bytes(tail[end + 12 : end + 16], "little")
    if directory > MAX_DIRECTORY_BYTES or _END_64 in tail[max(0, end - _END_64_BYTES) : end]:
        raise InputError(f"{path} holds too many files for a zip that is read as it is; unpack it, or split it.")
    return zipfile.ZipFile(path)


class PhotoArchive:
    """A zip of photos, read without unpacking it: a member's name is only compared, so it cannot lead anywhere.

    A photo is found by its path in the zip, with or without the folder that holds all, or by its name alone where only
    one has it; case does not matter.

    Args:
        path: Of the zip.

    Raises:
        InputError: If it is no zip, or is damaged or too large.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = open_zip(path)
        except _DAMAGE as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{path} is no zip file that can be read ({error}); pack the photos anew.") from error
        self._lock = threading.Lock()  # of the one file that all members are read from
        self._by_path: dict[str, zipfile.ZipInfo] = {}
        self._by_name: dict[str, zipfile.ZipInfo | None] = {}
        members = [info for info in self._zip.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
        self.photos = len(members)
        tops = {_folded(info.filename).partition("/")[0] for info in members}
        for info in members:
            inside = _folded(info.filename)
            self._by_path.setdefault(inside, info)
            if len(tops) == 1 and "/" in inside:
                self._by_path.setdefault(inside.partition("/")[2], info)
            name = inside.rpartition("/")[2]
            self._by_name[name] = info if name not in self._by_name else None

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """At most `max_bytes` + 1 bytes of the photo of this name; None if there is none.

        Raises:
            ImageError: If several ones have it, or it cannot be unpacked.
        """
        wanted = _folded(name)
        info = self._by_path.get(wanted)
        if info is None:
            alone = wanted.rpartition("/")[2]
            if alone not in self._by_name:
                return None
            info = self._by_name[alone]
            if info is None:
                raise ImageError("several photos of the zip have this name; give their folders too")
        if info.flag_bits & _LOCKED:
            raise ImageError("it is locked with a password")
        if info.compress_type not in _METHODS:
            raise ImageError("it is packed in a way that is not read")
        try:
            with self._lock, self._zip.open(info) as file:
                return file.read(max_bytes + 1)
        except _DAMAGE as error:
            raise ImageError(f"it cannot be unpacked: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._zip.close()


def _folded(name: str) -> str:
    """A member's or a cell's path without what differs from system to system."""
    return str(PurePosixPath(name.strip().replace("\\", "/"))).removeprefix("/").casefold()


def _is_hidden(name: str) -> bool:
    """Whether systems hide a member, as macOS does with what it adds."""
    path = PurePosixPath(name)
    return path.parts[:1] == ("__MACOSX",) or path.name.startswith(".")
