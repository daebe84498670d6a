"""Field dropout is a share of the training rows, the same for the same product, and leaves other splits alone."""

import numpy as np
import pandas as pd

from pipeline.data.text.dropout import field_dropout, learned_texts


def _products(n, split="train"):
    return pd.DataFrame(
        {
            "product_id": [f"p{number}" for number in range(n)],
            "split": split,
            "title": "Mug",
            "description": "Holds 350 ml.",
            "brand": "Norvik",
            "product_type": "Mugs",
            "tags": "stoneware",
            "text": "Mug | Mugs | Norvik | stoneware | Holds 350 ml.",
        }
    )


def test_about_the_share_of_the_training_rows_loses_its_fields():
    products = _products(2_000)
    assert 0.27 < field_dropout(products, 0.3, 17).mean() < 0.33
    assert field_dropout(products, 1, 17).all()
    assert not field_dropout(products, 0, 17).any()


def test_the_choice_hangs_on_product_and_seed_alone():
    products = _products(200)
    chosen = field_dropout(products, 0.5, 17)
    assert np.array_equal(field_dropout(products[::-1], 0.5, 17)[::-1], chosen)
    assert np.array_equal(field_dropout(products[50:], 0.5, 17), chosen[50:])
    assert not np.array_equal(field_dropout(products, 0.5, 18), chosen)
    assert (field_dropout(products, 0.7, 17) >= chosen).all()


def test_rows_of_other_splits_are_read_whole():
    assert not field_dropout(_products(50, "validation"), 1, 17).any()


def test_dropped_rows_are_learned_without_type_and_tags():
    products = _products(3)
    texts = learned_texts(products, np.array([False, True, False]))
    assert texts == [products["text"][0], "Mug | Norvik | Holds 350 ml.", products["text"][2]]


def test_a_product_that_has_nothing_but_fields_keeps_them():
    products = _products(1).assign(title="", description="", brand="", text="Mugs | stoneware")
    assert learned_texts(products, np.array([True])) == ["Mugs | stoneware"]
