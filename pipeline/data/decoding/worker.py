"""The process that decodes photos: reads one after another from standard input, answers each with pixels or an error.

Run by `pool.py`, never by hand: python -m pipeline.data.decoding.worker CPU_SECONDS SHARED_FILE
It has a budget of processor time and of memory for each photo. Above the first the kernel ends it (SIGPROF), above the
second its allocations fail, so that no photo takes more than one worker down.
"""

from __future__ import annotations

import mmap
import resource
import signal
import struct
import sys
from typing import BinaryIO

from pipeline.data.decoding.decode import MAX_SIDE_PIXELS, MIN_SIDE_PIXELS, ImageError, decode_image, enable_heic

CPU_SECONDS = 2.0
"""Processor time that one photo may take."""
MAX_MEMORY_BYTES = 300_000_000
"""Memory that one photo may take; held where the kernel is Linux."""

ANSWER_PIXELS = 2 * MIN_SIDE_PIXELS * 2 * MAX_SIDE_PIXELS
"""Most pixels of a decoded photo, and thus the size of the shared memory for the answer."""

READY = b"!"
"""Sent once, when the worker is ready for a photo."""
REQUEST = struct.Struct("<QQQ")
"""Bytes of the file that follows; limits of bytes and of pixels."""
ANSWER = struct.Struct("<?IIIII")
"""Success; width and height as stored; width and height of the RGB image in shared memory; bytes of the error."""


def main() -> None:
    """Answer until standard input ends."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    cpu_seconds = float(sys.argv[1])
    enable_heic()
    shared = mmap.mmap(int(sys.argv[2]), ANSWER_PIXELS * 3)
    _limit_memory()
    target.write(READY)
    target.flush()
    while header := source.read(REQUEST.size):
        size, max_bytes, max_pixels = REQUEST.unpack(header)
        data = source.read(size)
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        _answer(target, shared, data, max_bytes, max_pixels)
        signal.setitimer(signal.ITIMER_PROF, 0)


def _answer(target: BinaryIO, shared: mmap.mmap, data: bytes, max_bytes: int, max_pixels: int) -> None:
    try:
        photo = decode_image(data, max_bytes=max_bytes, max_pixels=max_pixels)
    except ImageError as error:
        sentence = str(error).encode(errors="replace")
        target.write(ANSWER.pack(False, 0, 0, 0, 0, len(sentence)) + sentence)
    else:
        pixels = photo.image.tobytes()
        shared[: len(pixels)] = pixels
        target.write(ANSWER.pack(True, photo.width, photo.height, *photo.image.size, 0))
    target.flush()


def _limit_memory() -> None:
    """Give allocations `MAX_MEMORY_BYTES` beyond what the process has now; only Linux counts mapped memory as data."""
    if sys.platform != "linux":
        return
    with open("/proc/self/statm", encoding="ascii") as statm:
        data_pages = int(statm.read().split()[5])
    limit = data_pages * resource.getpagesize() + MAX_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main()
