"""The shipped bundle over trees of merchants: a mug is a mug, whatever few names the tree shares with the bundle."""

import pytest

from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.prediction.answer import ask
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.query import QueryEncoder
from tests.helpers import ROOT

TREES = {
    "nothing shared": ("Kitchen > Cups and mugs", "Kitchen > Pots", "Living > Sofas", "Living > Lamps"),
    "one line shared": (
        "Kitchen > Cups and mugs",
        "Kitchen > Pots",
        "Living > Sofas",
        "Animals & Pet Supplies > Live Animals",
    ),
    "a list": ("Furniture", "Electronics", "Coffee mugs", "Dresses", "Skirts", "Family tents", "Hats"),
    "tops shared": (
        "Furniture",
        "Electronics",
        "Toys & Games",
        "Mugs & Cups",
        "Tea & Coffee > Teapots",
        "Clothes > Dresses",
    ),
}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(ROOT / "assets" / "model")


@pytest.mark.parametrize("name", TREES)
def test_a_mug_is_found(bundle: Bundle, name: str) -> None:
    predictor = CategoryPredictor(bundle, TREES[name])
    text = "Stoneware coffee mug with handle. Holds 350 ml, dishwasher safe."
    answer = ask(predictor, QueryEncoder(bundle), text, None)
    assert "mug" in answer.prediction.path.lower()
    assert predictor.is_foreign
    if answer.prediction.in_distribution:
        assert "not the one the confidences were measured on" in answer.summary
