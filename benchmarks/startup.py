"""Time to start the Space: from `python app.py` to the first page, over bare imports.

    python -m benchmarks.startup [--small]

Both ways are fresh processes, on the shipped catalogue and model; the first round leaves the bytecode caches warm and
is not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.timing import interleaved, line

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = "import torch, transformers, gradio"
TITLE = b"Product Galaxy"
PATIENCE = 300  # seconds for a start, on however busy a machine
POLL = 0.01  # seconds


@contextlib.contextmanager
def running_app(options: Sequence[str] = ()) -> Iterator[tuple[int, str]]:
    """`python app.py` from its start until its first page is there: its process id and its address; killed at the end.

    Args:
        options: Of app.py; none open the shipped catalogue.

    Raises:
        RuntimeError: If it stops or does not serve.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    for name in ("CATALOG_REPO", "MODEL_REPO", "SPACE_ID"):  # the demo, whatever a Space would open
        environment.pop(name, None)
    address = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "app.py", *options]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _serves(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("app.py does not serve; start it by itself to see why.")
            time.sleep(POLL)
        yield process.pid, address
    finally:
        process.kill()
        process.wait()


def _serves(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.status == 200 and TITLE in answer.read()
    except OSError:
        return False


def first_page() -> None:
    """Start the app, get its first page, end it."""
    with running_app():
        pass


def bare_imports() -> None:
    """Import what the app cannot do without, in a fresh process."""
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="one round: a smoke test")
    small = parser.parse_args(arguments).small
    rounds = 1 if small else 7
    times = interleaved({"app": first_page, "bare": bare_imports}, rounds, warmup=0 if small else 1)
    print(f"the shipped catalogue, {os.cpu_count()} cores, {rounds} rounds, medians; bare: python -c '{IMPORTS}'")
    print(line("first page", times["app"], times["bare"], "bare"))


if __name__ == "__main__":
    main()
