import pytest

from tests.helpers.space.hostile_text import HOSTILE
from ui import product
from ui.workspace import Workspace


def test_a_product_is_opened_with_what_can_be_done_with_it(workspace: Workspace) -> None:
    html = product.open_product(workspace, "p4")
    assert "<h2" in html
    assert "tall vase" in html
    assert "<code>p4</code>" in html
    assert "?tab=galaxy&amp;product=p4" in html
    assert html.count('data-event="') == 3
    assert "Predicted" not in html  # the prediction is the category


def test_a_hostile_product_stays_text(workspace: Workspace) -> None:
    html = product.open_product(workspace, f"p{len(workspace.catalog) - 1}")
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("product_id", ["nothing", "", 7, None, ["p1"], "<script>"])
def test_an_unknown_product_is_a_sentence(workspace: Workspace, product_id: object) -> None:
    component = product.build(workspace)
    answer = component.open_product(product_id)
    assert "no " in answer
    assert "<script" not in answer
