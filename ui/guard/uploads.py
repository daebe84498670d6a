"""The folder of uploads: what is too old goes, and the oldest where there is too much, whoever wrote it.

Gradio deletes what its upload route answered; it keeps aborted uploads, copies of photos that came over MCP, and
bodies that never ended. Here the folder itself is looked at.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import gradio as gr

from ui.guard.limits import MAX_UPLOADS, SECONDS_KEPT, SECONDS_UNFINISHED

_FOLDER = "GRADIO_TEMP_DIR"
_PREFIX = "product-galaxy-"
_SECONDS_BETWEEN = 60.0
_log = logging.getLogger(__name__)


def use_private_folder() -> None:
    """Give uploads a folder that only this process uses, deleted when it ends; one named by GRADIO_TEMP_DIR stays.

    Gradio's own is shared by all of its apps on a machine. Call it before a page is built. Folders of processes that
    were killed are deleted too.
    """
    if _FOLDER in os.environ:
        return
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = left.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not _runs(int(number)) and left.lstat().st_uid == os.getuid():
            shutil.rmtree(left, ignore_errors=True)
    os.environ[_FOLDER] = folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


@dataclass(frozen=True, order=True)
class _File:
    """A file of the folder, ordered by the time it came there."""

    written: float
    size: int
    path: Path


class Uploads:
    """Keeps a folder of uploads small and young.

    Args:
        folder: Everything in it is taken for an upload.
        max_bytes: Of all files together.
        seconds_kept: Age at which a file is deleted.
        seconds_unfinished: Age at which one is deleted that no upload ended.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = MAX_UPLOADS,
        seconds_kept: float = SECONDS_KEPT,
        seconds_unfinished: float = SECONDS_UNFINISHED,
    ) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._kept = seconds_kept
        self._unfinished = seconds_unfinished
        self._lock = threading.Lock()
        self._total = max_bytes  # nobody has looked yet
        self._pages: list[gr.Blocks] = []

    def belong_to(self, page: gr.Blocks) -> None:
        """Let a page forget files that are deleted: it remembers every upload it answered."""
        self._pages.append(page)

    def sweep(self, room: int = 0) -> int:
        """Delete files that are too old, and then the oldest until there is room.

        Args:
            room: Bytes that are about to come.

        Returns:
            Number of files deleted.
        """
        with self._lock:
            now = time.time()
            files = sorted(self._files())
            going = {file.path for file in files if now - file.written > self._age(file.path)}
            left = [file for file in files if file.path not in going]
            total = sum(file.size for file in left)
            for file in left:
                if total + room <= self._max_bytes:
                    break
                going.add(file.path)
                total -= file.size
            self._delete(going)
            self._total = total + room
            return len(going)

    def make_room(self, size: int) -> None:
        """Let bytes come: sweep where they may be more than there is room for, by what came since the last sweep."""
        with self._lock:
            self._total += size
            full = self._total > self._max_bytes
        if full:
            self.sweep(size)

    def clear(self) -> None:
        """Delete all files."""
        with self._lock:
            self._delete({file.path for file in self._files()})

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        """Sweep every minute while an app runs, and delete all files when it stops."""
        task = asyncio.create_task(self._keep_sweeping())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self.clear()

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                await anyio.to_thread.run_sync(self.sweep)
            except OSError as error:
                _log.warning("the folder of uploads could not be swept: %s", error)
            await asyncio.sleep(_SECONDS_BETWEEN)

    def _age(self, path: Path) -> float:
        """Seconds for which a file is kept; an upload that has not ended has no folder of its own."""
        return self._unfinished if path.parent == self.folder else self._kept

    def _files(self) -> list[_File]:
        files = []
        for parent, _, names in os.walk(self.folder):
            for name in names:
                path = Path(parent, name)
                with contextlib.suppress(FileNotFoundError):  # another thread was faster
                    facts = path.lstat()
                    if not stat.S_ISDIR(facts.st_mode):
                        files.append(_File(facts.st_ctime, facts.st_size, path))  # a copied file keeps its mtime
        return files

    def _delete(self, paths: set[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)
        for parent, _, _ in os.walk(self.folder, topdown=False):
            if Path(parent) != self.folder:
                with contextlib.suppress(OSError):  # not empty
                    os.rmdir(parent)
        gone = {str(path) for path in paths}
        for page in self._pages:
            for known in page.temp_file_sets:
                known -= gone
