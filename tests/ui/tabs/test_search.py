from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from tests.helpers.fakes import FakeBundle
from tests.ui.conftest import HOSTILE
from ui.tabs import search
from ui.workspace import Tools, Workspace


def test_a_text_finds_its_product_and_no_duplicate(workspace: Workspace) -> None:
    found = search.search(workspace, "red shirt", count=8)
    assert found[0]["title"] == "red shirt"
    assert [product["title"] for product in found].count("red shirt") == 1
    assert len(search.search(workspace, "red shirt", count=3)) == 3


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo that shows something: one that shows nothing is left out beside a text."""
    image = Image.new("RGB", (64, 64), (200, 30, 30))
    image.paste((255, 255, 255), (16, 8, 40, 50))
    path = tmp_path / "photo.png"
    image.save(path)
    return str(path)


def test_text_and_photo_are_weighed(workspace: Workspace, photo: str) -> None:
    found = search.search(workspace, "red shirt", photo, text_weight=1.0, count=4)
    assert found[0]["title"] == "red shirt"
    for product in search.search(workspace, "red shirt", photo, text_weight=0.25, count=4):
        expected = 0.25 * product["text_similarity"] + 0.75 * product["image_similarity"]
        assert product["similarity"] == pytest.approx(expected, abs=1e-5)


def test_filters_wording_and_threshold(workspace: Workspace) -> None:
    found = search.search(workspace, "red shirt", category="Home")
    assert {product["category_path"].split(" > ")[0] for product in found} == {"Home"}
    assert search.search(workspace, "red shirt", brand="norvik") == search.search(workspace, "red shirt")
    kept = search.search(workspace, "red shirt", threshold=1.0)
    assert [product["title"] for product in kept].count("red shirt") == 2
    search.search(workspace, "tall vase", template="a photo of {}")
    assert workspace.tools.bundle.texts_encoded[-1] == "a photo of tall vase"
    assert "a photo of tall vase" in search.show(workspace, "tall vase", None, 0.5, 4, "a photo of {}")[0]


def test_pages_continue_one_another(workspace: Workspace) -> None:
    every = [product["product_id"] for product in search.search(workspace, "red shirt", count=6)]
    pages = [search.search(workspace, "red shirt", count=2, page=page) for page in (1, 2, 3)]
    assert [product["product_id"] for page in pages for product in page] == every
    form = ("red shirt", None, 0.5, 2, None, None, None, 0.985)
    first, _, asked = search.ask(workspace, *form)
    assert "Products 1 to 2" in first
    assert "Products 3 to 4" in search.pick(workspace, asked, _event("page:2"))[0]
    assert "no more" in search.pick(workspace, asked, _event("page:9"))[0]
    with pytest.raises(gr.Error, match="pages 1 to 20"):
        search.pick(workspace, asked, _event("page:x"))
    with pytest.raises(gr.Error, match="nothing to look for"):
        search.pick(workspace, None, _event("page:2"))


def test_more_like_one_of_the_results(workspace: Workspace) -> None:
    form = ("red shirt", None, 0.5, 3, None, None, None, 0.985)
    assert 'data-pick="like:p0"' in search.show(workspace, *form)[1]
    told, found = search.pick(workspace, form, _event("like:p0"))
    assert "Most similar to" in told
    assert "blue shirt" in found
    assert "like:p0" not in found
    with pytest.raises(gr.Error, match="no product with this id"):
        search.pick(workspace, form, _event("like:<b>"))
    assert "Most similar to" in search.pick(workspace, None, _event("like:p0"))[0]  # what the galaxy brought here


def test_the_index_is_shown_beside_the_scan(workspace: Workspace, photo: str) -> None:
    assert search.beside_scan(workspace, "vase", photo, 4, None).count("same products in the same order") == 2
    with pytest.raises(gr.Error, match="nothing to look for"):
        search.beside_scan(workspace, "", None, 4, None)


def _event(asked: str) -> gr.EventData:
    return gr.EventData(None, {"picked": asked})


def test_the_time_told_is_that_of_the_search(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def slowly() -> Tools:
        nonlocal now
        now += 7.0
        return Tools.of(workspace.catalog, FakeBundle())

    monkeypatch.setattr(search.time, "perf_counter", lambda: now)
    told, _ = search.show(Workspace(workspace.catalog, slowly), "red shirt", None, 0.5, 4)
    assert now == 7.0
    assert "in 0 ms" in told


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
        ({"text": "vase", "template": "a photo"}, "once, where the text goes"),
        ({"text": "vase", "category": "Gnomes"}, "has this category"),
        ({"text": "vase", "brand": "Nobody"}, "has this brand"),
        ({"text": "vase", "threshold": 1.5}, "between 0 and 1"),
        ({"text": "vase", "page": 0}, "pages 1 to 20"),
    ],
)
def test_what_cannot_be_searched_is_said(workspace: Workspace, arguments: dict, sentence: str) -> None:
    with pytest.raises(gr.Error, match=sentence):
        search.search(workspace, **arguments)
