"""`python -m pipeline classify --title … --image …`: the category of one product, as text.

`batch.py` does it for every row of a catalogue.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.bundle.bundle import load_bundle
from pipeline.catalog.catalog import Catalog
from pipeline.config.stages import IngestConfig
from pipeline.data.decoding import ImageError, read_photo_file
from pipeline.data.images import Photo, read_photo
from pipeline.data.sources import SourceError
from pipeline.data.text import listing_text
from pipeline.errors import InputError
from pipeline.prediction.answer import Answer, ask, evidence_index_of
from pipeline.prediction.explanation import percent
from pipeline.prediction.predictor import PredictionRequest, predictor_of
from pipeline.search.query import QueryEncoder
from pipeline.taxonomy.paths import levels


def classify_product(
    model: Path,
    title: str,
    description: str,
    image: Path | None,
    *,
    taxonomy: Path | None = None,
    catalog: Path | None = None,
    request: PredictionRequest,
) -> dict[str, Any]:
    """Predict the category of one product and print it.

    Args:
        model: Bundle folder.
        title: May be empty.
        description: May be empty, may hold HTML.
        image: Photo, or None.
        taxonomy: Taxonomy file; None takes the categories of the bundle.
        catalog: A published catalogue, whose nearest labeled products are the evidence.
        request: How to classify.

    Raises:
        UserError: If something cannot be read, or there is neither text nor photo.
    """
    if image is None and not title.strip() and not description.strip():
        raise InputError("There is nothing to classify; give --title, --description or --image.")
    bundle = load_bundle(model)
    predictor = predictor_of(bundle, taxonomy, request)
    limits = IngestConfig(image_size=bundle.image_size)
    text = listing_text(title, description, limits).text
    photo = None if image is None else _read_photo(image, limits)
    opened = None if catalog is None else Catalog.open(catalog)
    evidence_index = None if opened is None else evidence_index_of(opened)
    answer = ask(
        predictor,
        QueryEncoder(bundle),
        text,
        photo,
        branches=request.branches,
        candidates=request.candidates,
        evidence_index=evidence_index,
    )
    near = None if opened is None else _evidence(opened, answer)
    print(render(answer, near))
    prediction = answer.prediction
    return {
        **asdict(prediction),
        "verdicts": prediction.verdicts,
        "accepted_path": prediction.accepted_path,
        "category_id": answer.category_id,
        "accepted_id": answer.accepted_id,
        "ranking": [{**asdict(score), "category_id": answer.ids.get(score.path)} for score in answer.ranking],
        "evidence": near,
    }


def _evidence(catalog: Catalog, answer: Answer) -> dict[str, Any] | None:
    near = answer.evidence
    if near is None:
        return None
    rows = [(catalog.products.iloc[hit.row], hit) for hit in near.hits]
    products = [
        {"title": str(row["title"]), "category_path": str(row["category_path"]), "similarity": round(hit.score, 4)}
        for row, hit in rows
    ]
    alike = answer.prediction.has_similar
    agreement = list(near.neighbors.agreement(answer.prediction.path))
    return {"products": products, "agreement": agreement, "alike": alike}


def render(answer: Answer, evidence: dict[str, Any] | None = None) -> str:
    """Render an answer as text: its levels with probability and verdict, why the next is not certain, the ranking.

    Args:
        answer: To one product.
        evidence: The nearest `products` (title, category_path, similarity) and their `agreement` by level; None
            without a catalogue.
    """
    prediction = answer.prediction
    lines = [prediction.path, *_ids(answer), answer.summary]
    steps = zip(levels(prediction.path), prediction.probabilities, prediction.verdicts, strict=True)
    for depth, (name, probability, verdict) in enumerate(steps):
        number = "" if prediction.is_guess else f"  {percent(probability)}"
        heard = evidence is not None and prediction.has_similar is not False
        agreement = f"  neighbors {100 * evidence['agreement'][depth]:.0f}%" if evidence and heard else ""
        lines.append(f"  {'  ' * depth}{name}{number}  {verdict}{agreement}")
    lines.append("whole paths, the likeliest first:")
    for score in answer.ranking:
        number = "" if prediction.is_guess else f"{percent(score.score):>4}  "
        lines.append(f"  {number}{score.path}")
    if evidence:
        lines.append("nearest labeled products:")
        lines += [f"  {p['similarity']:.3f}  {p['title']}  [{p['category_path']}]" for p in evidence["products"]]
    return "\n".join(lines)


def _ids(answer: Answer) -> list[str]:
    """Lines with the ids of the predicted and of the accepted path; none where the taxonomy has no ids."""
    lines = [] if answer.category_id is None else [answer.category_id]
    accepted = answer.prediction.accepted_path
    if answer.accepted_id is not None and accepted != answer.prediction.path:
        lines.append(f"accepted: {accepted}  {answer.accepted_id}")
    return lines


def _read_photo(path: Path, limits: IngestConfig) -> Photo:
    try:
        return read_photo(read_photo_file(path, limits.max_image_bytes), limits)
    except (OSError, ImageError) as error:
        raise SourceError(f"The photo {path} cannot be read: {error}") from error
