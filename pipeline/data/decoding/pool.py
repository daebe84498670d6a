"""Pool of worker processes that decode photos and are killed when one takes too long; `decode_photo` uses it.

There is a worker for each core, started when it is first needed. Further photos wait, which bounds the processor time
and the memory that decoding takes.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from PIL import Image

from pipeline.data.decoding.decode import DecodedPhoto, ImageError
from pipeline.data.decoding.worker import ANSWER, ANSWER_PIXELS, CPU_SECONDS, READY, REQUEST
from pipeline.errors import UserError

WALL_SECONDS = 30.0
"""Time after which a worker is killed that used no processor time either, as on an overloaded machine."""

_ENDING_SECONDS = 5.0
_HAS_MEMFD = hasattr(os, "memfd_create")
_ROOT = Path(__file__).resolve().parents[3]
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "LANG", "LC_ALL", "SYSTEMROOT")
"""Environment variables that a worker gets; none holds a token."""


class DecoderBusyError(UserError):
    """All workers were busy for as long as the caller could wait."""


class PhotoDecoder:
    """A number of worker processes that decode photos, one at a time each; safe to share among threads.

    Args:
        workers: How many there are.
        cpu_seconds: Processor time that one photo may take.
        wall_seconds: Time after which a worker is ended that got no processor either.
    """

    def __init__(self, workers: int, cpu_seconds: float = CPU_SECONDS, wall_seconds: float = WALL_SECONDS) -> None:
        self._seconds = (cpu_seconds, wall_seconds)
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()  # None: one that is not running
        for _ in range(workers):
            self._idle.put(None)

    def decode(self, data: bytes, *, max_bytes: int, max_pixels: int, wait: float | None = None) -> DecodedPhoto:
        """Decode a photo as `decode.decode_image` does.

        Args:
            data: A JPEG, PNG, WebP, HEIC or AVIF file.
            max_bytes: Largest file.
            max_pixels: Largest width x height.
            wait: Seconds to wait for a worker; None waits until there is one.

        Raises:
            ImageError: If the photo cannot be used, in one sentence; also if decoding it takes too long.
            DecoderBusyError: If all workers stay busy.
        """
        if len(data) > max_bytes:
            raise ImageError(f"The photo has {len(data):,} bytes; at most {max_bytes:,} are allowed.")
        try:
            worker = self._idle.get(timeout=wait)
        except queue.Empty as error:
            raise DecoderBusyError("Too many photos are being read; try again in a moment.") from error
        try:
            if worker is None or not worker.alive:
                worker = _Worker(*self._seconds)
            return worker.decode(data, max_bytes, max_pixels)
        finally:
            self._idle.put(worker)

    def processes(self) -> list[int]:
        """Process ids of the idle workers that run, for measuring what they take."""
        return [worker.pid for worker in list(self._idle.queue) if worker is not None and worker.alive]

    def close(self) -> None:
        """End the workers that are idle; they start again when they are needed."""
        for _ in range(self._idle.qsize()):
            worker = self._idle.get()
            if worker is not None:
                worker.end()
            self._idle.put(None)


class _Worker:
    """One worker process, and how to talk to it."""

    def __init__(self, cpu_seconds: float, wall_seconds: float) -> None:
        # pixels come through shared memory: through a pipe they would be copied some times more
        self._pixels = open(os.memfd_create("photo"), "r+b") if _HAS_MEMFD else tempfile.TemporaryFile()  # noqa: SIM115
        self._pixels.truncate(ANSWER_PIXELS * 3)
        self._shared = mmap.mmap(self._pixels.fileno(), ANSWER_PIXELS * 3)
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        arguments = [str(cpu_seconds), str(self._pixels.fileno())]
        paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", "pipeline.data.decoding.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self._pixels.fileno()],
            env={**kept, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # a Ctrl-C in the terminal is for us: we end the workers
        )
        self._read(len(READY))  # its start is not the photo's time

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what was still to be written has no reader
                    pipe.close()
        self._shared.close()
        self._pixels.close()

    def decode(self, data: bytes, max_bytes: int, max_pixels: int) -> DecodedPhoto:
        watch = threading.Timer(self._wall_seconds, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            return self._request(data, max_bytes, max_pixels)
        except (BrokenPipeError, EOFError):
            raise ImageError(self._reason()) from None
        except ImageError:
            raise
        except BaseException:  # such as Ctrl-C: what the worker answers would be taken for the next photo's
            self.end()
            raise
        finally:
            watch.cancel()

    def _request(self, data: bytes, max_bytes: int, max_pixels: int) -> DecodedPhoto:
        assert self._process.stdin is not None
        self._process.stdin.write(REQUEST.pack(len(data), max_bytes, max_pixels))
        self._process.stdin.write(data)
        self._process.stdin.flush()
        decoded, width, height, columns, rows, error_bytes = ANSWER.unpack(self._read(ANSWER.size))
        if not decoded:
            raise ImageError(self._read(error_bytes).decode())
        with memoryview(self._shared)[: columns * rows * 3] as pixels:
            return DecodedPhoto(Image.frombytes("RGB", (columns, rows), pixels), width, height)

    def _read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        read = self._process.stdout.read(size)
        if len(read) < size:
            raise EOFError
        return read

    def _reason(self) -> str:
        """Explain in a sentence why the process has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_SECONDS)  # its pipes are closed; its code follows
        self.end()
        if self._process.returncode == -signal.SIGPROF:
            took = f"more than {self._cpu_seconds:g} seconds"
            return f"The photo takes {took} to decode; save it smaller, or as a plain JPEG."
        if self._process.returncode == -signal.SIGKILL:
            return "The photo could not be decoded in time; try again, or save it smaller."
        return f"The photo could not be decoded: its decoder ended with code {self._process.returncode}."


_shared = PhotoDecoder(os.cpu_count() or 1)


def _start_anew() -> None:
    """Give a forked child workers of its own: it has no part in the pipes of its parent."""
    global _shared
    _shared = PhotoDecoder(os.cpu_count() or 1)


os.register_at_fork(after_in_child=_start_anew)


def decode_photo(data: bytes, *, max_bytes: int, max_pixels: int, wait: float | None = None) -> DecodedPhoto:
    """Decode a photo by the workers of this process; see `PhotoDecoder.decode`."""
    return _shared.decode(data, max_bytes=max_bytes, max_pixels=max_pixels, wait=wait)
