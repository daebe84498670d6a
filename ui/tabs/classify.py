"""Tab "Classify": predicts the category path of a photo and a text, with the confidence of each level and evidence."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from pipeline.config.stages import PredictorConfig
from pipeline.errors import UserError
from pipeline.prediction.answer import NOTHING_LIKE_IT, Answer, EvidenceIndex, ask
from pipeline.taxonomy.paths import levels, truncate
from ui import deep_links
from ui.api.answers import Classification, EvidenceProduct, PredictedLevel
from ui.components import cards, examples
from ui.components.photo import photo_input, read_photo
from ui.workspace import (
    MAX_DESCRIPTION,
    MAX_TEXT,
    NO_CATEGORIES,
    Workspace,
    bind,
    endpoint,
    read_listing,
    read_paths,
    refuse,
)

MAX_PATHS = 100
_CATEGORIES = 8
_RUNNERS_UP = 5
_PRECISION = PredictorConfig().target_precision
_START = "Add a photo, a title or both. The predicted category appears here, with the confidence of each level."
_READ = {"text": "text", "image": "photo", "fused": "photo and text"}


def classify(
    workspace: Workspace,
    photo: str | None,
    title: str = "",
    description: str = "",
    precision: float = _PRECISION,
    branches: str = "",
    candidates: str = "",
) -> Classification:
    """Predict the category of a product over the whole taxonomy, with a confidence for each level.

    Args:
        workspace: The open catalogue and its model.
        photo: JPEG, PNG, WebP, HEIC or AVIF file, or none.
        title: Title of the product; may be empty.
        description: Description of the product; may be empty, may contain HTML.
        precision: Share of the accepted levels that should be correct, above 0 and at most 1.
        branches: Choose among these branches of the taxonomy only, one path a line; empty for all.
        candidates: Choose among these category paths only, one a line; empty for all.

    Returns:
        "summary": a sentence with the last accepted level and why the next one is not; "category_path" and
        "category_id", its id in the taxonomy, such as "gid://shopify/TaxonomyCategory/aa-1-13-8" (null if the taxonomy
        has no ids); "accepted_path", its accepted levels ("" if none is), and "accepted_id"; "accepted_depth", their
        number; "needs_review";
        "low_confidence", true if no level is accepted; "in_distribution", whether the product resembles those
        that the confidences were measured on (null if unknown); "measured_on", the products and the taxonomy of
        that measurement in words ("" if unknown); "has_similar", whether the catalogue holds something like the
        product (null if unknown; if false, the evidence moved no confidence); "read", the input that was used;
        "predicted": the levels from the top, each with its confidence (0 to 1, falling), whether it is
        accepted, the confidence needed for that (null if none suffices) at the target precision, and the
        agreement of the evidence, 0 to 1;
        "categories": the most likely single paths (category_path, category_id) with their probability (score);
        "similar": the evidence, the most similar labeled products, each with the number of levels on which it agrees;
        "same_product": products of the catalogue left out of the evidence because they are this very product.
    """
    if not workspace.predicts_categories:
        raise refuse(NO_CATEGORIES)
    text = read_listing(title, description)
    if not text and not photo:
        raise refuse("There is nothing to classify yet: add a photo, a title or a description.")
    if not 0 < precision <= 1:
        raise refuse("The precision must be above 0 and at most 1, for example 0.9.")
    only = {
        "branches": read_paths(branches, "branches", MAX_PATHS),
        "candidates": read_paths(candidates, "candidates", MAX_PATHS),
    }
    tools = workspace.tools
    image = read_photo(photo, tools.bundle.image_size)
    try:
        evidence_index = EvidenceIndex(tools.search, workspace.catalog.products)
        answer = ask(
            tools.predictor,
            tools.encoder,
            text,
            image,
            k=_CATEGORIES,
            target_precision=precision,
            evidence_index=evidence_index,
            **only,
        )
    except UserError as error:  # a path that the taxonomy lacks
        raise refuse(str(error)) from error
    return _describe(workspace, answer)


def _describe(workspace: Workspace, answer: Answer) -> Classification:
    """The answer as plain values, with the products of its evidence."""
    prediction = answer.prediction
    assert answer.evidence is not None  # the catalogue has an index of evidence
    hits, neighbors = answer.evidence.hits, answer.evidence.neighbors
    agreement = neighbors.agreement(prediction.path)
    steps = zip(levels(prediction.path), prediction.confidences, prediction.thresholds, strict=True)
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
        "predicted": [
            {
                "level": level,
                "confidence": confidence,
                "accepted": depth < prediction.accepted_depth,
                "threshold": threshold,
                "target_precision": prediction.target_precision,
                "agreement": agreement[depth] if hits and prediction.has_similar is not False else None,
            }
            for depth, (level, confidence, threshold) in enumerate(steps)
        ],
        "categories": [
            {"category_path": score.path, "category_id": answer.ids.get(score.path), "score": score.score}
            for score in answer.alternatives
        ],
        "similar": [
            {**workspace.describe(hit), "agreeing_levels": common}
            for hit, common in zip(hits, neighbors.common(prediction.path), strict=True)
        ],
        "same_product": [workspace.describe(hit) for hit in answer.evidence.same_product],
    }


def show(workspace: Workspace, *inputs: Any) -> tuple[str, str]:
    """Classify and render the answer as HTML: the prediction, and the evidence."""
    answer = classify(workspace, *inputs)
    notes = [_agreement(answer, product) for product in answer["similar"]]
    return prediction(answer), unlike(answer) + itself(answer) + cards.product_cards(
        workspace.catalog, answer["similar"], notes
    )


def show_again(workspace: Workspace, photo: str | None, title: str, description: str, *settings: Any) -> Any:
    """Classify again after a setting has changed; does nothing as long as there is no product."""
    if not photo and not title.strip() and not description.strip():
        return gr.skip(), gr.skip()
    return show(workspace, photo, title, description, *settings)


def fill(number: int) -> tuple[str | None, str, str]:
    """Photo, title and description of an example, for the form."""
    example = examples.chosen(number)
    return example.path, example.title, example.description


def prediction(answer: Classification) -> str:
    """Render a prediction as HTML: the summary, the levels, then the most likely other paths."""
    tone = "low" if answer["low_confidence"] else "review" if answer["needs_review"] else "sure"
    summary = escape(answer["summary"])
    steps = "".join(_step(step) for step in answer["predicted"])
    others = [other for other in answer["categories"] if other["category_path"] != answer["category_path"]]
    bars = "".join(
        cards.bar(cards.breadcrumb(other["category_path"]), other["score"]) for other in others[:_RUNNERS_UP]
    )
    runners_up = (
        '<section class="alternatives" aria-label="Runner-up categories"><h3>Runners-up</h3>'
        f'<p class="hint">Other category paths with their probability.</p>{bars}</section>'
    )
    measured = cards.folded("How the confidences were measured", answer["measured_on"])
    return (
        '<section class="prediction" aria-label="Predicted category"><h3>Predicted category</h3>'
        f'<p class="verdict {tone}" role="status">{summary}</p><ol class="steps">{steps}</ol>{_ids(answer)}'
        f'<p class="hint">Predicted from the {answer["read"]}. The line across a bar marks the confidence that the '
        f"level needs.</p>{measured}</section>{runners_up if bars else ''}"
    )


def unlike(answer: Classification) -> str:
    """Render that the catalogue holds nothing like the product; "" where it does, or that is not known."""
    return cards.hint(f"{NOTHING_LIKE_IT} These are the nearest.") if answer["has_similar"] is False else ""


def itself(answer: Classification) -> str:
    """Render a hint about products of the catalogue left out as the product itself; "" if there are none."""
    titles = ", ".join(f'"{product["title"] or "untitled"}"' for product in answer["same_product"])
    return (
        cards.hint(f"Left out of the evidence, because the catalogue contains this very product: {titles}.")
        if titles
        else ""
    )


def build(workspace: Workspace) -> list[gr.components.Component]:
    """Lay out the tab.

    Returns:
        The inputs of `classify`.
    """
    tiles = examples.build()
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=2, min_width=280):
            photo = photo_input()
            title = gr.Textbox(label="Title", placeholder="Women's waterproof hiking boots", max_length=MAX_TEXT)
            description = gr.Textbox(label="Description", lines=3, max_lines=8, max_length=MAX_DESCRIPTION)
            button = gr.Button("Classify", variant="primary")
            precision = gr.Slider(
                0.5,
                0.99,
                _PRECISION,
                step=0.01,
                label="Precision",
                info="Average share of accepted levels that are correct. A higher value sends more levels to review.",
            )
            with gr.Accordion("Only some categories", open=False):
                # no initial value: Gradio would write one again, over what was typed, when it shows the fields
                branches = gr.Textbox(label="Branches, one path a line", lines=2, max_length=MAX_TEXT)
                candidates = gr.Textbox(label="Candidates, one path a line", lines=2, max_length=MAX_TEXT)
        with gr.Column(scale=3, min_width=280):
            start = _START if workspace.predicts_categories else NO_CATEGORIES
            predicted = gr.HTML(cards.hint(start), js_on_load=None, elem_id="prediction")
    gr.HTML("<h3>Evidence: the most similar labeled products</h3>", js_on_load=None)
    similar = gr.HTML(cards.hint("Appears with the prediction."), js_on_load=None, elem_id="similar")
    form, outputs = [photo, title, description], [predicted, similar]
    inputs: list[gr.components.Component] = [*form, precision, branches, candidates]
    run = bind(show, workspace)
    gr.on([button.click, title.submit], run, inputs, outputs, api_visibility="private")
    # `input`, not `release`, which the keyboard never fires; while the slider is dragged, only the last value counts
    precision.input(
        bind(show_again, workspace),
        inputs,
        outputs,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    examples.run_on_click(tiles, fill, form, run, inputs, outputs, reveal="#prediction")
    deep_links.offer(
        deep_links.Target(
            "classify",
            ["title", "description"],
            deep_links.texts,
            [title, description],
            run,
            inputs,
            outputs,
            "#prediction",
        )
    )
    endpoint(bind(classify, workspace), inputs)
    return form


def _ids(answer: Classification) -> str:
    """Render the ids of the predicted and of the accepted path; "" where the taxonomy has none."""
    named = {"Category id": answer["category_id"]}
    if answer["accepted_path"] != answer["category_path"]:
        named["Id of the accepted part"] = answer["accepted_id"]
    return cards.ids(named)


def _step(step: PredictedLevel) -> str:
    """Render one level of the path as a list item."""
    state = '<span class="state">accepted</span>' if step["accepted"] else '<span class="state">needs review</span>'
    agreement = ""
    if step["agreement"] is not None:
        agreement = f"{cards.percent(step['agreement']) if step['agreement'] else 'none'} of the evidence agrees"
    bar = cards.bar(f'<b dir="auto">{escape(step["level"])}</b> {state}', step["confidence"], mark=step["threshold"])
    return f'<li class="{"sure" if step["accepted"] else "review"}">{bar}<p>{agreement}</p></li>'


def _agreement(answer: Classification, product: EvidenceProduct) -> str:
    """Render how many levels a product of the evidence shares with the prediction."""
    common = product["agreeing_levels"]
    if not common:
        return '<p class="differs">elsewhere in the taxonomy</p>'
    if common == len(answer["predicted"]):
        return '<p class="agrees">agrees with the whole path</p>'
    return f"<p>agrees down to {escape(levels(truncate(answer['category_path'], common))[-1])}</p>"
