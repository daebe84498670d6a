"""Tab "Review": what is unsure is decided by people and assistants, a key each, and the rest learns from it."""

from ui.tabs.review.tab import build, feed_from_classify, lay_out_memory, open_from_catalog

__all__ = ["build", "feed_from_classify", "lay_out_memory", "open_from_catalog"]
