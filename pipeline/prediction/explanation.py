"""Predictions in words: down to which level one is certain and why no further, and what a bundle accepts at all."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.bundle.calibration import CERTAINTY, PRECISIONS, Calibration
from pipeline.data.language import LANGUAGE_NAMES, UNDETERMINED
from pipeline.prediction.confidence import MeasuredOn, Prediction
from pipeline.taxonomy.paths import levels
from pipeline.types import Modality

HEADLINE_PRECISIONS = (0.9, 0.95, 0.99)
"""Target precisions that the headline names."""

NOTHING_LIKE_IT = "The catalogue holds nothing like this product, so its neighbors changed no confidence."
_OF_TAXONOMY: dict[MeasuredOn, str] = {
    "this": "",
    "altered": "This taxonomy is not the one the confidences were measured on; they come from cut and renamed "
    "versions of that one, and are rougher.",
    "another": "This taxonomy is not the one the confidences were measured on; measure them on your own rows before "
    "you trust them.",
}


def explain(
    prediction: Prediction,
    flaw: str = "",
    *,
    photo_is_read: bool = False,
    language: str = "",
    contradiction: tuple[str, str] | None = None,
) -> str:
    """Say in words down to which level a prediction is certain, and why no further.

    Args:
        prediction: For one product.
        flaw: Why its photo shows nothing, "" otherwise.
        photo_is_read: Whether the prediction stands on the photo too.
        language: Sentence about the language of its text (`of_language`), "" for none.
        contradiction: The top-level categories of its text and of its photo, where each is certain and they differ.
    """
    if flaw and photo_is_read:
        return f"A guess: the photo shows nothing but {flaw}."
    notes = [f"The photo shows nothing but {flaw}, so only the text was read."] if flaw else []
    if not prediction.measured:
        notes.append(
            "A guess: the model was built from too few products with a category to measure confidences on, so check "
            "all of it."
        )
    elif prediction.in_distribution is False:
        notes.append("A guess: this is unlike the products that confidences were measured on, so check all of it.")
    elif contradiction is not None:
        text, photo = contradiction
        notes.append(f"Text and photo contradict each other: the text says {text}, the photo {photo}. Check all of it.")
    else:
        notes.append(_how_far(prediction))
    notes.append(language)
    if not prediction.is_guess:
        notes.append(_OF_TAXONOMY[prediction.taxonomy])
    if prediction.has_similar is False:
        notes.append(NOTHING_LIKE_IT)
    return " ".join(filter(None, notes))


def foreign_language(language: str, calibration: Calibration) -> str:
    """The language of a text if it is another than that of most texts of a calibration; "" otherwise, or unknown.

    Args:
        language: ISO 639-1 code or `UNDETERMINED`, "" where the text does not tell.
        calibration: Where it has no record of its texts, these count as English.
    """
    measured = calibration.language or "en"
    if language == UNDETERMINED and measured != "en":
        return ""
    return language if language != measured else ""


def measured_language(calibrations: Mapping[Modality, Calibration]) -> str:
    """The language of most texts that some calibrations, by modality, were measured on; "" where it is not known."""
    return calibrations["text"].language if "text" in calibrations else ""


def of_language(language: str, measured: str) -> str:
    """Sentence about a text in another language than most that confidences were measured on.

    Args:
        language: ISO 639-1 code of the text's, or `UNDETERMINED`.
        measured: Of most texts of the calibration, "" where that was not recorded.
    """
    if language == UNDETERMINED:
        return "Most of its words are in no English title that the model learned from, so an answer has to be surer."
    name = LANGUAGE_NAMES[language]
    if not measured:
        return f"This text looks {name}; the languages that confidences were measured on were not recorded."
    return f"This text looks {name}; confidences were measured mostly on {LANGUAGE_NAMES[measured]} texts."


def percent(share: float) -> str:
    """A share in whole percent, rounded down: what falls short of a precision must not read like it."""
    return f"{int(100 * share + 1e-9)}%"


def _how_far(prediction: Prediction) -> str:
    names, depth = levels(prediction.path), prediction.accepted_depth
    certain = f"Certain down to {names[depth - 1]}." if depth else "No level is certain."
    if depth == len(names):
        return certain
    name, verdict = names[depth], prediction.verdicts[depth]
    reached, target = percent(prediction.probabilities[depth]), percent(prediction.target_precision)
    limit = ", and no answer at this level reaches it" if prediction.thresholds[depth] is None else ""
    word = f"{name} is likely" if verdict == "likely" else f"Check {name}"
    return f"{certain} {word}: answers like it are right {reached} of the time, {target} is asked for{limit}."


def coverage_headline(calibration: Calibration) -> str:
    """One sentence: accepted shares of every level at each of `HEADLINE_PRECISIONS`; "" where nothing was measured."""
    if not calibration.coverage or not calibration.rows:
        return ""
    shares = []
    for precision in HEADLINE_PRECISIONS:
        by_level = calibration.coverage[PRECISIONS.index(precision)]
        listed = " / ".join(f"{100 * share:.0f}" for share in by_level)
        shares.append(f"{listed} % at {100 * precision:.0f} %")
    return (
        f"Accepted, from the top level down: {'; '.join(shares)} right, each with {100 * CERTAINTY:.0f} % certainty on "
        f"products like these: {measured_on(calibration)}."
    )


def measured_on(calibration: Calibration) -> str:
    """The products of a calibration in words."""
    if calibration.sources:
        of = "a source" if calibration.sources == 1 else f"{calibration.sources} sources"
        return f"{calibration.rows:,} products of {of} and of categories that training had nothing of"
    return f"{calibration.rows:,} products that training did not have, of sources that it had"
