"""Search results as HTML: product cards with a button each, page buttons, and sentences about the search."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.catalog.catalog import Catalog
from pipeline.search.index_check import IndexComparison
from ui.api.answers import SimilarProduct
from ui.components import cards
from ui.components.picking import pick_button

PAGE, LIKE = "page:", "like:"
"""Prefixes of a button's value, before the number of a page or the id of a product."""


def listed(catalog: Catalog, products: Sequence[SimilarProduct]) -> str:
    """Render products as cards, each with a button for similar products."""
    buttons = [
        f"<p>{pick_button(LIKE + product['product_id'], 'More like this', 'pick more')}</p>" for product in products
    ]
    return cards.product_cards(catalog, products, buttons)


def pages(page: int, more: bool) -> str:
    """Render buttons for the previous and, if there are more products, the next page; "" for a single page."""
    before = pick_button(f"{PAGE}{page - 1}", "‹ Previous", "pick turn") if page > 1 else ""
    after = pick_button(f"{PAGE}{page + 1}", "Next ›", "pick turn") if more else ""
    if not before and not after:
        return ""
    return f'<nav class="pages" aria-label="Pages">{before}<span>page {page}</span>{after}</nav>'


def skipping(threshold: float) -> str:
    """Sentence about the treatment of near-duplicates."""
    if threshold >= 1:
        return "Near-duplicates are included."
    return f"Near-duplicates (similarity above {threshold:g}) are skipped."


def compared(kind: str, agreement: IndexComparison) -> str:
    """Sentence that compares the index with the exact scan.

    Args:
        kind: Kind of the vectors that were searched, such as "text".
        agreement: The comparison.
    """
    overlap = "the same products in the same order"
    if not agreement.same_order:
        overlap = f"{agreement.common} products in common"
    return (
        f"The {agreement.results} nearest of {agreement.vectors:,} {kind} vectors: FAISS {agreement.index_ms:.2f} ms, "
        f"exact scan {agreement.scan_ms:.2f} ms (medians of five); {overlap}."
    )
