"""Words that stand for nothing in a cell, and tags that steer a shop and say nothing of the product."""

from __future__ import annotations

import re

SHEET_ERRORS = frozenset(("#n/a", "#na", "#ref!", "#value!", "#name?", "#null!", "#num!", "#div/0!"))
PLACEHOLDERS = SHEET_ERRORS | frozenset(("nan", "none", "null", "nil", "n/a", "na", "undefined", "-", "--", "."))
"""Words that programs and people write where there is nothing, casefolded."""
_EMPTY_FIELDS = PLACEHOLDERS | frozenset(
    (
        *("", "0", "default", "default title", "default category", "other", "others", "misc", "uncategorized"),
        *("uncategorised", "unknown", "generic", "unbranded", "no brand", "does not apply", "not applicable"),
    )
)
"""What shop systems write into a type, a tag, a collection, an option or a vendor that nobody filled."""
_ROW_TYPES = frozenset(("simple", "variable", "variation", "configurable", "grouped", "virtual", "downloadable"))
"""Types of rows in exports of WooCommerce and Magento; they say nothing of the product."""

_WHOLE_TAGS = frozenset(
    (
        *("new", "new in", "new arrival", "new arrivals", "hot", "best seller", "best sellers", "bestseller"),
        *("bestsellers", "featured", "popular", "trending", "all", "all products", "home", "home page", "homepage"),
        *("frontpage", "gift wrap", "in stock", "out of stock", "preorder", "pre order", "exclusive", "limited"),
        *("neu", "neuheit", "neuheiten", "angebot", "angebote", "aktion", "nouveau", "nouveauté", "nouveautés"),
        *("soldes", "nuevo", "novedades", "oferta", "ofertas", "rebajas", "nuovo", "novità", "offerta", "saldi"),
        *("novo", "promoção", "nieuw", "aanbieding", "nowość", "promocja", "wyprzedaż", "noutăți", "reducere"),
        *("новинка", "новинки", "распродажа", "акция", "yeni", "indirim", "新品", "热卖", "促销", "新商品"),
        *("セール", "신상품", "세일", "جديد", "عروض", "חדש", "מבצע"),
    )
)
_TAG_WORDS = frozenset(
    (
        *("sale", "sales", "clearance", "discount", "discounts", "promo", "promotion", "deal", "deals", "coupon"),
        *("bogo", "shipping", "exclude", "excluded", "exempt", "tax", "taxable", "pos", "newsletter", "import"),
        *("imported", "feed", "google", "facebook", "instagram", "klaviyo", "hidden", "hide", "orders", "only"),
        *("blackfriday", "cybermonday", "mothersday", "fathersday", "valentinesday", "charity", "upsell"),
        *("wholesale", "dropship", "dropshipping", "restock", "backorder", "noindex"),
    )
)
_STEERS = re.compile(r"[_:=/\\#@]")
_BUNDLE = re.compile(r"^bundle\b", re.IGNORECASE)
_CODE = re.compile(r"(?=\S*[^\W\d])(?=(?:\S*\d){3})\S+")
"""A word of letters and three or more digits: a SKU, a date with the name of a month, an id of an app."""
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def is_empty(text: str) -> bool:
    """Whether the cell of a type, tag, collection, option or vendor holds nothing, or a word for that."""
    return text.strip().casefold() in _EMPTY_FIELDS


def is_row_type(text: str) -> bool:
    """Whether a type is that of a row of an export."""
    return text.strip().casefold() in _ROW_TYPES


def steers_the_shop(tag: str) -> bool:
    """Whether a tag is for the shop's own machinery and not about the product.

    It is where it

    - holds one of `_ : = / # @` or a backslash, as `__label:New`, `_private` and `YGroup_vase` do;
    - has no letter, or a year or a code in it, as dates, numbers and `SKU-4711` do;
    - is nothing but a word of selling ("new", "Bestseller"), or has a word in it that only such tags have ("sale",
      "shipping", "only"), or begins with "bundle".

    "New Balance" and "t-shirt" stay.
    """
    words = [word for word in _BETWEEN_WORDS.split(tag.casefold()) if word]
    return (
        bool(_STEERS.search(tag))
        or not any(character.isalpha() for character in tag)
        or bool(_YEAR.search(tag) or _CODE.search(tag) or _BUNDLE.match(tag))
        or " ".join(words) in _WHOLE_TAGS
        or not _TAG_WORDS.isdisjoint(words)
    )
