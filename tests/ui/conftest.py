"""A workspace on a small catalogue and a bundle without towers."""

from pathlib import Path

import pytest

from pipeline.catalog.catalog import Catalog
from tests.helpers.fakes import PRODUCTS, FakeBundle, webp, write_catalog
from tests.helpers.space.hostile_text import HOSTILE
from ui.workspace import Tools, Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    products = [*PRODUCTS, (HOSTILE, "Home > Clocks")]
    catalog = Catalog.open(write_catalog(tmp_path / "catalog.parquet", products, demo=True))
    return Workspace(catalog, lambda: Tools.of(catalog, FakeBundle()))


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "photo.webp"
    path.write_bytes(webp(size=64))
    return str(path)


@pytest.fixture
def broken_photo(tmp_path: Path) -> str:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"not a photo at all")
    return str(path)
