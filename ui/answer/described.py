"""A classification as plain values, for programs and for the page."""

from __future__ import annotations

from pipeline.prediction.answer import Answer
from pipeline.taxonomy.paths import levels
from ui.api.answers import Classification
from ui.workspace import Workspace

_READ = {"text": "text", "image": "photo", "fused": "photo and text"}


def describe(workspace: Workspace, answer: Answer) -> Classification:
    """The answer as plain values, with the products of its evidence."""
    prediction = answer.prediction
    assert answer.evidence is not None  # the catalogue has an index of evidence
    hits, neighbors = answer.evidence.hits, answer.evidence.neighbors
    agreement = neighbors.agreement(prediction.path)
    steps = zip(
        levels(prediction.path),
        prediction.verdicts,
        prediction.probabilities,
        prediction.confidences,
        prediction.thresholds,
        strict=True,
    )
    guess = prediction.is_guess
    return {
        "summary": answer.summary,
        "category_path": prediction.path,
        "category_id": answer.category_id,
        "accepted_path": prediction.accepted_path,
        "accepted_id": answer.accepted_id,
        "accepted_depth": prediction.accepted_depth,
        "needs_review": prediction.needs_review,
        "low_confidence": not prediction.accepted_depth,
        "in_distribution": prediction.in_distribution,
        "measured_on": answer.headline,
        "has_similar": prediction.has_similar,
        "read": _READ[answer.query.modality],
        "language_note": answer.language,
        "contradiction": None if answer.contradiction is None else list(answer.contradiction),
        "predicted": [
            {
                "level": level,
                "verdict": verdict,
                "probability": None if guess else probability,
                "confidence": confidence,
                "accepted": depth < prediction.accepted_depth,
                "threshold": threshold,
                "target_precision": prediction.target_precision,
                "agreement": agreement[depth] if hits and prediction.has_similar is not False else None,
            }
            for depth, (level, verdict, probability, confidence, threshold) in enumerate(steps)
        ],
        "categories": [
            {
                "category_path": score.path,
                "category_id": answer.ids.get(score.path),
                "score": None if guess else score.score,
            }
            for score in answer.ranking
        ],
        "similar": [
            {**workspace.describe(hit), "agreeing_levels": common}
            for hit, common in zip(hits, neighbors.common(prediction.path), strict=True)
        ],
        "same_product": [workspace.describe(hit) for hit in answer.evidence.same_product],
    }
