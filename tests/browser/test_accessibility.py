"""No serious finding of axe-core on any tab with content, headings in order, and a way past what stands first."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.helpers.space.browsing import marks
from tests.helpers.space.visiting import answer, open_tab, press

pytestmark = marks
WIDTHS = pytest.mark.parametrize("page", [(1440, 900), (390, 844)], indirect=True)
_OF_GRADIO = {("label-content-name-mismatch", ".image-container")}
"""Rule and part of the page where Gradio's own markup breaks it: the name of the field to drop a photo into."""


def _classify(page: Page) -> None:
    page.get_by_label("Title").fill("Red leather boot")
    press(page, "Classify")
    expect(answer(page)).to_be_visible()
    page.locator("#prediction summary").click()


def _search(page: Page) -> None:
    page.get_by_label("Text", exact=True).fill("kite")
    press(page, "Search")
    page.get_by_role("button", name="More like this").first.click()
    expect(page.locator("#search-done .query li")).to_have_count(2)
    page.get_by_role("button", name="Filters, wording, near-duplicates").click()
    page.locator("#search-category input").click()
    expect(page.locator("#search-category .take").first).to_be_visible()


def _galaxy(page: Page) -> None:
    expect(page.locator("#galaxy canvas").first).to_be_visible()


def _categories(page: Page) -> None:
    page.locator(".treemap button").first.click()
    expect(page.locator("section.category")).to_be_visible()
    expect(page.locator("#category-likeness .main-svg").first).to_be_visible()


def _rerank(page: Page) -> None:
    press(page, "Rerank")
    expect(page.locator("#candidates li").first).to_be_visible()


def _analysis(page: Page) -> None:
    expect(page.locator("#data-tails .main-svg").first).to_be_visible()


_FILLED = {
    "Classify": _classify,
    "Catalog": lambda page: None,
    "Review": lambda page: None,
    "Search": _search,
    "Galaxy": _galaxy,
    "Categories": _categories,
    "Rerank": _rerank,
    "Analysis": _analysis,
}


_PARTS = {"Space": "#space-centers li", "Quality": "#quality-figures table", "Systems": "#systems-table table"}
"""Other parts of Analysis, and what shows that one is there."""


def _findings(page: Page) -> list[str]:
    """Serious and critical findings, and headings out of order, but for those of Gradio."""
    expect(page.locator(".pending")).to_have_count(0)  # what is loading is dimmed
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
        for node in one["nodes"]
        if not any(one["id"] == rule and part in node["html"] + str(node["target"]) for rule, part in _OF_GRADIO)
    ]


@WIDTHS
def test_axe_finds_nothing_serious_on_any_tab(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # nothing is dimmed for a moment longer than it loads
    findings = []
    for tab, fill in _FILLED.items():
        open_tab(page, tab)
        fill(page)
        findings += [f"{tab}: {finding}" for finding in _findings(page)]
    for part, shown in _PARTS.items():
        open_tab(page, part)
        expect(page.locator(shown).first).to_be_visible()
        findings += [f"{part}: {finding}" for finding in _findings(page)]
    assert not findings, "\n".join(findings)


def test_axe_is_at_work(page: Page) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\"><h6>deep</h6>')")
    assert {finding.split(":")[0] for finding in _findings(page)} >= {"image-alt", "heading-order"}


def test_the_first_key_leads_past_the_tabs(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tabpanel").first).to_be_focused()
    expect(page.get_by_label("Title")).to_be_visible()  # a busy machine draws the form late
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[role=tabpanel]') !== null")


def test_a_category_is_picked_by_keyboard_alone(page: Page) -> None:
    open_tab(page, "Categories")
    field = page.locator("#category-chosen input")
    field.focus()
    expect(page.locator("#category-chosen .take").first).to_be_visible()
    page.keyboard.press("Tab")  # what opens the first branch
    page.keyboard.press("Enter")
    expect(page.locator("#category-chosen .twig").first).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#category-chosen .chosen li")).to_have_count(1)
    expect(page.locator("section.category")).to_be_visible()
