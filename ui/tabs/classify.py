"""Tab "Classify": predicts the category path of a photo and a text, with how sure each level is, and evidence."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipeline.config.stages import PredictorConfig
from pipeline.data.images import Photo
from pipeline.errors import UserError
from pipeline.prediction.answer import Answer, EvidenceIndex, ask
from ui import deep_links
from ui.answer import drawing
from ui.answer.described import describe
from ui.answer.freshness import ANSWERED, NEXT_STEPS, WATCH_FORM
from ui.api.answers import Classification
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
_PRECISION = PredictorConfig().target_precision
_OFFERED = (0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
"""Precisions to choose from; thresholds were measured for all of them."""
FIRST = 0
"""Number of the example that is answered when the page opens."""
_START = "Add a photo, a title or both. The predicted category appears here, with how sure each of its levels is."
_REVEAL = "#prediction"
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}


def classify(
    workspace: Workspace,
    photo: str | None,
    title: str = "",
    description: str = "",
    precision: float = _PRECISION,
    branches: str = "",
    candidates: str = "",
) -> Classification:
    """Predict the category of a product over the whole taxonomy, with a probability and a verdict for each level.

    Args:
        workspace: The open catalogue and its model.
        photo: JPEG, PNG, WebP, HEIC or AVIF file, or none.
        title: Title of the product; may be empty.
        description: Description of the product; may be empty, may contain HTML.
        precision: Share of the accepted levels that should be correct, above 0 and at most 1; of the measured ones
            (0.5 to 0.99) the next stricter one counts.
        branches: Choose among these branches of the taxonomy only, one path a line; empty for all.
        candidates: Choose among these category paths only, one a line; empty for all.

    Returns:
        "summary": sentences with the last certain level and why the next one is not; "category_path" and
        "category_id", its id in the taxonomy, such as "gid://shopify/TaxonomyCategory/aa-1-13-8" (null if the taxonomy
        has no ids); "accepted_path", its accepted levels ("" if none is), and "accepted_id"; "accepted_depth", their
        number; "needs_review";
        "low_confidence", true if no level is accepted; "in_distribution", whether the product resembles those
        that the confidences were measured on (null if unknown); "measured_on", the products and the taxonomy of
        that measurement in words ("" if unknown); "has_similar", whether the catalogue holds something like the
        product (null if unknown; if false, the evidence moved no confidence); "read", the input that was used;
        "language_note", a sentence if the text is in another language than most of the measurement ("" if not);
        "contradiction", the top-level categories that text and photo alone are certain of, if they differ (else null);
        "predicted": the levels from the top, each with its "probability", the share of right answers among those at
        least this sure (0 to 1, falling; null for a guess), its "verdict", "certain" (accepted: the probability is at
        least "target_precision"), "likely" (not accepted, but at least 0.5) or "check", and behind it its
        "confidence", how often an answer just this sure is right, the confidence needed to be accepted (null if none
        suffices), and the agreement of the evidence, 0 to 1;
        "categories": whole paths (category_path, category_id) with one such probability each (score), best first: the
        predicted one, then the others that it could be;
        "similar": the evidence, the most similar labeled products, each with the number of levels on which it agrees;
        "same_product": products of the catalogue left out of the evidence because they are this very product.
    """
    return describe(workspace, asked(workspace, photo, title, description, precision, branches, candidates).answer)


@dataclass(frozen=True)
class Asked:
    """A product of a visitor, and what the model answers.

    Attributes:
        text: As the model reads it.
        photo: Of it, None without one.
        answer: Of the model.
    """

    text: str
    photo: Photo | None
    answer: Answer


def asked(
    workspace: Workspace,
    photo: str | None,
    title: str = "",
    description: str = "",
    precision: float = _PRECISION,
    branches: str = "",
    candidates: str = "",
) -> Asked:
    """Ask the model about a product; arguments and errors as of `classify`."""
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
    return Asked(text, image, answer)


def show(workspace: Workspace, *inputs: Any) -> str:
    """Classify and render the answer as HTML."""
    return render(workspace, classify(workspace, *inputs))


def render(workspace: Workspace, answer: Classification, example: int | None = None) -> str:
    """Render an answer as HTML.

    Args:
        workspace: The open catalogue and its model.
        answer: Of the endpoint.
        example: Number of the example that it is for; None for what is in the form.
    """
    near = [*answer["same_product"], *answer["similar"]]  # the product itself is no evidence, but shows the position
    steps = drawing.step("accept", "Accept", example) + drawing.step("correct", "Correct", example)
    steps += drawing.step("galaxy", "Show in galaxy", example, near) + drawing.step("similar", "Find similar", example)
    head = "" if example is None else drawing.of_example(examples.chosen(example))
    return head + drawing.prediction(answer, steps) + drawing.details(answer, workspace.catalog)


@functools.lru_cache(maxsize=4)  # the same for every visitor
def first_answer(workspace: Workspace) -> str:
    """The answer to the first example, as HTML, for a page that was just opened; a sentence if there is none."""
    try:
        return render(workspace, classify(workspace, *fill(FIRST)), FIRST)
    except (UserError, gr.Error) as error:
        return cards.hint(str(getattr(error, "message", error)))


def show_again(workspace: Workspace, photo: str | None, title: str, description: str, *settings: Any) -> Any:
    """Classify again after a setting has changed; does nothing as long as there is no product."""
    if not photo and not title.strip() and not description.strip():
        return gr.skip()
    return show(workspace, photo, title, description, *settings)


def fill(number: int) -> tuple[str | None, str, str]:
    """Photo, title and description of an example, for the form."""
    example = examples.chosen(number)
    return example.path, example.title, example.description


def listing_of(event: gr.EventData, photo: str | None, title: str, description: str) -> tuple[str | None, str, str]:
    """Photo, title and description that an answer's button is for: those of an example, or of the form."""
    number = str(getattr(event, "example", None) or "")
    return fill(int(number)) if number.isdecimal() and len(number) < 4 else (photo, title, description)


@dataclass(frozen=True)
class Listing:
    """The form of the tab and its answers, whose buttons trigger the events `galaxy` and `similar`.

    Attributes:
        form: Photo, title and description.
        answer: To what is in the form.
        first: To an example, shown until something is asked.
    """

    form: list[gr.components.Component]
    answer: gr.HTML
    first: gr.HTML


def build(workspace: Workspace) -> Listing:
    """Lay out the tab."""
    with gr.Row(elem_classes="split"):
        with gr.Column(scale=2, min_width=280, elem_id="listing", elem_classes="form"):
            photo = photo_input()
            title = gr.Textbox(label="Title", placeholder="Women's waterproof hiking boots", max_length=MAX_TEXT)
            description = gr.Textbox(label="Description", lines=2, max_lines=6, max_length=MAX_DESCRIPTION)
            button = gr.Button("Classify", variant="primary")
            precision, branches, candidates = _lay_out_options()
        with gr.Column(scale=3, min_width=280, elem_id="answers"):
            start = _START if workspace.predicts_categories else NO_CATEGORIES
            first = gr.HTML(cards.hint(start), js_on_load=NEXT_STEPS + WATCH_FORM, elem_id="first-answer")
            answer = gr.HTML(cards.hint(start), js_on_load=NEXT_STEPS, elem_id="prediction")
    tiles = examples.build()
    form: list[gr.components.Component] = [photo, title, description]
    inputs: list[gr.components.Component] = [*form, precision, branches, candidates]
    run, private = bind(show, workspace), _PRIVATE
    asked = gr.on([button.click, title.submit], run, inputs, answer, **private)
    asked.success(js=examples.scroll_to(_REVEAL), **private)
    again = precision.input(
        bind(show_again, workspace), inputs, answer, trigger_mode="always_last", show_progress="hidden", **private
    )
    tried = examples.run_on_click(tiles, fill, form, run, inputs, [answer], reveal=_REVEAL)
    for answered in (asked, again, tried):
        answered.success(js=ANSWERED, **private)
    deep_links.offer(
        deep_links.Target(
            "classify",
            ["title", "description"],
            deep_links.texts,
            [title, description],
            run,
            inputs,
            [answer],
            _REVEAL,
            ANSWERED,
        )
    )
    number = gr.Number(_PRECISION, label="precision", visible=False)
    endpoint(bind(classify, workspace), [*form, number, branches, candidates])
    return Listing(form, answer, first)


def _lay_out_options() -> tuple[gr.Radio, gr.Textbox, gr.Textbox]:
    """Lay out the settings, folded; a text field has no initial value, which Gradio would write over what was typed."""
    with gr.Accordion("Options: how sure, only some categories", open=False):
        precision = gr.Radio(
            [(f"{point:.0%}", point) for point in _OFFERED],
            value=_PRECISION,
            label="Certain means right at least",
            info="of the time, on average. A higher share leaves more levels to check.",
        )
        branches = gr.Textbox(label="Branches, one path a line", lines=2, max_length=MAX_TEXT)
        candidates = gr.Textbox(label="Candidates, one path a line", lines=2, max_length=MAX_TEXT)
    return precision, branches, candidates
