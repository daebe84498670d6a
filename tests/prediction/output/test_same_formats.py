"""Tables of other formats than CSV come back in their own: nothing but the category is another one."""

import csv
import gzip
import io
import json
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from pipeline.data.sources.files.splices import locate
from pipeline.data.sources.profiles.systems import PROFILES
from tests.helpers.results import GID, MUGS, Said, write_result

TABLE = "Handle,Title,Vendor,Product Category\nmug,Mug,Nord,\n"
RIGHT = TABLE.replace("Nord,", f'Nord,"{MUGS}"')


def _same(source, **options):
    return write_result(source, source.with_name(f"out{''.join(source.suffixes)}"), form="same", **options)


def test_a_gzipped_table_comes_back_gzipped(tmp_path):
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    first = _same(tmp_path / "in.csv.gz")
    assert gzip.decompress(first).decode() == RIGHT
    assert _same(tmp_path / "in.csv.gz") == first
    assert (tmp_path / "out.rejects.csv").read_text().startswith("source_row,split,reason")


def test_a_zipped_table_comes_back_with_all_that_was_beside_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photos/mug.jpg", b"photo")
        archive.writestr("export/products.csv", TABLE)
    with zipfile.ZipFile(io.BytesIO(_same(tmp_path / "in.zip"))) as archive:
        assert archive.testzip() is None
        assert archive.read("photos/mug.jpg") == b"photo"
        assert archive.read("export/products.csv").decode() == RIGHT
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def _workbook(path, rows):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Products"
    for row in rows:
        sheet.append(row)
    sheet["A1"].font = Font(bold=True, color="FF0000")
    sheet.column_dimensions["B"].width = 42
    sheet.freeze_panes = "A2"
    other = book.create_sheet("Notes")
    other["A1"] = "=SUM(1,2)"
    book.save(path)


def test_a_workbook_keeps_its_sheets_styles_widths_and_formulas(tmp_path):
    rows = [["Handle", "Title", "Vendor", "Product Category", "Price"], ["mug", "Mug", "Nord", None, 4.5]]
    _workbook(tmp_path / "in.xlsx", [*rows, ["tray", "=1+1", "Nord", "Old", 2]])
    result = _same(tmp_path / "in.xlsx", say=lambda row: Said("=Home > Mugs", accepted=row.title == "Mug"))
    book = openpyxl.load_workbook(io.BytesIO(result))
    sheet = book["Products"]
    values = [[cell.value for cell in row] for row in sheet]
    assert values == [rows[0], ["mug", "Mug", "Nord", "'=Home > Mugs", 4.5], ["tray", "=1+1", "Nord", "Old", 2]]
    assert sheet["D2"].data_type == "s"
    assert (sheet["A1"].font.bold, sheet.column_dimensions["B"].width, sheet.freeze_panes) == (True, 42, "A2")
    assert book["Notes"]["A1"].value == "=SUM(1,2)"


def test_a_plain_workbook_gets_new_columns(tmp_path):
    _workbook(tmp_path / "in.xlsx", [["Price list", None], ["title", "color"], ["Mug", "red"]])
    book = openpyxl.load_workbook(io.BytesIO(_same(tmp_path / "in.xlsx")))
    assert [[cell.value for cell in row] for row in book["Products"]] == [
        ["Price list", None, None, None, None, None],
        ["title", "color", "predicted_category", "predicted_category_id", "confidence", "accepted"],
        ["Mug", "red", MUGS, f"{GID}hg-11-1", "0.7000", "true"],
    ]


LINES = (
    '{"handle": "mug", "title": "Mug \\u00e9", "body_html": "", "price": 1.50, "category": null}\r\n'
    "\r\n"
    '{"handle":"tray","title":"Tray","body_html":"","n":1e5}\r\n'
    "no json\r\n"
)


def test_json_lines_come_back_byte_for_byte_but_for_the_category(tmp_path):
    (tmp_path / "in.jsonl").write_bytes(LINES.encode())
    right = LINES.replace("null", f'"{MUGS}"').replace('"n":1e5', f'"n":1e5,"category":"{MUGS}"')
    assert _same(tmp_path / "in.jsonl").decode().replace("Product Category", "category") == right


def test_json_keeps_its_numbers_spaces_and_all_beside_the_products(tmp_path):
    content = (
        '{\n  "shop": {"name": "N\u00f6rd", "since": 1.50},\n  "products": [\n    {\n      "title": "Mug",\n'
        '      "price": 1.50\n    }\n  ],\n  "next": null\n}\n'
    )
    (tmp_path / "in.json").write_text(content, encoding="utf-8")
    new = {"predicted_category": MUGS, "predicted_category_id": f"{GID}hg-11-1", "confidence": "0.7000"}
    added = "".join(f',\n      "{name}": "{value}"' for name, value in (*new.items(), ("accepted", "true")))
    right = content.replace('"price": 1.50\n', f'"price": 1.50{added}\n')
    assert _same(tmp_path / "in.json").decode() == right


FEED = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!-- a feed -->
<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>N\xf6rd</title>
  <item>
    <g:id>1</g:id><title><![CDATA[Mug > cup]]></title>
    <g:google_product_category a="1>2">{old}</g:google_product_category>
    <link href="a>b"/>
  </item>
  <item><g:id>2</g:id><title>Tray</title><g:google_product_category/></item>
  <item>
    <g:id>3</g:id>
    <title>Vase</title>
  </item>
</channel></rss>
"""


def test_a_feed_comes_back_byte_for_byte_but_for_the_category(tmp_path):
    (tmp_path / "in.xml").write_bytes(FEED.format(old="<![CDATA[Old]]>").encode("latin-1"))
    said = Said("Home & Garden > \u6728", "536")
    result = _same(tmp_path / "in.xml", say=lambda row: said).decode("latin-1")
    new = "Home &amp; Garden &gt; &#26408;"
    right = FEED.format(old=new).replace(
        "<g:google_product_category/>", f"<g:google_product_category>{new}</g:google_product_category>"
    )
    added = f"<title>Vase</title>\n    <g:google_product_category>{new}</g:google_product_category>"
    assert result == right.replace("<title>Vase</title>", added)


TEXT = st.text(st.sampled_from('ab \u00e9\u6728\\"{}[],:\n'), max_size=8)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(TEXT, VALUES, max_size=4), min_size=1, max_size=4), st.sampled_from([None, 2]))
def test_random_json_comes_back_identical_but_for_the_category(tmp_path, objects, indent):
    products = [{**one, "title": f"Mug {number}", "ground_truth_category": ""} for number, one in enumerate(objects)]
    (tmp_path / "in.json").write_text(json.dumps(products, indent=indent), encoding="utf-8")
    result = json.loads(_same(tmp_path / "in.json"))
    added = ("predicted_category", "predicted_category_id", "confidence", "accepted")
    assert [{name: value for name, value in one.items() if name not in added} for one in result] == products
    assert all(one["predicted_category"] == MUGS for one in result)


@given(VALUES, st.sampled_from([None, 1]))
def test_values_are_located_as_json_reads_them(value, indent):
    text = json.dumps(value, indent=indent)
    located, spans = locate(text)
    assert located == json.loads(text)
    for one in spans.values():
        for name, (start, end) in one.members.items():
            assert json.loads(text[start:end]) == one.value[name]


CELL = st.text(st.sampled_from("ab \u00e9\u6728,;\"'|\n"), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.kind)
@given(data=st.data())
def test_a_table_of_every_profile_comes_back_identical_but_for_the_category(tmp_path, profile, data):
    columns = [words[0] for words in profile.columns.values()]
    options = [heading for pair in profile.options[:2] for heading in pair if heading]
    headings = list(dict.fromkeys((*profile.known_by[0], *columns, *options)))
    drawn = data.draw(st.lists(st.lists(CELL, min_size=len(headings), max_size=len(headings)), min_size=1, max_size=5))
    rows = [[f"{number} {cell}" for cell in row] for number, row in enumerate(drawn)]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([headings, *rows])
    (tmp_path / "in.csv").write_bytes(buffer.getvalue().encode())
    result = _same(tmp_path / "in.csv", say=lambda row: Said("Home > Mugs"), delimiter=",", encoding="utf-8")
    again, *others = csv.reader(io.StringIO(result.decode(), newline=""))
    categories = {headings.index(one) for one in profile.columns.get("ground_truth_category", ()) if one in headings}
    kept = [place for place in range(len(headings)) if place not in categories]
    assert again[: len(headings)] == headings
    assert [[row[place] for place in kept] for row in others] == [[row[place] for place in kept] for row in rows]
