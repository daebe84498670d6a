"""The Space on a small catalogue with a bundle without towers: in this process, or in one of its own to be measured.

python -m tests.helpers.space.in_process FOLDER    serves until standard input ends, and says its address first
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def free_port() -> int:
    """Return a free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def variables(folder: Path) -> dict[str, str]:
    """Environment variables that `launch` needs."""
    return {
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(free_port()),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "NO_PROXY": "127.0.0.1,localhost",
    }


def launch(folder: Path) -> Any:
    """Start serving; returns the page, whose `close` ends it."""
    import app
    from pipeline.catalog.catalog import Catalog
    from tests.helpers.fakes import PRODUCTS, FakeBundle, write_catalog
    from ui import page
    from ui.galaxy import routes
    from ui.workspace import Tools, Workspace

    catalog = Catalog.open(write_catalog(folder / "catalog.parquet", PRODUCTS))
    workspace = Workspace(catalog, lambda: Tools.of(catalog, FakeBundle()))
    blocks = page.build(workspace, folder / "reviews.sqlite")
    app.launch(blocks, routes.routes(catalog))
    return blocks


@contextlib.contextmanager
def in_a_process(folder: Path, extra: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """Serve a Space in a process of its own; yields its address and the process id."""
    environment = {name: value for name, value in os.environ.items() if name != "SPACE_ID"}
    served = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.space.in_process", str(folder)],
        env={**environment, **variables(folder), **(extra or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert served.stdin is not None
    assert served.stdout is not None
    try:
        addresses = (line.strip() for line in served.stdout if line.startswith("serving "))
        yield next(addresses).removeprefix("serving "), served.pid
    finally:
        served.stdin.close()
        served.wait(timeout=60)
        served.stdout.close()


def main() -> None:
    """Serve."""
    blocks = launch(Path(sys.argv[1]))
    print(f"serving {blocks.local_url.rstrip('/')}", flush=True)
    sys.stdin.read()
    blocks.close(verbose=False)


if __name__ == "__main__":
    main()
