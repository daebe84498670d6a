"""Tab "Catalog": a whole file in, classified in batches, looked through, and out again."""

from ui.tabs.catalog.tab import build, lay_out_memory

__all__ = ["build", "lay_out_memory"]
