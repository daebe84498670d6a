import unicodedata
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

import app
from synthetic.listings.products import SEED, make_products
from synthetic.listings.texts import write_listing
from ui.components import examples
from ui.tabs import classify, search
from ui.workspace import Workspace

EXAMPLES = examples.load_examples()
NUMBERS = pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=[example.product for example in EXAMPLES])


@pytest.fixture(scope="module")
def shipped() -> Workspace:
    return app.choose_workspace(None, None)


def _scripts(text: str) -> set[str]:
    return {unicodedata.name(letter).split()[0] for letter in text if letter.isalpha()}


def test_there_are_twelve_examples_of_all_kinds() -> None:
    assert len(EXAMPLES) == len({example.product for example in EXAMPLES}) == 12
    kinds = [(bool(example.photo), bool(example.title)) for example in EXAMPLES]
    assert min(kinds.count(kind) for kind in ((True, True), (True, False), (False, True))) >= 3
    scripts = set().union(*(_scripts(example.title) for example in EXAMPLES))
    assert {"LATIN", "CYRILLIC", "ARABIC", "CJK"} <= scripts
    assert any("<script>" in example.description for example in EXAMPLES)


def test_examples_are_listings_of_the_demos_test_split() -> None:
    products = {f"demo-{SEED}-{product.kind.name}-{product.serial:03d}": product for product in make_products()}
    listings = [products[example.product] for example in EXAMPLES]
    assert {product.split for product in listings} == {"test"}
    assert len({product.kind.path.split(" > ")[0] for product in listings}) >= 8
    for example, product in zip(EXAMPLES, listings, strict=True):
        listing = write_listing(SEED, product)
        assert example.title in ("", listing.title)
        assert example.description in ("", listing.description)


def test_photos_are_small_and_every_one_is_used() -> None:
    photos = {path.name for path in examples.FOLDER.iterdir()} - {"examples.json"}
    assert photos == {example.photo for example in EXAMPLES if example.photo}
    for example in EXAMPLES:
        assert bool(example.alt) == bool(example.photo)
        if example.path:
            assert Path(example.path).stat().st_size < 15_000
            with Image.open(example.path) as image:
                assert min(image.size) >= 96


@NUMBERS
def test_every_example_can_be_classified_and_searched(shipped: Workspace, number: int) -> None:
    answer = classify.classify(shipped, *classify.fill(number))
    assert answer["predicted"][0]["level"]
    assert len(answer["categories"]) == len(answer["similar"]) == 8
    text, photo = search.fill(number)
    assert search.search(shipped, text, photo)


def test_a_tile_shows_what_there_is_and_escapes_it() -> None:
    hostile = '<img src=x onerror="x()">'
    text = examples.tile(examples.Example("p", title=hostile))
    assert "<img" not in text
    assert "text only" in text
    photo = examples.tile(examples.Example("p", photo=EXAMPLES[0].photo, alt=f'"{hostile}'))
    assert photo.count("<img") == 1
    assert "photo only" in photo


def test_the_page_carries_small_tiles() -> None:
    with gr.Blocks():
        tiles = examples.build()
    assert sum(len(sample[0]) for sample in tiles.samples) < 20_000


@pytest.mark.parametrize("number", [None, -1, len(EXAMPLES), "0", [0], 1.5])
def test_an_unknown_example_is_an_error_message(number: object) -> None:
    with pytest.raises(gr.Error, match="no such example"):
        examples.chosen(number)
