import base64
import re
from html import unescape

import gradio as gr
import numpy as np
import pytest

from tests.helpers.space.hostile_text import HOSTILE
from ui import tab_links
from ui.components import examples, figures
from ui.tabs import classify, galaxy, rerank
from ui.tabs.search_form import Asked, SearchForm, Trail
from ui.workspace import Workspace


def test_top_categories_with_counts_and_places(workspace: Workspace) -> None:
    answer = galaxy.galaxy(workspace)
    assert [(top["category"], top["products"]) for top in answer] == [("Clothing", 5), ("Home", 3)]
    rows = workspace.catalog.products
    assert answer[1]["x"] == pytest.approx(rows.x[rows.category_top == "Home"].mean())


def test_a_product_by_row_and_by_id_is_the_same(workspace: Workspace) -> None:
    product_id = workspace.catalog.products["product_id"].iloc[4]
    answer = galaxy.product(workspace, {"row": 4})
    assert galaxy.product(workspace, {"product_id": product_id}) == answer
    assert (answer["product_id"], answer["title"]) == (product_id, "tall vase")
    assert 4 not in [one["row"] for one in answer["neighbors"]]
    similarities = [one["similarity"] for one in answer["neighbors"]]
    assert similarities == sorted(similarities, reverse=True)


@pytest.mark.parametrize("question", [None, {}, [], "x", {"row": -1}, {"row": 10**9}, {"row": "0"}, {"product_id": {}}])
def test_a_malformed_question_of_the_browser_is_refused(workspace: Workspace, question: object) -> None:
    with pytest.raises(gr.Error, match="no such product"):
        galaxy.product(workspace, question)
    with pytest.raises(gr.Error, match="no such category"):
        galaxy.category(workspace, question)


def test_a_category_includes_the_products_of_its_subcategories(workspace: Workspace) -> None:
    answer = galaxy.category(workspace, "Clothing > Shirts")
    assert answer["members"] == 4  # the polo too, and no category that only begins like it
    distances = [one["distance"] for one in answer["nearest"]]
    assert distances == sorted(distances)
    assert answer["farthest"][0]["distance"] == max(distances)


def test_words_are_found_in_titles_whatever_their_case(workspace: Workspace) -> None:
    def rows(text: object) -> list[int]:
        packed = np.frombuffer(base64.b64decode(galaxy.find(workspace, text)["mask"]), np.uint8)
        return np.flatnonzero(np.unpackbits(packed, bitorder="little")[: len(workspace.catalog)]).tolist()

    assert rows("SHIRT blue") == [1, 2]
    assert rows("(") == [row for row, title in enumerate(workspace.catalog.products["title"]) if "(" in title]
    assert len(rows(None)) == len(workspace.catalog)


def test_the_script_receives_errors_as_answers(workspace: Workspace) -> None:
    component = next(block for block in _page(workspace).blocks.values() if getattr(block, "elem_id", "") == "galaxy")
    assert "no such category" in component.category("Nowhere")["refused"]
    assert component.product({"row": 0})["title"] == "red shirt"


def test_a_visitors_product_is_highlighted_with_its_neighbors(workspace: Workspace) -> None:
    value, tabs = tab_links.show_listing(workspace, None, "tall vase", "", gr.EventData(None, {"example": None}))
    assert value["own_product"]
    assert value["products"][0]["title"] == "tall vase"
    assert tabs.selected == "galaxy"
    highlight, _ = tab_links.show_results(workspace, Trail((Asked(SearchForm("oak clock")),)))
    assert highlight["products"][0]["row"] == 5
    assert highlight["requested_at"] != value["requested_at"]
    with pytest.raises(gr.Error, match="Search for something first"):
        tab_links.show_results(workspace, None)
    one, _ = tab_links.show_product(workspace, gr.EventData(None, {"product_id": "p5"}))
    assert [product["row"] for product in one["products"]] == [5]


def test_an_answers_button_names_what_is_highlighted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = classify.classify(workspace, None, "tall vase")
    button = re.search(r'data-near="([^"]+)"', classify.render(workspace, answer))
    assert button is not None
    monkeypatch.setattr(classify, "classify", None)  # nothing is classified again
    event = gr.EventData(None, {"example": None, "near": unescape(button[1])})
    value, _ = tab_links.show_listing(workspace, None, "", "", event)
    wanted = [one["product_id"] for one in [*answer["same_product"], *answer["similar"]]]
    assert [workspace.catalog.products["product_id"][one["row"]] for one in value["products"]] == wanted
    for near in ("", "[1]", "x" * 30_000, '{"nobody": 1}'):
        with pytest.raises(gr.Error, match="classify the product again"):
            tab_links.show_listing(workspace, None, "", "", gr.EventData(None, {"near": near}))


def test_an_answers_buttons_are_for_its_own_product(workspace: Workspace) -> None:
    of_form, of_example = (gr.EventData(None, {"example": number}) for number in (None, "3"))
    text, photo, tabs = tab_links.search_for_listing(workspace, "mine.jpg", "", "<b>oak</b> clock", of_form)
    assert (text, photo, tabs.selected) == ("oak clock", "mine.jpg", "search")
    example = examples.load_examples()[3]
    assert tab_links.search_for_listing(workspace, None, "", "", of_example)[:2] == (example.title, example.path)
    with pytest.raises(gr.Error, match="no such example"):
        tab_links.search_for_listing(workspace, None, "", "", gr.EventData(None, {"example": "999"}))


def test_a_product_of_the_galaxy_opens_in_search_and_rerank(workspace: Workspace) -> None:
    product_id = str(workspace.catalog.products["product_id"].iloc[-1])
    button = gr.EventData(None, {"product_id": product_id})
    message, results_html, trail, tabs = tab_links.take_to_search(workspace, button)
    assert trail.now.like == (product_id,)
    selection = gr.EventData(None, {"product_ids": ["p0", "p1"]})
    assert tab_links.take_to_search(workspace, selection)[2].now.like == ("p0", "p1")
    assert tabs.selected == "search"
    assert HOSTILE not in message + results_html
    assert "&lt;script&gt;" in message
    assert rerank.choose(workspace, product_id)["value"] == product_id
    with pytest.raises(gr.Error, match="no product with this id"):
        tab_links.take_to_rerank(workspace, gr.EventData(None, {"product_id": "nobody"}))


def test_colors_are_told_apart() -> None:
    colors = figures.colors([f"top {i}" for i in range(24)]).values()
    points = np.array([[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in colors])
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1) + 999 * np.eye(24)
    assert gaps.min() > 30


def _page(workspace: Workspace) -> gr.Blocks:
    with gr.Blocks() as page:
        galaxy.build(workspace)
    return page
