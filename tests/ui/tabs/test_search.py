from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from tests.helpers.space.hostile_text import HOSTILE
from ui.tabs import search
from ui.tabs.search_form import MAX_EXAMPLES, Asked, SearchForm, Trail, turned
from ui.workspace import Workspace


def test_a_text_finds_its_product_and_no_duplicate(workspace: Workspace) -> None:
    products = search.search(workspace, "red shirt", count=8)
    assert (products[0]["title"], products[0]["strength"]) == ("red shirt", "strong")
    assert [product["title"] for product in products].count("red shirt") == 1
    assert "oak clock" not in [product["title"] for product in products]
    assert len(search.search(workspace, "red shirt", count=2)) == 2


def test_similarity_is_the_weighted_mean_of_text_and_photo(workspace: Workspace, photo: str) -> None:
    products = search.search(workspace, "red shirt", photo, text_weight=1.0, count=4)
    assert products[0]["title"] == "red shirt"
    for product in search.search(workspace, "red shirt", photo, text_weight=0.25, count=4):
        expected = 0.25 * product["text_similarity"] + 0.75 * product["image_similarity"]
        assert product["similarity"] == pytest.approx(expected, abs=1e-5)


def test_filters_wording_and_threshold(workspace: Workspace) -> None:
    assert search.search(workspace, "red shirt", category="Home") == []
    products = search.search(workspace, "tall vase", category="Home")
    assert {product["category_path"].split(" > ")[0] for product in products} == {"Home"}
    assert search.search(workspace, "red shirt", brand="norvik") == search.search(workspace, "red shirt")
    near = search.search(workspace, "red shirt", threshold=1.0)
    assert [product["title"] for product in near].count("red shirt") == 2
    search.search(workspace, "tall vase", template="a photo of {}")
    assert workspace.tools.bundle.texts_encoded[-1] == "a photo of tall vase"
    assert "a photo of tall vase" in _show(workspace, SearchForm("tall vase", count=4, template="a photo of {}"))[0]


def test_what_matches_too_little_is_not_found_and_that_is_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert search.search(workspace, "qqqq wwww") == []
    monkeypatch.setattr(search, "WEAK", 1.1)
    message, found, _ = _show(workspace, SearchForm("zzzz <b>qqqq</b> &lt;i&gt;"))
    assert "Nothing in this catalogue is like" in message
    assert "<i>" not in message + found
    assert "passes these filters" in _show(workspace, SearchForm("red shirt", category="Home"))[0]


def test_pages_continue_one_another(workspace: Workspace) -> None:
    every = [product["product_id"] for product in search.search(workspace, "blue shirt", count=6)]
    pages = [search.search(workspace, "blue shirt", count=1, page=page) for page in (1, 2, 3)]
    assert [product["product_id"] for page in pages for product in page] == every[:3]
    first, _, trail = search.run_form(workspace, None, "blue shirt", None, 0.5, 1, None, None, None, 0.985)
    assert "Products 1 to 1" in first
    assert "Products 2 to 2" in search.pick(workspace, trail, _event("page:2"))[0]
    assert "no more" in search.pick(workspace, trail, _event("page:9"))[0]
    with pytest.raises(gr.Error, match="page must be between 1 and 20"):
        search.pick(workspace, trail, _event("page:x"))
    with pytest.raises(gr.Error, match="nothing to search for"):
        search.show(workspace, Trail())


def test_more_and_less_like_results_and_the_way_back(workspace: Workspace) -> None:
    _, found, trail = search.run_form(workspace, None, "shirt", None, 0.5, 4, None, None, None, 1.0)
    assert 'data-pick="like:p0"' in found
    message, similar, more, text, _ = search.pick(workspace, trail, _event("like:p1"))
    assert more.now.like == ("p1",)
    assert "like:p1" not in similar
    assert text == "shirt"
    assert 'data-pick="drop:p1"' in message
    message, _, less, *_ = search.pick(workspace, more, _event("unlike:p0"))
    assert (less.now.like, less.now.unlike) == (("p1",), ("p0",))
    assert "<i>not like</i> red shirt" in message
    *_, other, _, _ = search.pick(workspace, less, _event("like:p0"))
    assert (other.now.like, other.now.unlike) == (("p1", "p0"), ())
    message, _, alone, text, _ = search.pick(workspace, less, _event("drop:\ntext"))
    assert (alone.now.form.text, text) == ("", "")
    back = search.pick(workspace, alone, _event("back:"))
    assert (back[2], back[3]) == (less, "shirt")
    nothing = search.pick(workspace, search.pick(workspace, alone, _event("drop:p0"))[2], _event("drop:p1"))
    assert nothing[2].now.is_empty
    with pytest.raises(gr.Error, match="no product with this id"):
        search.pick(workspace, trail, _event("like:<b>"))
    with pytest.raises(gr.Error, match="no such button"):
        search.pick(workspace, trail, _event("buy:p0"))


def test_examples_are_few_and_a_trail_forgets(workspace: Workspace) -> None:
    full = Asked(like=tuple(map(str, range(MAX_EXAMPLES))))
    with pytest.raises(gr.Error, match="At most 20 products"):
        turned(full, "unlike:x")
    with pytest.raises(gr.Error, match="At most 20 products"):
        search.search(workspace, like="\n".join(full.like) + "\nx")
    trail = Trail()
    for _ in range(200):
        trail = trail.then(full)
    assert len(trail.steps) < 50


def test_examples_by_the_endpoint(workspace: Workspace) -> None:
    found = search.search(workspace, like="p1\n\np1", count=3)
    assert found[0]["title"] == "blue polo shirt"
    assert "p1" not in {product["product_id"] for product in found}
    assert search.show_like(workspace, ["p1"])[2].now.like == ("p1",)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo that shows something: one that shows nothing is left out beside a text."""
    image = Image.new("RGB", (64, 64), (200, 30, 30))
    image.paste((255, 255, 255), (16, 8, 40, 50))
    path = tmp_path / "photo.png"
    image.save(path)
    return str(path)


def _show(workspace: Workspace, form: SearchForm) -> tuple[str, str, Trail]:
    return search.show(workspace, Trail((Asked(form),)))


def _event(value: str) -> gr.EventData:
    return gr.EventData(None, {"picked": value})


def test_a_hostile_title_stays_text(workspace: Workspace) -> None:
    _, html, trail = _show(workspace, SearchForm(HOSTILE, count=8))
    html += search.pick(workspace, trail, _event(f"like:p{len(workspace.catalog) - 1}"))[0]
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
