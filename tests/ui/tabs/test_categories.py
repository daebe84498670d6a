import gradio as gr
import numpy as np
import pytest

from tests.helpers.space.hostile_text import HOSTILE
from ui.components import treemap
from ui.tabs import categories
from ui.workspace import Workspace


def test_a_category_at_any_depth(workspace: Workspace) -> None:
    shown = categories.category(workspace, "Clothing > Shirts")
    assert (shown["members"], shown["depth"], shown["accuracy"], shown["tested"]) == (4, 2, 1.0, 0)
    assert [child["category_path"] for child in shown["children"]] == ["Clothing > Shirts > Polos"]
    nearest = [product["similarity"] for product in shown["nearest"]]
    assert nearest == sorted(nearest, reverse=True)
    assert shown["farthest"][0]["product_id"] == shown["nearest"][-1]["product_id"]
    assert shown["mistaken_for"] == []
    assert shown["brands"] == [{"brand": "Norvik", "products": 4}]
    assert {other["category_path"] for other in shown["similar"]} == {
        "Clothing > Dresses",
        "Home > Vases",
        "Home > Clocks",
    }


def test_the_id_of_a_category_is_shown_where_the_taxonomy_has_ids(workspace: Workspace) -> None:
    assert categories.category(workspace, "Clothing")["category_id"] is None
    assert "Category id" not in categories.show(workspace, "Clothing", None)[1]
    ids = {"Clothing": "gid://shopify/TaxonomyCategory/aa"}
    named = Workspace(workspace.catalog, lambda: workspace.tools, read_ids=lambda: ids)
    assert categories.category(named, "Clothing")["category_id"] == ids["Clothing"]
    assert f"<dd><code>{ids['Clothing']}</code>" in categories.show(named, "Clothing", None)[1]


@pytest.mark.parametrize("path", ["", "Nowhere", "clothing"])
def test_an_unknown_category_is_an_error_message(workspace: Workspace, path: str) -> None:
    with pytest.raises(gr.Error, match="No product of this catalogue has this category"):
        categories.category(workspace, path)


def test_two_categories_stand_side_by_side(workspace: Workspace) -> None:
    map_html, html = categories.show(workspace, "Clothing", "Home")
    assert html.count('<section class="category">') == 2
    assert "cosine of" in html
    assert 'data-pick="Clothing &gt; Shirts"' in map_html
    assert "correct*" in map_html
    assert html.count("including training") == 2  # the small catalogue has no product for testing
    assert "Choose a category" in categories.show(workspace, None, None)[1]


def test_a_click_picks_and_a_forged_one_is_refused(workspace: Workspace) -> None:
    chosen, _, html = categories.pick(workspace, None, gr.EventData(None, {"picked": "Home"}))
    assert chosen == "Home"
    assert "predicted correctly" in html
    assert categories.pick(workspace, None, gr.EventData(None, {"picked": ""}))[0] == ""
    for forged in ({"picked": "<script>"}, {"picked": 7}, {}, None):
        with pytest.raises(gr.Error):
            categories.pick(workspace, None, gr.EventData(None, forged))


def test_a_leaf_shows_its_siblings_with_itself_outlined(workspace: Workspace) -> None:
    tree = workspace.categories
    map_html = categories.category_map(workspace, tree.taxonomy.index["Home > Vases"])
    assert 'data-pick="Home &gt; Clocks"' in map_html
    assert map_html.count('aria-pressed="true"') == 1


def test_hostile_texts_stay_text(workspace: Workspace) -> None:
    html = categories.show(workspace, "Home > Clocks", None)[1]
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    tile = treemap.Tile(HOSTILE, HOSTILE, 1, 0.5, HOSTILE)
    assert "<script" not in treemap.render([tile], HOSTILE)


def test_the_heatmap_has_all_top_categories(workspace: Workspace) -> None:
    [heatmap] = categories.likeness(workspace).data
    np.testing.assert_allclose(np.diag(np.asarray(heatmap.z)), 1, atol=1e-5)
    assert sorted(heatmap.x) == ["Clothing", "Home"]


def test_a_treemap_fills_its_place_by_size() -> None:
    sizes = [50, 30, 10, 5, 5]
    boxes = treemap.squarify(sizes, 100, 50)
    areas = [width * height for _, _, width, height in boxes]
    assert areas == pytest.approx([50 * size for size in sizes])
    for number, (x, y, width, height) in enumerate(boxes):
        assert x >= -1e-9
        assert y >= -1e-9
        assert x + width <= 100 + 1e-9
        assert y + height <= 50 + 1e-9
        for left, top, wide, high in boxes[:number]:
            overlap = min(x + width, left + wide) - max(x, left), min(y + height, top + high) - max(y, top)
            assert min(overlap) <= 1e-9
    assert treemap.squarify([], 100, 50) == []
