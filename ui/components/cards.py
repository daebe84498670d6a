"""Pieces of HTML: products, bars, category paths. Every text that is not ours is escaped here."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog
from pipeline.taxonomy.paths import levels

_log = logging.getLogger(__name__)

EMPTY = '<p class="hint">{}</p>'


def hint(sentence: str) -> str:
    """A sentence of ours or about the visitor's input, in place of a result."""
    return EMPTY.format(escape(sentence))


def percent(share: float) -> str:
    """A share as visitors read it: 97 %, 3.1 %, < 0.1 %."""
    if share >= 0.0995:
        return f"{share:.0%}".replace("%", " %")
    return f"{share:.1%}".replace("%", " %") if share >= 0.001 else "< 0.1 %"


def breadcrumb(path: str | None) -> str:
    """A category path, its last level stronger."""
    if not path:
        return '<span class="path">no category</span>'
    *above, last = (escape(level) for level in levels(path))
    return f'<span class="path">{"".join(f"{level} <i>›</i> " for level in above)}<b>{last}</b></span>'


def bar(label_html: str, share: float, note: str = "", mark: float | None = None) -> str:
    """A labelled bar.

    Args:
        label_html: Escaped already.
        share: Filled part, 0 to 1.
        note: Shown at its right end; the share in percent by default.
        mark: Where a line crosses it, 0 to 1; None for none.
    """
    width = 100 * min(1.0, max(0.0, share))
    line = "" if mark is None else f'<i style="left:{100 * mark:.1f}%"></i>'
    return (
        f'<div class="bar"><span class="bar-label">{label_html}</span>'
        f'<span class="bar-note">{escape(note or percent(share))}</span>'
        f'<span class="bar-track"><span style="width:{width:.1f}%"></span>{line}</span></div>'
    )


def thumbnail(catalog: Catalog, product_id: str) -> str:
    """A product's thumbnail as an image, or a blank that says that it has none or that it is damaged."""
    try:
        photo = catalog.thumbnail(product_id)
    except ArtifactError as error:  # all else about the product is known to be whole
        _log.error("%s", error)
        return '<span class="no-photo">photo damaged</span>'
    if photo is None:
        return '<span class="no-photo">no photo</span>'
    return f'<img alt="" decoding="async" src="data:image/webp;base64,{base64.b64encode(photo).decode()}">'


def product_cards(catalog: Catalog, products: Sequence[dict[str, Any]], notes: Sequence[str] = ()) -> str:
    """Products found (`Workspace.describe`) as a grid, best first.

    Args:
        catalog: Has their thumbnails.
        products: What was found.
        notes: A sentence for each of them, if any; HTML.
    """
    if not products:
        return hint("Nothing found.")
    told = notes or [""] * len(products)
    found = "".join(_card(catalog, product, note) for product, note in zip(products, told, strict=True))
    return f'<ol class="cards">{found}</ol>'


def _card(catalog: Catalog, product: dict[str, Any], note: str) -> str:
    return (
        f'<li class="card">{thumbnail(catalog, product["product_id"])}<div class="card-text">'
        f'<h4 dir="auto" title="{escape(product["title"] or "")}">{escape(product["title"] or "untitled")}</h4>'
        f"{breadcrumb(product['category_path'])}<p>{' · '.join(_likeness(product))}</p>{note}</div></li>"
    )


def _likeness(product: dict[str, Any]) -> Iterable[str]:
    yield f"<b>{product['similarity']:.2f}</b> similar"
    if product["text_similarity"] is not None:
        yield f"text {product['text_similarity']:.2f}"
    if product["image_similarity"] is not None:
        yield f"photo {product['image_similarity']:.2f}"
