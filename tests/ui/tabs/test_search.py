from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from pipeline.bundle.calibration import Familiarity
from tests.helpers.fakes import FakeBundle, word_vector
from tests.helpers.space.hostile_text import HOSTILE
from ui.tabs import search
from ui.tabs.search_form import SearchForm
from ui.workspace import Tools, Workspace


def test_a_text_finds_its_product_and_no_duplicate(workspace: Workspace) -> None:
    products = search.search(workspace, "red shirt", count=8)
    assert products[0]["title"] == "red shirt"
    assert [product["title"] for product in products].count("red shirt") == 1
    assert len(search.search(workspace, "red shirt", count=3)) == 3


def test_similarity_is_the_weighted_mean_of_text_and_photo(workspace: Workspace, photo: str) -> None:
    products = search.search(workspace, "red shirt", photo, text_weight=1.0, count=4)
    assert products[0]["title"] == "red shirt"
    for product in search.search(workspace, "red shirt", photo, text_weight=0.25, count=4):
        expected = 0.25 * product["text_similarity"] + 0.75 * product["image_similarity"]
        assert product["similarity"] == pytest.approx(expected, abs=1e-5)


def test_filters_wording_and_threshold(workspace: Workspace) -> None:
    products = search.search(workspace, "red shirt", category="Home")
    assert {product["category_path"].split(" > ")[0] for product in products} == {"Home"}
    assert search.search(workspace, "red shirt", brand="norvik") == search.search(workspace, "red shirt")
    near = search.search(workspace, "red shirt", threshold=1.0)
    assert [product["title"] for product in near].count("red shirt") == 2
    search.search(workspace, "tall vase", template="a photo of {}")
    assert workspace.tools.bundle.texts_encoded[-1] == "a photo of tall vase"
    assert (
        "a photo of tall vase" in search.show(workspace, SearchForm("tall vase", count=4, template="a photo of {}"))[0]
    )


def test_random_letters_find_nothing_and_that_is_said(workspace: Workspace) -> None:
    bundle = FakeBundle()
    direction = tuple(word_vector("red shirt").tolist())
    bundle.predictor = replace(bundle.predictor, familiarity={"text": Familiarity(direction, 0.5)})
    told = Workspace(workspace.catalog, lambda: Tools.of(workspace.catalog, bundle))
    assert search.search(told, "zzzz qqqq") == []
    message, found = search.show(told, SearchForm("zzzz <b>qqqq</b> &lt;i&gt;"))
    assert "Nothing in this catalogue is like" in message
    assert "<i>" not in message + found
    assert search.search(told, "zzzz vase"), "a product shares a word with it"
    assert search.search(workspace, "zzzz qqqq"), "a bundle that cannot tell"


def test_pages_continue_one_another(workspace: Workspace) -> None:
    every = [product["product_id"] for product in search.search(workspace, "red shirt", count=6)]
    pages = [search.search(workspace, "red shirt", count=2, page=page) for page in (1, 2, 3)]
    assert [product["product_id"] for page in pages for product in page] == every
    first, _, form = search.run_form(workspace, "red shirt", None, 0.5, 2, None, None, None, 0.985)
    assert "Products 1 to 2" in first
    assert "Products 3 to 4" in search.pick(workspace, form, _event("page:2"))[0]
    assert "no more" in search.pick(workspace, form, _event("page:9"))[0]
    with pytest.raises(gr.Error, match="page must be between 1 and 20"):
        search.pick(workspace, form, _event("page:x"))
    with pytest.raises(gr.Error, match="nothing to search for"):
        search.pick(workspace, None, _event("page:2"))


def test_more_like_one_of_the_results(workspace: Workspace) -> None:
    form = SearchForm("red shirt", count=3)
    assert 'data-pick="like:p0"' in search.show(workspace, form)[1]
    message, similar = search.pick(workspace, form, _event("like:p0"))
    assert "Most similar to" in message
    assert "blue shirt" in similar
    assert "like:p0" not in similar
    with pytest.raises(gr.Error, match="no product with this id"):
        search.pick(workspace, form, _event("like:<b>"))
    assert "Most similar to" in search.pick(workspace, None, _event("like:p0"))[0]  # results that came from the galaxy


def test_the_index_and_the_exact_scan_find_the_same(workspace: Workspace, photo: str) -> None:
    assert search.compare_with_scan(workspace, "vase", photo, 4, None).count("same products in the same order") == 2
    with pytest.raises(gr.Error, match="nothing to search for"):
        search.compare_with_scan(workspace, "", None, 4, None)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo that shows something: one that shows nothing is left out beside a text."""
    image = Image.new("RGB", (64, 64), (200, 30, 30))
    image.paste((255, 255, 255), (16, 8, 40, 50))
    path = tmp_path / "photo.png"
    image.save(path)
    return str(path)


def _event(value: str) -> gr.EventData:
    return gr.EventData(None, {"picked": value})


def test_the_reported_time_excludes_loading_the_model(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def slowly() -> Tools:
        nonlocal now
        now += 7.0
        return Tools.of(workspace.catalog, FakeBundle())

    monkeypatch.setattr(search.time, "perf_counter", lambda: now)
    message, _ = search.show(Workspace(workspace.catalog, slowly), SearchForm("red shirt", count=4))
    assert now == 7.0
    assert "in 0 ms" in message


def test_a_hostile_title_stays_text(workspace: Workspace) -> None:
    _, html = search.show(workspace, SearchForm(HOSTILE, count=8))
    assert "<script" not in html
    assert "<b>bold" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"text": " "}, "nothing to search for"),
        ({"text": "vase", "text_weight": 2.0}, "between 0 and 1"),
        ({"text": "vase", "count": 0}, "between 1 and 48"),
        ({"text": "x" * 5_001}, "at most 5,000"),
        ({"text": "vase", "template": "a photo"}, "once, where the text goes"),
        ({"text": "vase", "category": "Gnomes"}, "has this category"),
        ({"text": "vase", "brand": "Nobody"}, "has this brand"),
        ({"text": "vase", "threshold": 1.5}, "between 0 and 1"),
        ({"text": "vase", "page": 0}, "page must be between 1 and 20"),
    ],
)
def test_an_unusable_field_is_an_error_message(workspace: Workspace, arguments: dict, sentence: str) -> None:
    with pytest.raises(gr.Error, match=sentence):
        search.search(workspace, **arguments)
