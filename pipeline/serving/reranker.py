"""A product's candidate categories, ordered by how well its text, its photo and both together fit them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.serving.encoder import Query

if TYPE_CHECKING:  # torch is slow to import, and a page can open without it
    from pipeline.model.bundle import Bundle


def rerank(bundle: Bundle, query: Query, candidates: Sequence[str]) -> pd.DataFrame:
    """Score candidate categories.

    Args:
        bundle: The model.
        query: The product.
        candidates: Category paths, known to the bundle or not; repeated ones count once.

    Returns:
        Columns category_path, text, image, fused (cosines; NaN where the product lacks the modality), by falling fused.

    Raises:
        ValueError: If there are no candidates.
    """
    paths = list(dict.fromkeys(candidates))
    if not paths:
        raise ValueError("reranking needs at least one candidate category")
    categories = bundle.encode_categories(paths)
    blank = np.full(len(paths), np.nan, dtype=np.float32)
    table = pd.DataFrame(
        {
            "category_path": paths,
            "text": blank if query.text_vector is None else categories @ query.text_vector,
            "image": blank if query.image_vector is None else categories @ query.image_vector,
            "fused": categories @ query.fused_vector,
        }
    )
    return table.sort_values("fused", ascending=False, kind="stable", ignore_index=True)
