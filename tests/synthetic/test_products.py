from collections import Counter
from dataclasses import replace

import pytest

from synthetic.listings.candidates import candidates_of
from synthetic.listings.categories import categories
from synthetic.listings.products import make_product, make_products
from synthetic.listings.tables import tables
from synthetic.listings.texts import look_words, write_listing

SEED = 5
PRODUCTS = make_products(SEED, 2400)


def test_the_same_seed_gives_the_same_products_texts_and_candidates():
    again = make_products(SEED, 60)
    assert again == PRODUCTS[:60]
    for product in again:
        assert write_listing(SEED, product) == write_listing(SEED, product)
        assert candidates_of(SEED, product) == candidates_of(SEED, product)
    assert make_products(SEED + 1, 60) != again


def test_a_prefix_is_a_balanced_sample_and_any_product_can_be_made_alone():
    counts = Counter(product.kind.name for product in PRODUCTS[:500])
    assert len(counts) == len(tables().types)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert make_product(SEED, 777) == PRODUCTS[777]


def test_about_a_fifth_is_not_english_in_many_languages_and_scripts():
    languages = Counter(product.language for product in PRODUCTS)
    foreign = sum(count for language, count in languages.items() if language != "en")
    assert 0.16 < foreign / len(PRODUCTS) < 0.25
    assert len(languages) >= 7
    titles = "".join(write_listing(SEED, product).title for product in PRODUCTS)
    for low, high in (("Ѐ", "ӿ"), ("぀", "ヿ"), ("一", "鿿"), ("؀", "ۿ")):
        assert any(low <= character <= high for character in titles)


def test_shares_of_dirty_listings_are_within_bounds():
    listings = [write_listing(SEED, product) for product in PRODUCTS]
    share = {
        "empty": sum(not listing.description for listing in listings) / len(listings),
        "markup": sum("<" in listing.description for listing in listings) / len(listings),
        "shouting": sum(listing.title.isupper() for listing in listings) / len(listings),
        "secondhand": sum(listing.is_secondhand for listing in listings) / len(listings),
    }
    assert 0.04 < share["empty"] < 0.11
    assert 0.2 < share["markup"] < 0.6
    assert 0.02 < share["shouting"] < 0.12
    assert 0.01 < share["secondhand"] < 0.06
    assert all(listing.title.strip() for listing in listings)
    assert not any("{" in listing.title + listing.description.split("<style>")[0] for listing in listings)


@pytest.mark.parametrize("name", ["mug", "t-shirt", "suitcase", "candle"])
def test_texts_name_the_colors_of_the_photo_and_no_others(name):
    data = tables()
    for product in (product for product in PRODUCTS if product.kind.name == name and product.language == "en"):
        listing = write_listing(SEED, product)
        text = f"{listing.title} {listing.description}".lower()
        color, _ = look_words(product, data)
        product_colors = {data.color_words[c]["en"] for c in product.look.colors[: 2 if product.look.pattern else 1]}
        other_colors = {words["en"] for words in data.color_words.values()} - product_colors
        assert all(word in color for word in product_colors if color)
        for other in other_colors - {word for word in other_colors if any(word in one for one in product_colors)}:
            assert f" {other} " not in f" {text} ", (text, other)


def test_near_duplicates_show_what_their_original_shows():
    data = tables()
    number = {(product.kind.name, product.serial): product for product in PRODUCTS}
    copies = [product for product in PRODUCTS if product.copy_of is not None]
    assert len(copies) > 30
    for copy in copies:
        original = number[copy.kind.name, copy.copy_of]
        assert copy.look.colors == original.look.colors
        assert look_words(copy, data) == look_words(original, data)
    assert any(copy.photo == number[copy.kind.name, copy.copy_of].photo for copy in copies)
    assert any(copy.photo != number[copy.kind.name, copy.copy_of].photo for copy in copies)


def test_candidates_are_like_real_ones():
    places = Counter()
    for product in PRODUCTS[:400]:
        candidates = candidates_of(SEED, product)
        truth = product.kind.path
        assert len(candidates) in (8, 9)
        assert len(set(candidates)) == len(candidates)
        assert truth in candidates
        assert all(path in categories() for path in candidates)
        parent = categories().parent(truth)
        assert parent is None or parent in candidates
        assert any(path.split(" > ")[0] != truth.split(" > ")[0] for path in candidates)
        places[candidates.index(truth)] += 1
    assert len(places) == 9
    assert max(places.values()) < 100


def test_candidates_are_of_categories_that_a_shop_may_show():
    offered = {path.split(" > ")[0] for product in PRODUCTS for path in candidates_of(SEED, product)}
    assert len(offered) >= 20
    assert not offered & {"Mature", "Uncategorized"}


def test_another_category_changes_neither_photo_nor_texts():
    data = tables()
    moved = replace(data, types={name: replace(kind, path="Gift Cards") for name, kind in data.types.items()})
    for product in PRODUCTS[:500]:
        other = make_product(SEED, product.number, moved)
        assert other.kind.path == "Gift Cards"
        assert replace(other, kind=product.kind) == product
        assert write_listing(SEED, other) == write_listing(SEED, product)


def test_photos_are_named_by_what_they_show():
    names = {}
    for product in PRODUCTS:
        if product.photo is not None:
            assert names.setdefault(product.photo, product.look) == product.look
    assert sum(product.photo is None for product in PRODUCTS) < 0.02 * len(PRODUCTS)
