import gradio as gr
import pytest

from ui.components.tree.names import FOUND, CategoryNames, folded
from ui.components.tree.picker import tree_picker
from ui.components.tree.trees import catalog_names, model_names
from ui.workspace import Workspace

PATHS = ("Home > Decor > Vases", "Home > Clocks", "Apparel & Accessories", "Apparel & Accessories > Clothing")
IDS = {"Apparel & Accessories": "gid://shopify/TaxonomyCategory/aa"}


def test_the_tree_opens_level_by_level() -> None:
    names = CategoryNames(PATHS, {})
    assert [branch["category"] for branch in names.children("")] == ["Apparel & Accessories", "Home"]
    assert [(branch["name"], branch["opens"]) for branch in names.children("Home")] == [
        ("Clocks", False),
        ("Decor", True),
    ]
    assert names.children("Nowhere") == []


def test_a_category_is_found_by_its_name_in_another_language() -> None:
    names = CategoryNames(PATHS, IDS)
    [found] = names.find("vaatteet ASUSTEET")
    assert (found["category"], found["found"]) == ("Apparel & Accessories", "Vaatteet ja asusteet")
    assert names.find("Kleidung") == []
    assert names.find("  ") == []


def test_whole_names_come_first_and_what_the_model_means_last() -> None:
    names = CategoryNames(PATHS, {}, lambda text, most: ["Home > Clocks", "Not > Here", "Home > Decor > Vases"])
    assert [branch["category"] for branch in names.find("clo")] == [
        "Home > Clocks",
        "Apparel & Accessories > Clothing",
        "Home > Decor > Vases",
    ]
    many = CategoryNames([f"Home > Vase {number}" for number in range(100)], {})
    assert len(many.find("vase")) == FOUND


def test_case_and_accents_make_no_difference() -> None:
    assert folded("  Crème   BRÛLÉE ") == "creme brulee"


def test_the_trees_of_a_workspace(workspace: Workspace) -> None:
    assert "Clothing > Shirts > Polos" in model_names(workspace).taxonomy
    assert catalog_names(workspace).find("vases")[0]["category"] == "Home > Vases"


@pytest.mark.parametrize("payload", ["Home", [7], ["x" * 1_001], ["a\nb"], [""], ["a"] * 101])
def test_forged_picks_are_refused(payload: object) -> None:
    picker = tree_picker(lambda: CategoryNames(PATHS, {}), "Category", "p")
    with pytest.raises(gr.Error):
        picker.preprocess(payload)


def test_picks_are_paths_one_a_line() -> None:
    picker = tree_picker(lambda: CategoryNames(PATHS, {}), "<b>Category", "p", single=True)
    assert picker.preprocess(["Home", "Home > Clocks"]) == "Home\nHome > Clocks"
    assert picker.preprocess(None) == ""
    assert picker.postprocess("Home\nHome > Clocks") == ["Home", "Home > Clocks"]
    assert picker.postprocess(None) == []
    assert "<b>" not in picker.html_template
