"""Part "Speed" of the tab Analysis: the search index compared with a scan of every vector, on a visitor's text."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipeline.search.index_check import IndexComparison, compare
from ui.components import cards
from ui.tabs.search_form import MAX_RESULTS, read_query
from ui.workspace import MAX_TEXT, Workspace, bind, refuse

_ABOUT = (
    "Search by vectors uses an index (FAISS). This compares it with a scan of every vector of the catalogue: the "
    "results and the times."
)


def compare_with_scan(workspace: Workspace, text: str) -> str:
    """Compare the index with the exact scan for a text, as HTML: on the vectors of texts, and on those of photos."""
    _, query = read_query(workspace, text, None, None)
    if query is None:
        raise refuse("There is nothing to search for yet: enter a text.")
    search = workspace.tools.search
    return "".join(
        cards.hint(compared(kind, compare(index, query.fused_vector, MAX_RESULTS)))
        for kind, index in (("text", search.by_text), ("photo", search.by_image))
    )


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


def build(workspace: Workspace) -> None:
    """Lay out this part."""
    private: dict[str, Any] = {"api_visibility": "private"}
    gr.HTML(cards.hint(_ABOUT), js_on_load=None)
    text = gr.Textbox(label="Search for", placeholder="toy robot", max_length=MAX_TEXT, elem_id="speed-text")
    button = gr.Button("Compare")
    answer = gr.HTML(js_on_load=None, elem_id="speed-compared")
    gr.on([button.click, text.submit], bind(compare_with_scan, workspace), text, answer, **private)
