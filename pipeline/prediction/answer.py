"""One product's predicted category with its reasons in words, runners-up and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.catalog.catalog import Catalog
from pipeline.data.images import Photo
from pipeline.data.language import language_of_title
from pipeline.prediction.confidence import Prediction
from pipeline.prediction.explanation import coverage_headline, explain, foreign_language, of_language
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.prediction.scores import CategoryScore
from pipeline.search.evidence import NEIGHBORS, NeighborEvidence, is_same
from pipeline.search.product_search import Hit, ProductSearch
from pipeline.search.query import Query, QueryEncoder

ALTERNATIVES = 5


@dataclass(frozen=True)
class Answer:
    """The prediction for one product.

    Attributes:
        query: Its vectors.
        prediction: The decoded path.
        ranking: Whole paths with one probability each, best first: the decoded one, then what else it could be.
        flaw: Why the photo shows nothing (`Query.photo_flaw`), "" otherwise.
        evidence: The nearest labeled products, where there is a catalogue.
        headline: Shares that are accepted at which precision, and on what they were measured; "" if unknown.
        ids: Ids of paths in their taxonomy (`CategoryPredictor.ids`).
        language: Sentence about the language of the text (`of_language`), "" for none.
        contradiction: Top-level categories of text and photo that contradict each other, None for none.
    """

    query: Query
    prediction: Prediction
    ranking: tuple[CategoryScore, ...]
    flaw: str = ""
    evidence: Evidence | None = None
    headline: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    contradiction: tuple[str, str] | None = None

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
        """In words: down to which level the prediction is certain, and why no further."""
        return explain(
            self.prediction,
            self.flaw,
            photo_is_read=self.query.image_vector is not None,
            language=self.language,
            contradiction=self.contradiction,
        )


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
        k: Paths of the ranking.
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
    calibration = scores.calibrations[query.modality]
    language = foreign_language(language_of_title(text), calibration) if query.modality == "text" else ""
    [contradiction] = predictor.contradictions([query], branches=branches, candidates=candidates)
    [prediction] = scores.decode(neighbors, [blank], strange=[bool(language)], torn=[contradiction is not None])
    [ranking] = scores.rank([prediction], k)
    return Answer(
        query,
        prediction,
        tuple(ranking),
        query.photo_flaw,
        evidence,
        coverage_headline(calibration),
        predictor.ids,
        of_language(language, calibration.language) if language else "",
        contradiction,
    )


def evidence_index_of(catalog: Catalog) -> EvidenceIndex:
    """The labeled products of a catalogue, for evidence."""
    return EvidenceIndex(ProductSearch(catalog), catalog.products)
