"""Searches of the shipped catalogue whose answers were looked at: of the README, of the form, of reviewers."""

import pytest

import app
from ui.components import examples
from ui.tabs import search
from ui.workspace import Workspace


@pytest.fixture(scope="module")
def shipped() -> Workspace:
    return app.choose_workspace(None, None)


@pytest.mark.parametrize(
    ("text", "category", "among"),
    [
        ("a warm coat for rainy days", "Coats & Jackets", 3),  # the placeholder
        ("warm coat", "Coats & Jackets", 3),  # a link of docs/space.md
        ("coat", "Coats & Jackets", 3),
        ("toy robot", "Robotic Toys", 6),  # the README
        ("birthday present for a 5 year old who loves trains", "Toy Trains & Train Sets", 6),
        ("rotes Fahrrad", "City Bikes", 2),
        ("warme Jacke", "Coats & Jackets", 1),
        ("lampe", "Lamps", 1),
        ("blue ceramic vase", "Vases", 4),
        ("laptop", "Laptops", 6),
    ],
)
def test_the_first_products_are_what_was_asked_for(shipped: Workspace, text: str, category: str, among: int) -> None:
    found = search.search(shipped, text)
    assert [str(product["category_path"]).rpartition(" > ")[2] for product in found[:among]] == [category] * among


@pytest.mark.parametrize("text", ["a warm coat for rainy days", "warm coat", "coat"])
def test_a_coat_is_no_coat_of_paint(shipped: Workspace, text: str) -> None:
    found = search.search(shipped, text, count=24)
    assert not any("Paint" in str(product["category_path"]) for product in found)


@pytest.mark.parametrize("text", ["zzzz qqqq", "asdf jkl qwer", "washing machine", "insurance policy"])
def test_what_the_catalogue_lacks_is_not_found(shipped: Workspace, text: str) -> None:
    assert search.search(shipped, text) == []


@pytest.mark.parametrize(("text", "strength"), [("toy robot", "strong"), ("kite", "strong"), ("warm coat", "weak")])
def test_matches_have_a_strength(shipped: Workspace, text: str, strength: str) -> None:
    assert search.search(shipped, text)[0]["strength"] == strength


def test_an_article_number_is_found(shipped: Workspace) -> None:
    [best, *_] = search.search(shipped, "V6586-X")
    assert "V6586-X" in str(best["title"])
    assert best["strength"] in ("fair", "strong")


def test_a_photo_has_a_strength_of_its_own_scale(shipped: Workspace) -> None:
    [armchair] = [example for example in examples.load_examples() if "armchair" in example.photo]
    found = search.search(shipped, "", armchair.path)
    assert found[0]["strength"] == "strong"


def test_more_and_less_like_this(shipped: Workspace) -> None:
    robots = search.search(shipped, "toy robot", count=4)
    more = search.search(shipped, like=robots[0]["product_id"])
    assert "Robotic Toys" in str(more[0]["category_path"])
    toys = search.search(shipped, "toy", count=24)
    unlike = "\n".join(toy["product_id"] for toy in toys[:6])
    kinds = {str(toy["category_path"]) for toy in toys[:6]}
    others = search.search(shipped, "toy", unlike=unlike, count=24)
    share = [sum(str(one["category_path"]) in kinds for one in found) / len(found) for found in (toys, others)]
    assert share[1] < share[0]
