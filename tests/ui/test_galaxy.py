import gradio as gr
import numpy as np
import pytest

from tests.ui.conftest import HOSTILE
from ui import figures, galaxy
from ui.workspace import Workspace


def test_top_categories_with_counts_and_places(workspace: Workspace) -> None:
    answer = galaxy.galaxy(workspace)
    assert [(top["category"], top["products"]) for top in answer] == [("Clothing", 5), ("Home", 3)]
    rows = workspace.catalog.products
    assert answer[1]["x"] == pytest.approx(rows.x[rows.category_top == "Home"].mean())


def test_every_product_is_a_point_of_its_colour(workspace: Workspace) -> None:
    [points] = galaxy.draw(workspace).data
    assert len(points.x) == len(workspace.catalog)
    palette = figures.colours(["Clothing", "Home"])
    assert list(points.marker.color) == [palette[top] for top in workspace.catalog.products.category_top]


def test_one_category_lit_leaves_the_others_as_dust(workspace: Workspace) -> None:
    [points] = galaxy.draw(workspace, "Home").data
    lit = np.array(workspace.catalog.products.category_top == "Home")
    assert [bool(text) for text in points.hovertext] == lit.tolist()
    assert len(set(np.asarray(points.marker.color)[~lit])) == 1
    with pytest.raises(gr.Error, match="no such"):
        galaxy.draw(workspace, "Nowhere")


def test_titles_are_escaped_in_hover_labels(workspace: Workspace) -> None:
    [points] = galaxy.draw(workspace).data
    assert points.hoverinfo == "text"  # a hover template would read %{x} in a title
    assert points.hovertemplate is None
    [label] = [text for text in points.hovertext if "alert(1)" in text]
    assert label.startswith("&lt;script&gt;")
    assert label.replace("<br>", "").count("<") == 0
    assert figures.plain(HOSTILE).count("<") == 0


def test_colours_differ() -> None:
    made = figures.colours([f"top {i}" for i in range(22)])
    assert len(set(made.values())) == 22


def test_the_legend_is_escaped() -> None:
    assert "<script" not in galaxy.legend({"<script>": 3})
