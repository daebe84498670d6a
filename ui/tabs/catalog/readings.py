"""Files that programs read a part at a time: each stays open where its last part ended, and the next begins there."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pipeline.data.sources import Item
from pipeline.prediction.bulk.recognized import Recognized
from ui.guard.limits import MAX_READINGS, SECONDS_UNWATCHED
from ui.tabs.catalog.folders import linked, new_folder

_MOST_PLACES = 4
"""Places of a file that are remembered, for programs that ask for several parts at once."""
Recognize = Callable[[Path, Path, Path | None], Recognized]
"""Says what a file is, of its folder, itself and its photos."""


@dataclass
class Reading:
    """A file that is open.

    Attributes:
        folder: Of its names.
        recognized: The file.
        users: Calls that read it at the moment.
        seen: When the last one ended.
        is_read: Whether its last row was read.
    """

    folder: Path
    recognized: Recognized
    users: int = 0
    seen: float = 0.0
    is_read: bool = False
    _places: dict[int, Iterator[Item]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, start: int, count: int) -> Iterator[Item]:
        """Some rows from number `start` on; those before are not read again where the last call ended there."""
        with self._lock:
            items = self._places.pop(start, None)
        items = self.recognized.source.whole(start) if items is None else items
        yield from islice(items, count)
        with self._lock:
            self.is_read = self.is_read or start + count >= self.recognized.rows
            self._places[start + count] = items
            while len(self._places) > _MOST_PLACES:
                del self._places[next(iter(self._places))]


class Readings:
    """The files that programs have open, under the paths of their uploads, which nobody can guess.

    Args:
        recognize: Says what a file is.
    """

    def __init__(self, recognize: Recognize) -> None:
        self._recognize = recognize
        self._open: OrderedDict[tuple[str, str | None], Reading] = OrderedDict()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def reading(self, file: str, photos: str | None) -> Iterator[Reading]:
        """The reading of an uploaded file, and of the zip of its photos, for the time of the context.

        Raises:
            gr.Error: In one sentence, if it cannot be read.
        """
        reading = self._find(file, photos) or self._add(file, photos)
        try:
            yield reading
        finally:
            with self._lock:
                reading.users, reading.seen = reading.users - 1, time.monotonic()
                closed = reading.is_read and not reading.users
                if closed and self._open.get((file, photos)) is reading:
                    del self._open[file, photos]
            if closed:
                shutil.rmtree(reading.folder, ignore_errors=True)

    def _find(self, file: str, photos: str | None) -> Reading | None:
        """A reading that is open, with one user more."""
        with self._lock:
            reading = self._open.get((file, photos))
            if reading is None or not reading.recognized.path.exists():
                return None
            self._open.move_to_end((file, photos))
            reading.users += 1
        for parent, _, names in os.walk(reading.folder):  # old files of the folder of uploads are deleted
            for name in names:
                os.utime(Path(parent, name))
        return reading

    def _add(self, file: str, photos: str | None) -> Reading:
        _, folder = new_folder()
        try:
            table = linked(Path(file), folder / "file")
            zipped = None if photos is None else linked(Path(photos), folder / "photos")
            reading = Reading(folder, self._recognize(folder, table, zipped), users=1)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._lock:
            before = self._open.pop((file, photos), None)
            self._open[file, photos] = reading
            now = time.monotonic()
            idle = [key for key, one in self._open.items() if not one.users]
            surplus = set(idle[: max(0, len(self._open) - MAX_READINGS)])
            old = {key for key in idle if now - self._open[key].seen > SECONDS_UNWATCHED}
            closed = [self._open.pop(key) for key in idle if key in surplus | old]
        if before is not None and not before.users:  # its file was deleted, or another call was faster
            closed.append(before)
        for one in closed:
            shutil.rmtree(one.folder, ignore_errors=True)
        return reading
