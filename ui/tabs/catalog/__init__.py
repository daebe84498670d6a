"""Tab "Catalog": a whole file in, classified in batches, looked through, and out again."""

from ui.tabs.catalog.tab import build

__all__ = ["build"]
