"""Other formats than text tables: JSON, JSON Lines, XML feeds, XLSX, and what is packed."""

import gzip
import io
import json
import zipfile

import pytest
from openpyxl import Workbook

from pipeline.data.sources import SourceError
from pipeline.data.sources.files import ANY_FORMAT, open_table_file, packed
from pipeline.data.sources.profiles.mapping import known_headings
from tests.helpers.sources import open_location

KNOWN = known_headings({})
CSV = "id,title\n007,Mug\n8,NaN\n"
SHEET = [["Price list"], ["id", "title"], ["007", "Mug"], ["8", "NaN"]]
XML = "<items><item><id>007</id><title>Mug</title></item><item><id>8</id><title>NaN</title></item></items>"
ROWS = [{"id": "007", "title": "Mug"}, {"id": "8", "title": "NaN"}]


def _open(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_table_file(path, ANY_FORMAT, KNOWN)


def _rows(file):
    return [dict(record.cells) for record in file.read()]


def _lines(rows):
    return "\n".join(map(json.dumps, rows))


def _zip(**files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def _xlsx(*sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.json", json.dumps(ROWS)),
        ("t.json", json.dumps({"count": 2, "products": ROWS})),
        ("t.json", json.dumps(ROWS).encode("utf-16")),
        ("t.json", _lines(ROWS)),
        ("t.jsonl", "\n\n".join(map(json.dumps, ROWS))),
        ("t.ndjson", _lines(ROWS).encode("utf-8-sig")),
        ("t.csv.gz", gzip.compress(CSV.encode())),
        ("t.json.gz", gzip.compress(json.dumps(ROWS).encode())),
        ("t.zip", _zip(**{"__MACOSX/._t.csv": b"x", "folder/": b"", "folder/t.csv": CSV, "folder/a.jpg": b"x"})),
        ("t.zip", _zip(**{"t.jsonl": _lines(ROWS)})),
        (
            "t.xlsx",
            _xlsx(
                ("Info", [["Read me"]]),
                ("Products", [["Price list"], ["id", "title"], *map(list, map(dict.values, ROWS))]),
            ),
        ),
        ("t", CSV),
        ("t.dat", CSV),
        (
            "t.xml",
            "<items><item><id>007</id><title>Mug</title></item><item><id>8</id><title>NaN</title></item></items>",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "content",  # some hold the time
)
def test_the_same_rows_in_every_format(tmp_path, name, content):
    file = _open(tmp_path / name, content)
    assert _rows(file) == ROWS
    assert _rows(file) == ROWS, "a second pass"
    assert file.headings == ("id", "title")


def test_values_of_json_as_texts(tmp_path):
    values = {"a": 7, "b": 7.0, "c": 0.5, "d": True, "e": None, "f": ["x", 2], "h": {}}
    values |= {"image": [{"src": "u", "name": "front"}, {"url": "v"}], "brand": {"name": "Nord", "url": "w"}}
    (row,) = _rows(_open(tmp_path / "t.json", json.dumps([values])))
    texts = {"a": "7", "b": "7", "c": "0.5", "d": "true", "e": "", "f": "x\n2", "h": ""}
    assert row == {**texts, "image": "u\nv", "brand": "Nord"}


def test_deeply_nested_json_is_refused_or_nothing(tmp_path):
    deep = '{"name":' * 50 + "1" + "}" * 50
    assert _rows(_open(tmp_path / "t.json", f'[{{"title": "Mug", "brand": {deep}}}]')) == [
        {"title": "Mug", "brand": ""}
    ]
    with pytest.raises(SourceError, match="not readable JSON"):
        _open(tmp_path / "t.json", "[" * 100_000)


NODES = [{"node": row} for row in ROWS]
LD = [{"@type": "BreadcrumbList", "name": "x"}, *({"@type": "Product", **row} for row in ROWS)]


@pytest.mark.parametrize(
    "value",
    [
        {"data": {"products": {"edges": NODES}}},
        {"@graph": LD},
        {"@type": "ItemList", "itemListElement": [{"item": LD[1]}, LD[2]]},
    ],
)
def test_lists_inside_of_objects_are_found(tmp_path, value):
    rows = _rows(_open(tmp_path / "t.json", json.dumps(value)))
    assert [(row["id"], row["title"]) for row in rows] == [("007", "Mug"), ("8", "NaN")]


def test_one_object_is_one_product(tmp_path):
    assert _rows(_open(tmp_path / "t.json", json.dumps(ROWS[0]))) == [ROWS[0]]


def test_a_line_that_is_no_json_costs_itself(tmp_path):
    bad, other, good = _open(tmp_path / "t.jsonl", '{"title": \n[1]\n{"title": "Mug"}\n').read()
    assert (bad.line, bad.problem.startswith("the line is no JSON")) == (1, True)
    assert (other.line, other.problem) == (2, "it is no object with names and values")
    assert (good.line, dict(good.cells)) == (3, {"title": "Mug"})


def test_shopifys_products_json_is_read_like_its_export(tmp_path):
    product = {
        "id": 7,
        "handle": "mug",
        "title": "Stoneware mug",
        "body_html": "<p>350 ml</p>",
        "vendor": "Plain & Co",
        "product_type": "Mug",
        "tags": ["kitchen", "used"],
        "variants": [{"id": 1, "title": "Blue"}],
        "images": [
            {"position": 2, "src": "https://shop.example/2.jpg"},
            {"position": 1, "src": "https://shop.example/1.jpg"},
        ],
    }
    (tmp_path / "products.json").write_text(json.dumps({"products": [product]}), "utf-8")
    source = open_location(tmp_path / "products.json")
    (mug,) = source
    assert (source.kind, mug.product_id, mug.title, mug.brand) == (
        "shopify-export",
        "mug",
        "Stoneware mug",
        "Plain & Co",
    )
    assert (mug.is_secondhand, "1.jpg" in mug.note) == (True, True)


GOOGLE = """<?xml version="1.0" encoding="UTF-8"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title><link>https://shop.example</link>
<item><g:id>01</g:id><title><![CDATA[Cushion for chair]]></title><g:title>Other</g:title>
<description><![CDATA[&lt;p&gt;Washable&lt;/p&gt;]]></description>
<g:google_product_category>Furniture &gt; Chair Accessories</g:google_product_category>
<g:image_link>https://shop.example/c.jpg</g:image_link><g:additional_image_link>https://shop.example/d.jpg</g:additional_image_link>
<g:shipping><g:price>1 SEK</g:price></g:shipping><g:condition>used</g:condition></item>
<item><g:id>2</g:id><title>Mug</title><g:google_product_category>2169</g:google_product_category></item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>
<entry><g:id>01</g:id><title>Cushion for chair</title><link href="https://shop.example/1"/>
<g:image_link>https://shop.example/c.jpg</g:image_link></entry></feed>
"""


def test_a_merchant_feed_in_xml(tmp_path):
    (tmp_path / "feed.xml").write_text(GOOGLE, "utf-8")
    source = open_location(tmp_path / "feed.xml")
    cushion, mug = source
    assert (source.kind, source.total) == ("google-merchant-feed", 2)
    assert (cushion.product_id, cushion.title) == ("01", "Cushion for chair")
    assert (cushion.category, cushion.is_secondhand) == ("Furniture > Chair Accessories", True)
    assert cushion.description == "&lt;p&gt;Washable&lt;/p&gt;"
    assert (mug.product_id, mug.category, mug.is_secondhand) == ("2", "2169", None)


def test_an_atom_feed_in_another_encoding(tmp_path):
    content = '<?xml version="1.0" encoding="windows-1252"?>\n' + ATOM.replace("Cushion", "Größe")
    (tmp_path / "feed.xml").write_bytes(content.encode("cp1252"))
    (row,) = open_location(tmp_path / "feed.xml")
    assert (row.product_id, row.title) == ("01", "Größe for chair")


def test_xml_that_defines_entities_is_refused(tmp_path):
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><items><item><id>1</id><title>&b;</title></item></items>'
    )
    with pytest.raises(SourceError, match="not readable XML"):
        _open(tmp_path / "t.xml", f'<?xml version="1.0"?>{bomb}')


def test_a_workbook_keeps_ids_and_says_what_is_too_much(tmp_path):
    content = _xlsx(("A", [["sku", "title", "price"], ["007", "Mug", 1.0], [None] * 3, [8, 12345678901, 0.5, "more"]]))
    mug, long = _open(tmp_path / "t.xlsx", content).read()
    assert dict(mug.cells) == {"sku": "007", "title": "Mug", "price": "1"}
    assert (long.line, long.cells["title"]) == (4, "12345678901")
    assert long.problem == "the row has 1 more cells than there are headings"


def test_a_zip_with_several_tables_is_refused_by_their_names(tmp_path):
    with pytest.raises(SourceError, match=r"holds a\.csv, b\.csv; give a zip with one table"):
        _open(tmp_path / "t.zip", _zip(**{"a.csv": CSV, "b.csv": CSV}))


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(SourceError, match="unpacks to more than"):
        _open(tmp_path / "t.csv.gz", gzip.compress(CSV.encode() + b"9,Lamp\n" * 1000))
    monkeypatch.setattr(packed, "MAX_MEMORY_BYTES", 10)
    with pytest.raises(SourceError, match="can only be read as a whole"):
        _open(tmp_path / "t.json", json.dumps(ROWS))
    with pytest.raises(SourceError, match="at most 0 MB are read"):
        _open(tmp_path / "t.xlsx", _xlsx(("A", [["id", "title"]])))


@pytest.mark.parametrize("name", ["t.csv.gz", "t.zip", "t.xlsx"])
def test_a_torn_file_is_one_sentence(tmp_path, name):
    whole = {
        "t.csv.gz": gzip.compress(CSV.encode() * 50),
        "t.zip": _zip(**{"t.csv": CSV}),
        "t.xlsx": _xlsx(("A", [["id", "title"]])),
    }[name]
    with pytest.raises(SourceError, match="cannot be read"):
        list(_open(tmp_path / name, whole[: len(whole) // 2]).read())
