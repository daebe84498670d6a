"""The table that came in, with its categories: nothing else of it is other bytes."""

import logging
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from tests.helpers.results import GID, MUGS, Said, write_result
from tests.helpers.sources import CASES

SHOPIFY = (
    "\ufeffHandle,Title,Body (HTML),Vendor,Product Category,Image Src,Google Shopping / Google Product Category\r\n"
    "mug,Mug,<p>350 ml</p>,Plain,{old},a.jpg,173\r\n"
    "mug,,,,,b.jpg,\r\n"
    'tray,"Tray, oak","<p>Two\nlines</p>",Plain,,,\r\n'
    "vase,=Vase,,Plain,Old > Path,,\r\n"
)


def _source(tmp_path, content, name="in.csv", codec="utf-8"):
    path = tmp_path / name
    path.write_bytes(content.encode(codec))
    return path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", f'"{MUGS}"'),
        ("Home > Cups", f'"{MUGS}"'),
        ("fr-22-7", "hg-11-1"),
        (f"{GID}fr-22", f"{GID}hg-11-1"),
    ],
    ids=["empty", "path", "short id", "id"],
)
def test_a_shopify_export_comes_back_with_its_categories(tmp_path, old, new):
    shops = SHOPIFY.format(old=old).replace("Old > Path", old and "Old > Path" if ">" in old else old)
    source = _source(tmp_path, shops)
    result = write_result(source, tmp_path / "out.csv", lambda row: Said(accepted=row.title != "=Vase")).decode()
    right = shops.replace(f"Plain,{old},a.jpg", f"Plain,{new},a.jpg")
    right = right.replace('lines</p>",Plain,,', f'lines</p>",Plain,{new},')
    assert result == right


def test_an_export_without_the_column_gets_it_and_what_is_not_accepted_is_counted(tmp_path, caplog):
    source = _source(tmp_path, "URL handle;Title;Vendor\nmug;Mug;Plain\nmug;;\ntray;Tray;Plain\n")
    with caplog.at_level(logging.INFO):
        result = write_result(source, tmp_path / "out.csv", lambda row: Said(accepted=row.title == "Mug"))
    assert result.decode() == (
        f"URL handle;Title;Vendor;Product category\nmug;Mug;Plain;{MUGS}\nmug;;;\ntray;Tray;Plain;\n"
    )
    assert "1 products have a category in Product category; 1 keep what they had (1 not accepted)" in caplog.text


def test_what_is_accepted_in_part_fills_an_empty_cell_and_replaces_nothing(tmp_path, caplog):
    rows = "mug,Mug,A,\nmug,,,\ntray,Tray,A,Home > Trays\ntray,,,Home > Trays\nvase,Vase,A,\n"
    source = _source(tmp_path, f"Handle,Title,Vendor,Product Category\n{rows}")
    parts = {"Mug": "Home", "Tray": "Home", "Vase": ""}
    with caplog.at_level(logging.INFO):
        result = write_result(
            source, tmp_path / "out.csv", lambda row: Said("Home > Mugs", accepted=False, part=parts[row.title])
        )
    assert result.decode().split("\n", 1)[1] == rows.replace("mug,Mug,A,", "mug,Mug,A,Home")
    assert (
        "1 products have a category in Product Category, 1 of them down to the level that is accepted; 2 keep what "
        "they had (1 not accepted, 1 accepted in part alone)" in caplog.text
    )


def test_a_category_that_a_variant_repeats_is_not_left_behind(tmp_path):
    source = _source(tmp_path, "Handle,Title,Vendor,Product Category\nmug,Mug,A,Old\nmug,,,Old\nmug,,,\n")
    result = write_result(source, tmp_path / "out.csv", lambda row: Said("Home > Mugs"))
    assert result.decode().splitlines()[1:] == ["mug,Mug,A,Home > Mugs", "mug,,,Home > Mugs", "mug,,,"]


def test_a_woocommerce_export_has_the_category_in_the_row_of_the_product(tmp_path):
    source = _source(
        tmp_path,
        "ID,Type,SKU,Name,Categories,Images,Parent\n"
        "60,variation,TEE-B,Tee - Blue,,b.jpg,TEE\n"
        '44,variable,TEE,Tee,"Clothing > Tees, Sale",a.jpg,\n',
    )
    result = write_result(source, tmp_path / "out.csv").decode().splitlines()
    assert result[1] == "60,variation,TEE-B,Tee - Blue,,b.jpg,TEE"
    assert result[2] == '44,variable,TEE,Tee,"Home & Garden > Kitchen > Mugs\\, Cups",a.jpg,'


@pytest.mark.parametrize(("old", "new"), [("173", "2169"), ("", "2169"), ("Home > Old", "Home & Garden > Mugs")])
def test_a_feed_of_google_has_the_number_or_the_path_that_the_mapping_gives(tmp_path, caplog, old, new):
    source = _source(tmp_path, f"id\ttitle\timage_link\tgoogle_product_category\n1\tMug\ta.jpg\t{old}\n", "feed.tsv")
    said = Said(google_id="2169", google_path="Home & Garden > Mugs")
    result = write_result(source, tmp_path / "out.tsv", lambda row: said, has_google=True)
    assert result.decode() == source.read_text().replace(f"a.jpg\t{old}", f"a.jpg\t{new}")
    plain = write_result(source, tmp_path / "plain.tsv").decode().splitlines()
    assert "without --google-mapping its own column stays" in caplog.text
    assert plain[0].endswith("google_product_category\tpredicted_category\tpredicted_category_id\tconfidence\taccepted")


def test_a_taxonomy_of_google_goes_into_a_feed_but_not_into_the_column_of_shopify(tmp_path, caplog):
    feed = _source(tmp_path, "id\ttitle\timage_link\tgoogle_product_category\n1\tMug\ta.jpg\t\n", "feed.tsv")
    result = write_result(feed, tmp_path / "out.tsv", lambda row: Said("Home", "536"))
    assert result.decode().splitlines()[1] == "1\tMug\ta.jpg\t536"
    shopify = _source(tmp_path, "Handle,Title,Vendor,Product Category\nmug,Mug,A,Old\n")
    result = write_result(shopify, tmp_path / "out.csv", lambda row: Said("Home", "536"))
    assert result.decode().splitlines()[1] == "mug,Mug,A,Old,Home,536,0.9000,true"
    assert "the taxonomy is Google's, so its own column stays" in caplog.text


def test_a_plain_table_has_new_columns_and_none_is_overwritten(tmp_path):
    source = _source(
        tmp_path,
        "title;accepted;Predicted category\r\nTasse für Tee;ja;Küche\r\n;;\r\n\r\n+Teller;nein;\r\n",
        codec="cp1252",
    )
    result = write_result(
        source, tmp_path / "out.csv", lambda row: Said("=Küche > Tassen", "7", accepted=row.title != "+Teller")
    ).decode("cp1252")
    assert result == (
        "title;accepted;Predicted category;predicted_category_2;predicted_category_id;confidence;accepted_2\r\n"
        "Tasse für Tee;ja;Küche;'=Küche > Tassen;7;0.8000;true\r\n"
        ";;\r\n\r\n"
        "+Teller;nein;;'=Küche > Tassen;7;0.8000;false\r\n"
    )


def test_rows_that_cannot_be_read_stay_and_lie_beside_it(tmp_path):
    source = _source(tmp_path, 'title;color\nMug;red\nLamp;brass;5\n"Tray, oak;1;2\n')
    result = write_result(source, tmp_path / "out.csv", lambda row: Said("Home > Mugs", None)).decode().splitlines()
    assert result[1:] == ["Mug;red;Home > Mugs;;0.8000;true", "Lamp;brass;;;;;5", '"Tray, oak;1;2']
    rejects = (tmp_path / "out.rejects.csv").read_text().splitlines()
    assert [rejects[0], len(rejects)] == ["source_row;split;reason;raw", 3]


def test_a_category_that_the_encoding_lacks_is_one_sentence_and_nothing_is_written(tmp_path):
    source = _source(tmp_path, "title;color\nTasse für Tee;grün\nTeller;weiß\n", codec="cp1252")
    with pytest.raises(InputError, match=r"'日用品', which the encoding of in\.csv .cp1252. lacks; .*--format csv"):
        write_result(source, tmp_path / "out.csv", lambda row: Said("日用品 > コップ"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.rejects.csv"]


TEXT = st.text(st.sampled_from("abzÄé ,;|\t\"'=\n€"), max_size=8)
PROFILES = {
    "plain": ("title", "color", "description"),
    "shopify": ("Handle", "Title", "Vendor", "Product Category", "Tags"),
    "woocommerce": ("SKU", "Name", "Categories", "Images"),
    "google": ("id", "title", "image_link", "google_product_category"),
}


@st.composite
def tables(draw):
    """A table of some shop system: delimiter, end of lines, encoding, column of the category, rows as written."""
    system = draw(st.sampled_from(sorted(PROFILES)))
    delimiter, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    codec = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    everything_quoted = draw(st.booleans())

    def written(value):
        needed = everything_quoted or any(sign in value for sign in (delimiter, '"', "\n"))
        return '"{}"'.format(value.replace('"', '""')) if needed or draw(st.booleans()) else value

    headings = PROFILES[system]
    column = next((place for place, name in enumerate(headings) if "ategor" in name), None)
    rows = []
    for number in range(draw(st.integers(1, 5))):
        values = [f"p{number}{draw(TEXT)}" if place < 2 else draw(TEXT) for place in range(len(headings))]
        rows.append([written("Old > Path" if place == column else value) for place, value in enumerate(values)])
    return headings, column, delimiter, end, codec, rows


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_a_table_of_any_system_comes_back_the_same_but_for_the_category(tmp_path, table):
    headings, column, delimiter, end, codec, rows = table

    def content(rows):
        return end.join(delimiter.join(row) for row in [*rows, [""]]).encode(codec)

    source = tmp_path / "in.csv"
    source.write_bytes(content([headings, *rows]))
    category = f'Home{delimiter} "big" > Mugs'
    said = Said(category, None, google_id="x", google_path=category)
    form = {"encoding": "utf-8" if codec == "utf-8-sig" else codec, "delimiter": delimiter}
    result = write_result(source, tmp_path / "out.csv", lambda row: said, has_google=column is not None, **form)
    if column is None:
        plain = ["predicted_category", "predicted_category_id", "confidence", "accepted"]
        cell = '"{}"'.format(category.replace('"', '""'))
        values = {False: [cell, "", "0.8000", "true"], True: [cell, '""', '"0.8000"', '"true"']}
        right = [[*row, *values[all(one.startswith('"') for one in row)]] for row in rows]
        assert result == content([[*headings, *plain], *right])
    else:
        spelled = category.replace(",", "\\,") if "Categories" in headings else category
        cell = '"{}"'.format(spelled.replace('"', '""'))
        right = [[cell if place == column else value for place, value in enumerate(row)] for row in rows]
        assert result == content([headings, *right])


@pytest.mark.parametrize(
    "case",
    [
        "01-semicolon/shopify-resaved.csv",
        "10-woo-variations/wc-product-export.csv",
        "05-category-ids/export.csv",
        "04-shopify-new-template/products_export_1.csv",
        "09-woo-categories/wc-product-export.csv",
    ],
)
def test_the_cases_of_shops_come_back_as_they_were_where_nothing_is_accepted(tmp_path, case):
    source = tmp_path / "in.csv"
    shutil.copyfile(CASES / case, source)
    result = write_result(source, tmp_path / "out.csv", lambda row: Said("Home > Mugs", f"{GID}hg", accepted=False))
    assert result == source.read_bytes()
    changed = write_result(source, tmp_path / "out.csv", lambda row: Said("Home > Mugs", f"{GID}hg-1"))
    other = [new for old, new in zip(source.read_bytes().splitlines(), changed.splitlines(), strict=True) if old != new]
    assert other
    assert all(b"Home > Mugs" in line or b"hg-1" in line for line in other)


@pytest.mark.parametrize("case", ["32-excel-trailing/products.csv", "24-quotes-and-newlines/broken.csv"])
def test_the_cases_of_plain_tables_keep_all_of_their_lines(tmp_path, case):
    source = tmp_path / "in.csv"
    shutil.copyfile(CASES / case, source)
    result = write_result(source, tmp_path / "out.csv").splitlines()
    before = source.read_bytes().splitlines()
    assert len(before) == len(result)
    assert all(new.startswith(old.rstrip(b",")) for old, new in zip(before, result, strict=True))
    assert b"predicted_category" in result[0]
