"""Cleaning of rows: words that stand for nothing, ids as they are written, categories of several spellings."""

import pytest

from pipeline.config.stages import IngestConfig
from pipeline.data.rows import Reject, clean_row, one_spelling
from pipeline.taxonomy.paths import Taxonomy
from pipeline.taxonomy.resolve import Resolver
from tests.helpers.sources import open_location

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
    assert [(row.product_id, row.title, row.description, row.category, row.brand) for row in kept] == [
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
