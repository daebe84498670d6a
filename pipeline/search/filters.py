"""Which products of a catalogue a search may find, and how its text is worded for the text tower."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.errors import InputError

HOLE = "{}"
"""Where the text goes in a template."""


def allowed_rows(products: pd.DataFrame, category: str = "", brand: str = "") -> np.ndarray | None:
    """The products that a search is restricted to.

    Args:
        products: With columns category_path and brand, either of which may hold None.
        category: Path; products in it or below it are allowed. "" for all.
        brand: Its name in any case. "" for all.

    Returns:
        Bool [n], None where there is no filter.
    """
    if not category and not brand:
        return None
    allowed = np.ones(len(products), dtype=bool)
    if category:
        allowed &= in_category(products["category_path"], category)
    if brand:
        allowed &= (products["brand"].fillna("").str.casefold() == brand.casefold()).to_numpy(dtype=bool)
    return allowed


def in_category(paths: pd.Series, category: str) -> np.ndarray:
    """Which of n category paths (None where unknown) are a category or below it: bool [n]."""
    known = paths.fillna("")
    return ((known == category) | known.str.startswith(f"{category} > ")).to_numpy(dtype=bool)


def worded(text: str, template: str) -> str:
    """The text in a template such as "a photo of {}"; as it is where there is no template, or no text.

    Raises:
        ValueError: In one sentence, if the template has no place for the text, or several.
    """
    if not template.strip() or not text:
        return text
    if template.count(HOLE) != 1:
        raise InputError(f'A template has {HOLE} once, where the text goes, as in "a photo of {HOLE}".')
    return template.strip().replace(HOLE, text)
