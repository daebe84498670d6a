"""What starting the Space costs: from `python app.py` to the first page, over bare imports, and the memory it then has.

    python -m benchmarks.startup [--small]

Both ways are fresh processes, on the shipped catalogue and model; the run that measures memory comes first and leaves
the bytecode caches warm. Linux only: memory is read from /proc.
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
from collections.abc import Iterator
from pathlib import Path

from gradio_client import Client, handle_file

from benchmarks.timing import interleaved, line
from ui.examples import load_examples

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = "import torch, transformers, gradio"
MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"  # KiB
TITLE = b"Product Galaxy"
PATIENCE = 300  # seconds for a start, on however busy a machine
POLL = 0.01  # seconds


@contextlib.contextmanager
def running_app() -> Iterator[tuple[int, str]]:
    """`python app.py` from its start until its first page is there: its process id and its address; killed at the end.

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
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
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


def bare_imports() -> int:
    """Import what the app cannot do without in a fresh process; returns its peak resident bytes."""
    done = subprocess.run([sys.executable, "-c", f"{IMPORTS}; {MEMORY}"], check=True, capture_output=True, text=True)
    return 1024 * int(done.stdout)


def resident(pid: int) -> int:
    """Resident bytes of a process."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def wait_until_idle(pid: int) -> None:
    """Wait until a process wants no time for a second: here, until the model is loaded in the background."""
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < 1:
        time.sleep(0.05)
        if _wants_time(pid):
            idle_since = time.monotonic()


def _wants_time(pid: int) -> bool:
    """Whether a thread runs, waits for a core or reads from disk."""
    for path in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            if path.read_text(encoding="utf-8").rpartition(")")[2].split()[0] in "RD":
                return True
    return False


def follow_memory() -> dict[str, int]:
    """Start the app and let it predict once, from a photo and a text: when -> its resident bytes then."""
    with running_app() as (pid, address):
        found = {"with the first page": resident(pid)}
        wait_until_idle(pid)
        found["with the model loaded"] = resident(pid)
        client, example = Client(address, verbose=False, analytics_enabled=False), load_examples()[0]
        client.predict(handle_file(example.path), example.title, example.description, api_name="/classify")
        found["after one prediction"] = resident(pid)
    return found


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="one round: a smoke test")
    rounds = 1 if parser.parse_args(arguments).small else 7
    memory, bare = follow_memory(), bare_imports()
    times = interleaved({"app": first_page, "bare": bare_imports}, rounds, warmup=0)
    print(f"the shipped catalogue, {os.cpu_count()} cores, {rounds} rounds, medians; bare: python -c '{IMPORTS}'")
    print(line("first page", times["app"], times["bare"], "bare"))
    for when, value in memory.items():
        print(f"{f'memory {when}':<34} {value / bare:7.2f} x bare ({value / 1e6:.0f} MB over {bare / 1e6:.0f} MB)")


if __name__ == "__main__":
    main()
