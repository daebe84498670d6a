"""Exports of shop systems, told by their headings, and plain tables whose headings are guessed."""

import logging

import pytest

from pipeline.data.sources import BadRow, SourceError
from pipeline.data.sources.files.base import fold_heading
from pipeline.data.sources.profiles.guesses import GUESSES
from pipeline.data.sources.profiles.mapping import FIELDS
from pipeline.data.sources.profiles.systems import PROFILES
from tests.helpers.sources import disc_photo, open_location


def _open(path, content, **options):
    path.write_text(content, encoding="utf-8")
    return open_location(path, **options)


WOO = (
    'ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,Short description,Description,Regular price,Categories,Tags,'
    "Images,Parent,Attribute 1 name,Attribute 1 value(s)\n"
)


@pytest.mark.parametrize(
    ("cell", "category"),
    [
        (
            '"Body Care > Perfume\\, Cologne & Fragrance > Women, Gifts"',
            "Body Care > Perfume, Cologne & Fragrance > Women",
        ),
        ('"Clothing > Hoodies, Clothing, Sale"', "Clothing > Hoodies"),
        ('"Sale, Clothing, Clothing > Hoodies"', "Clothing > Hoodies"),
        ('"Books > Fiction, Books > Short Stories"', "Books > Fiction"),
        ('"""Medallions, Rosettes & Ornaments > Legs"""', "Medallions, Rosettes & Ornaments > Legs"),
        ("Uncategorized", "Uncategorized"),
        ("", None),
    ],
)
def test_of_several_woocommerce_categories_the_deepest_counts(tmp_path, cell, category):
    source = _open(tmp_path / "wc.csv", WOO + f"11,simple,BC-1,,Perfume,1,Short,Floral,39,{cell},,,,,\n")
    (row,) = source
    assert (source.kind, row.product_id, row.title, row.category) == ("woocommerce-export", "BC-1", "Perfume", category)


VARIATIONS = WOO + (
    "60,variation,TEE-B,,V-neck T-shirt - Blue,1,,,20,,,https://shop.example/blue.jpg,TEE,Color,Blue\n"
    "44,variable,TEE,,V-neck T-shirt,1,,<p>Soft</p>,,Clothing > T-shirts,summer,"
    '"https://shop.example/1.jpg, https://shop.example/2.jpg",,Color,"Blue, Green"\n'
    "61,variation,TEE-G,,V-neck T-shirt - Green,1,,,20,,,https://shop.example/green.jpg,tee,Color,Green\n"
    "62,variation,TEE-R,,V-neck T-shirt - Red,1,,,20,,,,id:44,Color,Red\n"
    "45,simple,,,Cap,1,One size,,15,Accessories > Caps,,https://shop.example/cap.jpg,,,\n"
    "70,variation,LOST-1,,Lost,1,,,20,,,,id:99,Color,Red\n"
)


def test_woocommerce_variations_join_their_product(tmp_path):
    source = _open(tmp_path / "wc.csv", VARIATIONS)
    tee, cap, lost = source
    assert source.total == 3
    assert (tee.product_id, tee.title, tee.category) == ("TEE", "V-neck T-shirt", "Clothing > T-shirts")
    assert (tee.description, tee.tags) == ("<p>Soft</p>", "summer")
    assert "1.jpg" in tee.note
    assert (cap.product_id, cap.description) == ("45", "One size")
    assert (lost.product_id, lost.title) == ("LOST-1", "Lost")


def test_two_products_with_one_sku_stay_two(tmp_path):
    rows = "1,simple,A,,Mug,1,,,5,,,,,,\n2,simple,A,,Lamp,1,,,5,,,,,,\n3,variation,A-1,,Mug red,1,,,5,,,,a,,\n"
    source = _open(tmp_path / "wc.csv", WOO + rows)
    assert [(row.product_id, row.title) for row in source] == [("A", "Mug"), ("A", "Lamp")]


def test_the_photo_of_a_product_goes_before_those_of_its_variations(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "blue.jpg").write_bytes(b"blue")
    (tmp_path / "photos" / "2.JPG").write_bytes(disc_photo())
    tee, *_ = _open(tmp_path / "wc.csv", VARIATIONS, images=str(tmp_path / "photos"))
    assert tee.image == disc_photo()


def test_a_german_woocommerce_export(tmp_path):
    headings = (
        "ID;Typ;Artikelnummer;Name;Kurzbeschreibung;Beschreibung;Kategorien;Schlagwörter;Bilder;Übergeordnetes Produkt"
    )
    rows = "7;simple;007;Teekanne;kurz;lang;Küche > Kannen, Küche;;;\n8;variation;007-R;Teekanne rot;;;;;;007"
    source = _open(tmp_path / "wc.csv", f"{headings}\n{rows}\n")
    (row,) = source
    assert (source.kind, row.product_id, row.title) == ("woocommerce-export", "007", "Teekanne")
    assert (row.description, row.category) == ("lang", "Küche > Kannen")


GOOGLE = (
    "id\ttitle\tdescription\tgoogle_product_category\tproduct_type\timage_link\tbrand\tcondition\n"
    "01\tCoffee mug\tStoneware\t2169\tKitchen > Mugs\thttps://shop.example/3.jpg\tPlain & Co\tnew\n"
    "2\tTea pot\tGlass\tHome & Garden > Tea Pots\t\t\t\tused\n"
    "2\tTea pot\tGlass\t\t\t\t\trefurbished\n"
)


@pytest.mark.parametrize("name", ["feed.tsv", "feed.txt"])
def test_a_google_merchant_feed(tmp_path, name):
    source = _open(tmp_path / name, GOOGLE)
    mug, pot, again = source
    assert source.kind == "google-merchant-feed"
    assert (mug.product_id, mug.category, mug.brand, mug.is_secondhand) == ("01", "2169", "Plain & Co", False)
    assert (mug.description, mug.product_type) == ("Stoneware", "Kitchen > Mugs")
    assert (pot.category, pot.is_secondhand) == ("Home & Garden > Tea Pots", True)
    assert (again.product_id, again.is_secondhand) == ("2", None)


def test_headings_of_a_google_feed_with_spaces(tmp_path):
    content = GOOGLE.replace("google_product_category", "Google product category").replace("image_link", "image link")
    mug, *_ = _open(tmp_path / "feed.tsv", content)
    assert mug.category == "2169"


@pytest.mark.parametrize("images", [False, True])
def test_files_beside_an_export_are_its_photos_only_where_that_folder_is_named(tmp_path, images):
    (tmp_path / "3.jpg").write_bytes(disc_photo())
    mug, *_ = _open(tmp_path / "feed.tsv", GOOGLE, **({"images": str(tmp_path)} if images else {}))
    assert (mug.image is not None) == images


OTHERS = {
    "magento-export": (
        "sku,store_view_code,attribute_set_code,product_type,categories,name,description,base_image\n"
        '24-MB01,,Bag,simple,"Default Category/Gear,Default Category/Gear/Bags",Duffle,<p>Big</p>,/m/b/mb01.jpg\n'
    ),
    "bigcommerce-export": (
        "Item Type,Product ID,Product Name,Product Code/SKU,Product Description,Category,Product Image File - 1\n"
        "Product,7,Duffle,24-MB01,<p>Big</p>,Shop All; Gear/Bags,mb01.jpg\n"
        "  SKU,8,[S]Color=Red,24-MB01-R,,,\n"
    ),
    "prestashop-export": (
        'ID;Active (0/1);Name *;"Categories (x,y,z...)";Reference #;Description;"Image URLs (x,y,z...)"\n'
        "7;1;Duffle;Home/Gear/Bags,Home;24-MB01;<p>Big</p>;https://shop.example/mb01.jpg\n"
    ),
    "etsy-listings": (
        "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,SKU\n"
        "Duffle,<p>Big</p>,20,EUR,1,,,https://shop.example/mb01.jpg,24-MB01\n"
    ),
    "ebay-listings": (
        "*Action(SiteID=US|Country=US|Version=1193),CustomLabel,*Category,*Title,*Description,PicURL\n"
        "Add,24-MB01,2169,Duffle,<p>Big</p>,https://shop.example/mb01.jpg|https://shop.example/mb02.jpg\n"
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_exports_of_other_systems(tmp_path, kind):
    images = tmp_path / "photos"
    images.mkdir()
    (images / "mb01.jpg").write_bytes(disc_photo())
    source = _open(tmp_path / "export.csv", OTHERS[kind], images=str(images))
    (row,) = source
    assert (source.kind, row.product_id, row.title, row.description) == (kind, "24-MB01", "Duffle", "<p>Big</p>")
    assert row.category == (None if kind in ("etsy-listings", "ebay-listings") else "Gear > Bags")
    assert row.image == disc_photo()


def test_the_present_export_of_bigcommerce_has_rows_for_variants_and_photos(tmp_path):
    images = tmp_path / "photos"
    images.mkdir()
    (images / "mb01.jpg").write_bytes(disc_photo())
    content = (
        "Item,ID,Name,Type,SKU,Options,Channels,Categories,Description,Internal Image URL (Export),Image URL (Import)\n"
        "Product,7,Duffle,physical,24-MB01,,1,23;24,<p>Big</p>,,\n"
        "Variant,9,,,24-MB01-R,Type=Swatch|Name=Color|Value=Red,,,,,\n"
        "Image,11,,,,,,,,,https://shop.example/mb01.jpg\n"
    )
    source = _open(tmp_path / "export.csv", content, images=str(images))
    (row,) = source
    assert (source.kind, row.product_id, row.title) == ("bigcommerce-export", "24-MB01", "Duffle")
    assert (row.category, row.image) == (None, disc_photo()), "its categories are numbers of its own"


def test_an_amazon_flat_file(tmp_path):
    content = (
        "TemplateType=fptcustom\tVersion=2023.0101\tThe top 3 rows are for marketplace use only.\t\t\t\n"
        "Product Type\tSeller SKU\tBrand Name\tProduct Name\tProduct Description\tMain Image URL\n"
        "feed_product_type\titem_sku\tbrand_name\titem_name\tproduct_description\tmain_image_url\n"
        "kitchen\tMUG-1\tPlain & Co\tStoneware mug\t350 ml\thttps://shop.example/mug.jpg\n"
    )
    source = _open(tmp_path / "flat.txt", content)
    (row,) = source
    assert (source.kind, row.product_id, row.title) == ("amazon-flat-file", "MUG-1", "Stoneware mug")
    assert (row.brand, row.category) == ("Plain & Co", None)


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("Artikelnummer;Bezeichnung;Beschreibung;Kategorie;Hersteller", "de"),
        ("Référence;Titre;Description;Catégorie;Marque", "fr"),
        ("Código;Nombre;Descripción;Categoría;Marca", "es"),
        ("Codice;Titolo;Descrizione;Categoria;Marca", "it"),
        ("Indeks;Nazwa;Opis;Kategoria;Marka", "pl"),
        ("Артикул;Название;Описание;Категория;Бренд", "ru"),
        ("商品コード;商品名;商品説明;カテゴリ;ブランド", "ja"),
        ("商品编号;商品名称;商品描述;分类;品牌", "zh"),
        ("SKU;Product Name;Long_Description;CATEGORY;Vendor", "en"),
        (" sku ;Name*;Body;Product category:;brand", "en"),
        ("sku;name-fr_FR;description.DEFAULT;category_pt-BR;brand (en)", "one language"),
    ],
)
def test_headings_of_plain_tables_are_guessed(tmp_path, headings, expected):
    source = _open(tmp_path / "t.csv", f"{headings}\n007;Becher;350 ml;Haus > Becher;Nord\n")
    (row,) = source
    assert (source.kind, row.product_id, row.title, row.description) == ("table", "007", "Becher", "350 ml"), expected
    assert (row.category, row.brand) == ("Haus > Becher", "Nord")


def test_one_line_of_the_log_says_how_a_table_is_read(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="pipeline"):
        _open(tmp_path / "t.csv", "Preisliste;;\nArtikelnummer;Titel;Farbe\n1;Becher;blau\n")
    assert [record.getMessage() for record in caplog.records] == [
        "t.csv: UTF-8, separated by semicolons, headings in line 2; read as table: product_id=Artikelnummer, "
        "product_title=Titel, options=Farbe (guessed; name others with --columns)"
    ]


def test_a_column_map_goes_before_guesses_and_can_leave_a_column_out(tmp_path):
    content = "sku,product_id,name,text,path\nA-1,P1,Stoneware mug,350 ml,Home > Mugs\n"
    (row,) = _open(tmp_path / "t.csv", content)
    assert (row.product_id, row.title, row.description, row.category) == ("P1", "Stoneware mug", "350 ml", None)
    columns = (("product_id", "sku"), ("ground_truth_category", "PATH"), ("product_description", ""))
    (row,) = _open(tmp_path / "t.csv", content, columns=columns)
    assert (row.product_id, row.description, row.category) == ("A-1", "", "Home > Mugs")


def test_a_column_map_works_with_an_export_too(tmp_path):
    columns = (("ground_truth_category", "product_type"), ("product_id", "id"))
    mug, *_ = _open(tmp_path / "feed.tsv", GOOGLE, columns=columns)
    assert mug.category == "Kitchen > Mugs"
    columns = (("Handle", "Kurzname"), ("Title", "Titel"))
    source = _open(
        tmp_path / "shop.csv", "Kurzname,Titel,Vendor\nmug,Mug,Nord\nmug,,\n", columns=columns, kind="shopify-export"
    )
    (row,) = source
    assert (row.product_id, row.title, row.brand) == ("mug", "Mug", "Nord")


@pytest.mark.parametrize("kind", ["table", "shopify"])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((("title", "name"),), "names title, which is no column of ours; did you mean product_title"),
        ((("product_title", "nmae"),), "has no column nmae; it has "),
        ((("qqq", "name"),), "names qqq, which is no column of ours; It is one of product_title"),
    ],
)
def test_a_column_map_with_a_typo_is_refused(tmp_path, kind, columns, message):
    headings = "name,text" if kind == "table" else "Handle,Title,Vendor,name"
    if kind == "shopify" and columns[0][0] == "title":
        columns = (("titel", "name"),)
        message = message.replace("names title", "names titel")
    with pytest.raises(SourceError, match=message):
        _open(tmp_path / "t.csv", f"{headings}\na,b,c,d\n", columns=columns)


def test_a_guessed_column_of_ids_that_repeats_is_none(tmp_path):
    rows = list(_open(tmp_path / "t.csv", "reference,title\nA,Mug\nA,Lamp\n"))
    assert [row.product_id for row in rows] == [None, None]
    rows = list(_open(tmp_path / "t.csv", "id,sku,title\n1,A,Mug\n2,A,Lamp\n"))
    assert [row.product_id for row in rows] == ["1", "2"]


def test_leading_zeros_and_words_like_none_stay(tmp_path):
    rows = list(_open(tmp_path / "t.csv", "product_id,product_title\n007,None\n1.23457E+12,NaN\n1e5,TRUE\n"))
    assert [(row.product_id, row.title) for row in rows] == [("007", "None"), ("1.23457E+12", "NaN"), ("1e5", "TRUE")]


def test_a_row_that_cannot_be_read_is_named_with_its_line(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="pipeline"):
        _, bad = _open(tmp_path / "t.csv", "title,text\nMug,350 ml\nLamp,Brass,surplus\n")
    reason = "line 3: the row has 1 more cells than there are headings"
    assert [record.getMessage() for record in caplog.records] == [f"t.csv: 1 rows cannot be read: {reason}"]
    assert isinstance(bad, BadRow)
    assert (bad.row, bad.raw["line"], bad.raw["title"]) == (1, 3, "Lamp")


def test_the_tables_of_headings_name_no_heading_twice_and_all_fields():
    for words in GUESSES.values():
        assert len(set(map(fold_heading, words))) == len(words)
    for profile in PROFILES:
        named = [word for words in (*profile.columns.values(), *profile.known_by) for word in words]
        assert [fold_heading(word) for word in named] == named
    assert set(GUESSES) == set(FIELDS)
