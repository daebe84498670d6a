from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from pipeline.catalog.analysis import ANALYSIS_VERSION, prediction_facts
from pipeline.catalog.catalog import Catalog
from tests.helpers.fakes import PRODUCTS, FakeBundle, write_catalog
from tests.helpers.space.hostile_text import HOSTILE
from ui.components.plots import drawing
from ui.tabs import analysis, quality
from ui.workspace import Tools, Workspace

NONE = {"edges": [], "counts": []}
FIGURE = {"value": 0.5, "low": 0.4, "high": 0.625}


def small_analysis() -> dict:
    """An analysis of eight products, one of them wrong."""
    paths = [path for _, path in [*PRODUCTS, (HOSTILE, "Home > Clocks")]]
    guesses = ["Home", *paths[1:]]
    return {
        "version": ANALYSIS_VERSION,
        "data": {
            "products": 8,
            "splits": {"test": 8},
            "tops": [("Clothing", 5), (HOSTILE, 3)],
            "depths": [0, 7, 1],
            "category_sizes": [(1, 3), (2, 1)],
            "categories": 5,
            "brands": {"distinct": 1, "without": 0, "largest": [(HOSTILE, 8)], "curve": [(1, 8)]},
            "title_length": {"edges": [0, 10, 20], "counts": [3, 5]},
            "description_length": NONE,
            "languages": [("en", 8)],
            "images": {
                "with_photo": 5,
                "sizes": [(24, 24, 5)],
                "longer_side": {"edges": [0, 12, 24], "counts": [1, 4]},
                "brightness": NONE,
            },
            "typical": ["p0", "p7"],
        },
        "space": {
            "silhouette": [(2, 0.1, False), (3, 0.2, True)],
            "k_distances": [(0.5, 0.1), (1.0, 0.4)],
            "reach": 0.1,
            "min_samples": 2,
            "regions": 1,
            "in_none": 2,
            "tops": ["Clothing", "Home"],
            "shared": [[5, 3]],
            "nearest": [["p0", "p7"]],
        },
        "predictions": prediction_facts(paths, guesses, [[0.9] * 3] * 8, np.ones(8, dtype=bool)),
    }


@pytest.fixture
def analyzed(tmp_path: Path) -> Workspace:
    products = [*PRODUCTS, (HOSTILE, "Home > Clocks")]
    catalog = Catalog.open(write_catalog(tmp_path / "catalog.parquet", products, analysis=small_analysis()))
    catalog.products.loc[0, "predicted_path"] = "Home"
    catalog.products.at[0, "predicted_confidences"] = [0.9]
    bundle = FakeBundle()
    bundle.meta = {
        "metrics": {
            "test": {
                "n": {"rows": 8},
                "rerank": {"text": {"acc1": FIGURE, "mrr": FIGURE}, "seen": {"text": {"acc1": FIGURE}}},
                "open": {"default": {"text": {"coverage": {**FIGURE, "levels": {"1": FIGURE}}}}},
                "skipped": ["image: no photo."],
            }
        }
    }
    return Workspace(catalog, lambda: Tools.of(catalog, bundle))


def test_the_data_is_drawn_as_counted(analyzed: Workspace) -> None:
    facts, tops, tails, texts, photos, typical = analysis.show_data(analyzed)
    assert "<b>8</b> products" in facts
    assert list(tops.data[0].x) == [5, 3]
    assert list(tails.data[0].y) == [8]
    assert [list(part.y) for part in texts.data] == [[3, 5], []]
    assert [list(part.y) for part in photos.data] == [[1, 4], []]
    assert "24 x 24" in facts
    assert typical.count('class="card"') == 2


def test_hostile_names_stay_text(analyzed: Workspace) -> None:
    facts, tops, *_ = analysis.show_data(analyzed)
    assert "<script" not in facts
    assert not any("<" in label for label in [*tops.data[0].y, *tops.data[0].hovertext])
    figure, _ = analysis.draw_map(analyzed, "t-SNE", "Category")
    assert not any("<script" in text for trace in figure.data for text in trace.hovertext)
    assert "<script" not in analysis.show_space(analyzed)[-1]


def test_the_space_is_drawn_as_counted(analyzed: Workspace) -> None:
    facts, silhouette, distances, table, centers = analysis.show_space(analyzed)
    assert "25%" in facts
    assert (silhouette.data[1].x[0], silhouette.data[1].y[0]) == (3, 0.2)
    assert distances.data[1].y[0] == pytest.approx(0.1)
    np.testing.assert_allclose(np.asarray(table.data[0].z), [[5 / 8, 3 / 8]])
    assert "0 · Clothing" in centers


@pytest.mark.parametrize("layout", analysis.LAYOUTS)
@pytest.mark.parametrize("group", analysis.GROUPS)
def test_every_map_shows_every_product(analyzed: Workspace, layout: str, group: str) -> None:
    figure, summary = analysis.draw_map(analyzed, layout, group)
    assert sum(len(trace.x) for trace in figure.data) == 8
    assert "8 of 8" in summary
    with pytest.raises(gr.Error, match="no map of this layout"):
        analysis.draw_map(analyzed, "Mercator", group)


def test_a_catalogue_without_an_analysis_says_so(workspace: Workspace) -> None:
    assert analysis.MISSING in analysis.show_data(workspace)[0]
    assert analysis.MISSING in analysis.show_space(workspace)[0]
    assert analysis.draw_map(workspace, "UMAP", "Category")[0] is not None
    assert "no confusions" in quality.show_trust(workspace)[0]
    assert "no figures" in quality.show_figures(workspace, "test")[1]
    assert quality.pairs(workspace) == [("All wrong predictions", "All wrong predictions")]


def test_a_plot_without_a_figure_is_hidden(workspace: Workspace, analyzed: Workspace) -> None:
    _, *places, _ = drawing(analysis.show_data, workspace)()
    assert [place["visible"] for place in places] == [False] * 4
    _, *places, _ = drawing(analysis.show_data, analyzed)()
    assert [place["visible"] for place in places] == [True] * 4


def test_every_figure_stands_with_its_interval(analyzed: Workspace) -> None:
    chart, html = quality.show_figures(analyzed, "test")
    assert html.count("<b>50.0</b> [40.0 to 62.5]") == 4
    assert "<b>0.500</b> [0.400 to 0.625]" in html
    assert "default · text · level 1" in html
    assert "Left out: image: no photo." in html
    assert {trace.name for trace in chart.data} == {"text"}
    assert "it has test" in quality.show_figures(analyzed, "validation")[1]


def test_confusions_and_trust(analyzed: Workspace) -> None:
    facts, confusions, reliable, covered = quality.show_trust(analyzed)
    assert "88%" in facts
    np.testing.assert_allclose(np.asarray(confusions.data[0].z), [[0.8, 0.2], [0, 1]])
    assert len(reliable.data) == 1 + 3  # the diagonal, and a line a level
    assert len(covered.data) == 3


def test_wrong_predictions_can_be_picked(analyzed: Workspace) -> None:
    (every, _), (label, pair) = quality.pairs(analyzed)
    assert label == "Shirts → Home (1)"
    for chosen in (every, pair):
        assert 'data-pick="p0"' in quality.list_wrong(analyzed, chosen, 99)
    assert "No product" in quality.list_wrong(analyzed, "Home\nAway", 1)
    assert "red shirt" in quality.show_wrong(analyzed, gr.EventData(None, {"picked": "p0"}))
    with pytest.raises(gr.Error, match="no such product"):
        quality.show_wrong(analyzed, gr.EventData(None, {"picked": "p999"}))
