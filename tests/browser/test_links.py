"""Links that open a tab, and a page that none fills, in Chromium. Skipped, with the reason, where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.helpers.space.browsing import marks, until

pytestmark = marks


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 390, "height": 844})
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


def _follow(page: Page, address: str, **link: str) -> None:
    page.goto(f"{address}/?{urlencode(link)}")


def _is_open(page: Page, tab: str) -> None:
    expect(page.get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")


def test_a_link_opens_its_tab_fills_it_and_runs_it(page: Page, small_space: str) -> None:
    _follow(page, small_space, tab="search", q="red shirt")
    _is_open(page, "Search")
    expect(page.get_by_label("Text", exact=True)).to_have_value("red shirt")
    expect(page.locator("#found h4").first).to_have_text("red shirt")
    expect(page.locator("#found .card").first).to_be_in_viewport()
    _follow(page, small_space, tab="classify", title="tall vase")
    expect(page.get_by_label("Title")).to_have_value("tall vase")
    expect(page.locator("#prediction").get_by_role("region", name="Predicted category")).to_be_visible()
    _follow(page, small_space, tab="rerank", product="p4")
    _is_open(page, "Rerank")
    expect(page.locator("#product h3")).to_have_text("tall vase")
    expect(page.locator("#candidates li").first).to_be_visible()


@pytest.mark.parametrize(
    ("link", "tab", "sentence"),
    [
        ({"tab": "rerank", "product": "<img src=x onerror=window.hacked=1>"}, "Rerank", "no product with this id"),
        ({"tab": "<b>", "q": "vase"}, "Classify", "names a tab that does not exist"),
    ],
)
def test_an_unusable_link_is_an_error_message(
    page: Page, small_space: str, link: dict[str, str], tab: str, sentence: str
) -> None:
    _follow(page, small_space, **link)
    expect(page.get_by_test_id("toast-body")).to_contain_text(sentence)
    _is_open(page, tab)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#found .card").count() == 0


def test_text_typed_before_the_first_frame_stays(page: Page, small_space: str) -> None:
    """A text typed after the answer to `load` but before the next frame must not be overwritten."""
    page.add_init_script("""
        const draw = window.requestAnimationFrame.bind(window);
        let held = null;
        window.requestAnimationFrame = (drawn) => held ? held.push(drawn) : draw(drawn);
        window.holdFrames = () => { held = []; };
        window.drawFrames = () => {
            const late = held;
            held = null;
            return new Promise((done) => draw((now) => { late.forEach((drawn) => drawn(now)); setTimeout(done); }));
        };
    """)
    answers: list[Route] = []
    page.route("**/queue/data*", lambda route: answers.append(route), times=1)
    with page.expect_request("**/queue/data*"):
        page.goto(small_space)
    page.get_by_role("tab", name="Search", exact=True).click()
    page.get_by_role("button", name="Filters, wording").wait_for()
    page.evaluate("holdFrames()")  # Playwright clicks and types only where frames are drawn
    page.get_by_role("button", name="Filters, wording").dispatch_event("click")
    wording = page.get_by_label("Wording")
    wording.wait_for(state="attached")
    ended: list[Request] = []
    for event in ("requestfinished", "requestfailed"):  # whoever closes the stream first, the server or the page
        page.on(event, lambda request: ended.append(request) if request == answers[0].request else None)
    answers[0].continue_()
    until(page, lambda: bool(ended), "the answer to the page's load")
    page.evaluate("new Promise((done) => setTimeout(done))")
    wording.evaluate("field => { field.value = 'a photo of {}'; field.dispatchEvent(new Event('input')); }")
    page.evaluate("drawFrames()")
    expect(wording).to_have_value("a photo of {}")
