"""The galaxy: every product as a point in space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.catalog.catalog import Catalog
from pipeline.errors import UserError

if TYPE_CHECKING:
    from ui.galaxy.notebook import GalaxyWidget


def show(catalog: Catalog | Path | str) -> GalaxyWidget:
    """Show the galaxy of a catalogue, or of the file at a path, in a notebook.

    Raises:
        ArtifactError: If the file cannot be opened.
        UserError: If anywidget is not installed.
    """
    try:
        from ui.galaxy.notebook import GalaxyWidget
    except ModuleNotFoundError as error:
        raise UserError(
            f"The galaxy in a notebook needs {error.name}; in the project's folder: pip install -e '.[notebook]'."
        ) from error
    return GalaxyWidget(catalog if isinstance(catalog, Catalog) else Catalog.open(Path(catalog)))
