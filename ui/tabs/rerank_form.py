"""The form of tab "Rerank", and the product whose candidates are ranked: from the catalogue or a visitor's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.text import stored_listing
from pipeline.prediction.rerank import AS_THE_GATE_DECIDES, stored_query
from pipeline.search.query import Query
from ui.api.answers import RankedProduct
from ui.components.photo import read_photo
from ui.workspace import Workspace, read_listing, refuse

CATALOGUE, OWN = "From the catalogue", "My own"
"""Choices for the source of the product."""

_LIKELIEST = 8  # candidates of a visitor's own product, if none are given
NOTHING_GIVEN = "There is nothing to rank for yet: add a photo, a title or a description."


@dataclass(frozen=True)
class Listing:
    """A visitor's own product, as typed."""

    photo: str | None
    title: str
    description: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given."""
        return not self.photo and not self.title.strip() and not self.description.strip()


@dataclass(frozen=True)
class RerankForm:
    """The fields of the tab in their order."""

    product_id: str | None
    source: str
    photo: str | None
    title: str | None
    description: str | None
    candidates: str | None
    balance: float = AS_THE_GATE_DECIDES

    @property
    def listing(self) -> Listing:
        """The visitor's own product."""
        return Listing(self.photo, self.title or "", self.description or "")


@dataclass(frozen=True)
class Subject:
    """A product whose candidates are ranked.

    Attributes:
        text: Text that the text tower reads; "" for none.
        query: Its vectors.
        paths: Candidate categories.
        product: Its facts.
        truth: Its true category; None if unknown.
    """

    text: str
    query: Query
    paths: list[str]
    product: RankedProduct
    truth: str | None


def stored_subject(workspace: Workspace, product_id: str, candidates: list[str]) -> Subject:
    """Read a product of the catalogue, with the given candidates or else its own."""
    row = workspace.row(product_id)
    paths = candidates or _candidates(workspace, row)
    if not paths:
        raise refuse("This product has no candidates; enter your own, one category path a line.")
    values = workspace.catalog.products.iloc[row]
    product = workspace.product(row)
    return Subject(
        text=stored_listing(values.to_dict()).text,
        query=stored_query(workspace.catalog, row),
        paths=paths,
        product={**product},
        truth=product["category_path"],
    )


def own_subject(workspace: Workspace, listing: Listing, candidates: list[str]) -> Subject:
    """Encode a visitor's own product, with the given candidates or else the most likely categories."""
    text = read_listing(listing.title, listing.description)
    if not text and not listing.photo:
        raise refuse(NOTHING_GIVEN)
    if not (candidates or workspace.predicts_categories):
        raise refuse("This catalogue has no categories to choose from; enter candidates, one category path a line.")
    tools = workspace.tools
    query = tools.encoder.encode(text, read_photo(listing.photo, tools.bundle.image_size))
    likeliest = [] if candidates else tools.predictor.score(query.fused_vector[None], query.modality).top(_LIKELIEST)[0]
    return Subject(
        text=text,
        query=query,
        paths=candidates or [score.path for score in likeliest],
        product={
            "product_id": None,
            "title": listing.title or None,
            "brand": None,
            "category_path": None,
            "predicted_path": None,
        },
        truth=None,
    )


def _candidates(workspace: Workspace, row: int) -> list[str]:
    stored = workspace.catalog.products["candidates"].iloc[row]
    return [] if stored is None else list(stored)


def with_candidates(catalog: pd.DataFrame) -> np.ndarray:
    """Mask of the products that have candidates: bool [n]."""
    return np.array([stored is not None and len(stored) > 0 for stored in catalog["candidates"]], dtype=bool)
