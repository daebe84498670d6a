import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.search.filters import allowed_rows, worded


def test_filters_combine(catalog: Catalog) -> None:
    products = catalog.products
    assert allowed_rows(products) is None
    assert allowed_rows(products, "Clothing > Shirts").nonzero()[0].tolist() == [0, 1, 2, 6]
    assert allowed_rows(products, "Clothing > Shirt").sum() == 0  # no level has this name
    products.loc[1, "brand"], products.loc[2, "brand"], products.loc[3, "category_path"] = "Other", None, None
    assert allowed_rows(products, "Clothing", "NORVIK").nonzero()[0].tolist() == [0, 6]


def test_a_template_words_the_text() -> None:
    assert worded("red shirt", "") == worded("red shirt", "  ") == worded("red shirt", " {} ") == "red shirt"
    assert worded("a {0} shirt", "a photo of {}") == "a photo of a {0} shirt"
    assert worded("", "a photo of {}") == ""  # nothing to say about nothing
    for template in ("a photo", "{} and {}"):
        with pytest.raises(ValueError, match="once"):
            worded("red shirt", template)
