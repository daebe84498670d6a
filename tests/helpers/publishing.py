"""Shared by the tests of publishing: accounts and repositories, and a catalogue that matches its bundle."""

import json
from pathlib import Path

from pipeline.artifacts import BundlePaths
from tests.helpers.fakes import write_catalog

TOKEN = "hf_secretOfTheTest"
CATALOG, MODEL = ("datasets", "me/catalogue"), ("models", "me/model")
TO_ME = {"catalog_repo": "me/catalogue", "model_repo": "me/model"}


def matching_catalog(path: Path, model: Path, products: list[tuple[str, str]]) -> Path:
    meta = json.loads(BundlePaths(model).meta.read_text())
    return write_catalog(path, products, weights=meta["files"]["model.safetensors"], bundle=meta["sha256"])


def publish_options(pair: tuple[Path, Path], **repos: str) -> list[str]:
    names = {**TO_ME, **repos}
    options = {
        "catalog": pair[0],
        "model": pair[1],
        "catalog-repo": names["catalog_repo"],
        "model-repo": names["model_repo"],
    }
    return ["push", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
