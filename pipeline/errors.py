"""Errors that become one sentence: the base of all that people can put right, and those of the operating system.

Everything else is a fault of ours and keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
from pathlib import Path
from types import TracebackType


class UserError(Exception):
    """Something that whoever runs the program can put right; the message is one sentence that says how."""


class InputError(UserError, ValueError):
    """A value that a person gave and that cannot be used."""


EXIT_CODE = 2
INTERRUPTED_CODE = 130
"""128 + SIGINT, as shells have it."""
INTERRUPTED = "Interrupted; what was complete is kept, and the same command goes on from there."
CLOSED = "Interrupted; the page is closed."

_ROOM = "make room and give the same command again, which goes on where it stopped"
_ELSEWHERE = "name another place"
_WHAT_TO_DO = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "allow larger files (ulimit -f) or name a place on another file system, and give the command again",
    errno.EROFS: _ELSEWHERE,
    errno.EACCES: "allow it, or name another place",
    errno.EPERM: "allow it, or name another place",
    errno.ENOTDIR: "a file lies where a folder is needed: name another place",
    errno.EEXIST: "a file lies where a folder is needed: name another place",
    errno.EISDIR: "a folder lies where a file is to be written: name a file",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "it is a link that leads to itself: name another place",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.EIO: "look after the disk, and give the command again",
}
"""Advice against an error of the operating system that no bug of ours causes."""
_RUST = re.compile(r"\(os error (\d+)\)")
_SHORT = re.compile(r"\d+ requested and \d+ written")


def of_rust(error: BaseException, place: Path) -> OSError | None:
    """The error of the operating system that safetensors and tokenizers pack into a text, None if it is none.

    Args:
        error: What was raised.
        place: The folder that was written to, since they do not name the file.
    """
    code = None if isinstance(error, OSError) else _RUST.search(str(error))
    return OSError(int(code[1]), os.strerror(int(code[1])), str(place)) if code else None


def sentence(error: OSError) -> str | None:
    """Sentence for an error of the operating system, None if it may well be a fault of ours."""
    where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "A file of the run"
    if error.errno is None:  # of NumPy, which does not say why
        short = _SHORT.search(str(error))
        return f"{where} cannot be written whole ({short[0]}); {_ROOM}." if short else None
    if error.errno not in _WHAT_TO_DO:
        return None
    return f"{where} cannot be used ({os.strerror(error.errno)}); {_WHAT_TO_DO[error.errno]}."


def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print one line for an interrupt, a traceback for anything else (for `sys.excepthook`)."""
    if issubclass(kind, KeyboardInterrupt):
        print("Interrupted.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def check_writable(path: Path) -> None:
    """Find out now whether a file can be written at `path`, not when hours of work are to be saved there.

    Raises:
        OSError: If it cannot.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent) as probe:
        probe.write(b"0")
