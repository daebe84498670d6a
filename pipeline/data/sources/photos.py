"""Lookup of the photos that a table names: files in a folder or zip, or URLs where downloads are allowed."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.data.decoding import ImageError, IrregularFileError, PhotoArchive, open_regular
from pipeline.data.sources.cells import MAX_PHOTO_BYTES, shown, too_large
from pipeline.data.sources.fetching import FoundPhoto, PhotoFetcher

_SCHEMES = ("http://", "https://")
_BETWEEN_URLS = re.compile(r"[\s,;|]+(?=https?://)", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"\s*[,;|\n]\s*")
NOT_FETCHED = "not fetched (fetch_images is off)"
"""End of the note on a photo whose address is not asked."""
_MAX_NAMES = 20
"""Photos of one cell that are looked for."""
MOST_PHOTOS = 3
"""Photos of a product that are read: each costs as much time as the first, and tells less."""


def photo_names(cell: str) -> list[str]:
    """The names or URLs of a cell that lists photos, in its order."""
    cell = cell.strip()
    between = _BETWEEN_URLS if cell.lower().startswith(_SCHEMES) else _BETWEEN_NAMES
    return [name for name in between.split(cell) if name][:_MAX_NAMES]


class PhotoFinder:
    """Finds photos by name or URL; a missing photo gives a note, never an error.

    A URL's last part is looked up there first, so that a folder of downloaded photos serves an export.

    Args:
        place: Folder or zip of the photos; None: there is none.
        fetcher: Fetches URLs; None: they are not fetched.
        max_bytes: Of a photo; a larger one is not read.
    """

    def __init__(
        self, place: Path | None, fetcher: PhotoFetcher | None = None, max_bytes: int = MAX_PHOTO_BYTES
    ) -> None:
        self._archive = PhotoArchive(place) if place is not None and place.is_file() else None
        self._root = None if place is None or self._archive is not None else os.path.realpath(place)
        self._fetcher = fetcher
        self.max_bytes = max_bytes

    def find_some(self, cell: str, most: int = MOST_PHOTOS) -> list[FoundPhoto]:
        """The first photos that are found of those that a cell names; where none is, why the first one is not.

        Args:
            cell: Names or URLs.
            most: Photos that are read.

        Returns:
            At least one; those behind the first have data, each another.
        """
        names = photo_names(cell)
        if len(names) < 2:
            return [self.find(cell)]
        if not cell.lower().strip().startswith(_SCHEMES):
            whole = self.find(cell)  # a name may hold a separator
            if whole.data is not None:
                return [whole]
        found: dict[bytes, FoundPhoto] = {}
        missing = FoundPhoto(None)
        for name in dict.fromkeys(names):
            photo = self.find(name)
            if photo.data is not None:
                found.setdefault(photo.data, photo)
            elif not missing.note:
                missing = photo
            if len(found) == most:
                break
        return list(found.values()) or [missing]

    def find(self, name: str) -> FoundPhoto:
        """The photo under `name`: a path inside the folder, or a URL."""
        name = name.strip()
        if not name:
            return FoundPhoto(None)
        remote = name.lower().startswith(_SCHEMES)
        try:
            in_folder = self._look_up(name, remote)
        except (OSError, ValueError) as error:  # not a possible file name, or not a URL
            return FoundPhoto(None, f"the photo {shown(name)} cannot be looked up ({_reason(error)})")
        if in_folder is not None:
            return in_folder
        if remote and self._fetcher is not None:
            return self._fetcher.fetch(name)
        where = NOT_FETCHED if remote else "not found"
        return FoundPhoto(None, f"the photo {shown(name)} was {where}")

    def _look_up(self, name: str, remote: bool) -> FoundPhoto | None:
        """The photo in the folder or zip, None if nothing lies there.

        Raises:
            OSError, ValueError: If there can be no such file.
        """
        local = Path(unquote(urlsplit(name).path)).name if remote else name
        if self._archive is not None:
            return self._unpack(self._archive, local, name)
        if self._root is None:
            return None
        found = self._read(local, name, remote)
        if found is not None and found.data is not None:
            return found
        alike = self._by_name.get(Path(local.replace("\\", "/")).name.lower())
        other = None if alike is None else self._read(alike, name, remote)
        return other if other is not None and (found is None or other.data is not None) else found

    def _unpack(self, archive: PhotoArchive, local: str, name: str) -> FoundPhoto | None:
        """The photo in the zip, None if it has none of this name."""
        try:
            data = archive.read(local, self.max_bytes)
        except ImageError as error:
            return FoundPhoto(None, f"the photo {shown(name)} cannot be used: {error}")
        if data is not None and len(data) > self.max_bytes:
            return FoundPhoto(None, f"the photo {shown(name)} {too_large(len(data), self.max_bytes)}")
        return None if data is None else FoundPhoto(data)

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """Names of the files in the folder by themselves in lower case."""
        if self._root is None or not os.path.isdir(self._root):
            return {}
        return {name.lower(): name for name in sorted(os.listdir(self._root), reverse=True)}

    def _read(self, local: str, name: str, remote: bool) -> FoundPhoto | None:
        """The photo at a place in the folder, None if nothing lies there."""
        assert self._root is not None
        path = os.path.realpath(os.path.join(self._root, local))
        if os.path.commonpath((path, self._root)) != self._root:
            return FoundPhoto(None, f"the photo {shown(name)} lies outside the folder of photos")
        try:
            with open_regular(path) as file:
                data, size = file.read(self.max_bytes + 1), os.fstat(file.fileno()).st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except IrregularFileError:
            return None if remote else FoundPhoto(None, f"the photo {shown(name)} is no regular file")
        if len(data) > self.max_bytes:
            return FoundPhoto(None, f"the photo {shown(name)} {too_large(max(size, len(data)), self.max_bytes)}")
        return FoundPhoto(data)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
