"""A classification as HTML: what is certain, one ranked list of whole paths, next steps, details behind a click.

Every number is a `PredictedLevel.probability` or a `ScoredPath.score`, which are one quantity; a guess has none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from pipeline.catalog.catalog import Catalog
from pipeline.prediction.explanation import NOTHING_LIKE_IT, percent
from pipeline.taxonomy.paths import levels, truncate
from ui.api.answers import Classification, EvidenceProduct, NearProduct, PredictedLevel, ScoredPath
from ui.components import cards
from ui.components.examples import Example, small_photo

_RUNNERS_UP = 5
_LEAST = 0.01  # runners-up below are noise
VERDICTS = (
    "<b>certain</b>: among answers this sure, at least the share asked for is right. <b>likely</b>: sooner right than "
    "wrong. <b>check</b>: anything else. The number is that share, measured on products that training did not have."
)
"""What the words of the levels mean, as HTML."""


def prediction(answer: Classification, steps: str = "") -> str:
    """Render a prediction: the summary, its levels, the runners-up.

    Args:
        answer: Of the endpoint.
        steps: HTML of further next steps, beside copying.
    """
    best, *others = answer["categories"]
    tone = "low" if answer["low_confidence"] else "review" if answer["needs_review"] else "sure"
    rows = "".join(_level(step) for step in answer["predicted"])
    shown = [other for other in others if other["score"] is None or other["score"] >= _LEAST][:_RUNNERS_UP]
    runners = "".join(f"<li>{_runner(other)}</li>" for other in shown)
    heading = "It could also be" if best["score"] is not None else "Other guesses"
    return (
        '<section class="prediction" aria-label="Predicted category">'
        f'<p class="verdict {tone}" role="status">{escape(answer["summary"])}</p>'
        f'<ol class="levels">{rows}</ol>'
        f'<div class="next">{_copies(best)}{steps}</div>'
        + (
            f'<section aria-label="Runner-up categories"><h3>{heading}</h3><ol class="runners">{runners}</ol></section>'
            if runners
            else ""
        )
        + "</section>"
    )


def details(answer: Classification, catalog: Catalog) -> str:
    """Render what is behind the answer, folded: the numbers of each level, how they were measured, the evidence."""
    notes = [_agreement(answer, product) for product in answer["similar"]]
    evidence = unlike(answer) + itself(answer) + cards.product_cards(catalog, answer["similar"], notes)
    measured = cards.hint(answer["measured_on"]) if answer["measured_on"] else ""
    ids = cards.ids(
        {"Category id": answer["category_id"]}
        if answer["accepted_path"] in (answer["category_path"], "")
        else {"Category id": answer["category_id"], "Id of the certain part": answer["accepted_id"]}
    )
    return (
        '<details class="why"><summary>Details: numbers, evidence, how it was measured</summary>'
        f'<p class="hint">Predicted from the {answer["read"]}. {VERDICTS}</p>{_table(answer)}{ids}{measured}'
        f'<h3>Evidence: the most similar labeled products</h3><div class="evidence">{evidence}</div></details>'
    )


def of_example(example: Example) -> str:
    """Render which example an answer is for: its photo and its title."""
    image = f'<img alt="{escape(example.alt)}" src="{small_photo(example)}">' if example.path else ""
    title = escape(example.title or "a photo alone")
    return f'<p class="of-example">{image}<span><i>Example</i><b dir="auto">{title}</b></span></p>'


def step(event: str, label: str, example: int | None = None, near: Sequence[NearProduct] = ()) -> str:
    """Render a button that triggers an event of the component.

    Args:
        event: Its name.
        label: Of the button.
        example: Number of the example that it is for, if any.
        near: Products that the event names with their similarities.
    """
    of = "" if example is None else f' data-example="{example}"'
    if near:
        named = {one["product_id"]: round(one["similarity"], 4) for one in near}
        of += f' data-near="{escape(json.dumps(named))}"'
    return f'<button type="button" class="step" data-event="{escape(event)}"{of}>{escape(label)}</button>'


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


def _level(one: PredictedLevel) -> str:
    """Render a level of the predicted path: its verdict, its number, and a bar, unless it is a guess."""
    share = one["probability"]
    number = "" if share is None else f"<b>{percent(share)}</b>"
    bar = "" if share is None else f'<span class="bar-track"><span style="width:{100 * share:.1f}%"></span></span>'
    return (
        f'<li class="{one["verdict"]}"><span class="level" dir="auto">{escape(one["level"])}</span>'
        f'<i class="chip">{one["verdict"]}</i>{number}{bar}</li>'
    )


def _runner(other: ScoredPath) -> str:
    number = "" if other["score"] is None else f"<b>{percent(other['score'])}</b>"
    return f"{number}{cards.breadcrumb(other['category_path'])}{_copies(other, short=True)}"


def _copies(path: ScoredPath, *, short: bool = False) -> str:
    """Render buttons that copy a path and its id."""
    words = ("path", "id") if short else ("Copy path", "Copy id")
    wanted = zip(words, (path["category_path"], path["category_id"]), strict=True)
    return "".join(
        f'<button type="button" class="step" data-copy="{escape(text)}" '
        f'aria-label="Copy the {word.split()[-1]} of {escape(levels(path["category_path"])[-1])}">{word}</button>'
        for word, text in wanted
        if text
    )


def _table(answer: Classification) -> str:
    """Render the numbers of all levels."""
    rows = [
        (
            escape(one["level"]),
            "-" if one["probability"] is None else percent(one["probability"]),
            percent(one["target_precision"]),
            f"{one['confidence']:.3f}",
            "none is" if one["threshold"] is None else f"{one['threshold']:.3f}",
            "-" if one["agreement"] is None else percent(one["agreement"]),
        )
        for one in answer["predicted"]
    ]
    heads = ("Level", "Right", "Asked for", "Confidence", "Enough", "Evidence agrees")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(f'<tr><th scope="row">{first}</th>{_cells(rest)}</tr>' for first, *rest in rows)
    return f'<div class="figures" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td>{text}</td>" for text in texts)


def _agreement(answer: Classification, product: EvidenceProduct) -> str:
    """Render how many levels a product of the evidence shares with the prediction."""
    common = product["agreeing_levels"]
    if not common:
        return '<p class="differs">elsewhere in the taxonomy</p>'
    if common == len(answer["predicted"]):
        return '<p class="agrees">agrees with the whole path</p>'
    return f"<p>agrees down to {escape(levels(truncate(answer['category_path'], common))[-1])}</p>"
