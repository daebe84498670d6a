"""Type, tags, vendor, collections and options are fields of their own, in every kind of table."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.config.stages import IngestConfig
from pipeline.data.rows import clean_row
from pipeline.data.sources import SourceError
from tests.helpers.sources import open_location

SHOP_TAGS = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Image Src
vase,Glass vase,,Plain & Co,,,"bogo-socks, free-shipping, __label:New, YGroup_vase, gift-wrap, google-exclude",
notebook,Notebook A5,,Plain & Co,,,"pos-only, tax-food-exempt, bundle-with-mug, kitchen-newsletter",
vase-2,Glass vase,,Plain & Co,,,,
notebook-2,Notebook A5,,Plain & Co,,,,
"""


def _rows(path, content, **options):
    path.write_text(content, encoding="utf-8")
    return list(open_location(path, **options))


def test_tags_that_steer_a_shop_are_no_description_and_change_no_prediction(tmp_path):
    rows = [clean_row(row, IngestConfig()) for row in _rows(tmp_path / "products_export.csv", SHOP_TAGS)]
    assert [row.description for row in rows] == [""] * 4
    assert [row.text for row in rows] == ["Glass vase | Plain & Co", "Notebook A5 | Plain & Co"] * 2
    assert rows[0].listing.fields.tags.startswith("bogo-socks, free-shipping, __label:New")


VARIANTS = """Handle,Title,Type,Tags,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Custom Collections
tee,Tee,Shirts,"cotton, organic",Color,Red,Size,S,Summer
tee,,,,,Red,,M,
tee,,,,,Blue,,S,
mug,Mug,,,Title,Default Title,,,
"""


def test_the_options_of_all_variants_of_a_shopify_product(tmp_path):
    tee, mug = _rows(tmp_path / "products.csv", VARIANTS, kind="shopify-export")
    assert (tee.product_type, tee.tags, tee.collections) == ("Shirts", "cotton, organic", "Summer")
    assert tee.options == "Color: Red, Blue\nSize: S, M"
    row = clean_row(mug, IngestConfig())
    assert (row.listing.fields.options, row.text) == ("", "Mug")


def test_the_options_of_products_json(tmp_path):
    product = {
        "handle": "tee",
        "title": "Tee",
        "body_html": "",
        "product_type": "Shirts",
        "tags": ["cotton"],
        "options": [{"name": "Size", "values": ["S", "M"]}, {"name": "Color", "values": ["Red"]}],
    }
    (tee,) = _rows(tmp_path / "products.json", json.dumps({"products": [product]}))
    assert (tee.product_type, tee.tags, tee.options) == ("Shirts", "cotton", "Size: S, M\nColor: Red")


def test_the_attributes_of_woocommerce_variations(tmp_path):
    content = (
        "ID,Type,SKU,Name,Parent,Tags,Attribute 1 name,Attribute 1 value(s)\n"
        '1,variable,TEE,Tee,,summer,Size,"S, M"\n2,variation,TEE-L,Tee - L,TEE,,Size,L\n'
    )
    (tee,) = _rows(tmp_path / "wc.csv", content)
    assert (tee.product_type, tee.tags, tee.options) == ("", "summer", "Size: S, M, L")


def test_a_google_feed_names_its_own_type_and_attributes(tmp_path):
    content = "id\ttitle\tproduct_type\timage_link\tcolor\tsize\n1\tTee\tApparel > Shirts\t\tred\tM\n"
    (tee,) = _rows(tmp_path / "feed.tsv", content)
    assert (tee.product_type, tee.options) == ("Apparel > Shirts", "color: red\nsize: M")


@pytest.mark.parametrize(
    "headings",
    [
        "Title,Product type,Tags,Collection,Brand,Size",
        "Titel;Produkttyp;Schlagwörter;Kollektion;Marke;Größe",
        "Titre;Type de produit;Mots-clés;Collection;Marque;Taille",
        "Título;Tipo de producto;Etiquetas;Colección;Marca;Talla",
        "Titolo;Tipo prodotto;Etichette;Collezione;Marca;Taglia",
        "Nazwa;Rodzaj;Tagi;Kolekcja;Marka;Rozmiar",
        "Название;Тип товара;Теги;Коллекция;Бренд;Размер",
        "商品名;商品タイプ;タグ;コレクション;ブランド;サイズ",
        "商品名称;商品类型;标签;系列;品牌;尺码",
    ],
)
def test_headings_of_fields_are_guessed_in_many_languages(tmp_path, headings):
    mark = ";" if ";" in headings else ","
    (row,) = _rows(tmp_path / "t.csv", headings + "\n" + mark.join(["Tee", "Shirt", "cotton", "Summer", "Nord", "M"]))
    assert (row.title, row.product_type, row.tags, row.collections, row.brand) == (
        *("Tee", "Shirt", "cotton", "Summer", "Nord"),
    )
    assert row.options == f"{headings.split(mark)[-1]}: M"


def test_a_column_map_names_fields_and_leaves_them_out(tmp_path):
    columns = (("product_type", "label"), ("tags", ""), ("options", "variant text"))
    content = "title,label,tags,variant text,size\nTee,Shirts,cotton,Red,M\n"
    (row,) = _rows(tmp_path / "t.csv", content, columns=columns)
    assert (row.product_type, row.tags, row.options) == ("Shirts", "", "variant text: Red")
    columns = (("options", ""), ("ground_truth_category", "tags"))
    (row,) = _rows(tmp_path / "t.csv", content, columns=columns)
    assert (row.tags, row.category, row.options) == ("", "cotton", "")


def _parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_columns_of_fields_may_be_lists(tmp_path):
    path = _parquet(tmp_path / "t.parquet", product_title=["Tee"], tags=[["cotton", "summer"]], product_type=[None])
    (row,) = open_location(path)
    assert (row.product_type, row.tags) == ("", "cotton\nsummer")
    assert clean_row(row, IngestConfig()).text == "Tee | cotton, summer"


def test_a_field_that_is_no_text_is_left_out_of_its_row(tmp_path):
    path = _parquet(tmp_path / "t.parquet", product_title=["Tee"], tags=[{"a": 1}])
    (row,) = open_location(path)
    assert (row.title, row.tags) == ("Tee", "")
    assert "tags is not a text and was left out" in row.notes


def test_of_several_sources_one_may_lack_a_column_of_the_map(tmp_path):
    first = _parquet(tmp_path / "first.parquet", product_title=["Tee"])
    second = _parquet(tmp_path / "second.parquet", product_title=["Mug"], source_category=["Mugs"])
    both = open_location(first, others=(str(second),), columns=(("product_type", "source_category"),))
    assert [(row.title, row.product_type) for row in both] == [("Tee", ""), ("Mug", "Mugs")]
    with pytest.raises(SourceError, match="has no column source_categry"):
        open_location(first, others=(str(second),), columns=(("product_type", "source_categry"),))
