"""Tab "Classify": a photo, a title, a description to a category path, how sure each level is, and the evidence."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from pipeline.config.stages import PredictConfig
from pipeline.prediction.answer import EvidenceIndex, ask
from pipeline.taxonomy.paths import levels, truncate
from ui import deep_links
from ui.components import cards, examples
from ui.components.photo import photo_input, read_photo
from ui.workspace import MAX_DESCRIPTION, MAX_TEXT, Workspace, bind, endpoint, read_listing, read_paths, refuse

MAX_PATHS = 100
_CATEGORIES = 8
_RUNNERS_UP = 5
_PRECISION = PredictConfig().target_precision
_START = "Give a photo, a title or both, and the category they fit appears here, with how sure each level is."
_READ = {"text": "text", "image": "photo", "fused": "photo and text"}


def classify(
    workspace: Workspace,
    photo: str | None,
    title: str = "",
    description: str = "",
    precision: float = _PRECISION,
    branches: str = "",
    candidates: str = "",
) -> dict[str, Any]:
    """Predict the category of a product over the whole taxonomy, and say how sure each level is.

    Args:
        workspace: What is open.
        photo: JPEG, PNG or WebP file, or none.
        title: Title of the product; may be empty.
        description: Description of the product; may be empty, may hold HTML.
        precision: How often a level that is called certain shall be right, above 0 and at most 1.
        branches: Only these branches of the taxonomy, one path a line; empty for all.
        candidates: Only these category paths, one a line; empty for all.

    Returns:
        "summary": in words, how far the prediction is sure and why no further; "category_path"; "accepted_path", its
        accepted levels ("" if none is); "accepted_depth", their number; "needs_review"; "low_confidence", if nothing is
        accepted; "in_distribution", whether the product is like those that confidences were measured on (null if
        unknown); "read", of what it was predicted;
        "predicted": the levels from the top, each with its confidence (0 to 1, falling), whether it is certain, what
        confidence is needed for that (null if none suffices) at which asked precision, and the agreement of the
        evidence, 0 to 1;
        "categories": the likeliest single paths (category_path) with their probability (score);
        "similar": the evidence, the labelled products most alike, each with the number of levels it agrees on;
        "same_product": products of the catalogue that are no evidence, since they are this very product.
    """
    text = read_listing(title, description)
    image = read_photo(photo)
    if not text and image is None:
        raise refuse("There is nothing to classify yet: give a photo, a title or a description.")
    if not 0 < precision <= 1:
        raise refuse("The precision asked for lies above 0 and is at most 1, such as 0.9.")
    only = {
        "branches": read_paths(branches, "branches", MAX_PATHS),
        "candidates": read_paths(candidates, "candidates", MAX_PATHS),
    }
    tools = workspace.tools
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
    except ValueError as error:  # a path that the taxonomy lacks
        raise refuse(str(error)) from error
    found = answer.prediction
    assert answer.evidence is not None  # the catalogue has an index of evidence
    hits, neighbors = answer.evidence.hits, answer.evidence.neighbors
    agreement = neighbors.agreement(found.path)
    steps = zip(levels(found.path), found.confidences, found.thresholds, strict=True)
    return {
        "summary": answer.summary,
        "category_path": found.path,
        "accepted_path": found.accepted_path,
        "accepted_depth": found.accepted_depth,
        "needs_review": found.needs_review,
        "low_confidence": not found.accepted_depth,
        "in_distribution": found.in_distribution,
        "read": _READ[answer.query.modality],
        "predicted": [
            {
                "level": level,
                "confidence": confidence,
                "accepted": depth < found.accepted_depth,
                "threshold": threshold,
                "target_precision": found.target_precision,
                "agreement": agreement[depth] if hits else None,
            }
            for depth, (level, confidence, threshold) in enumerate(steps)
        ],
        "categories": [
            # not "path": gradio_client takes a dictionary with one for a file, and tries to download it
            {"category_path": score.path, "score": score.score}
            for score in answer.alternatives
        ],
        "similar": [
            {**workspace.describe(hit), "agreeing_levels": common}
            for hit, common in zip(hits, neighbors.common(found.path), strict=True)
        ],
        "same_product": [workspace.describe(hit) for hit in answer.evidence.same_product],
    }


def show(workspace: Workspace, *inputs: Any) -> tuple[str, str]:
    """The answer of `classify` as HTML: the prediction, and the evidence."""
    answer = classify(workspace, *inputs)
    notes = [_agreement(answer, product["agreeing_levels"]) for product in answer["similar"]]
    return prediction(answer), itself(answer) + cards.product_cards(workspace.catalog, answer["similar"], notes)


def show_again(workspace: Workspace, photo: str | None, title: str, description: str, *others: Any) -> Any:
    """`show` once a setting has moved; nothing happens before there is something to classify."""
    if not photo and not title.strip() and not description.strip():
        return gr.skip(), gr.skip()
    return show(workspace, photo, title, description, *others)


def fill(number: int) -> tuple[str | None, str, str]:
    """Photo, title and description of an example, for the form."""
    example = examples.chosen(number)
    return example.path, example.title, example.description


def prediction(answer: dict[str, Any]) -> str:
    """A prediction as HTML: in words, then level by level, then the likeliest other paths."""
    tone = "low" if answer["low_confidence"] else "review" if answer["needs_review"] else "sure"
    said = escape(answer["summary"]).replace(" %", "&nbsp;%")
    steps = "".join(_step(step) for step in answer["predicted"])
    others = [found for found in answer["categories"] if found["category_path"] != answer["category_path"]]
    bars = "".join(
        cards.bar(cards.breadcrumb(found["category_path"]), found["score"]) for found in others[:_RUNNERS_UP]
    )
    runners_up = (
        '<section class="alternatives" aria-label="Runner-up categories"><h3>Runners-up</h3>'
        f'<p class="hint">Other paths, each with the share of the probability that ends there.</p>{bars}</section>'
    )
    return (
        '<section class="prediction" aria-label="Predicted category"><h3>Predicted category</h3>'
        f'<p class="verdict {tone}" role="status">{said}</p><ol class="steps">{steps}</ol>'
        f'<p class="hint">Predicted from the {answer["read"]}. The line across a bar is the confidence that a level '
        f"needs.</p></section>{runners_up if bars else ''}"
    )


def itself(answer: dict[str, Any]) -> str:
    """As HTML, which products of the catalogue are the one asked about, and so no evidence; "" where none is."""
    titles = ", ".join(f'"{product["title"] or "untitled"}"' for product in answer["same_product"])
    return cards.hint(f"The catalogue has this product itself, which is no evidence: {titles}.") if titles else ""


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
                info="How often a level that is accepted shall be right, on average. More asks for more review.",
            )
            with gr.Accordion("Only some categories", open=False):
                # no first value: Gradio writes one again, over what was typed, in the frame that shows the fields
                branches = gr.Textbox(label="Branches, one path a line", lines=2, max_length=MAX_TEXT)
                candidates = gr.Textbox(
                    label="Candidates to choose among, one path a line", lines=2, max_length=MAX_TEXT
                )
        with gr.Column(scale=3, min_width=280):
            predicted = gr.HTML(cards.hint(_START), js_on_load=None, elem_id="prediction")
    gr.HTML("<h3>Evidence: the most similar labelled products</h3>", js_on_load=None)
    similar = gr.HTML(cards.hint("They appear with the prediction."), js_on_load=None, elem_id="similar")
    form, outputs = [photo, title, description], [predicted, similar]
    inputs: list[gr.components.Component] = [*form, precision, branches, candidates]
    run = bind(show, workspace)
    gr.on([button.click, title.submit], run, inputs, outputs, api_visibility="private")
    # `input`, not `release`, which the keyboard never fires; while the slider is dragged only the last place counts
    precision.input(
        bind(show_again, workspace),
        inputs,
        outputs,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    examples.run_on_click(tiles, fill, form, run, inputs, outputs, reveal="#prediction")
    named = ("title", "description")
    deep_links.offer(
        deep_links.Target(
            "classify", named, deep_links.texts, [title, description], run, inputs, outputs, "#prediction"
        )
    )
    endpoint(bind(classify, workspace), inputs)
    return form


def _step(step: dict[str, Any]) -> str:
    """One level of the path as a list item."""
    state = '<span class="state">accepted</span>' if step["accepted"] else '<span class="state">needs review</span>'
    agrees = ""
    if step["agreement"] is not None:
        agrees = f"{cards.percent(step['agreement']) if step['agreement'] else 'none'} of the evidence agrees"
    bar = cards.bar(f'<b dir="auto">{escape(step["level"])}</b> {state}', step["confidence"], mark=step["threshold"])
    return f'<li class="{"sure" if step["accepted"] else "review"}">{bar}<p>{agrees}</p></li>'


def _agreement(answer: dict[str, Any], common: int) -> str:
    """How far a product of the evidence agrees with the prediction, as HTML."""
    if not common:
        return '<p class="differs">elsewhere in the taxonomy</p>'
    if common == len(answer["predicted"]):
        return '<p class="agrees">agrees with the whole path</p>'
    return f"<p>agrees down to {escape(levels(truncate(answer['category_path'], common))[-1])}</p>"
