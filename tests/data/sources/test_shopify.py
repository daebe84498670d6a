"""Shopify product exports as sources."""

import http.server
import ipaddress
import threading

import pytest

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import BadRow, open_source
from pipeline.data.sources.fetching import PhotoFetcher
from tests.helpers.sources import disc_photo, open_location

SHOPIFY = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Option1 Value,Image Src,Variant Image
vase,Blue Vase,<p>Tall</p>,Norvik,Home & Garden > Decor > Vases,Vase,"new, pre-owned",S,{base}/vase.jpg?v=3,
vase,,,,,,,M,{base}/vase-2.jpg,
boot,Boot,,Alemba,,,,40,,{base}/boot.jpg
vase,,,,,,,L,,
,Orphan,,,,,,,,
boot,,,,,,,41,{base}/gone.jpg,
"""


def test_a_shopify_export_is_folded_into_products(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "vase.jpg").write_bytes(disc_photo())
    path = tmp_path / "products_export.csv"
    path.write_text(SHOPIFY.format(base="https://cdn.example/files"), encoding="utf-8")
    source = open_location(path, images=str(tmp_path / "photos"))
    assert (source.kind, source.total) == ("shopify-export", 3)
    vase, boot, orphan = source
    assert (vase.product_id, vase.title, vase.brand) == ("vase", "Blue Vase", "Norvik")
    assert vase.category == "Home & Garden > Decor > Vases"
    assert (vase.description, vase.is_secondhand) == ("<p>Tall</p> Vase, new, pre-owned", True)
    assert vase.image == disc_photo()
    assert (boot.row, boot.category, boot.image) == (1, None, None)
    assert "not fetched (fetch_images is off)" in boot.note
    assert isinstance(orphan, BadRow)
    assert orphan.raw["line"] == 6
    assert orphan.raw["Title"] == "Orphan"


@pytest.fixture
def shop():
    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            exists = self.path.startswith("/vase.jpg")
            self.send_response(200 if exists else 404)
            self.end_headers()
            self.wfile.write(disc_photo() if exists else b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_photos_are_fetched_where_that_is_allowed(tmp_path, shop):
    path = tmp_path / "export.csv"
    path.write_text(SHOPIFY.format(base=shop), encoding="utf-8")
    fetcher = PhotoFetcher(20_000_000, allowed=[ipaddress.ip_network("127.0.0.0/8")])
    vase, boot, _ = open_source(SourceConfig(location=str(path), fetch_images=True), fetcher=fetcher)
    assert vase.image == disc_photo()
    assert boot.image is None
    assert "could not be fetched: the answer was 404" in boot.note
