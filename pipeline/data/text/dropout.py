"""Field dropout: the training rows whose text is learned without type, tags, collections and options.

Many shops leave these out, so the model must not depend on them.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from pipeline.data.text.listing import stored_listing

_HASH_BYTES = 8


def field_dropout(products: pd.DataFrame, share: float, seed: int) -> np.ndarray:
    """Which training rows lose their fields, bool [n]; the same for the same product and seed, whatever stands by it.

    Args:
        products: n rows of `schema.PRODUCTS`.
        share: Of the training rows, 0 to 1.
        seed: Of the build.
    """
    if not share:
        return np.zeros(len(products), dtype=bool)
    pairs = zip(products["product_id"], products["split"], strict=True)
    return np.array([split == "train" and _place(one, seed) < share for one, split in pairs], dtype=bool)


def learned_texts(products: pd.DataFrame, dropped: np.ndarray) -> list[str]:
    """The text of each product that training encodes, without the fields of those that lose them (bool [n]).

    A product that has nothing but fields keeps them.
    """
    texts: list[str] = products["text"].tolist()
    for row, product in zip(np.flatnonzero(dropped).tolist(), products[dropped].to_dict("records"), strict=True):
        listing = stored_listing(product)
        texts[row] = listing.text_without_fields or texts[row]
    return texts


def _place(product_id: str, seed: int) -> float:
    """Of a product in [0, 1)."""
    digest = hashlib.sha256(f"{seed}\0{product_id}".encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:_HASH_BYTES]) / 256**_HASH_BYTES
