"""Fixtures of many tests: a small catalogue, and a bundle to publish with it."""

import shutil
from pathlib import Path

import pytest

from pipeline.catalog.catalog import Catalog
from tests.helpers.fakes import PRODUCTS, write_catalog, write_small_model
from tests.helpers.hub.state import Hub
from tests.helpers.publishing import TOKEN, matching_catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.open(write_catalog(tmp_path / "catalog.parquet", PRODUCTS))


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_model(tmp_path_factory.mktemp("bundle") / "model")


@pytest.fixture
def pair(tmp_path: Path, small_model: Path) -> tuple[Path, Path]:
    """A catalogue and its bundle, to be changed at will."""
    model = shutil.copytree(small_model, tmp_path / "model")
    return matching_catalog(tmp_path / "catalog.parquet", model, PRODUCTS), model


@pytest.fixture
def mine(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The stand-in for the hub with "me" logged in."""
    hub.tokens[TOKEN] = "me"
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub
