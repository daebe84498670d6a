"""Helpers of the browser tests: Chromium, app.py in a process of its own, watched pages, screenshots.

Screenshots lie in $SCREENSHOTS, or in runs/screenshots where that is not set; git ignores them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.helpers import ROOT
from tests.helpers.damage import publish_again, with_column

T = TypeVar("T")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = next((executable for name in NAMES if (executable := shutil.which(name))), None)
SCREENSHOTS = Path(os.environ.get("SCREENSHOTS") or ROOT / "runs" / "screenshots")
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

HOSTILE = "Kite <script>window.hacked=1</script><img src=x onerror=window.hacked=1> {{7*7}} ${7*7} <b>bold</b>"
PATIENCE = 60  # seconds that a condition may take to come true, on however busy a machine

marks = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium found (looked for {', '.join(NAMES)})"),
]


@contextlib.contextmanager
def serving(log: Path, *options: str, **environment: str) -> Iterator[str]:
    """Serve app.py and yield its address; its log is shown if it does not start, and must have no traceback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port), **environment}
    for name in ("SPACE_ID", "CATALOG_REPO", "MODEL_REPO"):
        environment.pop(name, None)
    command = [sys.executable, str(ROOT / "app.py"), *options]
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)
    assert "Traceback" not in log.read_text(encoding="utf-8")


@contextlib.contextmanager
def guarded(
    browser: Browser, address: str, request: pytest.FixtureRequest, size: tuple[int, int] = (1280, 900)
) -> Iterator[Page]:
    """Open a page that fails on requests to other hosts and script errors; a screenshot is kept at the end.

    Args:
        browser: Where it is opened.
        address: What it may fetch from; nothing is opened yet.
        request: Of the test, which names the screenshot, or of its fixture, whose parameter may be another size.
        size: Width and height in pixels.
    """
    width, height = getattr(request, "param", size)
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(60_000)
    elsewhere: list[str] = []
    errors: list[str] = []
    local = (address, "data:", "blob:")
    page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith(local) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    keep(page, request.node.originalname)
    page.close()
    assert elsewhere == []
    assert errors == []


def keep(page: Page, name: str) -> None:
    """Save a screenshot of the whole page, named after its content and the page's width."""
    assert page.viewport_size is not None
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w-]+", "-", name).strip("-")
    page.screenshot(path=SCREENSHOTS / f"{stem}-{page.viewport_size['width']}.png", full_page=True)


def write_hostile(source: Path, target: Path) -> Path:
    """Write a catalogue with the titles of `hostile_titles`; returns `target`."""
    titles = pa.array(hostile_titles(pq.read_metadata(source).num_rows))
    return publish_again(target, source, with_column("title", titles), row_group_size=16)


def hostile_titles(rows: int) -> list[str]:
    """Numbered titles full of markup; every second one has the word "second"."""
    return [f"{HOSTILE} {number} {'second' if number % 2 else ''}".strip() for number in range(rows)]


def until(page: Page, holds: Callable[[], bool], what: str) -> None:
    """Wait for a condition in Python; fails after `PATIENCE` seconds and names the condition."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"in {PATIENCE} s never: {what}"
        page.wait_for_timeout(20)


def under_way(where: Page | BrowserContext) -> set[Request]:
    """Live set of pending requests, without Gradio's heartbeat, which stays open with the page."""
    pending: set[Request] = set()
    where.on("request", lambda request: None if "/heartbeat/" in request.url else pending.add(request))
    for ended in ("requestfinished", "requestfailed"):
        where.on(ended, lambda request: pending.discard(request))
    return pending


def run_apart(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a thread of its own, since Playwright keeps a loop running in the tests' thread."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(lambda: asyncio.run(job())).result()


def frames(page: Page, count: int = 3) -> None:
    """Wait until the page has drawn this many frames and so has processed earlier events."""
    page.evaluate(
        "async (count) => { for (; count; count--) await new Promise((next) => requestAnimationFrame(next)); }", count
    )


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE)
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"app.py does not serve: {log.read_text(encoding='utf-8')}")
