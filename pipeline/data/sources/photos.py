"""Photos that a table names: files in a folder, or URLs where the configuration allows to fetch them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

_TIMEOUT_SECONDS = 15.0
_MAX_BYTES = 20_000_000
_MAX_REDIRECTS = 3


@dataclass(frozen=True)
class Photo:
    """What was found under a photo's name: the bytes of its file, or why there are none."""

    data: bytes | None
    note: str = ""


class PhotoFinder:
    """Finds photos by name or URL; a photo that is not found is a note, never an error.

    A URL's last part is looked up in the folder first, so that a folder of downloaded photos serves an export.
    """

    def __init__(self, folder: Path | None, fetch: bool) -> None:
        self._folder = folder
        self._client = None
        if fetch:
            self._client = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=True, max_redirects=_MAX_REDIRECTS)

    def find(self, name: str) -> Photo:
        """The photo under `name`: a path inside the folder, or a URL."""
        name = name.strip()
        if not name:
            return Photo(None)
        remote = name.startswith(("http://", "https://"))
        local = Path(unquote(urlsplit(name).path)).name if remote else name
        if self._folder is not None:
            path = (self._folder / local).resolve()
            if not path.is_relative_to(self._folder.resolve()):
                return Photo(None, f"the photo '{name}' lies outside the folder of photos")
            if path.is_file():
                return Photo(path.read_bytes())
        if remote and self._client is not None:
            return self._fetch(self._client, name)
        where = "not fetched (fetch_images is off)" if remote else "not found"
        return Photo(None, f"the photo '{name}' was {where}")

    @staticmethod
    def _fetch(client: httpx.Client, url: str) -> Photo:
        data = bytearray()
        try:
            with client.stream("GET", url) as response:
                response.raise_for_status()
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > _MAX_BYTES:
                        return Photo(None, f"the photo at {url} is larger than {_MAX_BYTES:,} bytes")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Photo(None, f"the photo at {url} could not be fetched ({type(error).__name__}: {error})")
        return Photo(bytes(data))
