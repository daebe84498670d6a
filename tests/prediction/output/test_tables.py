"""Results as new tables: CSV, TSV, JSON Lines, XLSX, parquet; files for Shopify and Google."""

import csv
import io
import json

import openpyxl
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError
from pipeline.prediction.batch_classifier import PREDICTIONS
from pipeline.prediction.output import tables
from pipeline.prediction.output.tables import safe_cell
from tests.helpers.results import GID, MUGS, Said, write_result

SOURCE = "sku,title\n-1,=Mug\n2,Lamp\n,,3\n"


@pytest.fixture
def source(tmp_path):
    (tmp_path / "in.csv").write_text(SOURCE, encoding="utf-8")
    return tmp_path / "in.csv"


def _say(row):
    return Said(accepted=row.title != "Lamp")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_begins_like_a_formula_is_made_safe(start):
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"
    assert safe_cell(f"a{start}1") == f"a{start}1"


@pytest.mark.parametrize(("form", "mark"), [("csv", ","), ("tsv", "\t")])
def test_a_new_table_is_text_whose_cells_are_no_formulas(source, tmp_path, form, mark):
    result = write_result(source, tmp_path / f"out.{form}", _say, form=form).decode()
    mug, lamp = csv.DictReader(io.StringIO(result, newline=""), delimiter=mark)
    assert (mug["product_id"], mug["title"], mug["path"], mug["line"]) == ("-1", "'=Mug", MUGS, "2")
    assert (mug["confidences"], mug["needs_review"], lamp["needs_review"]) == (
        "0.9000 | 0.8000 | 0.7000",
        "false",
        "true",
    )
    assert (lamp["accepted_path"], lamp["google_id"]) == ("", "")
    rejects = (tmp_path / f"out.rejects.{form}").read_text()
    assert f"2{mark}train{mark}the row has 1 more cells" in rejects


def test_json_lines_have_every_column(source, tmp_path):
    result = write_result(source, tmp_path / "out.jsonl", _say).decode()
    mug, _ = map(json.loads, result.splitlines())
    assert list(mug) == PREDICTIONS.names
    assert (mug["title"], mug["confidences"], mug["google_id"]) == ("=Mug", [0.9, 0.8, 0.7], None)
    assert json.loads((tmp_path / "out.rejects.jsonl").read_text())["source_row"] == 2


def test_parquet_has_the_schema(source, tmp_path):
    write_result(source, tmp_path / "out.parquet", _say)
    assert pq.read_table(tmp_path / "out.parquet").schema.equals(PREDICTIONS)
    assert pq.read_table(tmp_path / "out.rejects.parquet").num_rows == 1


def test_a_workbook_has_products_and_a_sheet_of_reasons(source, tmp_path, monkeypatch):
    write_result(source, tmp_path / "out.xlsx", _say)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["Products", "Reasons"]
    headings, mug, lamp = book["Products"].values
    assert (mug[headings.index("product_id")], mug[headings.index("title")]) == ("-1", "=Mug")
    assert "f" not in {cell.data_type for sheet in book for row in sheet.rows for cell in row}, "no formula"
    assert (mug[headings.index("needs_review")], lamp[headings.index("needs_review")]) == (False, True)
    headings, mug, _ = book["Reasons"].values
    assert mug[headings.index("reason")] == "Certain down to Mugs."
    assert mug[headings.index("alternatives")] == MUGS
    monkeypatch.setattr(tables, "_MAX_SHEET_ROWS", 1)
    with pytest.raises(InputError, match=r"out\.xlsx cannot hold 2 rows"):
        write_result(source, tmp_path / "out.xlsx", _say)


def test_a_bulk_operation_of_shopify_has_the_accepted_products(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("ID,Handle,Title,Vendor\n632910392,mug,Mug,A\n,mug,,\n7,lamp,Lamp,A\n,tray,Tray,A\n")
    result = write_result(source, tmp_path / "out.jsonl", _say, form="shopify-bulk").decode()
    (line,) = result.splitlines()
    assert json.loads(line) == {"product": {"id": "gid://shopify/Product/632910392", "category": f"{GID}hg-11-1"}}


def test_a_bulk_operation_takes_the_ids_of_products_json_and_of_a_column(tmp_path):
    source = tmp_path / "products.json"
    product = {"id": 5, "title": "Mug", "handle": "mug", "body_html": "350 ml"}
    source.write_text(json.dumps({"products": [product]}))
    assert b"gid://shopify/Product/5" in write_result(source, tmp_path / "out.jsonl", form="shopify-bulk")
    source = tmp_path / "in.csv"
    source.write_text("product_id,title\ngid://shopify/Product/6,Mug\nSKU-7,Mug\n")
    result = write_result(source, tmp_path / "out.jsonl", form="shopify-bulk").decode()
    assert [json.loads(line)["product"]["id"] for line in result.splitlines()] == ["gid://shopify/Product/6"]


def test_a_bulk_operation_without_ids_is_refused(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("Handle,Title,Vendor\nmug,Mug,A\n")
    with pytest.raises(InputError, match=r"in\.csv has no column of product ids"):
        write_result(source, tmp_path / "out.jsonl", form="shopify-bulk")
    with pytest.raises(InputError, match="takes Shopify's ids of categories"):
        write_result(source, tmp_path / "out.jsonl", lambda row: Said("Home", "7"), form="shopify-bulk")
    source.write_text("ID,Type,SKU,Name,Categories,Images,Parent\n44,simple,CAP,Cap,,,\n")
    with pytest.raises(InputError, match="read as WooCommerce export, whose ids are not Shopify's"):
        write_result(source, tmp_path / "out.jsonl", form="shopify-bulk")


def test_a_feed_of_google_has_id_and_category(source, tmp_path):
    said = Said(google_id="2169", google_path="Home & Garden > Mugs")
    result = write_result(source, tmp_path / "out.tsv", lambda row: said, form="google-feed", has_google=True)
    assert result.decode() == "id\tgoogle_product_category\n-1\t2169\n2\t2169\n"
    of_google = write_result(source, tmp_path / "out.tsv", lambda row: Said("Home", "536"), form="google-feed")
    assert of_google.decode() == "id\tgoogle_product_category\n-1\t536\n2\t536\n"
    with pytest.raises(InputError, match="--google-mapping"):
        write_result(source, tmp_path / "out.tsv", form="google-feed")
    source.write_text("title\nMug\n")
    with pytest.raises(InputError, match=r"in\.csv has no column of product ids"):
        write_result(source, tmp_path / "out.tsv", lambda row: said, form="google-feed", has_google=True)
