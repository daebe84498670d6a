"""Cleans the folder of uploads: deletes old files, and the oldest ones if there is too much.

Gradio deletes finished uploads, but keeps aborted uploads, copies of photos sent over MCP, and unfinished bodies. So
this module goes by the files in the folder.
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
_LOG = logging.getLogger(__name__)


def use_private_folder() -> None:
    """Use a folder for uploads that only this process uses; it is deleted at the end. GRADIO_TEMP_DIR stays as it is.

    Gradio's default folder is shared by all of its apps on a machine. Call this before a page is built. Folders of
    killed processes are deleted too.
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
    except PermissionError:  # process of another user
        pass
    return True


@dataclass(frozen=True, order=True)
class _File:
    """A file of the folder, ordered by the time it was written there."""

    written: float
    size: int
    path: Path


class Uploads:
    """Deletes old and surplus files from a folder of uploads.

    Args:
        folder: Everything in it counts as an upload.
        max_bytes: Limit of all files together.
        seconds_kept: Age at which a file is deleted.
        seconds_unfinished: Age at which an unfinished upload is deleted.
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
        self._total = max_bytes  # unknown before the first sweep
        self._pages: list[gr.Blocks] = []

    def belong_to(self, page: gr.Blocks) -> None:
        """Let a page forget deleted files; it keeps a record of every upload."""
        self._pages.append(page)

    def sweep(self, room: int = 0) -> int:
        """Delete files that are too old, and then the oldest until there is room.

        Args:
            room: Bytes of the next upload.

        Returns:
            Number of files deleted.
        """
        with self._lock:
            now = time.time()
            files = sorted(self._files())
            expired = {file.path for file in files if now - file.written > self._age(file.path)}
            remaining = [file for file in files if file.path not in expired]
            total = sum(file.size for file in remaining)
            for file in remaining:
                if total + room <= self._max_bytes:
                    break
                expired.add(file.path)
                total -= file.size
            self._delete(expired)
            self._total = total + room
            return len(expired)

    def make_room(self, size: int) -> None:
        """Make room for an upload of this size: sweep if the files since the last sweep may exceed the limit."""
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
                _LOG.warning("the folder of uploads could not be swept: %s", error)
            await asyncio.sleep(_SECONDS_BETWEEN)

    def _age(self, path: Path) -> float:
        """Seconds for which a file is kept; an unfinished upload has no folder of its own."""
        return self._unfinished if path.parent == self.folder else self._kept

    def _files(self) -> list[_File]:
        files = []
        for parent, _, names in os.walk(self.folder):
            for name in names:
                path = Path(parent, name)
                with contextlib.suppress(FileNotFoundError):  # deleted by another thread
                    facts = path.lstat()
                    if not stat.S_ISDIR(facts.st_mode):
                        size = facts.st_size // facts.st_nlink  # a file of two names counts once
                        files.append(_File(facts.st_ctime, size, path))  # a copied file keeps its mtime
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
