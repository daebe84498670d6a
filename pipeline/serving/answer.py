"""One product's predicted category with all that it takes to judge it: reasons in words, runners-up, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from pipeline.data.images import photo_flaw
from pipeline.data.taxonomy import levels
from pipeline.metrics import common_levels
from pipeline.serving.encoder import Query, QueryEncoder
from pipeline.serving.predictor import CategoryPredictor, CategoryScore, Prediction

if TYPE_CHECKING:  # faiss is only needed where there is a catalogue
    import pandas as pd

    from pipeline.serving.index import Hit, ProductSearch

ALTERNATIVES = 5
EVIDENCE = 8


@dataclass(frozen=True)
class Answer:
    """What is predicted for one product.

    Attributes:
        query: What was read.
        prediction: The decoded path.
        alternatives: The likeliest single paths, each without what lies below it; the decoded one may be among them.
        flaw: What makes the photo say nothing (`photo_flaw`), "" if it is a photo. With a text it was left out.
    """

    query: Query
    prediction: Prediction
    alternatives: tuple[CategoryScore, ...]
    flaw: str = ""

    @property
    def summary(self) -> str:
        """In words: how far the prediction is sure, and why no further."""
        found = self.prediction
        names, notes = levels(found.path), []
        if self.flaw and self.query.image_vector is None:
            notes.append(f"The photo shows nothing but {self.flaw}, so only the text was read.")
        elif self.flaw:
            return f"Low confidence: the photo shows nothing but {self.flaw}. What follows is a guess."
        if found.familiar is False:
            notes.append(
                "Low confidence: this is unlike the products that confidences were measured on, so all of it needs "
                "review, whatever its bars say."
            )
        elif found.certain == len(names):
            notes.append(f"Accepted down to {names[-1]}.")
        else:
            accepted = f"Accepted down to {names[found.certain - 1]}." if found.certain else "Low confidence."
            notes.append(f"{accepted} {_lacking(found, found.certain)}")
        return " ".join(notes)


@dataclass(frozen=True)
class Evidence:
    """The nearest labelled products of a catalogue, and how far they agree with a path.

    Attributes:
        hits: Best first.
        common: For each of them, how many levels of the path its category shares.
        agreement: For each level of the path, the share of them that are in it, weighted by similarity.
    """

    hits: tuple[Hit, ...]
    common: tuple[int, ...]
    agreement: tuple[float, ...]


def ask(
    predictor: CategoryPredictor,
    encoder: QueryEncoder,
    text: str,
    image: Image.Image | None,
    *,
    k: int = ALTERNATIVES,
    precision: float | None = None,
    branches: Sequence[str] = (),
    candidates: Sequence[str] = (),
) -> Answer:
    """Predict the category of one product.

    Args:
        predictor: Knows the taxonomy.
        encoder: Of the same bundle.
        text: What the text tower reads (`cleaning.product_text`); may be empty.
        image: A decoded photo, or None.
        k: Alternatives.
        precision: Operating point; None takes the predictor's.
        branches: Only these branches; all, if there are none.
        candidates: Only these paths.

    Raises:
        ValueError: If there is neither text nor photo, or the taxonomy lacks a branch or a candidate.
    """
    flaw = "" if image is None else photo_flaw(image)
    query = encoder.encode(text, None if flaw and text else image)
    vectors, kind = query.fused_vector[None], query.kind
    [found] = predictor.decode(vectors, kind, branches=branches, candidates=candidates, precision=precision)
    [best] = predictor.predict(vectors, k, kind, branches=branches, candidates=candidates)
    if flaw and query.image_vector is not None:
        found = found.guessed
    return Answer(query, found, tuple(best), flaw)


def evidence(search: ProductSearch, products: pd.DataFrame, query: Query, path: str, k: int = EVIDENCE) -> Evidence:
    """The nearest labelled products of a catalogue, and how far their categories agree with a path.

    Args:
        search: In the catalogue.
        products: Of the catalogue.
        query: The product asked about.
        path: What was predicted for it.
        k: Products at most.
    """
    labels = products["category_path"]
    near = [hit for hit in search.search(query, 4 * k) if isinstance(labels.iloc[hit.row], str)][:k]
    names = levels(path)
    common = tuple(common_levels(levels(labels.iloc[hit.row]), names) for hit in near)
    weights = [max(hit.score, 0.0) for hit in near]
    total = max(sum(weights), 1e-9)
    agreement = tuple(
        sum(weight for weight, shared in zip(weights, common, strict=True) if shared >= depth) / total
        for depth in range(1, len(names) + 1)
    )
    return Evidence(tuple(near), common, agreement)


def _lacking(found: Prediction, level: int) -> str:
    """Why a level (0 is the top) needs review."""
    name, asked, needed = levels(found.path)[level], found.asked[level], found.thresholds[level]
    sure = found.confidences[level]
    if needed is None:
        said = f"and at this level no confidence has been right {_percent(asked)} of the time"
        return f"{name} needs review: {_percent(sure)} sure, {said}."
    digits = 0 if round(100 * sure) < round(100 * needed) else 2  # what falls short shall not read like what is needed
    said = f"and to be right {_percent(asked)} of the time this level takes {_percent(needed, digits)}"
    return f"{name} needs review: {_percent(sure, digits)} sure, {said}."


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"
