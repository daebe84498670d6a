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
    assert (vase.description, vase.is_secondhand) == ("<p>Tall</p>", True)
    assert (vase.product_type, vase.tags) == ("Vase", "new, pre-owned")
    assert vase.image == disc_photo()
    assert (boot.row, boot.category, boot.image) == (1, None, None)
    assert (vase.line, boot.line) == (2, 4)
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


def _photos(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(name.encode())
    return str(folder)


FILES = "https://shop.example"
NEW_TEMPLATE = f'''Title,URL handle,Description,Vendor,Product category,SKU,Product image URL,Image position,Status
"Robot Toy ""Rusty""",robot-toy,<p>Tin</p>,Toys Ltd,Toys > Robotic Toys,R,{FILES}/robot-003.jpg?v=1,1,
,robot-toy,,,,RT-B,{FILES}/robot-back.jpg,2,
,robot-toy,,,,,{FILES}/robot-side.jpg,3,
"Tote bag, canvas",tote-bag,<p>Holds 12 kg</p>,Plain & Co,Luggage & Bags > Tote Bags,TB-1,{FILES}/tote-bag-003.jpg,1,
Yoga mat,yoga-mat,<p>180 x 60 cm</p>,Plain & Co,,YM-1,{FILES}/yoga-mat-002.jpg,1,
'''


def test_the_present_template_is_recognized_and_folded(tmp_path):
    path = tmp_path / "products_export_1.csv"
    path.write_text(NEW_TEMPLATE, encoding="utf-8")
    images = _photos(tmp_path / "photos", "robot-003.jpg", "tote-bag-003.jpg", "yoga-mat-002.jpg")
    source = open_location(path, images=images)
    rows = list(source)
    assert (source.kind, source.total) == ("shopify-export", 3)
    assert [(row.product_id, row.image) for row in rows] == [
        ("robot-toy", b"robot-003.jpg"),
        ("tote-bag", b"tote-bag-003.jpg"),
        ("yoga-mat", b"yoga-mat-002.jpg"),
    ]
    assert (rows[0].title, rows[0].category) == ('Robot Toy "Rusty"', "Toys > Robotic Toys")
    assert rows[2].category is None


def test_an_export_that_a_spreadsheet_saved_again(tmp_path):
    path = tmp_path / "resaved.csv"
    lines = [
        "Handle;Title;Body (HTML);Vendor;Product Category;Tags;Image Src;Image Position",
        "teekanne;Teekanne;<p>Mit Sieb</p>;Haus;Home & Garden > Teapots;;https://shop.example/1.jpg;1",
        ";;;;;;;",
        " Teekanne ;;;;;;https://shop.example/2.jpg;2",
    ]
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    (row,) = open_location(path)
    assert (row.product_id, row.title, row.category) == ("teekanne", "Teekanne", "Home & Garden > Teapots")


def test_the_photo_at_position_1_is_taken_wherever_its_line_stands(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "Handle,Title,Body (HTML),Image Src,Image Position,Variant Image\n"
        "robot,,,https://shop.example/size-chart.jpg?v=2,2,\n"
        "robot,Robot toy,<p>Tin</p>,https://shop.example/front.jpg?v=1,1,https://shop.example/variant.jpg\n",
        encoding="utf-8",
    )
    images = _photos(tmp_path / "photos", "size-chart.jpg", "front.jpg", "variant.jpg")
    (robot,) = open_location(path, images=images)
    assert (robot.title, robot.image) == ("Robot toy", b"front.jpg")


def test_the_category_may_be_an_id_or_that_of_google_shopping(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "Handle,Title,Body (HTML),Product Category,Google Shopping / Google Product Category\n"
        "a,Sofa bed,,fr-22-7,\nb,Cap,,,173\nc,Tent,,,Sporting Goods > Tents\nd,Mug,,Home > Mugs,Other > Path\n",
        encoding="utf-8",
    )
    assert [row.category for row in open_location(path)] == ["fr-22-7", "173", "Sporting Goods > Tents", "Home > Mugs"]


def test_a_matrixify_export_is_one_of_shopify(tmp_path):
    path = tmp_path / "Products.csv"
    path.write_text(
        "ID,Handle,Command,Title,Body HTML,Vendor,Type,Category: ID,Category: Name,Category,Image Src,Image Position\n"
        "70,mug,UPDATE,Stoneware mug,<p>350 ml</p>,Plain & Co,,hg-11,Mugs,Home & Garden > Mugs,"
        "https://shop.example/m1.jpg;https://shop.example/m2.jpg,1\n"
        "70,mug,MERGE,,,,,,,,https://shop.example/m3.jpg,3\n",
        encoding="utf-8",
    )
    source = open_location(path, images=_photos(tmp_path / "photos", "m2.jpg", "m3.jpg"))
    (mug,) = source
    assert (source.kind, mug.product_id, mug.category) == ("shopify-export", "mug", "Home & Garden > Mugs")
    assert mug.image == b"m2.jpg", "m1.jpg is not in the folder"
