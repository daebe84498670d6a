import pytest

from pipeline.data.language import LANGUAGE_NAMES, guess_language, language_of_title


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Ceramic mug with handle", ""),
        ("A warm coat for rainy days, with hood", "en"),
        ("Keramikbecher mit Henkel, 350 ml", "und"),
        ("Keramiktasse", "und"),
        ("Botas de montaña", "und"),
        ("Acme X200 steel bucket", ""),
        ("Keramikbecher mit Henkel, 350 ml\nSpülmaschinenfest", "de"),
        ("Tasse en céramique avec anse", "fr"),
        ("Керамическая кружка с ручкой", "ru"),
        ("كوب خزفي بمقبض 350 مل", "ar"),
        ("ספל קרמיקה עם ידית", "he"),
        ("陶器のマグカップ 350ml", "ja"),
        ("陶瓷马克杯 带把手", "zh"),
        ("Cană din ceramică cu mâner", "ro"),
        ("Café latte mug", ""),
        ("CD audio !!! 2 CD", ""),
        ("iPhone 15 Pro 256 GB", ""),
        ("Jalapeño peppers in the jar of glass", "en"),
        ("", ""),
    ],
)
def test_the_language_of_a_title_is_told_where_two_words_of_it_tell(title: str, language: str) -> None:
    assert language_of_title(title) == language


def test_every_language_that_is_guessed_has_a_name() -> None:
    assert LANGUAGE_NAMES[guess_language("Der Becher und die Tasse mit dem Henkel")] == "German"
    assert LANGUAGE_NAMES[language_of_title("Cană din ceramică cu mâner")] == "Romanian"
