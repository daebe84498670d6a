import gradio as gr
import pytest

from tests.helpers.fakes import CATEGORIES
from tests.helpers.space.hostile_text import HOSTILE
from ui.tabs import rerank
from ui.workspace import Workspace


def test_a_products_candidates_with_the_truth_marked(workspace: Workspace) -> None:
    answer = rerank.rerank(workspace, "p4")
    assert answer["product"]["title"] == "tall vase"
    assert sorted(candidate["category_path"] for candidate in answer["candidates"]) == sorted(CATEGORIES)
    assert [candidate["category_path"] for candidate in answer["candidates"] if candidate["truth"]] == ["Home > Vases"]
    assert sum(candidate["fused_share"] for candidate in answer["candidates"]) == pytest.approx(1, abs=1e-5)
    fused = [candidate["fused"] for candidate in answer["candidates"]]
    assert fused == sorted(fused, reverse=True)


def test_a_product_without_photo_has_no_photo_score(workspace: Workspace) -> None:
    for candidate in rerank.rerank(workspace, "p2")["candidates"]:
        assert candidate["image"] is None
        assert candidate["image_share"] is None
        assert candidate["text"] == pytest.approx(candidate["fused"], abs=1e-3)


def test_given_candidates_replace_those_of_the_product(workspace: Workspace) -> None:
    answer = rerank.rerank(workspace, "p4", "Home>Vases\n\n Garden > Gnomes \n")
    assert {candidate["category_path"] for candidate in answer["candidates"]} == {"Home > Vases", "Garden > Gnomes"}


def test_places_before_training_gate_weights_and_fading(workspace: Workspace) -> None:
    answer = rerank.rerank(workspace, "p4")
    assert sorted(candidate["place_before"] for candidate in answer["candidates"]) == list(
        range(1, len(CATEGORIES) + 1)
    )
    assert answer["gate"] == {"text": 0.5, "image": 0.5}
    assert "The true category" in answer["moved"]
    assert all(candidate["score"] == candidate["fused"] for candidate in answer["candidates"])
    for balance, side in ((0.0, "text"), (1.0, "image")):
        faded = rerank.rerank(workspace, "p4", balance=balance)["candidates"]
        assert [candidate["score"] for candidate in faded] == pytest.approx(
            [candidate[side] for candidate in faded], abs=1e-3
        )
    html = _show(workspace, "p4", balance=0.25)[1]
    assert "photo is faded out by 50%" in html
    assert "which decided alone" in _show(workspace, "p2")[1]


def test_candidates_of_a_visitors_own_product(workspace: Workspace, photo: str) -> None:
    answer = rerank.rerank(workspace, title="tall vase")
    assert answer["candidates"][0]["category_path"] == "Home > Vases"
    assert not any(candidate["truth"] for candidate in answer["candidates"])
    assert "is not known" in answer["moved"]
    alone = rerank.rerank(workspace, photo=photo, candidates="Home > Vases\nHome > Clocks")
    assert alone["gate"] is None
    assert "no order before training" in alone["moved"]
    assert [candidate["place_before"] for candidate in alone["candidates"]] == [None, None]
    html = _show(workspace, "p4", rerank.OWN, photo, HOSTILE, paths="<b>x > y")[1]
    assert "<script" not in html
    assert "<b>x" not in html


def test_an_unusable_input_is_an_error_message(workspace: Workspace) -> None:
    with pytest.raises(gr.Error, match="no product with this id"):
        rerank.rerank(workspace, "nobody")
    with pytest.raises(gr.Error, match="not both"):
        rerank.rerank(workspace, "p4", title="vase")
    with pytest.raises(gr.Error, match="nothing to rank"):
        _show(workspace, "p4", rerank.OWN)
    with pytest.raises(gr.Error, match="between 0"):
        rerank.rerank(workspace, "p4", balance=2)
    with pytest.raises(gr.Error, match="at most 100"):
        rerank.rerank(workspace, "p4", "A > B\n" * 101)
    with pytest.raises(gr.Error, match="no level"):
        rerank.rerank(workspace, "p4", ">")
    workspace.catalog.products.at[4, "candidates"] = None
    with pytest.raises(gr.Error, match="has no candidates"):
        rerank.rerank(workspace, "p4")


def test_products_are_found_by_title(workspace: Workspace) -> None:
    assert [product["product_id"] for product in rerank.products(workspace, "SHIRT")] == ["p0", "p1", "p2", "p6"]
    assert len(rerank.products(workspace)) == len(workspace.catalog)
    assert rerank.find(workspace, "dress")["value"] == "p3"
    with pytest.raises(gr.Error, match="No title"):
        rerank.find(workspace, "zeppelin")
    assert rerank.surprise(workspace)["value"] in set(workspace.catalog.products.product_id)


def test_a_hostile_title_stays_text(workspace: Workspace) -> None:
    row = workspace.catalog.products.index[workspace.catalog.products.title == HOSTILE][0]
    card, table = _show(workspace, workspace.catalog.products.product_id[row], paths="<img src=x>\nA > B")
    assert "<script" not in card
    assert "<img src=x" not in table
    assert "✓ truth" in _show(workspace, "p4")[1]


def _show(
    workspace: Workspace,
    product_id: str,
    source: str = rerank.CATALOGUE,
    photo: str | None = None,
    title: str | None = None,
    paths: str | None = None,
    balance: float = 0.5,
) -> tuple[str, str]:
    return rerank.show(workspace, product_id, source, photo, title, None, paths, balance)
