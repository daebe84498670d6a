"""Selecting in the galaxy, its histograms, and how the wheel, keys and messages behave, in Chromium."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, Response, expect

from pipeline.artifacts import RunPaths
from tests.helpers.space.browsing import guarded, marks, until

GALAXY = "document.querySelector('.galaxy').galaxy"

pytestmark = marks


@pytest.fixture
def page(browser: Browser, hostile_space: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The galaxy, drawn."""
    with guarded(browser, hostile_space, request, size=(1100, 800)) as opened:
        opened.goto(f"{hostile_space}?tab=galaxy")
        expect(opened.locator(".galaxy[data-drawn]")).to_be_visible(timeout=180_000)
        yield opened


def _of(page: Page, expression: str) -> Any:
    return page.evaluate(f"{GALAXY}.{expression}")


def _sky(page: Page) -> dict[str, float]:
    box = page.locator(".galaxy-view canvas").bounding_box()
    assert box is not None
    return {**box}


def _box(page: Page, left: float, right: float, *, key: str = "") -> None:
    """Draw a box over these parts of the sky's width."""
    sky = _sky(page)
    if key:
        page.keyboard.down(key)
    page.mouse.move(sky["x"] + left * sky["width"], sky["y"] + 0.15 * sky["height"])
    page.mouse.down()
    page.mouse.move(sky["x"] + right * sky["width"] - 1, sky["y"] + 0.98 * sky["height"], steps=4)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def _selected(page: Page) -> list[int]:
    rows: list[int] = page.evaluate(f"[...({GALAXY}.selection.rows ?? [])]")
    return sorted(rows)


@pytest.mark.parametrize("layout", ["umap3", "umap2"])
def test_boxes_select_add_take_away_and_are_exported(page: Page, layout: str, tmp_path: Path, tiny_run: Path) -> None:
    page.locator("select[name=layout]").select_option(layout)
    page.wait_for_function(f"flat => {GALAXY}.view.flat === flat", arg=layout == "umap2")
    everywhere = _of(page, "chart.rows")
    page.get_by_role("button", name="Box", exact=True).click()
    _box(page, 0.02, 0.5)
    panel = page.locator(".galaxy-panel")
    expect(panel.locator("h3")).to_have_text(f"{len(_selected(page))} selected")
    left = set(_selected(page))
    assert 0 < len(left) < everywhere
    expect(page.locator(".galaxy-status")).to_contain_text(f"{len(left)} of {everywhere} products shown")
    page.get_by_role("button", name="Invert").click()
    until(page, lambda: set(_selected(page)) == set(range(everywhere)) - left, "the others")
    page.get_by_role("button", name="Invert").click()
    until(page, lambda: set(_selected(page)) == left, "these again")
    _box(page, 0.5, 0.98, key="Shift")
    until(page, lambda: set(_selected(page)) > left, "more than these")
    _box(page, 0.02, 0.5)
    until(page, lambda: set(_selected(page)) == left, "only these again")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Export CSV").click()
    file = tmp_path / "selection.csv"
    download.value.save_as(file)
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    ids = pq.read_table(RunPaths(tiny_run).catalog, columns=["product_id"])["product_id"].to_pylist()
    assert [row["product_id"] for row in rows] == [ids[row] for row in sorted(left)]
    _box(page, 0.01, 0.6, key="Alt")  # takes all of them away
    until(page, lambda: _selected(page) == [], "nothing selected")
    expect(panel).to_be_hidden()


def test_a_bar_filters_and_the_other_histograms_follow(page: Page) -> None:
    page.get_by_role("button", name="Columns", exact=True).click()
    panel = page.locator(".galaxy-panel")
    split = panel.get_by_role("group", name="Split")
    first = split.get_by_role("button").first
    name, count = first.locator("span").inner_text(), int(first.locator("i").inner_text())
    first.click()
    expect(split.get_by_role("button").first).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".galaxy-status")).to_contain_text(f"{count} of ")
    categories = panel.get_by_role("group", name="Category", exact=True).get_by_role("button").locator("i")
    assert sum(int(text) for text in categories.all_inner_texts()) == count
    assert name in page.evaluate(f"{GALAXY}.chart.header.splits")
    assert split.get_by_role("button").count() > 1  # its own bars stay, so that another can be taken


def test_the_wheel_scrolls_the_page_until_the_sky_is_clicked_and_zooms_to_the_mouse(page: Page) -> None:
    sky = _sky(page)
    at = (sky["x"] + 0.3 * sky["width"], sky["y"] + 0.6 * sky["height"])
    page.mouse.move(*at)
    home = _of(page, "view.camera()")
    page.mouse.wheel(0, 120)
    until(page, lambda: page.evaluate("window.scrollY") > 0, "the page scrolls")
    assert _of(page, "view.camera()") == home
    expect(page.locator(".galaxy-hint")).to_contain_text("Ctrl")
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("select[name=layout]").select_option("umap2")
    page.wait_for_function(f"{GALAXY}.view.flat")
    sky = _sky(page)
    spot = f"""(([x, y]) => {{
        const {{ view }} = {GALAXY};
        const [left, top] = view.project({{ x: 0, y: 0, z: 0 }});
        const [right] = view.project({{ x: 1, y: 0, z: 0 }});
        return [(x - left) / (right - left), (top - y) / (right - left)];
    }})([{0.3 * sky["width"]}, {0.6 * sky["height"]}])"""
    before = page.evaluate(spot)
    page.keyboard.down("Control")
    for _ in range(30):  # as far as it goes: never through the plane
        page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    page.wait_for_function(f"{GALAXY}.view.nearness > 5")
    assert page.evaluate(spot) == pytest.approx(before, abs=0.01)
    assert _of(page, "view.camera()")[2] > 0
    assert page.evaluate("window.scrollY") == 0


def test_keys_work_after_a_link_was_copied_and_no_product_is_missing_a_photo(page: Page) -> None:
    failed: list[Response] = []
    page.on("response", lambda answer: failed.append(answer) if answer.status >= 400 else None)
    bare = page.evaluate(f"""(async () => {{
        for (let row = 0; row < {GALAXY}.chart.rows; row++) {{
            if ((await fetch({GALAXY}.source.photo(row))).status === 204) return row;
        }}
        return 0;
    }})()""")
    page.evaluate(f"{GALAXY}.choices.product({bare})")
    title = page.locator(".galaxy-panel h3")
    expect(title).to_be_visible()
    first = title.inner_text()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".galaxy-link")).to_be_visible()
    page.keyboard.press("n")
    expect(title).not_to_have_text(first)
    sky = _sky(page)
    page.mouse.move(sky["x"] + sky["width"] / 2, sky["y"] + sky["height"] / 2)
    page.locator(".galaxy-panel").hover()
    expect(page.locator(".galaxy-tip")).to_be_hidden()
    assert failed == []


def test_photos_and_finer_names_appear_near_products(page: Page) -> None:
    assert page.locator(".galaxy-photos img").count() == 0
    page.evaluate(f"{GALAXY}.view.fly({GALAXY}.at(0), [])")
    expect(page.locator(".galaxy-photos img").first).to_be_visible()
    expect(page.locator(".galaxy-names span:visible").first).to_be_visible()


def test_colors_tell_products_apart_and_empty_entries_of_the_legend_are_readable(page: Page) -> None:
    page.get_by_label("Color by").select_option("confidence")
    counts = [int(text.replace(",", "")) for text in page.locator(".galaxy-legend i").all_inner_texts()]
    assert sum(counts) == _of(page, "chart.rows")
    assert max(counts) < 0.4 * sum(counts)  # no color has nearly all of them
    page.get_by_label("Color by").select_option("category")
    page.locator(".galaxy-legend button").first.click()
    empty = page.locator(".galaxy-legend .galaxy-empty button")
    expect(empty.first).to_be_visible()
    ratio = empty.first.evaluate("""(one) => {
        const parts = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
        const light = (color) => parts(color).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
          .reduce((all, x, i) => all + x * [0.2126, 0.7152, 0.0722][i], 0);
        return (light(getComputedStyle(one).color) + 0.05) / (light("rgb(11, 13, 19)") + 0.05);
    }""")
    assert ratio > 4.5
    assert empty.first.evaluate("(one) => getComputedStyle(one.closest('li')).opacity") == "1"
