"""Tab "Classify": a photo, a title, a description to categories of the whole taxonomy, with similar products."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from pipeline.data.cleaning import clean_text, product_text
from pipeline.data.taxonomy import levels
from ui import cards, examples, links
from ui.photo import photo_input, read_photo
from ui.workspace import MAX_TEXT, Workspace, bind, check_text, endpoint, refuse

_CATEGORIES = 8
_SIMILAR = 8
_START = "Give a photo, a title or both, and the categories they fit best appear here."


def classify(workspace: Workspace, photo: str | None, title: str = "", description: str = "") -> dict[str, Any]:
    """Predict the category of a product over the whole taxonomy.

    Args:
        workspace: What is open.
        photo: JPEG, PNG or WebP file, or none.
        title: Title of the product; may be empty.
        description: Description of the product; may be empty, may hold HTML.

    Returns:
        "predicted": levels decoded from the top of the tree, each with its name and confidence (0 to 1, falling);
        "categories": the likeliest single paths (category_path) with their probability (score);
        "similar": the products most alike.
    """
    text = product_text(clean_text(check_text(title, "title")), clean_text(check_text(description, "description")))
    image = read_photo(photo)
    if not text and image is None:
        raise refuse("There is nothing to classify yet: give a photo, a title or a description.")
    tools = workspace.tools
    query = tools.encoder.encode(text, image)
    vectors = query.fused_vector[None]
    [predicted] = tools.predictor.decode(vectors, query.kind)
    return {
        "predicted": [
            {"level": level, "confidence": confidence}
            for level, confidence in zip(levels(predicted.path), predicted.confidences, strict=True)
        ],
        "categories": [
            # not "path": gradio_client takes a dictionary with one for a file, and tries to download it
            {"category_path": score.path, "score": score.score}
            for score in tools.predictor.predict(vectors, _CATEGORIES, query.kind)[0]
        ],
        "similar": [workspace.describe(hit) for hit in tools.search.search(query, _SIMILAR)],
    }


def show(workspace: Workspace, photo: str | None, title: str, description: str) -> tuple[str, str]:
    """The answer of `classify` as HTML: the prediction, and the similar products."""
    answer = classify(workspace, photo, title, description)
    return prediction(answer), cards.product_cards(workspace.catalog, answer["similar"])


def fill(number: int) -> tuple[str | None, str, str]:
    """Photo, title and description of an example, for the form."""
    example = examples.load_examples()[number]
    return example.path, example.title, example.description


def prediction(answer: dict[str, Any]) -> str:
    """A prediction as HTML: the decoded path level by level, then the likeliest paths."""
    decoded = "".join(cards.bar(escape(step["level"]), step["confidence"]) for step in answer["predicted"])
    single = "".join(
        cards.bar(cards.breadcrumb(found["category_path"]), found["score"]) for found in answer["categories"]
    )
    return (
        f'<section class="prediction" aria-label="Predicted category"><h3>Predicted category</h3>{decoded}</section>'
        '<section class="alternatives" aria-label="Likeliest categories"><h3>Likeliest categories</h3>'
        f"{single}</section>"
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
            description = gr.Textbox(label="Description", lines=3, max_lines=8, max_length=MAX_TEXT)
            button = gr.Button("Classify", variant="primary")
        with gr.Column(scale=3, min_width=280):
            predicted = gr.HTML(cards.hint(_START), js_on_load=None, elem_id="prediction")
    gr.HTML("<h3>Most similar products</h3>", js_on_load=None)
    similar = gr.HTML(cards.hint("They appear with the prediction."), js_on_load=None, elem_id="similar")
    inputs: list[gr.components.Component] = [photo, title, description]
    run, outputs = bind(show, workspace), [predicted, similar]
    gr.on([button.click, title.submit], run, inputs, outputs, api_visibility="private")
    examples.run_on_click(tiles, fill, inputs, run, inputs, outputs, reveal="#prediction")
    named = ("title", "description")
    links.offer(links.Target("classify", named, links.texts, [title, description], run, inputs, outputs, "#prediction"))
    endpoint(bind(classify, workspace), inputs)
    return inputs
