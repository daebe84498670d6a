"""The text of a product: what the model reads of title, type, vendor, tags, options and description."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.stages import IngestConfig
from pipeline.data.text import MAX_TITLE_CHARACTERS, Fields, clean_text, listing_text, stored_listing
from pipeline.data.text.listing import (
    FIELD_COLUMNS,
    MAX_OPTIONS_READ,
    MAX_TAGS_READ,
    MAX_TYPE_READ,
    MAX_VENDOR_READ,
    SEPARATOR,
)


def _text(title, description="", **fields):
    return listing_text(title, description, IngestConfig(), Fields(**fields)).text


EVERY = {
    "vendor": "Norvik",
    "product_type": "Home > Mugs",
    "tags": "stoneware, dishwasher safe",
    "collections": "Kitchen",
    "options": "Color: Red, Blue\nSize: S",
}


def test_the_model_reads_every_part_that_there_is_in_one_order():
    assert _text("Mug", "Holds 350 ml.", **EVERY) == (
        "Mug | Home > Mugs | Norvik | stoneware, dishwasher safe, Kitchen | Color: Red, Blue; Size: S | Holds 350 ml."
    )
    assert _text("Mug", "Holds 350 ml.", product_type="Mugs") == "Mug | Mugs | Holds 350 ml."
    assert _text("Mug", "Holds 350 ml.") == "Mug | Holds 350 ml."
    assert _text("", "Holds 350 ml.", tags="mug") == "mug | Holds 350 ml."
    assert _text("", "Holds 350 ml.") == "Holds 350 ml."
    assert _text("", "") == ""


def test_vendor_and_options_alone_are_no_text():
    assert _text("", vendor="Norvik", options="Size: S") == ""
    assert _text("", vendor="Norvik", product_type="Mugs") == "Mugs | Norvik"


@given(st.text(max_size=60))
def test_a_title_alone_is_the_title(title):
    assert _text(title) == clean_text(title)


def test_without_fields_the_vendor_stays():
    listing = listing_text("Mug", "Holds 350 ml.", IngestConfig(), Fields(**EVERY))
    assert listing.text_without_fields == "Mug | Norvik | Holds 350 ml."


@pytest.mark.parametrize(
    ("title", "description", "text"),
    [
        ("Shirt", "SHIRT of cotton", "Shirt | of cotton"),
        ("Shirt", "Shirt. Of cotton", "Shirt | Of cotton"),
        ("Shirt", "Shirts of cotton", "Shirt | Shirts of cotton"),
        ("Shirt", "Shirt", "Shirt"),
    ],
)
def test_a_title_that_begins_the_description_is_said_once(title, description, text):
    assert _text(title, description) == text


@pytest.mark.parametrize(
    ("title", "vendor", "text"),
    [
        ("Norvik Arden lamp", "NORVIK", "Norvik Arden lamp"),
        ("Norvikson lamp", "Norvik", "Norvikson lamp | Norvik"),
        ("Lamp by Norvik", "Norvik", "Lamp by Norvik | Norvik"),
    ],
)
def test_a_vendor_that_the_title_begins_with_is_said_once(title, vendor, text):
    assert _text(title, vendor=vendor) == text


@pytest.mark.parametrize("word", ["nan", "#N/A", "NULL", "-", "Default", "default title", "Uncategorized", " "])
def test_words_that_stand_for_nothing_never_get_in(word):
    assert _text("Mug", **dict.fromkeys(EVERY, word)) == "Mug"
    assert _text("Mug", options=f"Title: {word}", tags=f"{word}, stoneware") == "Mug | stoneware"


def test_kinds_of_rows_are_no_types():
    assert _text("Mug", product_type="variable") == "Mug"
    assert _text("Soap", vendor="Simple") == "Soap | Simple"
    assert _text("Wig", product_type="TYPE:HAIR EXTENSIONS") == "Wig | HAIR EXTENSIONS"
    assert _text("Lily", product_type="water_lily") == "Lily | water lily"


def test_tags_that_steer_a_shop_are_kept_for_people_and_not_read():
    tags = "bogo-socks, free-shipping, __label:New, decor"
    listing = listing_text("Vase", "", IngestConfig(), Fields(tags=tags))
    assert listing.fields.tags == tags
    assert listing.text == "Vase | decor"


def test_long_parts_are_cut_so_that_the_description_gets_in():
    words = ", ".join(f"word{number % 10}{chr(97 + number % 26)}" for number in range(200))
    path = " > ".join(["Everything in this large shop"] * 9) + " > Mugs"
    text = _text("Mug", "Holds 350 ml.", vendor=words, product_type=path, tags=words, options=words)
    title, kind, vendor, tags, options, description = text.split(SEPARATOR)
    assert (title, description) == ("Mug", "Holds 350 ml.")
    assert kind.endswith("Everything in this large shop > Mugs")
    assert len(kind) <= MAX_TYPE_READ
    assert len(vendor) <= MAX_VENDOR_READ
    assert MAX_TAGS_READ - 10 < len(tags) <= MAX_TAGS_READ
    assert 0 < len(options) <= MAX_OPTIONS_READ


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), min_size=7, max_size=7))
def test_the_stored_columns_give_the_same_text(parts):
    title, description, *fields = parts
    listing = listing_text(title, description, IngestConfig(), Fields(*fields))
    columns = {name: getattr(listing.fields, name) for name in FIELD_COLUMNS}
    row = {"title": listing.title, "description": listing.description, "brand": listing.fields.vendor, **columns}
    assert stored_listing(row).text == listing.text
    assert stored_listing(row).text_without_fields == listing.text_without_fields


def test_a_row_of_an_older_table_has_no_fields():
    assert stored_listing({"title": "Mug", "description": None, "brand": float("nan")}).text == "Mug"


def test_a_listing_is_cleaned_and_then_cut():
    limits = IngestConfig(max_text_characters=11)
    listing = listing_text("<b>Red</b>&nbsp;shirt", "<p>" + " " * 200 + "Of soft cotton</p>", limits)
    assert (listing.title, listing.description, listing.cut) == ("Red shirt", "Of soft", ("description",))
    assert listing.text == "Red shirt | Of soft"
    assert listing_text(None, None, limits).text == ""
    long = listing_text("word " * MAX_TITLE_CHARACTERS, "short", limits)
    assert long.title == ("word " * (MAX_TITLE_CHARACTERS // 5)).strip()
    assert long.cut == ("title",)


def test_raw_text_far_beyond_the_limit_is_not_parsed_but_counts_as_cut():
    limits = IngestConfig(max_text_characters=10)
    assert listing_text("", "<b>" * 500 + "unread", limits).cut == ("description",)
    assert "unread" not in listing_text("", "<b>" * 500 + "unread", limits).description
