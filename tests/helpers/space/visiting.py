"""What a visitor does on the page, for tests in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.helpers.space.browsing import until


def open_tab(page: Page, tab: str) -> None:
    """Open a tab by its name."""
    page.get_by_role("tab", name=tab, exact=True).click()


def press(page: Page, button: str) -> None:
    """Press a button by its name."""
    page.get_by_role("button", name=button, exact=True).click()


def insist(page: Page, act: Callable[[], None], holds: Callable[[], bool], what: str) -> None:
    """Act again each second until something holds, as people do.

    Gradio loses a click on what it is drawing anew, and what is typed into a field that it is about to mount again.
    """

    def tried() -> bool:
        if not holds():
            act()
            page.wait_for_timeout(1_000)
        return holds()

    until(page, tried, what)


def upload(page: Page, path: Path) -> None:
    """Upload a photo into the first field of the page, and wait until it is there."""
    with page.expect_response(re.compile(r"/upload")):
        page.locator("input[type=file]").first.set_input_files(path)


def answer(page: Page) -> Locator:
    """The answer to what is in the form of tab Classify."""
    return page.locator("#prediction").get_by_role("region", name="Predicted category")
