"""The galaxy as files: what is in them, and a visit with nothing but a file server behind them."""

from __future__ import annotations

import base64
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from pipeline.cli.main import main
from pipeline.errors import InputError
from pipeline.search.neighbors import centroid_of, nearest_products
from tests.helpers.space.blocks import unpack
from tests.helpers.space.browsing import guarded, marks
from tests.helpers.space.hostile_text import HOSTILE
from ui.galaxy import site
from ui.tabs import galaxy
from ui.workspace import Workspace

GALAXY = "document.querySelector('.galaxy').galaxy"


def test_neighbors_and_ends_are_those_of_the_space(workspace: Workspace) -> None:
    catalog = workspace.catalog
    header, columns = unpack(site.neighbors(catalog.vectors("fused")[0][:]))
    rows = columns["rows"].reshape(len(catalog), header["each"])
    for row in range(len(catalog)):
        expected = {hit.row: hit.score for hit in nearest_products(catalog, row, header["each"])}
        assert set(rows[row].tolist()) == set(expected)
        shares = columns["similarities"].reshape(rows.shape)[row] / 254
        assert shares == pytest.approx([max(0, expected[other]) for other in rows[row].tolist()], abs=0.003)
    header, columns = unpack(site.ends(catalog))
    place = header["paths"].index("Clothing > Shirts")
    nearest = columns["nearest"].reshape(-1, header["each"])[place]
    members = galaxy.members(catalog.products["category_path"], "Clothing > Shirts")
    assert nearest[nearest != site.NOBODY].tolist() == centroid_of(catalog, members).rows.tolist()
    assert unpack(site.neighbors(np.ones((1, 4), np.float32) / 2))[0]["each"] == 0


def test_a_site_is_written_into_an_empty_folder_only(workspace: Workspace, tmp_path: Path, capsys) -> None:
    out = tmp_path / "site"
    options = ["export-site", "--catalog", str(workspace.catalog.path), "--out", str(out), "--title", "<i>Mine</i>"]
    assert main(options) == 0
    assert "http.server" in capsys.readouterr().out
    assert "&lt;i&gt;Mine" in (out / "index.html").read_text()
    assert main(options) == 2
    with pytest.raises(InputError, match="no empty folder"):
        site.export_site(workspace.catalog, out)
    photos, columns = unpack((out / "data" / "photos-0.bin").read_bytes())
    ends = [0, *photos["ends"]]
    for row, product_id in enumerate(workspace.catalog.products["product_id"]):
        photo = columns["photos"][ends[row] : ends[row + 1]].tobytes()
        assert photo == (workspace.catalog.thumbnail(product_id) or b"")


@pytest.fixture
def address(workspace: Workspace, tmp_path: Path) -> Iterator[str]:
    """Address of a plain file server with the site of a catalogue whose first title is hostile to spreadsheets."""
    workspace.catalog.products.loc[0, "title"] = '=HYPERLINK("http://evil.example")'
    site.export_site(workspace.catalog, tmp_path / "site")
    handler = functools.partial(_Quiet, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@marks[0]
@marks[1]
def test_the_site_shows_products_categories_and_finds_words(
    browser: Browser, address: str, workspace: Workspace, request: pytest.FixtureRequest
) -> None:
    products = workspace.catalog.products
    hostile = products.index[products["title"].str.contains(HOSTILE, regex=False)][0]
    with guarded(browser, address, request) as page:
        failed: list[str] = []
        page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
        page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
        page.goto(f"{address}?tab=galaxy&product={products['product_id'].iloc[4]}")
        panel = page.locator(".galaxy-panel")
        expect(panel.locator("h3")).to_have_text("tall vase")
        expect(panel.locator(".galaxy-tile")).to_have_count(len(products) - 1)
        page.evaluate(f"{GALAXY}.choices.product({hostile})")
        expect(panel.locator("h3")).to_contain_text(HOSTILE)
        page.get_by_label("Go to category").select_option("Clothing > Shirts")
        expect(panel).to_contain_text("4 products")
        page.keyboard.press("Escape")
        page.get_by_label("Words in title or brand").fill("SHIRT blue")
        expect(page.locator(".galaxy-status")).to_contain_text(f"2 of {len(products)} products shown")
        page.get_by_role("button", name="Columns", exact=True).click()
        expect(panel.get_by_role("group", name="Category", exact=True)).to_be_visible()
        answer = page.evaluate(f"{GALAXY}.source.ask('export_rows', {{ mask: '{_mask(len(products))}', kind: 'csv' }})")
        assert failed == []
    lines = base64.b64decode(answer["file"]).decode().splitlines()
    assert lines[0].startswith("product_id,title,")
    assert """"'=HYPERLINK(""http""" in lines[1]


def _mask(rows: int) -> str:
    return base64.b64encode(np.packbits(np.ones(rows, bool), bitorder="little").tobytes()).decode()
