"""`python -m pipeline push`: prints the two lines that a Space needs."""

from __future__ import annotations

from pathlib import Path

from pipeline.hub.download import VARIABLES
from pipeline.hub.push import upload


def upload_command(catalog: Path, model: Path, catalog_repo: str, model_repo: str, private: bool) -> None:
    """Publish, and print the two lines that a Space needs."""
    pins = upload(catalog, model, catalog_repo=catalog_repo, model_repo=model_repo, private=private)
    for variable, pin in zip(VARIABLES, pins, strict=True):
        print(f"{variable}={pin}")
