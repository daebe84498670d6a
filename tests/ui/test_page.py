import re

from ui import page
from ui.components.theme import BACKGROUND, LIGHT_BACKGROUND, theme
from ui.workspace import Workspace


def test_the_header_names_the_open_catalogue(workspace: Workspace) -> None:
    header = page.header(workspace)
    assert f"{len(workspace.catalog)} products" in header
    assert "demo catalogue" in header
    workspace.catalog.meta["demo"] = False
    assert "demo catalogue" not in page.header(workspace)


def test_every_action_is_a_documented_endpoint(workspace: Workspace) -> None:
    info = page.build(workspace).get_api_info()["named_endpoints"]
    assert set(info) == {
        "/classify",
        "/search",
        "/neighbors",
        "/galaxy",
        "/category",
        "/rerank",
        "/products",
        "/classify_file",
        "/review_next",
        "/review_decide",
        "/review_undo",
        "/review_progress",
        "/review_export",
    }
    for endpoint in info.values():
        assert endpoint["description"]
        assert "workspace" not in [parameter["parameter_name"] for parameter in endpoint["parameters"]]
    parameters = [p["parameter_name"] for p in info["/classify"]["parameters"]]
    assert parameters == ["photo", "title", "description", "precision", "branches", "candidates"]


def test_a_refusal_is_escaped() -> None:
    blocks = page.build_refusal("There is no <b>catalogue</b>.")
    assert "&lt;b&gt;" in str(blocks.get_config_file()["components"])


def test_the_page_says_what_it_is_for_before_anything_else(workspace: Workspace) -> None:
    header = page.header(workspace)
    assert header.index(page.SENTENCE.split("'")[0]) < header.index("<details>") < header.index("demo catalogue")
    assert header.index("<details>") < header.index("python -m pipeline build")


def test_the_theme_is_light_and_dark_and_fetches_nothing() -> None:
    built = theme()
    assert (built.body_background_fill, built.body_background_fill_dark) == (LIGHT_BACKGROUND, BACKGROUND)
    assert not built._stylesheets
    assert not re.findall(r'url\((?!"data:)', built._get_theme_css())
