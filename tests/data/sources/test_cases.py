"""Files as people of this trade reported them (`cases/`), each with its right outcome: kinds A to E of the list there.

Results as files (kind F) are in `tests/prediction/output`, photos by format (13, 14) in `tests/data/decoding`.
"""

import logging

import pytest

from pipeline.config.stages import IngestConfig
from pipeline.data.rows import CleanRow, clean_row
from pipeline.data.sources import BadRow, RawRow, SourceError
from pipeline.taxonomy.paths import read_taxonomy
from pipeline.taxonomy.resolve import NO_TAXONOMY, Resolver
from tests.helpers.sources import CASES, disc_photo, open_location

MUGS = "Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs"
POTS = "Home & Garden > Kitchen & Dining > Tableware > Coffee Servers & Tea Pots"
GOOGLE = f"2169 - {MUGS}\n2074 - {POTS}\n"
TITLES = ["Teekanne aus Gusseisen, 0,8 l", "Wanderstiefel Damen", "Yogamatte 180 × 60 cm", "Bilderrahmen Eiche"]


def source(name, **options):
    return open_location(CASES / name, **options)


def clean(name, taxonomy=None, **options):
    """The rows of a case, clean or rejected."""
    resolver = NO_TAXONOMY if taxonomy is None else Resolver(read_taxonomy(taxonomy))
    return [clean_row(item, IngestConfig(), resolver) for item in source(name, **options)]


def kept(rows):
    return [row for row in rows if isinstance(row, CleanRow)]


def photos_in(folder, *names):
    """A folder of photos of these names."""
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(disc_photo())
    return str(folder)


@pytest.mark.parametrize("name", ["excel-de.csv", "sep-line.csv", "sep-comma-line.csv", "one-column.csv"])
def test_01_semicolons(name):
    rows = clean(f"01-semicolon/{name}")
    assert [row.title for row in rows] == TITLES
    assert [row.category is None for row in rows] == [name == "one-column.csv"] * 4
    assert rows[0].description.startswith("Mit Sieb; hält lange warm")


def test_01_a_shopify_export_saved_by_a_spreadsheet():
    opened = source("01-semicolon/shopify-resaved.csv")
    [row] = opened
    assert (opened.kind, row.title) == ("shopify-export", "Teekanne aus Gusseisen")


def test_02_windows_1252(caplog):
    with caplog.at_level(logging.INFO):
        rows = clean("02-windows-1252/ansi.csv")
    assert rows[0].description == "Mit Sieb – hält 40 °C, „klassisch“, 29,90 €"
    assert [row.title.replace("x", "×") for row in rows] == [title.replace("x", "×") for title in TITLES]
    assert "Windows-1252" in caplog.text
    assert "Küche > Töpfe" in read_taxonomy(CASES / "02-windows-1252" / "taxonomy-ansi.txt").paths


def test_04_the_present_template_of_shopify(tmp_path):
    images = photos_in(tmp_path / "photos", "robot-003.jpg", "tote-bag-003.jpg", "yoga-mat-002.jpg")
    opened = source("04-shopify-new-template/products_export_1.csv", images=images)
    rows = list(opened)
    assert opened.kind == "shopify-export"
    assert [row.product_id for row in rows] == ["robot-toy", "tote-bag", "yoga-mat"]
    assert all(isinstance(row, RawRow) and row.image for row in rows)
    assert (rows[0].product_type, rows[0].tags) == ("Toy", "toy, robot")


@pytest.mark.parametrize("with_ids", [True, False])
def test_05_ids_as_categories(with_ids):
    taxonomy = CASES / "06-shopify-taxonomy-file" / "categories.txt" if with_ids else None
    categories = {row.product_id: row.category for row in clean("05-category-ids/export.csv", taxonomy)}
    assert categories["sofa-bed"] == ("Furniture > Sofas > Sofa Beds" if with_ids else None)
    assert (categories["yoga-strap"], categories["dress"], categories["cap"]) == (None, None, None)
    assert categories["mug"] == MUGS
    assert categories["tent"].startswith("Sporting Goods > ")


def test_06_shopifys_file_of_its_taxonomy():
    taxonomy = read_taxonomy(CASES / "06-shopify-taxonomy-file" / "categories.txt")
    assert len(taxonomy.paths) == len(taxonomy.ids) == 11
    assert MUGS in taxonomy.paths
    assert taxonomy.ids[MUGS].endswith("/hg-11-10-2-4")
    german = read_taxonomy(CASES / "06-shopify-taxonomy-file" / "categories.de.txt")
    assert german.by_id["gid://shopify/TaxonomyCategory/fr-22"] == "Möbel > Sofas"


@pytest.mark.parametrize("name", ["08-google-number/feed.tsv", "12-merchant-xml/feed.txt"])
def test_08_and_12_numbers_of_google(tmp_path, name):
    (tmp_path / "google.txt").write_text(GOOGLE, encoding="utf-8")
    assert [row.category for row in clean(name, tmp_path / "google.txt")] == [None, None, MUGS, POTS]
    assert [row.category for row in clean(name)] == [None, None, None, POTS]


def test_09_several_categories_in_a_cell():
    categories = {row.product_id: row.category for row in clean("09-woo-categories/wc-product-export.csv")}
    assert categories == {
        "HO-1": "Clothing > Hoodies",
        "BK-1": "Books > Fiction",
        "BC-1": "Body Care > Perfume, Cologne & Fragrance > Women",
        "TB-1": "Medallions, Rosettes & Ornaments > Legs",
        "UN-1": None,
    }


def test_10_variations_join_their_product():
    rows = clean("10-woo-variations/wc-product-export.csv")
    assert [(row.product_id, row.category) for row in rows] == [
        ("TEE", "Clothing > T-shirts"),
        ("CAP", "Accessories > Caps"),
    ]


def test_11_several_photos_in_a_cell(tmp_path):
    names = ("robot-003.jpg", "tote-bag-003.jpg", "yoga-mat-002.jpg", "ukulele-005.jpg", "tent-002.jpg")
    rows = clean("11-several-photos-in-a-cell/export.csv", images=photos_in(tmp_path / "photos", *names))
    assert [(row.product_id, row.photo is not None) for row in rows] == [(f"A{number}", True) for number in range(1, 7)]
    without = clean("11-several-photos-in-a-cell/export.csv", images=photos_in(tmp_path / "none", "other.jpg"))
    assert ["not found" in row.raw.note or "not fetched" in row.raw.note for row in without] == [True] * 6


def test_12_xml_json_and_json_lines():
    cushion, mug = clean("12-merchant-xml/feed.xml")
    assert (cushion.title, cushion.description) == ("Cushion for chair", "Washable")
    assert (cushion.category, mug.category) == ("Furniture > Chair Accessories", None)
    for name in ("products.json", "products.jsonl"):
        [row] = clean(f"12-merchant-xml/{name}")
        assert (row.title, row.description) == ("Mug", "350 ml")


def test_15_words_that_stand_for_nothing():
    rows = clean("15-nan-and-none-texts/pandas.csv")
    assert [(row.product_id, row.category, row.listing.fields.vendor) for row in kept(rows)] == [
        (number, None, "") for number in ("2", "4", "6")
    ]


@pytest.mark.parametrize("name", ["flatfile.tsv", "flatfile.txt"])
def test_20_three_rows_of_headings(name):
    [row] = clean(f"20-amazon-flat-file/{name}")
    assert (row.product_id, row.title, row.description) == ("MUG-1", "Stoneware mug", "350 ml")


def test_24_quotation_marks_and_line_breaks():
    rows = clean("24-quotes-and-newlines/broken.csv")
    assert rows[0].title == 'TV 32" black'
    assert rows[0].description == 'Line one Line two, with "quotes"'
    assert [row.title for row in kept(rows)][-2:] == ["Chair", "Table"]
    assert len(rows) == 6
    [double] = clean("24-quotes-and-newlines/duplicate-headings.csv")
    [padded] = clean("24-quotes-and-newlines/spaces-in-headings.csv")
    assert [(row.title, row.description) for row in (double, padded)] == [("Mug", "350 ml")] * 2
    assert [row.title for row in clean("24-quotes-and-newlines/cr-only.csv")] == ["Mug", "Lamp"]
    *short, long = source("24-quotes-and-newlines/short-rows.csv")
    assert [row.title for row in short] == ["Mug", "Lamp"]
    assert isinstance(long, BadRow)
    assert long.raw["line"] == 4


def test_26_shortcodes():
    boots, pot, poster = clean("26-shortcodes/wc.csv")
    assert (boots.description, pot.description) == ("Natural rubber, lined.", "Glass, 1 l.")
    assert (poster.title, poster.description) == ("Poster [limited edition]", "Printed on paper [A3],")


def test_27_text_as_it_is_written():
    raw = list(source("27-text-kept-as-written/products.csv"))
    rows = clean("27-text-kept-as-written/products.csv")
    assert [row.product_id for row in rows] == ["ART-10²", "ART-102", "FA-1", "HI-1", "EM-1", "TH-1"]
    assert [row.title for row in rows[:5]] == [row.title for row in raw[:5]]
    assert "\u200c" in rows[2].title
    assert "👨‍👩‍👧" in rows[4].title


def test_28_cdata():
    rows = clean("28-cdata/feed.csv")
    assert [(row.title, row.description) for row in rows] == [
        ("Brass desk lamp", "Warm light, 40 cm"),
        ("Chair cushion", "Washable at 40 °C"),
        ("Only a title", ""),
    ]


def test_29_tags_of_the_shop_are_no_description():
    rows = clean("29-shop-tags/products_export.csv")
    assert [row.description for row in rows] == [""] * 4
    assert rows[0].text == rows[2].text


def test_30_case_and_separators():
    rows = clean("30-case-of-categories/products.csv")
    assert {row.category for row in rows[4:6]} == {"Home & Garden > Mugs"}
    assert rows[6].category == "Home > Mugs"


def test_31_the_photo_at_position_1(tmp_path):
    images = photos_in(tmp_path / "photos", "size-chart.jpg", "variant.jpg")
    (tmp_path / "photos" / "front.jpg").write_bytes(b"the front")
    [row] = source("31-image-position/products_export.csv", images=images)
    assert row.image == b"the front"


def test_32_what_a_spreadsheet_leaves_behind():
    assert [row.title for row in clean("32-excel-trailing/products.csv")] == ["Mug", "Lamp", "Chair"]
    assert [row.title for row in kept(clean("32-excel-trailing/shopify.csv"))] == ["Mug", "Lamp"]


def test_34_matrixify():
    [row] = clean("34-matrixify/Products.csv")
    assert (row.product_id, row.title, row.category) == ("mug", "Stoneware mug", MUGS)


@pytest.mark.parametrize("name", ["products.csv", "with-index.csv"])
def test_36_own_ids_and_typos(name):
    columns = (("product_id", "sku"), ("product_title", "name"))
    rows = clean(f"36-own-ids-and-typos/{name}", columns=columns)
    assert [(row.product_id, row.title) for row in rows] == [("A-1", "Stoneware mug"), ("A-2", "Brass lamp")]
    with pytest.raises(SourceError, match="nmae"):
        source(f"36-own-ids-and-typos/{name}", columns=(("product_title", "nmae"),))
