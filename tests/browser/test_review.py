"""Tab "Review" in Chromium: products decided by keyboard alone, a reload, undo, and what is downloaded in the end."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.space.browsing import HOSTILE, guarded, marks, until
from tests.helpers.space.visiting import insist

pytestmark = marks

NOUNS = ("tall vase", "red shirt", "oak clock", "green dress")
DECIDED = 30


@pytest.fixture
def page(browser: Browser, small_space: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page."""
    with guarded(browser, small_space, request, (1280, 720)) as opened:
        opened.goto(small_space)
        yield opened


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with a title that would like to be more than text."""
    path = tmp_path / "products.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sku", "title"])
        writer.writerow(["x", HOSTILE])
        writer.writerows([number, f"{NOUNS[number % 4]} number {number}"] for number in range(60))
    return path


def _review_file(page: Page, table: Path) -> None:
    page.get_by_role("tab", name="Catalog", exact=True).click()
    page.locator("input[type=file][accept*=csv]").set_input_files(table)
    page.get_by_role("button", name=re.compile(r"Classify \d+ products")).click()
    expect(page.locator("#catalog-counts .headline")).to_contain_text("of 61 accepted")
    page.locator("#catalog-review").click()
    expect(page.get_by_role("tab", name="Review", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".desk-card")).to_be_visible()


def _turn(page: Page) -> str:
    return page.locator(".desk").get_attribute("data-turn") or ""


def _press(page: Page, *keys: str) -> None:
    """Press keys, the last of which decides, and wait for the next card."""
    turn = _turn(page)
    for key in keys:
        page.keyboard.press(key)
    until(page, lambda: _turn(page) != turn, f"a card after {keys}")


def _decided(page: Page) -> int:
    return int(page.locator(".desk-head b").nth(1).inner_text().replace(",", ""))


def test_thirty_products_by_keyboard_alone_with_a_reload_and_an_undo(page: Page, table: Path, tmp_path: Path) -> None:
    _review_file(page, table)
    made = 0
    while _decided(page) < DECIDED:
        made += 1
        if made % 5 == 0 and page.locator("[data-key='2']").count():
            _press(page, "2")
        elif made % 7 == 0:
            page.keyboard.press("/")
            page.keyboard.type("polos")
            expect(page.locator("#review-found button").first).to_contain_text("Polos")
            _press(page, "Enter")
        elif made == 3:
            _press(page, "s")
        else:
            _press(page, "a")
    before = _decided(page)
    last = page.locator(".desk-card").get_attribute("data-product")
    page.reload()
    expect(page.get_by_role("tab", name="Review", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".desk-card")).to_have_attribute("data-product", last or "")
    assert _decided(page) == before
    _press(page, "u")
    assert _decided(page) == before - 1
    with page.expect_download() as download:
        page.locator("#review-get").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "products.reviewed.csv"
    download.value.save_as(tmp_path / "out.csv")
    came, went = (list(csv.reader(one.open(encoding="utf-8"))) for one in (table, tmp_path / "out.csv"))
    assert [row[:2] for row in went] == [row[:2] for row in came]
    rows = [dict(zip(went[0], row, strict=True)) for row in went[1:]]
    people = [row for row in rows if row["decided_by"] == "person"]
    assert len(people) == before - 1
    assert all(row["accepted"] == "true" and row["predicted_category"] for row in people)
    assert page.evaluate("window.hacked") is None


def test_a_group_is_decided_by_one_key_without_what_was_clicked(page: Page, table: Path) -> None:
    _review_file(page, table)
    until(page, lambda: page.locator("[data-key='g']").count() > 0, "a group")
    page.keyboard.press("Shift+Tab")  # wherever the focus is
    alike = page.locator(".alike").count()
    page.locator(".alike").first.click()
    _press(page, "g")
    assert _decided(page) == alike
    _press(page, "u")
    assert _decided(page) == 0


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_an_answer_is_corrected_on_a_phone(page: Page) -> None:
    page.get_by_label("Title", exact=True).fill("blue polo shirt")
    page.get_by_role("button", name="Classify", exact=True).click()
    page.locator("#prediction").get_by_role("button", name="Correct").click()
    expect(page.locator(".desk-card h3")).to_have_text("blue polo shirt")
    words, found = page.get_by_label("Search the taxonomy"), page.locator("#review-found button")
    insist(page, lambda: words.fill("dresses"), lambda: found.count() > 0, "what the words mean")
    found.first.click()
    until(page, lambda: page.locator(".desk-head").inner_text().find("1 of") >= 0, "the decision")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
