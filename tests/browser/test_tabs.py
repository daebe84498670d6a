"""The Space as a visitor meets it: app.py on a tiny build, in Chromium.

Skipped, with the reason, where no Chromium is found; `browsing` says where screenshots lie.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.space.browsing import HOSTILE, marks
from tests.helpers.space.visiting import answer, insist, open_tab, press

TABS = ("Classify", "Catalog", "Search", "Galaxy", "Categories", "Rerank", "Analysis")

pytestmark = marks


def test_an_example_fills_the_form_and_runs_it(page: Page) -> None:
    page.get_by_role("button", name="armchair").click()
    prediction = answer(page)
    expect(prediction).to_contain_text("%")
    # the catalogue holds this product, so its neighbors have a say
    expect(page.locator("#prediction .why table")).to_contain_text("Evidence agrees")
    expect(page.get_by_label("Title")).to_have_value(re.compile("Armchair"))
    expect(page.get_by_label("Description")).to_have_value(re.compile("<script>"))  # a text like any other
    page.get_by_role("button", name="toy robot").click()  # a photo alone: the texts go
    expect(page.get_by_label("Title")).to_have_value("")
    expect(page.get_by_label("Description")).to_have_value("")
    open_tab(page, "Search")
    page.get_by_role("button", name="CD audio").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value(re.compile("CD audio"))
    expect(page.locator("#found .card").first).to_be_visible()
    page.get_by_role("button", name="dome tent").click()
    expect(page.locator("#found .card .match").first).to_have_attribute("title", re.compile("photo"))  # it took part


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_on_a_phone_the_answer_to_an_example_comes_into_view(page: Page) -> None:
    page.get_by_role("button", name="ukulele").click()
    expect(answer(page)).to_be_in_viewport()
    open_tab(page, "Search")
    page.get_by_role("button", name="ukulele").click()
    expect(page.locator("#found .card").first).to_be_in_viewport()


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_on_a_phone_the_answer_of_a_button_comes_into_view(page: Page) -> None:
    page.get_by_label("Title").fill("Blue ceramic vase")
    press(page, "Classify")
    expect(answer(page).get_by_role("status")).to_be_in_viewport()
    open_tab(page, "Search")
    page.get_by_label("Text", exact=True).fill("kite")
    press(page, "Search")
    expect(page.locator("#search-done")).to_be_in_viewport()
    open_tab(page, "Rerank")
    press(page, "Rerank")
    expect(page.locator("#candidates").get_by_role("status")).to_be_in_viewport()


def test_a_hostile_title_shows_as_text_everywhere(page: Page) -> None:
    open_tab(page, "Search")
    page.get_by_label("Text", exact=True).fill("kite")
    page.get_by_label("Text", exact=True).press("Enter")
    expect(page.locator("#found h4").first).to_contain_text(HOSTILE)
    open_tab(page, "Rerank")
    page.get_by_label("Find a product").fill("window.hacked")
    page.get_by_label("Find a product").press("Enter")
    expect(page.locator("#product h3")).to_contain_text(HOSTILE)
    expect(page.locator("#candidates li").first).to_be_visible()
    assert page.evaluate("window.hacked") is None


def test_a_search_with_wording_pages_and_similar_products(page: Page) -> None:
    open_tab(page, "Search")
    page.get_by_label("Text", exact=True).fill("kite")
    page.get_by_role("button", name="Filters, wording, near-duplicates").click()
    page.get_by_label("Wording").fill("a photo")
    press(page, "Search")
    expect(page.get_by_test_id("toast-body")).to_contain_text("once, where the text goes")
    page.get_by_label("Wording").fill("a photo of {}")
    press(page, "Search")
    expect(page.locator("#search-done")).to_contain_text("a photo of kite")
    press(page, "Next ›")
    expect(page.locator("#search-done")).to_contain_text("Products 13 to")
    page.get_by_role("button", name="More like this").first.click()
    expect(page.locator("#search-done .query li")).to_have_count(2)
    expect(page.locator("#search-done .query")).to_contain_text("like Kite")
    page.get_by_role("button", name="Less like this").first.click()
    expect(page.locator("#search-done .query li")).to_have_count(3)
    page.get_by_role("button", name="Remove “kite”").click()
    expect(page.locator("#search-done .query li")).to_have_count(2)
    expect(page.get_by_label("Text", exact=True)).to_have_value("")
    press(page, "‹ Back")
    expect(page.locator("#search-done .query li")).to_have_count(3)
    expect(page.get_by_label("Text", exact=True)).to_have_value("kite")
    open_tab(page, "Analysis")
    open_tab(page, "Speed")
    page.get_by_label("Search for").fill("kite")
    press(page, "Compare")
    expect(page.locator("#speed-compared")).to_contain_text("medians of five")
    assert page.evaluate("window.hacked") is None


def test_a_visitors_own_product_is_ranked_and_one_input_fades(page: Page, photo: Path) -> None:
    open_tab(page, "Rerank")
    page.get_by_label("My own").check()
    press(page, "Rerank")
    expect(page.get_by_test_id("toast-body")).to_contain_text("nothing to rank for yet")
    with page.expect_response(re.compile(r"/upload")):
        page.locator("#own-product input[type=file]").set_input_files(photo)
    page.get_by_label("Title of your product").fill("Blue ceramic vase")
    page.get_by_role("button", name="Own candidates").click()
    page.locator("#rerank-candidates input").click()
    for number in range(2):
        page.locator("#rerank-candidates .take").nth(number).click()
    expect(page.locator("#rerank-candidates .chosen li")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#rerank-candidates .branches")).to_be_hidden()
    ranked = page.locator("#candidates li")
    insist(page, lambda: press(page, "Rerank"), lambda: ranked.count() == 2, "two candidates")
    expect(page.locator("#candidates").get_by_role("status")).to_contain_text("Which category is true is not known")
    expect(page.locator("#candidates li .before").first).to_contain_text("before training")
    expect(page.locator(".gate .bar")).to_have_count(2)
    page.get_by_role("slider", name="Text or photo").press("End")
    expect(page.locator(".gate")).to_contain_text("text is faded out by 100%")


def test_a_category_is_picked_in_the_map_and_compared(page: Page) -> None:
    open_tab(page, "Categories")
    expect(page.locator("#category-detail")).to_contain_text("Choose a category")
    top = page.locator(".treemap button").first
    name = top.locator("b").inner_text()
    top.focus()
    page.keyboard.press("Enter")
    detail = page.locator("section.category")
    expect(detail).to_contain_text("predicted correctly")
    expect(page.locator("#category-chosen .chosen")).to_contain_text(name)
    expect(detail.locator(".card h4").first).to_contain_text(HOSTILE)
    detail.locator(".bar .pick").first.click()  # a similar category
    expect(page.locator("#category-chosen .chosen")).not_to_contain_text(name)
    page.locator("#category-other input").fill(name)
    expect(page.locator("#category-other .take b").first).to_have_text(name)
    page.locator("#category-other input").press("Enter")
    expect(detail).to_have_count(2)
    expect(page.locator("#category-likeness .main-svg").first).to_be_visible()
    all_categories, shown = page.get_by_role("button", name="All categories"), page.locator("#category-detail")
    insist(page, all_categories.click, lambda: "Choose a category" in shown.inner_text(), "all categories again")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("page", [(1280, 900), (390, 844)], indirect=True)
def test_no_tile_of_the_map_cuts_its_text(page: Page) -> None:
    open_tab(page, "Categories")
    tiles = page.locator(".treemap button")
    expect(tiles.first).to_be_visible()
    expect(tiles.first.locator("b")).to_be_visible()
    for tile in tiles.all():
        assert tile.evaluate("""tile => [...tile.children].every((part) => part.hidden
            || (part.scrollWidth <= part.clientWidth && part.offsetTop + part.offsetHeight <= tile.clientHeight))""")
        assert tile.get_attribute("title")


def test_every_card_opens_its_product(page: Page) -> None:
    open_tab(page, "Search")
    page.get_by_label("Text", exact=True).fill("kite")
    press(page, "Search")
    opener = page.locator("#found .card h4 button").first
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Product")
    expect(dialog.get_by_role("heading")).to_contain_text(HOSTILE)
    expect(dialog.get_by_role("button", name="Copy id")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    press(page, "Find similar")
    expect(page.locator("#search-done .query li")).to_have_count(1)
    page.locator("#found .card h4 button").first.click()
    press(page, "Show in galaxy")
    expect(page.locator("#galaxy canvas").first).to_be_visible()
    assert page.evaluate("window.hacked") is None


def test_later_pages_continue_the_search_of_the_first(page: Page) -> None:
    open_tab(page, "Search")
    page.get_by_label("Text", exact=True).fill("kite")
    press(page, "Search")
    status = page.locator("#search-done")
    expect(status).to_contain_text("Products 1 to 12")
    page.get_by_role("button", name="Next ›").click()
    expect(status).to_contain_text("Products 13 to ")
    second = page.locator("#found .card h4").all_inner_texts()
    page.get_by_role("button", name="‹ Previous").click()
    expect(status).to_contain_text("Products 1 to 12")
    page.get_by_label("Text", exact=True).fill("")  # nothing to search for, and not asked
    page.get_by_role("button", name="Next ›").click()
    expect(status).to_contain_text("Products 13 to ")
    assert page.locator("#found .card h4").all_inner_texts() == second


def test_each_part_of_the_analysis_is_drawn_when_it_is_opened(page: Page) -> None:
    open_tab(page, "Analysis")
    expect(page.locator("#data-facts")).to_contain_text("products")
    expect(page.locator("#data-tails .main-svg").first).to_be_visible()
    assert page.locator("#space-map .main-svg").count() == 0
    open_tab(page, "Space")
    expect(page.locator("#space-map .main-svg").first).to_be_visible()
    page.get_by_label("t-SNE").check()
    expect(page.locator("#space-map")).to_contain_text("t-SNE")
    expect(page.locator("#space-centers li").first).to_be_visible()
    open_tab(page, "Quality")
    expect(page.locator("#quality-figures table").first).to_contain_text("Acc@1")
    page.locator("#quality-wrong .pick").first.click()
    expect(page.locator("#quality-one h3")).to_contain_text(HOSTILE)
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_a_phone_needs_no_sideways_scrolling(page: Page) -> None:
    for tab in TABS:
        open_tab(page, tab)
        if tab == "Classify":
            page.get_by_label("Title").fill("Red leather boot")
            press(page, "Classify")
            expect(answer(page)).to_be_visible()
        if tab == "Galaxy":
            expect(page.locator("#galaxy canvas").first).to_be_visible()
        if tab == "Categories":
            page.locator(".treemap button").first.click()
            expect(page.locator("section.category")).to_be_visible()
        if tab == "Analysis":
            expect(page.locator("#data-tails .main-svg").first).to_be_visible()
        if tab == "Rerank":
            press(page, "Rerank")
            expect(page.locator("#candidates li").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, tab
