"""`python -m pipeline export-site`: the galaxy of a catalogue as files for any web server."""

from __future__ import annotations

import importlib
from pathlib import Path

from pipeline.catalog.catalog import Catalog
from pipeline.errors import InputError


def export_command(catalog: Path, out: Path, title: str) -> None:
    """Write the site, and print how to look at it.

    The galaxy is drawn by the package `ui`, on which the pipeline does not depend; it is there in the project's folder.

    Raises:
        InputError: If it is not.
    """
    try:
        site = importlib.import_module("ui.galaxy.site")
    except ModuleNotFoundError as error:
        raise InputError(
            f"The galaxy cannot be drawn, since {error.name} is missing; run the command in the project's folder."
        ) from error
    count = site.export_site(Catalog.open(catalog), out, title)
    print(f"{count} files are in {out}; look at them with: python -m http.server --directory {out}")
