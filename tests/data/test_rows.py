"""Rows of whole files, as the cases have them: categories (ids, numbers, case, separators), ids, words for nothing."""

import dataclasses
import json
import logging

import pytest

from pipeline.artifacts import RunPaths
from pipeline.config import presets
from pipeline.config.stages import IngestConfig, SourceConfig
from pipeline.data.rows import Reject, clean_row, one_spelling, raw_json
from pipeline.data.schema import read_products
from pipeline.stages import ingest
from pipeline.taxonomy.paths import Taxonomy, read_taxonomy
from pipeline.taxonomy.resolve import Resolver
from tests.helpers.sources import CASES, open_location

SHOPIFY = """Handle,Title,Body (HTML),Product Category
sofa-bed,Sofa bed with storage,Folds out,fr-22-7
strap,Yoga strap,Cotton,gid://shopify/TaxonomyCategory/sg-4-17-2-17
mug,Stoneware mug,350 ml,Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs
"""
RELEASE = """gid://shopify/TaxonomyCategory/fr-22-7 : Furniture > Sofas > Sofa Beds
gid://shopify/TaxonomyCategory/hg-11-10-2-4 : Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs
"""
GOOGLE = """# Google_Product_Taxonomy_Version: 2021-09-21
166 - Apparel & Accessories
2169 - Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs
"""


def _ingested(tmp_path, source, taxonomy=None, **options):
    """Category by title, and the paths of the run's taxonomy."""
    if taxonomy is not None:
        (tmp_path / "given.txt").write_text(taxonomy, encoding="utf-8")
        options["taxonomy"] = str(tmp_path / "given.txt")
    config = dataclasses.replace(presets.tiny(), source=SourceConfig(location=str(source), **options))
    ingest.run(config, tmp_path / "run")
    run = RunPaths(tmp_path / "run")
    products = read_products(run.products)
    categories = [path if isinstance(path, str) else None for path in products["category_path"]]
    return dict(zip(products["title"], categories, strict=True)), read_taxonomy(run.taxonomy, may_be_empty=True)


def test_an_id_in_a_shops_export_is_looked_up_in_the_taxonomy_and_else_unknown(tmp_path, caplog):
    (tmp_path / "export.csv").write_text(SHOPIFY, encoding="utf-8")
    with caplog.at_level(logging.INFO):
        categories, taxonomy = _ingested(tmp_path, tmp_path / "export.csv", RELEASE)
    assert categories["Sofa bed with storage"] == "Furniture > Sofas > Sofa Beds"
    assert categories["Yoga strap"] is None
    assert "category is an id that no given taxonomy has: unknown: 1 rows" in caplog.text
    assert taxonomy.ids["Furniture > Sofas > Sofa Beds"] == "gid://shopify/TaxonomyCategory/fr-22-7"
    assert not any("gid" in path for path in taxonomy.paths)


def test_without_a_taxonomy_an_id_is_unknown_and_never_a_category(tmp_path, caplog):
    (tmp_path / "export.csv").write_text(SHOPIFY, encoding="utf-8")
    with caplog.at_level(logging.INFO):
        categories, taxonomy = _ingested(tmp_path, tmp_path / "export.csv")
    assert (categories["Sofa bed with storage"], categories["Yoga strap"]) == (None, None)
    assert "category is an id that no given taxonomy has: unknown: 2 rows" in caplog.text
    assert taxonomy.paths[0] == "Home & Garden"


def _folder(number):
    [folder] = CASES.glob(f"{number}-*")
    return folder


def test_the_number_of_a_google_feed_is_looked_up(tmp_path, caplog):
    columns = (("product_id", "id"), ("product_title", "title"), ("ground_truth_category", "google_product_category"))
    with caplog.at_level(logging.INFO):
        categories, _ = _ingested(tmp_path, _folder("08") / "feed.tsv", GOOGLE, columns=columns)
    assert categories["Coffee mug 350 ml"] == "Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs"
    assert (categories["Summer dress, linen"], categories["Baseball cap"]) == (None, None)
    assert categories["Tea pot 1 l"] == "Home & Garden > Kitchen & Dining > Tableware > Coffee Servers & Tea Pots"
    assert "category is an id that no given taxonomy has: unknown: 2 rows" in caplog.text


def test_the_ids_of_a_shops_export_of_the_cases(tmp_path):
    taxonomy = (_folder("06") / "categories.txt").read_text(encoding="utf-8")
    [export] = _folder("05").glob("*.csv")
    categories, _ = _ingested(tmp_path, export, taxonomy)
    assert categories["Sofa bed with storage"] == "Furniture > Sofas > Sofa Beds"
    assert categories["Linen dress"] is None
    assert categories["Stoneware mug"].endswith("Drinkware > Mugs")


def test_other_case_and_arrows_are_one_category_and_other_separators_are_warned_of(tmp_path, caplog):
    categories, _ = _ingested(tmp_path, _folder("30") / "products.csv")
    shirts = {categories[title] for title in ("T-shirt navy", "Band T-shirt", "Plain tee", "Striped tee")}
    assert len(shirts) == 1
    assert {categories["Mug"], categories["Mug blue"]} == {"Home & Garden > Mugs"}
    assert categories["Mug red"] == "Home > Mugs"
    assert "category paths differ from another in case alone" in caplog.text
    assert "2 categories hold '|' or '/' and no '>'" in caplog.text


PANDAS = """product_id,product_title,product_description,ground_truth_category,ground_truth_brand
1,nan,nan,nan,nan
2,Mug,NaN,None,N/A
3,NULL,NULL,NULL,NULL
4,Tea pot,,-,-
5,,,,
6,Lamp,None,Default,Generic
7,#N/A,#REF!,#N/A,#N/A
8,<p>&nbsp;</p>,<p></p>,Uncategorized,
"""


def _clean(path, content):
    path.write_text(content, encoding="utf-8")
    return [clean_row(item, IngestConfig()) for item in open_location(path)]


def test_words_that_stand_for_nothing_are_nothing(tmp_path):
    rows = {row.row if isinstance(row, Reject) else row.raw.row: row for row in _clean(tmp_path / "t.csv", PANDAS)}
    assert [number for number, row in rows.items() if isinstance(row, Reject)] == [0, 2, 4, 6, 7]
    kept = [rows[number] for number in (1, 3, 5)]
    assert [(row.product_id, row.title, row.description, row.category, row.listing.fields.vendor) for row in kept] == [
        ("2", "Mug", "", None, ""),
        ("4", "Tea pot", "", None, ""),
        ("6", "Lamp", "", None, ""),
    ]
    assert "description is a placeholder" in kept[0].notes


@pytest.mark.parametrize("title", ["None", "NaN", "NULL", "NA", "-"])
@pytest.mark.parametrize("others", ["A novel,,", ",Books > Novels,", ",,Nord", ",,"])
def test_a_title_that_is_such_a_word_is_kept_in_a_row_that_says_more(tmp_path, title, others):
    content = f"product_title,product_description,ground_truth_category,ground_truth_brand\n{title},{others}\n"
    (row,) = _clean(tmp_path / "t.csv", content)
    assert row.title == title


def test_ids_and_titles_are_those_that_the_shop_wrote(tmp_path):
    content = "product_id,product_title\nART-10²,KitchenHelper™ mixer ½ l\nART-102,Another mixer\n007,Mug\nＡ-1,Lamp\n"
    rows = _clean(tmp_path / "t.csv", content)
    assert [row.product_id for row in rows] == ["ART-10²", "ART-102", "007", "Ａ-1"]
    assert rows[0].title == "KitchenHelper™ mixer ½ l"
    assert rows[0].text == "KitchenHelperTM mixer 1⁄2 l"


def test_categories_that_differ_in_case_alone_are_one(tmp_path):
    content = (
        "product_id,product_title,ground_truth_category\n1,a,Clothing > T-Shirts\n2,b,Clothing > T-shirts\n"
        "3,c,clothing > t-shirts\n4,d,CLOTHING > T-SHIRTS\n5,e,Clothing > T-shirts\n6,f,Home &amp;amp; Garden > Mugs\n"
        "7,g,Home & Garden  >  Mugs \n8,h,Home -> Mugs\n"
    )
    rows = one_spelling(_clean(tmp_path / "t.csv", content), Taxonomy.of(()))
    assert [row.category for row in rows] == [
        *["Clothing > T-shirts"] * 5,
        *["Home & Garden > Mugs"] * 2,
        "Home > Mugs",
    ]


def test_of_several_categories_the_deepest_that_the_taxonomy_knows_counts(tmp_path):
    rows = 'simple,A,Mug,"Shop > All > New, kitchen > MUGS, Kitchen"\nsimple,B,Cup,"Shop > All, Old"\n'
    content = f"Type,SKU,Name,Categories\n{rows}"
    (tmp_path / "wc.csv").write_text(content, encoding="utf-8")
    resolver = Resolver(Taxonomy.of(["Kitchen > Mugs"]))
    items = list(open_location(tmp_path / "wc.csv"))
    assert [clean_row(item, IngestConfig(), resolver).category for item in items] == ["Kitchen > Mugs", "Shop > All"]
    assert [clean_row(item, IngestConfig()).category for item in items] == ["Shop > All > New", "Shop > All"]


def test_a_raw_row_with_bytes_that_are_no_characters_is_json_that_can_be_written():
    text = raw_json({"title": "dam\udcffaged", "color": "grün"})
    assert text.encode("utf-8").decode("utf-8") == text
    assert json.loads(text) == {"title": "dam\udcffaged", "color": "grün"}
