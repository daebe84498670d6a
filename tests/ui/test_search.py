import gradio as gr
import pytest

from tests.ui.conftest import HOSTILE
from ui import search
from ui.workspace import Workspace


def test_a_text_finds_its_product_and_no_duplicate(workspace: Workspace) -> None:
    found = search.search(workspace, "red shirt", count=8)
    assert found[0]["title"] == "red shirt"
    assert [product["title"] for product in found].count("red shirt") == 1
    assert len(search.search(workspace, "red shirt", count=3)) == 3


def test_text_and_photo_are_weighed(workspace: Workspace, photo: str) -> None:
    found = search.search(workspace, "red shirt", photo, text_weight=1.0, count=4)
    assert found[0]["title"] == "red shirt"
    for product in search.search(workspace, "red shirt", photo, text_weight=0.25, count=4):
        expected = 0.25 * product["text_similarity"] + 0.75 * product["image_similarity"]
        assert product["similarity"] == pytest.approx(expected, abs=1e-5)


def test_a_hostile_title_stays_text(workspace: Workspace) -> None:
    _, html = search.show(workspace, HOSTILE, None, 0.5, 8)
    assert "<script" not in html
    assert "<b>bold" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"text": " "}, "nothing to look for"),
        ({"text": "vase", "text_weight": 2.0}, "between 0 and 1"),
        ({"text": "vase", "count": 0}, "Between 1 and 48"),
        ({"text": "x" * 5_001}, "at most 5,000"),
    ],
)
def test_what_cannot_be_searched_is_said(workspace: Workspace, arguments: dict, sentence: str) -> None:
    with pytest.raises(gr.Error, match=sentence):
        search.search(workspace, **arguments)
