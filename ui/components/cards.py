"""Pieces of HTML: product cards, bars, category paths. Every foreign text is escaped here."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence
from html import escape

from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog
from pipeline.taxonomy.paths import levels
from ui.api.answers import SimilarProduct

_LOG = logging.getLogger(__name__)

EMPTY = '<p class="hint">{}</p>'


def folded(title: str, text: str) -> str:
    """Render a text that is folded under its title; "" where there is none."""
    if not text:
        return ""
    return f'<details class="hint"><summary>{escape(title)}</summary><p>{escape(text)}</p></details>'


def hint(sentence: str) -> str:
    """Render a sentence, in place of a result or beside it."""
    return EMPTY.format(escape(sentence))


def percent(share: float) -> str:
    """Format a share from 0 to 1 for visitors: 97%, 3.1%, < 0.1%."""
    if share >= 0.0995:
        return f"{share:.0%}"
    return f"{share:.1%}" if share >= 0.001 else "< 0.1%"


def breadcrumb(path: str | None) -> str:
    """Render a category path with its last level in bold."""
    if not path:
        return '<span class="path">no category</span>'
    *above, last = (escape(level) for level in levels(path))
    return f'<span class="path">{"".join(f"{level} <i>›</i> " for level in above)}<b>{last}</b></span>'


def ids(named: Mapping[str, str | None]) -> str:
    """Render ids of categories below their names, "" where there is none."""
    lines = [f"<dt>{escape(name)}</dt><dd><code>{escape(one)}</code></dd>" for name, one in named.items() if one]
    return f'<dl class="ids">{"".join(lines)}</dl>' if lines else ""


def bar(label_html: str, share: float, note: str = "", mark: float | None = None) -> str:
    """Render a labeled bar.

    Args:
        label_html: Label, escaped already.
        share: Filled part, 0 to 1.
        note: Text at the right end; by default the share in percent.
        mark: Position of a line across the bar, 0 to 1; None for no line.
    """
    width = 100 * min(1.0, max(0.0, share))
    line = "" if mark is None else f'<i style="left:{100 * mark:.1f}%"></i>'
    return (
        f'<div class="bar"><span class="bar-label">{label_html}</span>'
        f'<span class="bar-note">{escape(note or percent(share))}</span>'
        f'<span class="bar-track"><span style="width:{width:.1f}%"></span>{line}</span></div>'
    )


def thumbnail(catalog: Catalog, product_id: str) -> str:
    """Render a product's thumbnail, or a placeholder if it has no photo or a damaged one."""
    try:
        photo = catalog.thumbnail(product_id)
    except ArtifactError as error:  # the rest of the product is intact
        _LOG.error("%s", error)
        return '<span class="no-photo">photo damaged</span>'
    if photo is None:
        return '<span class="no-photo">no photo</span>'
    return f'<img alt="" decoding="async" src="data:image/webp;base64,{base64.b64encode(photo).decode()}">'


def product_cards(catalog: Catalog, products: Sequence[SimilarProduct], notes: Sequence[str] = ()) -> str:
    """Render products as a grid of cards, in their order.

    Args:
        catalog: Catalogue with their thumbnails.
        products: The products.
        notes: HTML below each card, one a product; none by default.
    """
    if not products:
        return hint("Nothing found.")
    below = notes or [""] * len(products)
    items = "".join(_card(catalog, product, note) for product, note in zip(products, below, strict=True))
    return f'<ol class="cards">{items}</ol>'


def _card(catalog: Catalog, product: SimilarProduct, note: str) -> str:
    product_id, title = product["product_id"], product["title"] or "untitled"
    return (
        f'<li class="card"><span data-product="{escape(product_id)}">{thumbnail(catalog, product_id)}</span>'
        f'<div class="card-text"><h4 dir="auto">{opener(product_id, title)}</h4>'
        f"{breadcrumb(product['category_path'])}{_match(product)}{note}</div></li>"
    )


def opener(product_id: str, title: str) -> str:
    """Render a button named after a product that opens it, on any tab (`ui.product`)."""
    shown = escape(title)
    return f'<button type="button" class="open" data-product="{escape(product_id)}" title="{shown}">{shown}</button>'


def _match(product: SimilarProduct) -> str:
    """Render how well a product matches, its cosines on hover; "" where nothing was asked."""
    word = product["strength"]
    if word is None:
        return ""
    sides = {"cosine": product["similarity"], "text": product["text_similarity"], "photo": product["image_similarity"]}
    cosines = ", ".join(f"{name} {value:.2f}" for name, value in sides.items() if value is not None)
    return f'<p class="match {word}" title="{cosines}"><i class="chip">{word} match</i></p>'
