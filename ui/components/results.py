"""Search results as HTML: what was asked as chips, product cards with their buttons, pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pipeline.catalog.catalog import Catalog
from pipeline.data.text import cut_text
from ui.api.answers import Product, SimilarProduct
from ui.components import cards
from ui.components.picking import pick_button

PAGE, LIKE, UNLIKE, DROP, BACK = "page:", "like:", "unlike:", "drop:", "back:"
"""Prefixes of a button's value, before the number of a page, the id of a product, or the part that goes."""
TEXT, PHOTO = "\ntext", "\nphoto"
"""Parts of a query that are no products; no id has a line break."""
_CHIP_LENGTH = 40  # characters


def listed(catalog: Catalog, products: Sequence[SimilarProduct]) -> str:
    """Render products as cards, each with buttons for more and for less of its like."""
    found = cards.product_cards(catalog, products, [_feedback(product) for product in products])
    return f'<h3 class="visually-hidden">Products found</h3>{found}'


def _feedback(product: SimilarProduct) -> str:
    title = escape(product["title"] or "untitled")
    more = pick_button(LIKE + product["product_id"], "More like this", "pick more", f"More like this: {title}")
    less = pick_button(UNLIKE + product["product_id"], "Less", "pick more", f"Less like this: {title}")
    return f'<p class="feedback">{more}{less}</p>'


def query(text: str, photo: bool, like: Sequence[Product], unlike: Sequence[Product], back: bool) -> str:
    """Render what results are for: a way back, and chips that take a part of it away.

    Args:
        text: What was typed, "" for nothing.
        photo: Whether there is a photo.
        like: Products that results are to be like.
        unlike: Products that they are not to be like.
        back: Whether there was a search before.
    """
    parts = [_chip("", TEXT, f"“{text}”")] if text else []
    parts += [_chip("", PHOTO, "the photo")] if photo else []
    parts += [_chip("like", one["product_id"], one["title"] or "untitled") for one in like]
    parts += [_chip("not like", one["product_id"], one["title"] or "untitled") for one in unlike]
    before = pick_button(BACK, "‹ Back", "pick turn") if back else ""
    chips = f'<ul class="query" aria-label="What was asked">{"".join(parts)}</ul>' if len(parts) > 1 or like else ""
    return f'<div class="asked">{before}{chips}</div>' if before or chips else ""


def _chip(relation: str, part: str, name: str) -> str:
    short = cut_text(name, _CHIP_LENGTH)
    shown = escape(short if short == name else f"{short}…")
    label = f"<i>{relation}</i> " if relation else ""
    button = pick_button(DROP + part, "×", "drop", f"Remove {f'{relation} ' if relation else ''}{shown}")
    return f'<li class="query-part"><span dir="auto">{label}{shown}</span>{button}</li>'


def pages(page: int, more: bool) -> str:
    """Render buttons for the previous and, if there are more products, the next page; "" for a single page."""
    before = pick_button(f"{PAGE}{page - 1}", "‹ Previous", "pick turn") if page > 1 else ""
    after = pick_button(f"{PAGE}{page + 1}", "Next ›", "pick turn") if more else ""
    if not before and not after:
        return ""
    return f'<nav class="pages" aria-label="Pages">{before}<span>page {page}</span>{after}</nav>'


def skipping(threshold: float) -> str:
    """Sentence about the treatment of near-duplicates."""
    return "Near-duplicates are included." if threshold >= 1 else "Near-duplicates are left out."
