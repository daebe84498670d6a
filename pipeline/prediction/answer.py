"""One product's predicted category with its reasons in words, runners-up and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.catalog.catalog import Catalog
from pipeline.data.images import Photo
from pipeline.prediction.confidence import MeasuredOn, Prediction
from pipeline.prediction.coverage import coverage_headline
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.prediction.scores import CategoryScore
from pipeline.search.evidence import NEIGHBORS, NeighborEvidence, is_same
from pipeline.search.product_search import Hit, ProductSearch
from pipeline.search.query import Query, QueryEncoder
from pipeline.taxonomy.paths import levels

ALTERNATIVES = 5
NOTHING_LIKE_IT = "The catalogue holds nothing like this product, so its neighbors changed no confidence."
_OF_TAXONOMY: dict[MeasuredOn, str] = {
    "this": "",
    "altered": "This taxonomy is not the one the confidences were measured on; they come from cut and renamed "
    "versions of that one, and are rougher.",
    "another": "This taxonomy is not the one the confidences were measured on; measure them on your own rows before "
    "you trust them.",
}


@dataclass(frozen=True)
class Answer:
    """The prediction for one product.

    Attributes:
        query: Its vectors.
        prediction: The decoded path.
        alternatives: The likeliest single paths, each without what lies below it; the decoded one may be among them.
        flaw: Why the photo shows nothing (`Query.photo_flaw`), "" otherwise.
        evidence: The nearest labeled products, where there is a catalogue.
        headline: Shares that are accepted at which precision, and on what they were measured; "" if unknown.
        ids: Ids of paths in their taxonomy (`CategoryPredictor.ids`).
    """

    query: Query
    prediction: Prediction
    alternatives: tuple[CategoryScore, ...]
    flaw: str = ""
    evidence: Evidence | None = None
    headline: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def category_id(self) -> str | None:
        """Id of the predicted path, None where the taxonomy has none for it."""
        return self.ids.get(self.prediction.path)

    @property
    def accepted_id(self) -> str | None:
        """Id of the accepted path, None where no level is accepted or the taxonomy has no id for it."""
        return self.ids.get(self.prediction.accepted_path)

    @property
    def summary(self) -> str:
        """In words: down to which level the prediction is accepted, and why no further."""
        return explain(self.prediction, self.flaw, photo_is_read=self.query.image_vector is not None)


@dataclass(frozen=True)
class Evidence:
    """The nearest labeled products of a catalogue.

    Attributes:
        hits: Best first.
        neighbors: Their categories.
        same_product: Labeled products left out because they are the product that was asked about.
    """

    hits: tuple[Hit, ...]
    neighbors: NeighborEvidence
    same_product: tuple[Hit, ...] = ()


NO_EVIDENCE = Evidence((), NeighborEvidence((), ()))
"""Without a catalogue."""


@dataclass(frozen=True)
class EvidenceIndex:
    """A catalogue in which evidence is looked up."""

    search: ProductSearch
    products: pd.DataFrame

    def evidence(self, query: Query) -> Evidence:
        """The `NEIGHBORS` nearest labeled products of a query, itself not among them; fewer where there are fewer."""
        labels = self.products["category_path"]
        hits = [hit for hit in self.search.search(query, 4 * NEIGHBORS) if isinstance(labels.iloc[hit.row], str)]
        same = tuple(hit for hit in hits if is_same((hit.text, hit.image)))
        nearest = tuple(hit for hit in hits if hit not in same)[:NEIGHBORS]
        neighbors = NeighborEvidence(
            tuple(labels.iloc[hit.row] for hit in nearest), tuple(hit.score for hit in nearest)
        )
        return Evidence(nearest, neighbors, same)


def ask(
    predictor: CategoryPredictor,
    encoder: QueryEncoder,
    text: str,
    photo: Photo | None,
    *,
    k: int = ALTERNATIVES,
    target_precision: float | None = None,
    branches: Sequence[str] = (),
    candidates: Sequence[str] = (),
    evidence_index: EvidenceIndex | None = None,
) -> Answer:
    """Predict the category of one product.

    Args:
        predictor: Knows the taxonomy.
        encoder: Of the same bundle.
        text: As the text tower reads it (`text.listing`); may be empty.
        photo: With the side of the bundle (`images.read_photo`), or None.
        k: Alternatives.
        target_precision: None takes the predictor's.
        branches: Only these branches; all, if there are none.
        candidates: Only these paths.
        evidence_index: Of the labeled products whose agreement then is part of the confidence.

    Raises:
        ValueError: If there is neither text nor photo, or the taxonomy lacks a branch or a candidate.
    """
    query = encoder.encode(text, photo)
    evidence = None if evidence_index is None else evidence_index.evidence(query)
    neighbors = None if evidence is None else [evidence.neighbors]
    scores = predictor.score(
        query.fused_vector[None],
        query.modality,
        branches=branches,
        candidates=candidates,
        target_precision=target_precision,
    )
    blank = bool(query.photo_flaw) and query.image_vector is not None
    [prediction], [alternatives] = scores.decode(neighbors, [blank]), scores.top(k)
    headline = coverage_headline(scores.calibrations[query.modality])
    return Answer(query, prediction, tuple(alternatives), query.photo_flaw, evidence, headline, predictor.ids)


def explain(prediction: Prediction, flaw: str, *, photo_is_read: bool) -> str:
    """Say in words down to which level a prediction is accepted, and why no further.

    Args:
        prediction: For one product.
        flaw: Why its photo shows nothing, "" otherwise.
        photo_is_read: Whether the prediction stands on the photo too.
    """
    notes: list[str] = []
    names, depth = levels(prediction.path), prediction.accepted_depth
    if flaw and not photo_is_read:
        notes.append(f"The photo shows nothing but {flaw}, so only the text was read.")
    elif flaw:
        return f"Low confidence: the photo shows nothing but {flaw}. What follows is a guess."
    if not prediction.measured:
        notes.append(
            "Low confidence: the model was built from too few products with a category to measure "
            "confidences on, so all of it needs review, whatever its bars say."
        )
    elif prediction.in_distribution is False:
        notes.append(
            "Low confidence: this is unlike the products that confidences were measured on, so all of it needs "
            "review, whatever its bars say."
        )
    elif depth == len(names):
        notes.append(f"Accepted down to {names[-1]}.")
    else:
        accepted = f"Accepted down to {names[depth - 1]}." if depth else "Low confidence."
        notes.append(f"{accepted} {_lacking(prediction, depth)}")
    if prediction.measured and prediction.in_distribution is not False:
        notes += [note for note in (_OF_TAXONOMY[prediction.taxonomy],) if note]
    if prediction.has_similar is False:
        notes.append(NOTHING_LIKE_IT)
    return " ".join(notes)


def _lacking(prediction: Prediction, level: int) -> str:
    """Why a level (0 is the top) needs review."""
    name, threshold = levels(prediction.path)[level], prediction.thresholds[level]
    confidence, target = prediction.confidences[level], _percent(prediction.target_precision)
    if threshold is None:
        return (
            f"{name} needs review: we are {_percent(confidence)} sure of it, and no confidence at this level reaches "
            f"a precision of {target}."
        )
    # a confidence that falls short must not read like the threshold
    digits = 0 if round(100 * confidence) < round(100 * threshold) else 2
    return (
        f"{name} needs review: we are {_percent(confidence, digits)} sure of it; a precision of {target} takes "
        f"{_percent(threshold, digits)} at this level."
    )


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f}%"


def evidence_index_of(catalog: Catalog) -> EvidenceIndex:
    """The labeled products of a catalogue, for evidence."""
    return EvidenceIndex(ProductSearch(catalog), catalog.products)
