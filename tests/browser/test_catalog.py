"""Tab "Catalog" in Chromium: from a dropped file to a downloaded one. Skipped, with the reason, where there is none."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.data.sources.profiles.systems import PROFILES
from tests.helpers.space.browsing import HOSTILE, guarded, marks

pytestmark = marks

SIZES = [(1280, 720), (390, 844)]


@pytest.fixture
def page(browser: Browser, small_space: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, with the tab open."""
    with guarded(browser, small_space, request, (1280, 720)) as opened:
        opened.goto(small_space)
        opened.get_by_role("tab", name="Catalog", exact=True).click()
        yield opened


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """An export of a shop with a title that would like to be more than text, and one like a formula."""
    path = tmp_path / "products.csv"
    titles = ["=1+1", *(f"tall vase {number}" for number in range(300))]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Handle", "Title", "Body (HTML)", "Product Category"])
        writer.writerow(["h", HOSTILE, "", f"Home > {HOSTILE}"])
        writer.writerows([f"h{number}", title, "", "Home > Vases"] for number, title in enumerate(titles))
    return path


def _drop(page: Page, path: Path) -> None:
    page.locator("input[type=file][accept*=csv]").set_input_files(path)
    expect(page.get_by_role("region", name="The file")).to_be_visible()


def _classify(page: Page) -> None:
    page.get_by_role("button", name=re.compile(r"Classify \d+ products")).click()


def _is_done(page: Page) -> None:
    expect(page.locator("#catalog-counts .headline")).to_contain_text("of 302 accepted")
    expect(page.get_by_role("progressbar")).to_have_count(0)


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_from_a_dropped_file_to_a_downloaded_one_with_a_reload_between(page: Page, shop: Path, tmp_path: Path) -> None:
    _drop(page, shop)
    file = page.get_by_role("region", name="The file")
    expect(file).to_contain_text("Shopify export")
    expect(file).to_contain_text("302 products")
    expect(file).to_contain_text(HOSTILE)
    _classify(page)
    expect(page.get_by_role("button", name="Another file")).to_be_visible()
    page.reload()
    expect(page.get_by_role("tab", name="Catalog", exact=True)).to_have_attribute("aria-selected", "true")
    _is_done(page)
    expect(page.locator("#catalog-counts")).to_be_in_viewport()
    if page.viewport_size == {"width": 1280, "height": 720}:  # nothing important below the fold
        expect(page.get_by_role("button", name="Download")).to_be_in_viewport()
        expect(page.locator("#catalog-rows tbody tr").first).to_be_in_viewport()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "products.categories.csv"
    download.value.save_as(tmp_path / "out.csv")
    before, after = (list(csv.reader(one.open(encoding="utf-8"))) for one in (shop, tmp_path / "out.csv"))
    assert [row[:3] for row in after] == [row[:3] for row in before]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.evaluate("window.hacked") is None


def test_the_table_is_sorted_and_filtered_and_the_dial_counts_anew(page: Page, shop: Path) -> None:
    _drop(page, shop)
    _classify(page)
    _is_done(page)
    rows, counts = page.locator("#catalog-rows tbody tr"), page.locator("#catalog-counts")
    expect(rows.first).to_contain_text("{{7*7}} ${7*7}")
    expect(rows.first.locator(".given")).to_contain_text("onerror=window.hacked=1")
    expect(rows.nth(1)).to_contain_text("=1+1")
    page.get_by_role("button", name="Title", exact=True).click()
    expect(rows.first).to_contain_text("=1+1")
    page.get_by_role("button", name="Next ›").click()
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("Page 2 of")
    page.get_by_label("Title contains").fill("{{7*7}}")
    expect(rows).to_have_count(1)
    at_90 = counts.inner_text()
    page.get_by_role("slider", name="Target precision").press("Home")
    expect(counts).to_contain_text("at 50%")
    assert counts.inner_text() != at_90
    rows.first.locator("summary").click()
    expect(rows.first.locator("details p")).to_be_visible()
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_the_keyboard_alone_is_enough(page: Page, shop: Path) -> None:
    _drop(page, shop)  # a dialog of the system, which the field's button opens

    def press(name: str) -> None:
        for _ in range(60):
            if page.evaluate("document.activeElement?.innerText?.trim().split('\\n')[0] ?? ''").startswith(name):
                page.keyboard.press("Enter")
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {name}")

    page.get_by_role("tab", name="Catalog", exact=True).focus()
    press("Classify 302")
    _is_done(page)
    page.get_by_role("tab", name="Catalog", exact=True).focus()
    press("Confidence")
    expect(page.locator("#catalog-rows th.confidence")).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("#catalog-rows th.confidence button")).to_be_focused()
    page.get_by_role("tab", name="Catalog", exact=True).focus()
    with page.expect_download() as download:
        press("Download")
    assert download.value.suggested_filename == "products.categories.csv"


@pytest.mark.parametrize("page", SIZES[1:], indirect=True)
def test_the_export_of_every_system_is_named(page: Page, tmp_path: Path) -> None:
    clear = page.get_by_role("button", name=re.compile("clear|remove", re.IGNORECASE)).first
    for profile in PROFILES:
        headings = list(dict.fromkeys((*profile.known_by[0], profile.columns["product_title"][0])))
        path = tmp_path / f"{profile.kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([headings, [f"mug {number}" for number in range(len(headings))]])
        _drop(page, path)
        expect(page.get_by_role("region", name="The file")).to_contain_text(f"{profile.kind}.csv {profile.system}")
        clear.click()
        expect(page.get_by_role("region", name="The file")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_what_is_no_table_is_a_sentence_and_the_next_file_is_taken(page: Page, shop: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"%PDF-1.7")
    page.locator("input[type=file][accept*=csv]").set_input_files(broken)
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_contain_text("broken.csv is a PDF")
    assert str(tmp_path) not in toast.inner_text()
    page.get_by_role("button", name=re.compile("clear|remove", re.IGNORECASE)).first.click()
    _drop(page, shop)
    _classify(page)
    _is_done(page)
    page.get_by_role("button", name="Another file").click()
    expect(page.get_by_text("Up to 20,000 products")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Product Galaxy")).to_be_visible()
    page.get_by_role("tab", name="Catalog", exact=True).click()
    expect(page.get_by_text("Up to 20,000 products")).to_be_visible()
