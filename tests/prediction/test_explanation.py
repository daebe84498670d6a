from dataclasses import replace

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.data.language import UNDETERMINED
from pipeline.prediction.confidence import Prediction
from pipeline.prediction.explanation import coverage_headline, explain, foreign_language, of_language


def test_the_headline_names_shares_targets_and_products():
    coverage = tuple((1.5 - precision, 0.5) for precision in PRECISIONS)
    calibration = Calibration(platt_slopes=(1, 1), platt_intercepts=(0, 0), coverage=coverage, rows=1_234, sources=3)
    line = coverage_headline(calibration)
    assert "60 / 50 % at 90 %; 55 / 50 % at 95 %; 51 / 50 % at 99 % right" in line
    assert "95 % certainty" in line
    assert line.endswith("1,234 products of 3 sources and of categories that training had nothing of.")
    assert coverage_headline(Calibration()) == ""
    assert coverage_headline(Calibration(coverage=coverage)) == "", "a bundle that did not count its rows"


def _judged(**changes: object) -> Prediction:
    plain = Prediction("Home > Vases", (0.9, 0.7), (0.95, 0.84), 1, (0.8, 0.9), 0.9, True)
    return replace(plain, **changes)


def test_what_is_certain_and_why_no_more() -> None:
    assert explain(_judged(accepted_depth=2)) == "Certain down to Vases."
    assert (
        explain(_judged())
        == "Certain down to Home. Vases is likely: answers like it are right 84% of the time, 90% is "
        "asked for."
    )
    unsure = _judged(accepted_depth=0, probabilities=(0.4, 0.3), thresholds=(None, None))
    assert explain(unsure) == (
        "No level is certain. Check Home: answers like it are right 40% of the time, 90% is asked for, and no answer "
        "at this level reaches it."
    )


def test_a_guess_says_so_first_and_names_no_number() -> None:
    for guess in (_judged(in_distribution=False, accepted_depth=0), _judged(measured=False, accepted_depth=0)):
        assert explain(guess).startswith("A guess: ")
        assert "%" not in explain(guess)
    assert explain(_judged(), "noise", photo_is_read=True) == "A guess: the photo shows nothing but noise."
    assert explain(_judged(accepted_depth=2), "noise").startswith("The photo shows nothing but noise, so only the text")


def test_a_contradiction_and_a_language_are_named() -> None:
    words = explain(_judged(accepted_depth=0), photo_is_read=True, contradiction=("Home", "Furniture"))
    assert words == "Text and photo contradict each other: the text says Home, the photo Furniture. Check all of it."
    german = of_language("de", "en")
    assert german == "This text looks German; confidences were measured mostly on English texts."
    assert explain(_judged(accepted_depth=2), language=german) == f"Certain down to Vases. {german}"
    assert "not recorded" in of_language("de", "")
    assert "no English title" in of_language(UNDETERMINED, "en")


def test_a_language_is_foreign_beside_that_of_most_texts_of_the_calibration() -> None:
    english, german, unknown = Calibration(language="en"), Calibration(language="de"), Calibration()
    assert [foreign_language("de", one) for one in (english, german, unknown)] == ["de", "", "de"]
    assert [foreign_language("en", one) for one in (english, german, unknown)] == ["", "en", ""]
    assert foreign_language("", english) == ""
    assert [foreign_language(UNDETERMINED, one) for one in (english, german, unknown)] == ["und", "", "und"]
