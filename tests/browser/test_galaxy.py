"""The galaxy as a visitor meets it, in Chromium with software GL.

Skipped, with the reason, where no Chromium is found. `tests.helpers.space.browsing` says where screenshots are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.artifacts import RunPaths
from tests.helpers.space.browsing import CHROMIUM, HOSTILE, frames, guarded, hostile_titles, marks, until

GALAXY = "document.querySelector('.galaxy').galaxy"
_SIDES = (("x", "width"), ("y", "height"))

pytestmark = marks


@pytest.fixture
def titles(tiny_run: Path) -> list[str]:
    """Titles of the products, of which only every second has the word "second"."""
    return hostile_titles(pq.read_metadata(RunPaths(tiny_run).catalog).num_rows)


@pytest.fixture
def address(hostile_space: str) -> str:
    """Address of app.py on the tiny build with these titles."""
    return hostile_space


@pytest.fixture
def product_id(tiny_run: Path) -> str:
    """The first product."""
    return str(pq.read_table(RunPaths(tiny_run).catalog, columns=["product_id"])["product_id"][0])


@pytest.fixture
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page to open the galaxy in."""
    with guarded(browser, address, request, size=(900, 760)) as opened:
        yield opened


@pytest.fixture
def category(tiny_run: Path) -> str:
    """A category of depth 2."""
    categories = pq.read_table(RunPaths(tiny_run).catalog, columns=["category_depth2"])["category_depth2"].to_pylist()
    return next(path for path in categories if path)


def _open(page: Page, address: str, link: str = "") -> None:
    """Open the galaxy by a link and wait until it is drawn."""
    page.goto(f"{address}?tab=galaxy{link}")
    expect(page.locator(".galaxy[data-drawn]")).to_be_visible(timeout=180_000)
    expect(page.locator("#galaxy canvas").first).to_be_visible()


def _camera(page: Page) -> list[float]:
    """Eye, center and up."""
    camera: list[float] = page.evaluate(f"{GALAXY}.view.camera()")
    return camera


def _seen(page: Page) -> np.ndarray:
    """Positions of the products on the screen, from -1 to 1 in width and height: float [n, 2]."""
    seen = page.evaluate(f"""(() => {{
        const {{ view }} = {GALAXY};
        const {{ x, y }} = view.screen();
        return [...x].map((_, i) => [2 * x[i] / view.width - 1, 1 - 2 * y[i] / view.height]);
    }})()""")
    return np.array(seen)


def _codes(page: Page) -> list[int]:
    """Color of every product, 0 for those that are dimmed."""
    codes: list[int] = page.evaluate(f"[...{GALAXY}.view.codes]")
    return codes


def _fly_to(page: Page, row: int) -> None:
    """Wait until the flight to a product has ended and it is in the middle of the view."""
    until(page, lambda: bool(np.abs(_seen(page)[row]).max() < 1e-3), f"product {row} in the middle")


def _rest_in_the_middle(page: Page) -> tuple[float, float]:
    """Move the mouse to the middle until a tooltip appears; the view may still be resizing at first."""
    at = (0.0, 0.0)

    def tooltip_shows() -> bool:
        nonlocal at
        box = page.locator(".galaxy-holder").bounding_box()
        assert box is not None
        at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(at[0] - 1, at[1])
        page.mouse.move(*at)
        frames(page)
        return page.locator(".galaxy-tip").is_visible()

    until(page, tooltip_shows, "a tip at the middle of the view")
    return at


def _hold(page: Page) -> None:
    """Press the mouse button and wait until the page has seen it."""
    page.mouse.down()
    frames(page)


@pytest.mark.parametrize("page", [(1280, 900), (390, 844)], indirect=True)
def test_each_layout_fills_the_view(page: Page, address: str) -> None:
    _open(page, address)
    for layout in ("pca", "umap2", "umap3"):
        before = page.evaluate(f"{GALAXY}.place.x[0]")
        page.locator("select[name=layout]").select_option(layout)
        page.wait_for_function(f"before => {GALAXY}.place.x[0] !== before", arg=before)
        reach = np.abs(_seen(page)).max(axis=0)
        assert 0.75 < reach.max() < 1.1, (layout, reach)
    names = page.locator(".galaxy-names span:visible")
    expect(names.first).to_be_visible()
    boxes = [box for name in names.all() if (box := name.bounding_box())]
    for number, one in enumerate(boxes):
        for other in boxes[:number]:  # no name lies on another
            apart = [max(one[at], other[at]) - min(one[at] + one[to], other[at] + other[to]) for at, to in _SIDES]
            assert max(apart) >= -1


def test_every_product_is_drawn_and_the_camera_stays_where_it_is(page: Page, address: str, titles: list[str]) -> None:
    _open(page, address, "&camera=0.5,1.2,0.4,0.1,0,0,0,0,1")
    page.wait_for_function(f"{GALAXY}.view.camera()[0] === 0.5")
    before = _camera(page)
    page.get_by_label("Words in title or brand").fill("second")  # no Enter
    half = len(titles) // 2
    expect(page.locator(".galaxy-status")).to_contain_text(f"{half} of {len(titles)} products shown")
    codes = _codes(page)
    assert len(codes) == len(titles)
    assert [row for row, code in enumerate(codes) if code] == list(range(1, len(titles), 2))  # the others are dimmed
    page.get_by_label("Color by").select_option("confidence")
    assert _camera(page) == before
    page.locator("details.galaxy-more summary").click()
    page.get_by_label("Category", exact=True).fill("Nowhere")
    page.keyboard.press("Enter")
    expect(page.locator(".galaxy-alert")).to_contain_text('No category of this catalogue is called "Nowhere"')
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".galaxy-alert")).to_be_empty()
    expect(page.locator(".galaxy-status")).to_contain_text(f"{len(titles)} of {len(titles)} products shown")


def test_a_click_opens_a_product_and_a_drag_does_not(
    page: Page, address: str, product_id: str, titles: list[str]
) -> None:
    panel = page.locator(".galaxy-panel")
    _open(page, address, f"&product={quote(product_id)}")
    expect(panel.locator("h3")).to_have_text(re.compile(r"Kite <script>.* 0$"))  # as text
    _fly_to(page, 0)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    _rest_in_the_middle(page)
    expect(page.locator(".galaxy-tip b")).to_contain_text(HOSTILE)
    _hold(page)
    page.mouse.up()
    expect(panel.locator("h3")).to_contain_text(HOSTILE)
    first = panel.locator("h3").inner_text()
    _fly_to(page, titles.index(first))
    page.keyboard.press("n")
    expect(panel.locator("h3")).not_to_have_text(first)
    _fly_to(page, titles.index(panel.locator("h3").inner_text()))
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    x, y = _rest_in_the_middle(page)
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    _hold(page)
    page.mouse.move(x + 80, y)
    page.mouse.up()
    frames(page)
    assert posted == []  # a click would ask for the product
    expect(panel).to_be_hidden()
    assert page.evaluate("window.hacked") is None


def test_a_category_marker_has_lines_to_its_products(page: Page, address: str, category: str, tiny_run: Path) -> None:
    categories = pq.read_table(RunPaths(tiny_run).catalog, columns=["category_depth2"])["category_depth2"].to_pylist()
    _open(page, address, f"&marker={quote(category)}")
    expect(page.locator(".galaxy-panel")).to_contain_text("Farthest from the center")
    expect(page.get_by_label("Go to category")).to_have_value(category)
    members = categories.count(category)
    expect(page.locator(".galaxy")).to_have_attribute("data-lines", str(members))
    assert sum(map(bool, _codes(page))) == members
    assert page.evaluate(f"{GALAXY}.visible.reduce((all, one) => all + one)") == 1  # no other star
    page.locator(".galaxy-tile").first.click()
    page.get_by_role("button", name="Search similar").click()
    expect(page.locator("#found .card").first).to_be_visible()


def test_search_results_are_highlighted(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("tab", name="Search", exact=True).click()
    page.get_by_label("Text", exact=True).fill("kite")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#found .card").first).to_be_visible()
    page.get_by_role("button", name="Show the results in the galaxy").click()
    expect(page.locator(".galaxy-panel h3")).to_have_text("Found by your search")
    listed = page.locator(".galaxy-panel li").count()
    expect(page.locator(".galaxy-status")).to_contain_text(f"{listed} of ")


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_a_phone_shows_the_view_and_the_panel_below_it(page: Page, address: str, product_id: str) -> None:
    _open(page, address, f"&product={quote(product_id)}")
    expect(page.locator(".galaxy-panel h3")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    view, panel = (page.locator(name).bounding_box() for name in (".galaxy-holder", ".galaxy-panel"))
    assert view is not None
    assert panel is not None
    assert view["width"] > 300
    assert panel["y"] >= view["y"] + view["height"]
    assert view["y"] >= -1  # both are in view, not the panel alone
    assert panel["y"] < 844


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_a_phone_can_choose_a_category_from_the_list_and_come_back(page: Page, address: str, category: str) -> None:
    _open(page, address)
    home = page.evaluate(f"{GALAXY}.view.home.eye[0]")
    page.get_by_label("Go to category").select_option(category)
    panel = page.locator(".galaxy-panel")
    expect(panel.get_by_role("heading", name="Nearest to the center")).to_be_visible()
    expect(page.locator(".galaxy-names .galaxy-chosen")).to_have_text(category.split(" > ")[-1])
    close = panel.get_by_role("button", name="Close")
    box = close.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 43  # what a thumb can hit
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    close.click()
    expect(page.get_by_label("Go to category")).to_have_value("")
    page.get_by_role("button", name="Whole galaxy").click()
    page.wait_for_function(f"x => Math.abs({GALAXY}.view.camera()[0] - x) < 0.01", arg=home)


def test_without_webgl_a_sentence_and_a_flat_view(
    browser: Browser, address: str, product_id: str, category: str, request: pytest.FixtureRequest
) -> None:
    bare = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-3d-apis"])
    with guarded(bare, address, request, size=(900, 760)) as page:
        _open(page, address, f"&product={quote(product_id)}")
        expect(page.get_by_role("note").filter(has_text="WebGL")).to_contain_text("drawn flat")
        expect(page.locator(".galaxy-panel h3")).to_contain_text(HOSTILE)
        page.keyboard.press("Escape")
        expect(page.locator(".galaxy-panel")).to_be_hidden()
        page.mouse.click(*_rest_in_the_middle(page))
        expect(page.locator(".galaxy-panel h3")).to_contain_text("Kite")
        page.get_by_label("Go to category").select_option(category)
        expect(page.locator(".galaxy-panel")).to_contain_text("Farthest from the center")
    bare.close()
