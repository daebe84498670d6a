"""A product of the catalogue in a dialog, opened by any element of the page with its id in `data-product`."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from ui.components import cards
from ui.guard.faults import reported
from ui.workspace import Workspace, bind, refuse, text_or_none

_UNKNOWN = "The catalogue has no such product."
_SCRIPT = """
const dialog = element.querySelector('dialog');
const content = dialog.querySelector('.opened');
const events = ['similar', 'galaxy', 'rerank'];
let asked = '';
document.addEventListener('click', async (event) => {
    const opener = event.target.closest('[data-product]');
    if (!opener || opener.closest('dialog')) return;
    asked = opener.dataset.product;
    content.innerHTML = '<p class="hint" role="status">Opening the product …</p>';
    dialog.showModal();
    const wanted = asked;
    let html;
    try {
        html = await server.open_product(wanted);
    } catch {
        html = '<p class="hint" role="alert">The product cannot be fetched now; try again.</p>';
    }
    if (wanted === asked) content.innerHTML = html;
});
async function copy(button) {
    const { copy, link } = button.dataset;
    await navigator.clipboard.writeText(link ? new URL(link, document.baseURI).href : copy);
    button.dataset.done = 'Copied';
    setTimeout(() => delete button.dataset.done, 1500);
}
dialog.addEventListener('click', async (event) => {
    if (event.target === dialog || event.target.closest('.close')) return dialog.close();
    const button = event.target.closest('button.step');
    if (!button) return;
    if (button.dataset.copy) {
        await copy(button);
    } else if (events.includes(button.dataset.event)) {
        dialog.close();
        trigger(button.dataset.event, {product_id: asked});
    }
});
"""
_TEMPLATE = """
<dialog class="product-dialog" aria-label="Product">
  <button type="button" class="close" aria-label="Close">×</button>
  <div class="opened"></div>
</dialog>
"""


def open_product(workspace: Workspace, product_id: Any) -> str:
    """Render a product: photo, texts, categories, id, and what can be done with it.

    Args:
        workspace: The open catalogue and its model.
        product_id: It comes from a browser, so it may be anything.
    """
    row = _row(workspace, product_id)
    product, values = workspace.product(row), workspace.catalog.products.iloc[row]
    true, predicted = product["category_path"], product["predicted_path"]
    facts = [("Brand", escape(product["brand"] or "")), ("Category", cards.breadcrumb(true) if true else "")]
    if predicted and predicted != true:
        facts.append(("Predicted", cards.breadcrumb(predicted)))
    facts.append(("Id", f"<code>{escape(product['product_id'])}</code>"))
    listed = "".join(f"<dt>{name}</dt><dd>{html}</dd>" for name, html in facts if html)
    description = text_or_none(values["description"]) or ""
    link = "?" + urlencode({"tab": "galaxy", "product": product["product_id"]})
    steps = (
        '<button type="button" class="step" data-event="galaxy">Show in galaxy</button>'
        '<button type="button" class="step" data-event="similar">Find similar</button>'
        '<button type="button" class="step" data-event="rerank">Rerank its categories</button>'
        f'<button type="button" class="step" data-copy="{escape(product["product_id"])}">Copy id</button>'
        f'<button type="button" class="step" data-copy="link" data-link="{escape(link)}">Copy link</button>'
    )
    title = escape(product["title"] or "untitled")
    return (
        f'<div class="product">{cards.thumbnail(workspace.catalog, product["product_id"])}<div>'
        f'<h2 dir="auto">{title}</h2><dl class="product-facts">{listed}</dl></div></div>'
        f'<div class="next">{steps}</div><p class="description" dir="auto">{escape(description)}</p>'
    )


def build(workspace: Workspace) -> gr.HTML:
    """Lay out the dialog, closed.

    Returns:
        The component: its events `similar`, `galaxy` and `rerank` carry the product_id.
    """
    answer = bind(open_product, workspace)

    def open_product_safely(product_id: Any) -> str:
        try:
            return str(answer(product_id))
        except gr.Error as error:
            return cards.hint(str(error.message))
        except Exception as error:  # noqa: BLE001  Gradio would answer with a status only
            return cards.hint(reported(error))

    open_product_safely.__name__ = open_product.__name__
    return gr.HTML(
        html_template=_TEMPLATE, js_on_load=_SCRIPT, server_functions=[open_product_safely], elem_id="product-dialog"
    )


def _row(workspace: Workspace, product_id: Any) -> int:
    if not isinstance(product_id, str):
        raise refuse(_UNKNOWN)
    return workspace.row(product_id)
