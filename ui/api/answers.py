"""Types of the answers of the endpoints and of the galaxy's server functions: plain values, ready for JSON.

No key is called "path": gradio_client takes a dictionary with one for a file, and tries to download it.
"""

from __future__ import annotations

from typing import TypedDict

from pipeline.search.strength import Strength


class Product(TypedDict):
    """A product of the catalogue; a text is None where the catalogue has none."""

    product_id: str
    title: str | None
    brand: str | None
    category_path: str | None
    predicted_path: str | None


class NearProduct(TypedDict):
    """A product by its id, with its similarity to something."""

    product_id: str
    similarity: float


class SimilarProduct(Product):
    """A product with its similarity to a query, a product or a centroid; None without the text or photo.

    "strength" is the word for how well it matches, None where it does not, or nothing was asked.
    """

    strength: Strength | None
    similarity: float
    text_similarity: float | None
    image_similarity: float | None


class EvidenceProduct(SimilarProduct):
    """A labeled product near the classified one, with the number of levels of the predicted path it shares."""

    agreeing_levels: int


class PredictedLevel(TypedDict):
    """A level of the predicted path; shares from 0 to 1. A guess has no probability."""

    level: str
    verdict: str
    probability: float | None
    confidence: float
    accepted: bool
    threshold: float | None
    target_precision: float
    agreement: float | None


class ScoredPath(TypedDict):
    """A category path with its id in the taxonomy, None for none, and its probability, None for a guess."""

    category_path: str
    category_id: str | None
    score: float | None


class Classification(TypedDict):
    """Answer of `classify`, which documents the keys."""

    summary: str
    category_path: str
    category_id: str | None
    accepted_path: str
    accepted_id: str | None
    accepted_depth: int
    needs_review: bool
    low_confidence: bool
    in_distribution: bool | None
    measured_on: str
    has_similar: bool | None
    read: str
    language_note: str
    contradiction: list[str] | None
    predicted: list[PredictedLevel]
    categories: list[ScoredPath]
    similar: list[EvidenceProduct]
    same_product: list[SimilarProduct]


class ClassifiedRow(TypedDict):
    """A row of a file with its predicted category; `probabilities` of its levels from the top, none of a guess."""

    row: int
    line: int | None
    product_id: str
    title: str
    given_category: str | None
    category_path: str
    category_id: str | None
    probabilities: list[float]
    accepted_path: str
    accepted_id: str | None
    needs_review: bool
    reason: str
    read: str


class RejectedRow(TypedDict):
    """A row of a file that cannot be read, and why."""

    row: int
    reason: str


class FileClassification(TypedDict):
    """Answer of `classify_file`, which documents the keys."""

    read_as: str
    total: int
    next_start: int | None
    rows: list[ClassifiedRow]
    rejected: list[RejectedRow]


class RankedProduct(TypedDict):
    """The product whose candidates are ranked; a visitor's own has a title at most."""

    product_id: str | None
    title: str | None
    brand: str | None
    category_path: str | None
    predicted_path: str | None


class GateWeights(TypedDict):
    """Mean weights that the gate gives to text and photo; they add up to 1."""

    text: float
    image: float


class Candidate(TypedDict):
    """A candidate category: cosines, shares among the candidates, and its place before training."""

    category_path: str
    category_id: str | None
    truth: bool
    score: float | None
    fused: float | None
    text: float | None
    image: float | None
    score_share: float | None
    fused_share: float | None
    text_share: float | None
    image_share: float | None
    untrained: float | None
    place_before: int | None


class Reranking(TypedDict):
    """Answer of `rerank`, which documents the keys."""

    product: RankedProduct
    gate: GateWeights | None
    balance: float
    moved: str
    candidates: list[Candidate]


class CategoryFigures(TypedDict):
    """A category in figures: its products, the share predicted correctly, and how many of them were tested."""

    category_path: str
    members: int
    accuracy: float
    tested: int


class SimilarCategory(CategoryFigures):
    """A category with the cosine between its centroid and another's."""

    similarity: float


class ConfusedCategory(TypedDict):
    """A category that products are confused with, and how many."""

    category_path: str
    products: int


class BrandCount(TypedDict):
    """A brand and the number of its products."""

    brand: str
    products: int


class CategoryDetails(CategoryFigures):
    """Answer of `category`, which documents the keys."""

    category_id: str | None
    depth: int
    dispersion: float
    children: list[CategoryFigures]
    nearest: list[SimilarProduct]
    farthest: list[SimilarProduct]
    similar: list[SimilarCategory]
    mistaken_for: list[ConfusedCategory]
    mistaken_from: list[ConfusedCategory]
    brands: list[BrandCount]


class TopCategory(TypedDict):
    """A top-level category with the mean position of its products in the galaxy."""

    category: str
    products: int
    x: float
    y: float
    z: float


class NamedRow(TypedDict):
    """A row of the catalogue with the title of its product."""

    row: int
    title: str | None


class Neighbor(NamedRow):
    """A product with its cosine to another one."""

    similarity: float


class DistantProduct(NamedRow):
    """A product with its distance to a center: 1 - cosine, 0 to 2."""

    distance: float


class ProductPanel(Product):
    """Content of the galaxy's panel for a product."""

    row: int
    description: str
    split: str | None
    language: str | None
    confidence: float | None
    candidates: bool
    neighbors: list[Neighbor]


class CategoryPanel(TypedDict):
    """Content of the galaxy's panel for a category."""

    category: str
    members: int
    dispersion: float
    nearest: list[DistantProduct]
    farthest: list[DistantProduct]


class TextMatches(TypedDict):
    """Rows that contain a text: a base64 mask of one bit a row, lowest bit first."""

    mask: str


class SelectionWords(TypedDict):
    """How many products are selected, and the words of their titles that set them apart, best first."""

    products: int
    words: list[str]


class SimilarRows(TypedDict):
    """Products like those of a selection, most similar first."""

    products: list[Neighbor]


class ExportedFile(TypedDict):
    """A file for the visitor, in base64."""

    name: str
    file: str


class Highlight(TypedDict):
    """Products that the galaxy highlights; `requested_at` tells two equal requests apart."""

    name: str
    products: list[Neighbor]
    own_product: bool
    requested_at: float
