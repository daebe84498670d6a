"""Small reviews: products whose vectors are those of their words, in groups that can be foreseen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.data.vectors import unit
from pipeline.review.groups import group
from pipeline.review.records import Reviewed
from pipeline.review.store import Store
from tests.helpers.fakes import CATEGORIES, webp, word_vector

NOUNS = {"shirt": "Clothing > Shirts", "dress": "Clothing > Dresses", "vase": "Home > Vases", "clock": "Home > Clocks"}
ABOUT = {
    "taxonomy": [[path, f"id-{number}"] for number, path in enumerate(CATEGORIES)],
    "precision": 0.9,
}


def reviewed(number: int, predicted: str = "Clothing > Shirts", *, is_accepted: bool = False) -> Reviewed:
    """A product, of which the noun goes round and the model thinks the same of all."""
    noun = list(NOUNS)[number % 4]
    rng = np.random.default_rng(number)
    vector = unit(word_vector(noun) + 0.02 * rng.normal(size=len(word_vector(noun))))
    runners = [(predicted, 0.5), *((path, 0.1) for path in NOUNS.values() if path != predicted)]
    title = f"{noun} {number}"
    return Reviewed(
        f"p{number}", title, title, predicted, 0.5, is_accepted, "", runners, vector, webp() if number % 2 else None
    )


def truth(product: int) -> str:
    """What such a product is."""
    return list(NOUNS.values())[product % 4]


def small_review(path: Path, count: int = 24, accepted: int = 0) -> Store:
    """A review of some products, of which the last ones are accepted without review, and right."""
    store = Store.create(path, ABOUT)
    products = [reviewed(number) for number in range(count)]
    products += [reviewed(number, truth(number), is_accepted=True) for number in range(count, count + accepted)]
    store.add(products, group(np.stack([one.vector for one in products])).tolist())
    return store
