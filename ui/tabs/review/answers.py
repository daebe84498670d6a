"""Answers of tab "Classify" that are accepted or corrected: their products join the visitor's review."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
from PIL import Image

from pipeline.config.stages import IngestConfig
from pipeline.data.images import thumbnail
from pipeline.data.photos import THUMBNAIL_QUALITY
from pipeline.review.learning import RUNNERS
from pipeline.review.records import Decider, Reviewed
from ui.tabs import classify
from ui.tabs.review.handlers import opened, shown
from ui.tabs.review.reviews import SHARED, Desk, Reviews, new_reviewer, reviewer


def accept(reviews: Reviews, remembered: str, *fields: Any) -> list[Any]:
    """Write down that an answer is right; the review stays where it is, and knows the product from now on."""
    desk, decider = _desk(reviews, remembered)
    product = _add(reviews, desk, *fields)
    desk.review.decide(product, desk.review.products.paths[product], decider, version=0)
    count = desk.review.progress().by.get("person", 0)
    gr.Info(f"Accepted. The review of {desk.name} has {count:,} decisions; it is in the tab Review.", title="Review")
    return opened(desk, decider)


def correct(reviews: Reviews, remembered: str, *fields: Any) -> list[Any]:
    """Show the product of an answer in the review, to choose another category."""
    desk, decider = _desk(reviews, remembered)
    product = _add(reviews, desk, *fields)
    return [gr.Tabs(selected="review"), *opened(desk, decider, shown(desk, product))]


def _desk(reviews: Reviews, remembered: str) -> tuple[Desk, Decider]:
    """The review that a visitor has open, else the operator's, else a new one of the catalogue."""
    if remembered:
        try:
            key, decider = reviewer(remembered)
            return reviews.find(key), decider
        except gr.Error:  # it was deleted: a new one takes its place
            pass
    return (reviews.find(SHARED) if reviews.shared is not None else reviews.of_catalog()), new_reviewer()


def _add(reviews: Reviews, desk: Desk, photo: str | None, title: str, description: str) -> int:
    from pipeline.review.filling import record_of  # imports torch: not before the page is open

    workspace = reviews.workspace
    asked = classify.asked(workspace, photo, title, description)
    answer, predictor = asked.answer, workspace.tools.predictor
    prediction = answer.prediction
    count = len(desk.review.products)
    record = record_of(
        prediction,
        predictor,
        product_id=f"classified-{count}",
        title=title,
        modality=answer.query.modality,
        alternatives=answer.ranking,
    )
    scores = predictor.score(answer.query.fused_vector[None], answer.query.modality)
    small = None
    if asked.photo is not None:
        size = IngestConfig().thumbnail_size
        small = thumbnail(Image.fromarray(asked.photo.square), size, THUMBNAIL_QUALITY)
    return desk.review.add(
        Reviewed(
            record["product_id"],
            title,
            asked.text,
            prediction.path,
            prediction.probabilities[-1],
            False,
            json.dumps(record, ensure_ascii=False),
            [(one.path, one.score) for one in scores.top(RUNNERS)[0]],
            answer.query.fused_vector,
            small,
            prediction.in_distribution,
        )
    )
