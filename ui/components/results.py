"""What a search found, as HTML: products with a button each, pages, and what is said of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.catalog.catalog import Catalog
from pipeline.search.index_check import IndexComparison
from ui.components import cards
from ui.components.picking import pick_button

PAGE, LIKE = "page:", "like:"
"""What a button asks for, before the number of a page or the id of a product."""


def listed(catalog: Catalog, products: Sequence[dict[str, Any]]) -> str:
    """Products as cards, each with a button for those like it."""
    buttons = [
        f"<p>{pick_button(LIKE + product['product_id'], 'More like this', 'pick more')}</p>" for product in products
    ]
    return cards.product_cards(catalog, products, buttons)


def pages(page: int, more: bool) -> str:
    """Buttons for the page before and, where there is more, the one after; nothing where there is one page."""
    before = pick_button(f"{PAGE}{page - 1}", "‹ Previous", "pick turn") if page > 1 else ""
    after = pick_button(f"{PAGE}{page + 1}", "Next ›", "pick turn") if more else ""
    if not before and not after:
        return ""
    return f'<nav class="pages" aria-label="Pages">{before}<span>page {page}</span>{after}</nav>'


def skipping(threshold: float) -> str:
    """What is done with near-duplicates, in words."""
    if threshold >= 1:
        return "Near-duplicates are shown too."
    return f"Near-duplicates (similarity above {threshold:g}) are skipped."


def compared(kind: str, found: IndexComparison) -> str:
    """The index beside the exact scan, in words.

    Args:
        kind: What vectors were searched, such as "text".
        found: The comparison.
    """
    which = "the same products in the same order" if found.same_order else f"{found.common} products in common"
    return (
        f"Of {found.vectors:,} {kind} vectors, for the {found.results} nearest: FAISS {found.index_ms:.2f} ms, exact "
        f"scan {found.scan_ms:.2f} ms (medians of five); {which}."
    )
