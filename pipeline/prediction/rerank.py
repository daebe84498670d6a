"""A product's candidate categories, ordered by how well its text, its photo and both together fit them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.bundle.protocol import Encoder
from pipeline.catalog.catalog import Catalog
from pipeline.data.vectors import unit
from pipeline.errors import InputError
from pipeline.prediction.margins import margins
from pipeline.search.query import Query
from pipeline.types import MODALITIES, Modality

AS_THE_GATE_DECIDES = 0.5
"""The balance at which nothing is faded out."""
PHOTO_ALONE = 1.0
"""The one at which the text is faded out whole."""
TEXT_ALONE = 0.0
"""The one at which the photo is."""


def rerank(
    bundle: Encoder, query: Query, candidates: Sequence[str], balance: float = AS_THE_GATE_DECIDES
) -> pd.DataFrame:
    """Score candidate categories.

    Args:
        bundle: The model.
        query: The product.
        candidates: Category paths, known to the bundle or not; repeated ones count once.
        balance: See `fade`.

    Returns:
        Columns category_path, text, image, fused, score (cosines, less the margins of `margins`; NaN where the product
        lacks the modality), by falling score. It is the cosine of the faded vector, and so `fused` where nothing is
        faded out. A photo alone is compared with the prototypes of its categories too
        (`PredictorParts.vectors_for_photos`).

    Raises:
        ValueError: If there are no candidates.
    """
    paths = list(dict.fromkeys(candidates))
    if not paths:
        raise InputError("reranking needs at least one candidate category")
    categories = bundle.encode_categories(paths)
    photo_categories = (
        categories if bundle.predictor is None else bundle.predictor.vectors_for_photos(paths, categories)
    )
    taken = {modality: margins(bundle, paths, modality) for modality in MODALITIES}
    text = image = fused = np.full(len(paths), np.nan, dtype=np.float32)
    if query.text_vector is not None:
        text = fused = categories @ query.text_vector - taken["text"]
    if query.image_vector is not None:
        image = fused = photo_categories @ query.image_vector - taken["image"]
    score = fused
    if query.text_vector is not None and query.image_vector is not None:
        score = fused = categories @ query.fused_vector - taken["fused"]
        if balance == PHOTO_ALONE:
            score = image
        elif balance != AS_THE_GATE_DECIDES:
            kind: Modality = "text" if balance == TEXT_ALONE else "fused"
            score = categories @ fade(bundle, query, balance) - taken[kind]
    table = pd.DataFrame({"category_path": paths, "text": text, "image": image, "fused": fused, "score": score})
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def fade(bundle: Encoder, query: Query, balance: float) -> np.ndarray:
    """A product's vector with one modality faded out: unit, float32 [d].

    The gate gives the text a weight g in every dimension. Towards the text, the rest 1 - g shrinks in proportion, and
    towards the photo g itself does.

    Args:
        bundle: Has the gate.
        query: The product; where it has one modality, there is nothing to fade.
        balance: 0 is the text alone, 0.5 what the gate decides, 1 the photo alone.

    Raises:
        ValueError: If the balance does not lie between 0 and 1.
    """
    if not 0 <= balance <= 1:
        raise InputError(f"The balance lies between 0 (text alone) and 1 (photo alone); it was {balance}.")
    text, image = query.text_vector, query.image_vector
    if text is None or image is None or balance == AS_THE_GATE_DECIDES:
        return query.fused_vector
    gate = bundle.gate(text[None], image[None])[0]
    weight = 1 - (1 - gate) * 2 * balance if balance < AS_THE_GATE_DECIDES else gate * 2 * (1 - balance)
    mixed = weight * text + (1 - weight) * image
    return unit(mixed).astype(np.float32)


def stored_query(catalog: Catalog, row: int) -> Query:
    """A product's own vectors as a query: nothing is encoded."""
    text, has_text = catalog.vectors("text")
    image, has_image = catalog.vectors("image")
    fused, _ = catalog.vectors("fused")
    return Query(text[row] if has_text[row] else None, image[row] if has_image[row] else None, fused[row])


def shares(cosines: np.ndarray, scale: float) -> np.ndarray:
    """Softmax over n candidates at the scale the model was trained with, [n]; NaN where there are no cosines."""
    powers: np.ndarray = np.exp(scale * (cosines - cosines.max()))
    return powers / powers.sum()


def text_weight(bundle: Encoder, query: Query) -> float | None:
    """The gate's weight of the text, mean of all dimensions, 0 to 1; None where the product has one modality."""
    if query.text_vector is None or query.image_vector is None:
        return None
    return float(bundle.gate(query.text_vector[None], query.image_vector[None]).mean())


def beside_untrained(table: pd.DataFrame, untrained: np.ndarray | None) -> pd.DataFrame:
    """A table of `rerank` with the order of the pretrained text tower.

    Args:
        table: Of n candidates.
        untrained: Cosines [n] of the untrained text tower, in the order of the table; None for a product without text.

    Returns:
        With the columns untrained and place_before, from 1; both NaN for a product without text.
    """
    if untrained is None:
        return table.assign(untrained=np.nan, place_before=np.nan)
    places = np.empty(len(table), dtype=np.int64)
    places[np.argsort(-untrained, kind="stable")] = np.arange(1, len(table) + 1)
    return table.assign(untrained=untrained, place_before=places)


def moves(table: pd.DataFrame, truth: str | None) -> str:
    """The first candidate before and after training, and where the true one went, in words.

    Args:
        table: Of `beside_untrained`.
        truth: The true category path; None where it is not known.
    """
    paths = table["category_path"].tolist()
    if table["place_before"].isna().any():
        return "There is no order before training: the untrained tower reads text alone, and this product has none."
    before = paths[int(table["place_before"].argmin())]
    first = f"Before training {before} was first, now {paths[0]} is."
    if paths[0] == before:
        first = f"{before} was first before training and is first now."
    if truth is None:
        return f"{first} Which category is true is not known."
    if truth not in paths:
        return f"{first} The true category, {truth}, is not among the candidates."
    now = paths.index(truth) + 1
    was = int(table["place_before"].iloc[now - 1])
    right = {
        (True, True): "right before and now",
        (True, False): "right before, wrong now",
        (False, True): "wrong before, right now",
        (False, False): "wrong before and now",
    }[was == 1, now == 1]
    moved = "stayed in place" if was == now else f"moved {'up' if now < was else 'down'} from place {was} to"
    return f"{first} The true category {moved} {now}: {right}."
