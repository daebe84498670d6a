"""One product's predicted category with all that it takes to judge it: reasons in words, runners-up, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.data.images import Photo
from pipeline.prediction.predictor import CategoryPredictor, CategoryScore, Prediction
from pipeline.search.evidence import NEIGHBOURS, Support, is_same
from pipeline.search.query import Query, QueryEncoder
from pipeline.taxonomy.paths import levels

if TYPE_CHECKING:  # faiss is only needed where there is a catalogue
    import pandas as pd

    from pipeline.search.product_search import Hit, ProductSearch

ALTERNATIVES = 5


@dataclass(frozen=True)
class Answer:
    """What is predicted for one product.

    Attributes:
        query: What was read.
        prediction: The decoded path.
        alternatives: The likeliest single paths, each without what lies below it; the decoded one may be among them.
        flaw: What makes the photo say nothing (`photo_flaw`), "" if it is a photo. With a text it was left out.
        evidence: The nearest labelled products, where there is a catalogue.
    """

    query: Query
    prediction: Prediction
    alternatives: tuple[CategoryScore, ...]
    flaw: str = ""
    evidence: Evidence | None = None

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
    """The nearest labelled products of a catalogue.

    Attributes:
        hits: Best first.
        support: Their categories.
        itself: Labelled products left out, since they are the one that was asked about: nothing vouches for itself.
    """

    hits: tuple[Hit, ...]
    support: Support
    itself: tuple[Hit, ...] = ()


NOTHING = Evidence((), Support((), ()))
"""Without a catalogue."""


@dataclass(frozen=True)
class Shelf:
    """A catalogue in which evidence is looked up."""

    search: ProductSearch
    products: pd.DataFrame

    def evidence(self, query: Query, k: int = NEIGHBOURS) -> Evidence:
        """The k nearest labelled products of a query, itself not among them; fewer where there are fewer."""
        labels = self.products["category_path"]
        found = [hit for hit in self.search.search(query, 4 * k) if isinstance(labels.iloc[hit.row], str)]
        itself = tuple(hit for hit in found if is_same((hit.text, hit.image)))
        near = tuple(hit for hit in found if hit not in itself)[:k]
        support = Support(tuple(labels.iloc[hit.row] for hit in near), tuple(hit.score for hit in near))
        return Evidence(near, support, itself)


def ask(
    predictor: CategoryPredictor,
    encoder: QueryEncoder,
    text: str,
    photo: Photo | None,
    *,
    k: int = ALTERNATIVES,
    precision: float | None = None,
    branches: Sequence[str] = (),
    candidates: Sequence[str] = (),
    shelf: Shelf | None = None,
) -> Answer:
    """Predict the category of one product.

    Args:
        predictor: Knows the taxonomy.
        encoder: Of the same bundle.
        text: What the text tower reads (`text.product_text`); may be empty.
        photo: With the side of the bundle (`images.read_photo`), or None.
        k: Alternatives.
        precision: Operating point; None takes the predictor's.
        branches: Only these branches; all, if there are none.
        candidates: Only these paths.
        shelf: Where the nearest labelled products are looked up, whose agreement then is part of the confidence.

    Raises:
        ValueError: If there is neither text nor photo, or the taxonomy lacks a branch or a candidate.
    """
    flaw = "" if photo is None else photo.flaw
    query = encoder.encode(text, None if flaw and text else photo)
    vectors, kind = query.fused_vector[None], query.kind
    near = None if shelf is None else shelf.evidence(query)
    supports = [near.support] if near is not None and near.hits else None
    only = {"branches": branches, "candidates": candidates}
    [found] = predictor.decode(vectors, kind, precision=precision, supports=supports, **only)
    [best] = predictor.predict(vectors, k, kind, **only)
    if flaw and query.image_vector is not None:
        found = found.guessed
    return Answer(query, found, tuple(best), flaw, near)


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
