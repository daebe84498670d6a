"""No request leaves the machine: the Space on the shipped catalogue, every tab used, with nothing else to reach.

The server runs with tests/helpers/guard on its path, and the browser aborts what does not go to the server; both write
down what was tried. Skipped, with the reason, where no Chromium is found.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.helpers.space.browsing import ROOT, frames, marks, serving, under_way, until

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
HERE = ("data:", "blob:")


def _guarded(attempts: Path) -> dict[str, str]:
    """Environment of a Python process that cannot leave this machine, also not by proxies."""
    path = os.pathsep.join(filter(None, (str(ROOT / "tests" / "helpers" / "guard"), os.environ.get("PYTHONPATH", ""))))
    proxies = {spelt: "" for name in PROXIES for spelt in (name, name.upper())}
    return {"PYTHONPATH": path, "NETWORK_ATTEMPTS": str(attempts), **proxies}


def _attempts(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@dataclass
class Visit:
    """A visitor in a browser that reaches `address` only."""

    page: Page
    address: str
    elsewhere: list[str] = field(default_factory=list)
    pending: set[Request] = field(default_factory=set)

    def keep_here(self, context: BrowserContext) -> None:
        """Abort and record requests to other hosts; track pending requests."""
        host = urlsplit(self.address).netloc

        def stop(route: Route) -> None:
            self.elsewhere.append(route.request.url)
            route.abort()

        context.route(lambda url: urlsplit(url).netloc != host and not url.startswith(HERE), stop)
        context.route_web_socket(re.compile(".*"), lambda socket: self.elsewhere.append(socket.url))
        self.pending = under_way(context)


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("offline") / "attempts"


@pytest.fixture(scope="module")
def address(attempts: Path) -> Iterator[str]:
    with serving(attempts.with_name("app.log"), **_guarded(attempts)) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    # without the page's policy, which would stop what it tries before it is seen here
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    context.set_default_timeout(60_000)
    visit = Visit(context.new_page(), address)
    visit.keep_here(context)
    yield visit
    context.close()


def _classify(page: Page) -> None:
    page.get_by_role("button", name="toy robot").click()
    answer = page.locator("#prediction")
    expect(answer.get_by_role("region", name="Predicted category")).to_be_visible()
    answer.locator(".why > summary").click()
    expect(answer.locator(".card").first).to_be_visible()


def _catalog(page: Page) -> None:
    table = b"Title;Body\nBlue ceramic vase;Hand made\n"
    page.locator("input[type=file][accept*=csv]").set_input_files(
        {"name": "shop.csv", "mimeType": "text/csv", "buffer": table}
    )
    page.get_by_role("button", name="Classify 1 products").click()
    expect(page.locator("#catalog-counts .headline")).to_contain_text("of 1 accepted")


def _review(page: Page) -> None:
    page.locator("#review-begin").click()
    expect(page.locator(".desk-card")).to_be_visible()


def _search(page: Page) -> None:
    page.get_by_label("Text", exact=True).fill("a warm coat for rainy days")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#found .card").first).to_be_visible()


def _galaxy(page: Page) -> None:
    expect(page.locator("#galaxy canvas").first).to_be_visible()


def _categories(page: Page) -> None:
    page.locator(".treemap button").first.click()
    expect(page.locator("section.category")).to_contain_text("predicted correctly")
    expect(page.locator("#category-likeness .main-svg").first).to_be_visible()


def _analysis(page: Page) -> None:
    expect(page.locator("#data-tails .main-svg").first).to_be_visible()
    for part, selector in (("Space", "#space-map .main-svg"), ("Quality", "#quality-figures table")):
        page.get_by_role("tab", name=part, exact=True).click()
        expect(page.locator(selector).first).to_be_visible()


def _rerank(page: Page) -> None:
    page.get_by_role("button", name="Rerank", exact=True).click()
    expect(page.locator("#candidates li").first).to_contain_text("%")


USES: dict[str, Callable[[Page], None]] = {
    "Classify": _classify,
    "Catalog": _catalog,
    "Review": _review,
    "Search": _search,
    "Galaxy": _galaxy,
    "Categories": _categories,
    "Rerank": _rerank,
    "Analysis": _analysis,
}


pytestmark = marks


def test_the_guard_records_and_blocks_outgoing_connections(tmp_path: Path) -> None:
    code = (
        "import socket, urllib.request\n"
        "for reach in (lambda: urllib.request.urlopen('http://example.com/', timeout=5),\n"
        "              lambda: socket.create_connection(('192.0.2.1', 80), timeout=5),\n"
        "              lambda: socket.create_connection(('127.0.0.1', 1), timeout=5)):\n"
        "    try: reach()\n"
        "    except OSError as error: print(error)\n"
    )
    environment = {**os.environ, **_guarded(tmp_path / "attempts")}
    completed = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    noted = _attempts(tmp_path / "attempts")
    assert noted == ["socket.getaddrinfo example.com", "socket.getaddrinfo 192.0.2.1"]
    assert completed.stdout.count("kept on its own machine") == 2


def test_every_tab_works_without_outgoing_requests(visit: Visit, attempts: Path) -> None:
    page = visit.page
    page.goto(visit.address)
    tabs = page.get_by_role("tab")
    expect(tabs.first).to_be_visible()
    assert [name.strip() for name in tabs.all_inner_texts()] == list(USES), "say here how a new tab is used"
    for name, use in USES.items():
        page.get_by_role("tab", name=name, exact=True).click()
        use(page)
    frames(page)
    until(page, lambda: not visit.pending, "nothing under way")
    assert visit.elsewhere == []
    assert _attempts(attempts) == []

    page.evaluate("fetch('https://example.com/').catch(() => 0)")
    assert visit.elsewhere == ["https://example.com/"]  # it would have been seen
