"""The galaxy as a visitor meets it, in Chromium with software GL, where a frame can take seconds.

Skipped, with the reason, where no Chromium is found. Screenshots go to $SCREENSHOTS where that is set.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.artifacts import RunPaths
from tests.browsing import CHROMIUM, marks, serving

HOSTILE = "Kite <script>window.hacked=1</script><img src=x onerror=window.hacked=1> {{7*7}} ${7*7} <b>bold</b>"
FRAME = 2_000  # ms: a button is held for as long, so that a frame sees it down

pytestmark = marks


@pytest.fixture(scope="session")
def titles(tiny_run: Path) -> list[str]:
    """Hostile titles of the products, of which only every second has the word "second"."""
    rows = pq.read_metadata(RunPaths(tiny_run).catalog).num_rows
    return [f"{HOSTILE} {number} {'second' if number % 2 else ''}".strip() for number in range(rows)]


@pytest.fixture(scope="session")
def address(tiny_run: Path, titles: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where app.py serves the tiny build with these titles."""
    table = pq.read_table(RunPaths(tiny_run).catalog)
    column = table.schema.get_field_index("title")
    folder = tmp_path_factory.mktemp("galaxy")
    path = folder / "catalog.parquet"
    pq.write_table(table.set_column(column, table.schema.field(column), pa.array(titles)), path, row_group_size=16)
    with serving(folder / "app.log", "--catalog", str(path), "--model", str(RunPaths(tiny_run).model)) as url:
        yield url


@pytest.fixture(scope="session")
def product_id(tiny_run: Path) -> str:
    """The first product."""
    return str(pq.read_table(RunPaths(tiny_run).catalog, columns=["product_id"])["product_id"][0])


@pytest.fixture
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in which nothing may be fetched from elsewhere and no script may fail."""
    width, height = getattr(request, "param", (900, 760))
    opened = browser.new_page(viewport={"width": width, "height": height})
    opened.set_default_timeout(60_000)
    elsewhere: list[str] = []
    errors: list[str] = []
    local = (address, "data:", "blob:")
    opened.on("request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith(local) else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    if "SCREENSHOTS" in os.environ:
        opened.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"{request.node.name}.png", full_page=True)
    opened.close()
    assert elsewhere == []
    assert errors == []


def _open(page: Page, address: str, link: str = "") -> None:
    """Open the galaxy by a link to it, drawn."""
    page.goto(f"{address}?tab=galaxy{link}")
    expect(page.locator(".sky[data-drawn]")).to_be_visible(timeout=60_000)
    expect(page.locator("#galaxy canvas").first).to_be_visible()


def _camera(page: Page) -> object:
    return json.loads(page.evaluate("JSON.stringify(document.querySelector('.sky-view').layout.scene.camera)"))


def _rest_in_the_middle(page: Page) -> tuple[float, float]:
    box = page.locator(".sky-holder").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 30, y)
    page.mouse.move(x, y)
    page.wait_for_timeout(FRAME)
    return x, y


def _hold(page: Page) -> None:
    page.mouse.down()
    page.wait_for_timeout(FRAME)


def test_every_product_is_drawn_and_the_camera_stays_where_it_is(page: Page, address: str, titles: list[str]) -> None:
    _open(page, address, "&camera=0.5,1.2,0.4,0.1,0,0,0,0,1")
    assert page.evaluate("document.querySelector('.sky-view').data[0].x.length") == len(titles)
    page.wait_for_function("document.querySelector('.sky-view').layout.scene.camera.eye.x === 0.5")
    before = _camera(page)
    page.get_by_label("Words in title or brand").fill("second")
    page.keyboard.press("Enter")
    half = len(titles) // 2
    expect(page.locator(".sky-status")).to_contain_text(f"{half} of {len(titles)} products shown")
    codes = page.evaluate("Array.from(document.querySelector('.sky-view').data[0].marker.color)")
    assert [row for row, code in enumerate(codes) if code] == list(range(1, len(titles), 2))  # the rest is dust
    page.get_by_label("Colour by").select_option("confidence")
    assert _camera(page) == before
    page.get_by_label("Category", exact=True).fill("Nowhere")
    page.keyboard.press("Enter")
    expect(page.locator(".sky-alert")).to_contain_text('No category of this catalogue is called "Nowhere"')


def test_a_click_on_a_point_tells_of_its_product_and_a_drag_does_not(page: Page, address: str, product_id: str) -> None:
    panel = page.locator(".sky-panel")
    _open(page, address, f"&product={quote(product_id)}")  # flown to: it lies in the middle
    expect(panel.locator("h3")).to_have_text(re.compile(r"Kite <script>.* 0$"))  # as text
    page.wait_for_timeout(2 * FRAME)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.wait_for_timeout(FRAME)
    x, y = _rest_in_the_middle(page)
    expect(page.locator(".sky-tip b")).to_contain_text(HOSTILE)
    _hold(page)
    page.mouse.up()
    expect(panel.locator("h3")).to_contain_text(HOSTILE)
    first = panel.locator("h3").inner_text()
    page.wait_for_timeout(2 * FRAME)
    page.keyboard.press("n")
    expect(panel.locator("h3")).not_to_have_text(first)
    page.wait_for_timeout(2 * FRAME)
    page.keyboard.press("Escape")
    x, y = _rest_in_the_middle(page)
    _hold(page)
    page.mouse.move(x + 80, y)
    page.mouse.up()
    page.wait_for_timeout(FRAME)
    expect(panel).to_be_hidden()
    assert page.evaluate("window.hacked") is None


def test_a_star_has_gravity_lines_and_leads_on(page: Page, address: str, tiny_run: Path) -> None:
    categories = pq.read_table(RunPaths(tiny_run).catalog, columns=["category_depth2"])["category_depth2"].to_pylist()
    star = next(path for path in categories if path)
    _open(page, address, f"&star={quote(star)}")
    expect(page.locator(".sky-panel")).to_contain_text("Farthest from it")
    members = categories.count(star)
    ends = page.evaluate("document.querySelector('.sky-view').data[1].x.length")
    assert ends == 3 * members
    page.locator(".sky-tile").first.click()
    page.get_by_role("button", name="Search similar").click()
    expect(page.locator("#found .card").first).to_be_visible()


def test_what_a_search_finds_lights_up(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("tab", name="Search", exact=True).click()
    page.get_by_label("Text", exact=True).fill("kite")
    page.get_by_role("button", name="Show the results in the galaxy").click()
    expect(page.locator(".sky-panel h3")).to_have_text("Found by your search", timeout=60_000)
    shown = page.locator(".sky-panel li").count()
    expect(page.locator(".sky-status")).to_contain_text(f"{shown} of ")


@pytest.mark.parametrize("page", [(390, 844)], indirect=True)
def test_a_phone_shows_the_sky_and_the_panel_below_it(page: Page, address: str, product_id: str) -> None:
    _open(page, address, f"&product={quote(product_id)}")
    expect(page.locator(".sky-panel h3")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    sky, panel = (page.locator(name).bounding_box() for name in (".sky-holder", ".sky-panel"))
    assert sky is not None
    assert panel is not None
    assert sky["width"] > 300
    assert panel["y"] >= sky["y"] + sky["height"]


def test_without_webgl_a_sentence_and_a_flat_view(browser: Browser, address: str, product_id: str) -> None:
    bare = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-3d-apis"])
    page = bare.new_page(viewport={"width": 900, "height": 760})
    _open(page, address, f"&product={quote(product_id)}")
    expect(page.get_by_role("note").filter(has_text="WebGL")).to_contain_text("drawn flat")
    expect(page.locator(".sky-panel h3")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    expect(page.locator(".sky-panel")).to_be_hidden()
    page.wait_for_timeout(500)
    x, y = _rest_in_the_middle(page)
    page.mouse.click(x, y)
    expect(page.locator(".sky-panel h3")).to_contain_text("Kite")
    bare.close()
