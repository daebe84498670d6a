"""Catalogues that lack something: each builds with the preset `tiny`, opens, and every tab answers or says why not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.hub.cards import bundle_card, catalog_card
from tests.helpers import SHARED
from tests.helpers.factories import CATEGORIES, draw, encode, make_row, write_rows
from ui import page
from ui.galaxy import blocks
from ui.tabs import analysis, categories, classify, galaxy, quality, rerank, search
from ui.workspace import NO_CATEGORIES, Workspace, bind, load_tools

UNTRAINED = "no training row has a category: nothing is trained"
UNMEASURED = "fewer than 10 validation rows have a category"

NO_PHOTO = {"product_image": None}
NO_TEXT = {"product_title": None, "product_description": None}
NO_CATEGORY = {"ground_truth_category": None, "potential_product_categories": None}


@dataclass(frozen=True)
class Edge:
    """A kind of catalogue.

    Attributes:
        numbers: Of its rows; each twelfth is of the same category.
        lacks: Values of the fields that its rows lack.
        with_taxonomy: Whether the build is given a taxonomy.
        says: What the log of the build says.
        predicts: Whether there is a category to predict.
        measured: Whether there are rows to measure confidences on.
    """

    numbers: Iterable[int]
    lacks: dict[str, Any]
    with_taxonomy: bool = False
    says: tuple[str, ...] = ()
    predicts: bool = True
    measured: bool = False


EDGES = {
    "no photo": Edge(range(72), NO_PHOTO, says=("skipped: no training row has a photo",), measured=True),
    "no text": Edge(range(24), NO_TEXT, says=(UNMEASURED,)),
    "six products": Edge(range(6), {}, says=(UNMEASURED,)),
    "one category": Edge(range(0, 12 * 24, 12), {}, says=(UNMEASURED,)),
    "no category, a taxonomy": Edge(range(24), NO_CATEGORY, with_taxonomy=True, says=(UNTRAINED,)),
    "no category": Edge(range(24), NO_CATEGORY, says=(UNTRAINED, "there are no categories"), predicts=False),
}


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "visitor.jpg"
    path.write_bytes(encode(draw("ring", (200, 40, 40), np.random.default_rng(3))))
    return str(path)


@pytest.mark.slow(7)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", EDGES)
def test_a_catalogue_that_lacks_something_builds_and_opens(kind: str, photo: str, tmp_path: Path) -> None:
    edge = EDGES[kind]
    rng = np.random.default_rng(0)
    rows = [{**make_row(number, rng, dirt=False), **edge.lacks} for number in edge.numbers]
    options = ["--source", str(write_rows(tmp_path / "rows.parquet", rows))]
    if edge.with_taxonomy:
        taxonomy = tmp_path / "taxonomy.txt"
        taxonomy.write_text("\n".join(path for path, _, _ in CATEGORIES))
        options += ["--taxonomy", str(taxonomy)]
    else:
        options += ["--taxonomy", "rows"]

    workspace = _build_and_open(tmp_path / "run", options)

    paths = RunPaths(tmp_path / "run")
    log = paths.log.read_text()
    assert [sentence for sentence in edge.says if sentence not in log] == []
    products = workspace.catalog.products
    assert products["predicted_path"].notna().all() if edge.predicts else products["predicted_path"].isna().all()
    predictor = load_bundle(paths.model).predictor
    assert predictor is not None
    assert {one.is_measured for one in predictor.calibrations["default"].values()} == {edge.measured}
    answers = _ask_every_tab(workspace, photo)
    if edge.predicts:
        assert answers["classify"]["category_path"] in workspace.tools.predictor.tree.taxonomy
        assert edge.measured or answers["classify"]["accepted_depth"] == 0
        assert edge.measured == ("too few products" not in answers["classify"]["summary"])
    else:
        assert answers["classify"] == NO_CATEGORIES
        assert "no categories to choose from" in answers["rerank own"]
    if products["category_path"].notna().any():
        assert answers["categories"]["members"] >= 1
    else:
        assert "No product of this catalogue" in answers["categories"]


@pytest.mark.slow(7)
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "case", ["33-six-products/first-try.csv", "33-six-products/no-categories.csv", "35-text-only-build/*.csv"]
)
def test_a_merchants_first_try_builds_and_opens(case: str, photo: str, tmp_path: Path) -> None:
    files = sorted((SHARED / "cases").glob(case))
    if not files:
        pytest.skip("the shared cases are not there")
    _ask_every_tab(_build_and_open(tmp_path / "run", ["--source", str(files[0])]), photo)


def _build_and_open(run: Path, options: list[str]) -> Workspace:
    assert main(["build", "--preset", "tiny", *options, "--out", str(run)]) == 0
    paths = RunPaths(run)
    catalog = Catalog.open(paths.catalog)
    check_match(catalog, paths.model)
    return Workspace(catalog, lambda: load_tools(catalog, paths.model))


def _ask_every_tab(workspace: Workspace, photo: str) -> dict[str, Any]:
    """Ask the handlers of all tabs; the sentence of one that refuses is its answer, any other error is a failure."""
    return {name: _answer(handler, workspace, *inputs) for name, handler, inputs in _questions(workspace, photo)}


def _answer(handler: Callable[..., Any], workspace: Workspace, *inputs: Any) -> Any:
    try:
        return bind(handler, workspace)(*inputs)
    except gr.Error as refusal:
        return refusal.message


def _questions(workspace: Workspace, photo: str) -> Iterator[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    products = workspace.catalog.products
    product_id = str(products["product_id"].iloc[0])
    known = products["category_path"].dropna()
    category = str(known.iloc[0]) if len(known) else CATEGORIES[0][0]
    yield "classify", classify.classify, (photo, "a red ring")
    yield "classify, as shown", classify.show, (photo, "", "", 0.9, "", "")
    yield "search", search.search, ("ring", photo)
    yield "neighbors", search.neighbors, (product_id,)
    yield "galaxy", galaxy.galaxy, ()
    yield "galaxy product", galaxy.product, ({"row": 0},)
    yield "galaxy category", galaxy.category, (category,)
    yield "galaxy points", _points, ()
    yield "categories", categories.category, (category,)
    yield "categories, as shown", categories.show, (None, None)
    yield "likeness", categories.likeness, ()
    yield "rerank", rerank.rerank, (product_id, "A > B\nC")
    yield "rerank stored", rerank.rerank, (product_id,)
    yield "rerank own", rerank.rerank, ("", "", None, "a red ring")
    yield "data", analysis.show_data, ()
    yield "space", analysis.show_space, ()
    for layout in analysis.LAYOUTS:
        for group in analysis.GROUPS:
            yield f"map {layout} {group}", analysis.draw_map, (layout, group)
    yield "figures", quality.show_figures, ("test",)
    yield "trust", quality.show_trust, ()
    yield "wrong", quality.list_wrong, (quality.pairs(workspace)[0][1], 1)
    yield "cards", _cards, ()
    yield "page", page.build, ()


def _points(workspace: Workspace) -> list[bytes]:
    products = workspace.catalog.products
    return [blocks.points(products), *(blocks.layout(products, name) for name in blocks.LAYOUTS)]


def _cards(workspace: Workspace) -> str:
    model = workspace.tools.bundle.meta
    return catalog_card(workspace.catalog, "me/catalogue", "me/model@1") + bundle_card(model)
