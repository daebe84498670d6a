"""English words of the product world."""

import pytest

from pipeline.data.text.vocabulary import english_words, known_share


def test_words_of_titles_and_paths_are_known_and_those_of_other_languages_are_not():
    assert {"mug", "sofa", "suspenders", "waterproof"} <= english_words()
    assert not {"keramiktasse", "poussette", "słuchawki", "#"} & english_words()


@pytest.mark.parametrize(("text", "share"), [("Red mug", 1.0), ("Tasse en grès", 0.0), ("350 ml", 1.0), ("", 1.0)])
def test_the_share_is_of_the_words_of_three_letters_and_more(text: str, share: float):
    assert known_share(text) == share


def test_case_does_not_matter():
    assert known_share("CERAMIC Mug") == 1.0
