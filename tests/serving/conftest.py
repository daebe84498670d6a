"""A small catalogue for the tests of serving."""

from pathlib import Path

import pytest

from pipeline.serving.catalog import Catalog
from tests.serving.fakes import write_catalog

PRODUCTS = [
    ("red shirt", "Clothing > Shirts"),
    ("blue shirt", "Clothing > Shirts"),
    ("blue polo shirt", "Clothing > Shirts > Polos"),
    ("green dress", "Clothing > Dresses"),
    ("tall vase", "Home > Vases"),
    ("oak clock", "Home > Clocks"),
    ("red shirt", "Clothing > Shirts"),
]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.open(write_catalog(tmp_path / "catalog.parquet", PRODUCTS))
