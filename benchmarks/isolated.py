"""Work in a process of its own: under a time limit, what it has yielded so far kept, its peak of memory its own."""

from __future__ import annotations

import multiprocessing
import re
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


class UnfinishedError(Exception):
    """Work that ran past its time, or ended before it was done. The message says which."""


def stream(work: Callable[..., Iterable[Any]], arguments: tuple[Any, ...], seconds: float) -> Iterator[Any]:
    """Yield the results of `work`, each as soon as it is there, from a fresh process.

    Args:
        work: A function of a module, or a class; its results must be picklable.
        arguments: Its arguments.
        seconds: After these the process is ended.

    Raises:
        UnfinishedError: After `seconds`, or where the process ended early; its error is on stderr.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, work, arguments))
    deadline = time.monotonic() + seconds
    process.start()
    sender.close()
    try:
        while (item := _next(receiver, deadline, seconds)) is not None:
            yield item[0]
        process.join(max(0.0, deadline - time.monotonic()))
    except EOFError:
        process.join()
        raise UnfinishedError(f"it ended with exit code {process.exitcode}") from None
    finally:
        process.kill()  # says nothing to one that has ended
        process.join()
        receiver.close()


def _next(receiver: Connection, deadline: float, seconds: float) -> tuple[Any] | None:
    """The next thing that was sent, in a tuple; None at the end."""
    left = deadline - time.monotonic()
    if left <= 0 or not receiver.poll(left):
        raise UnfinishedError(f"it ran past its {seconds:.0f} s")
    item: tuple[Any] | None = receiver.recv()
    return item


def _send(sender: Connection, work: Callable[..., Iterable[Any]], arguments: tuple[Any, ...]) -> None:
    for item in work(*arguments):
        sender.send((item,))
    sender.send(None)


def peak_resident() -> int:
    """Peak resident bytes of this process.

    Linux says it since the program started; where nothing does, it is the peak since the process was forked, which
    counts what the parent held then.
    """
    match = (
        re.search(r"^VmHWM:\s*(\d+) kB", STATUS.read_text(encoding="ascii"), re.MULTILINE) if STATUS.exists() else None
    )
    kibibytes = int(match[1]) if match else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1024 * kibibytes
