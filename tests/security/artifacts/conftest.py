"""Fixtures of the tests of damage: an undamaged bundle with its catalogue, and a copy to damage."""

import shutil
from pathlib import Path

import pytest

from pipeline.catalog.catalog import Catalog
from tests.helpers.damage import write_full_model
from tests.helpers.fakes import PRODUCTS
from tests.helpers.publishing import matching_catalog


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle that has every file a bundle can have."""
    return write_full_model(tmp_path_factory.mktemp("whole") / "model")


@pytest.fixture(scope="module")
def catalog(whole: Path) -> Catalog:
    """The catalogue that was made with it."""
    return Catalog.open(matching_catalog(whole.with_name("catalog.parquet"), whole, PRODUCTS))


@pytest.fixture
def model(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return shutil.copytree(whole, tmp_path / "model")
