import math

import numpy as np
import pytest

from pipeline.search.words.bm25 import TITLE_TIMES, LexicalIndex, Names, product_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Women's SHIRTS", ["women", "s", "shirt"]),
        ("glass bus tennis gas", ["glass", "bus", "tennis", "gas"]),
        ("1/2 inch, 2.5L and M8x20.", ["1/2", "inch", "2.5", "l", "and", "m8x20"]),
        ("Große STRASSE", ["grosse", "strasse"]),
        ("हिन्दी कपड़े", ["हिन्दी", "कपड़े"]),  # vowel signs are marks, and part of the word
        ("日本のカップ", ["日本", "本の", "のカ", "カッ", "ップ"]),
        ("茶 tea茶碗", ["茶", "tea", "茶碗"]),
        ("ยาสีฟัน", ["ยา", "าส", "สี", "ีฟ", "ฟั", "ัน"]),
        ("– … !", []),
    ],
)
def test_words_of_many_scripts(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_title_counts_more_than_a_description() -> None:
    assert words(product_words("mug", "Norvik", "red mug")).count("mug") == TITLE_TIMES + 1


def test_the_words_of_a_category_are_searched() -> None:
    assert words(product_words("Rondo", "", "", "Clothing > Coats"))[-2:] == ["clothing", "coat"]


def test_names_that_have_every_word_of_a_query() -> None:
    names = Names(["Red Mugs, 2.5 l", "red vase", "", "mug"])
    assert names.with_all("red mug").tolist() == [True, False, False, False]
    assert names.with_all("MUGS mug").tolist() == [True, False, False, True]
    assert not names.with_all("mug of clay").any()
    assert not names.with_all(" ... ").any()


def test_scores_are_bm25s_against_a_slow_reference() -> None:
    texts = ["red mug", "red red shirt of wool", "", "blue mug mug"]
    query = "red mug unknown"
    split = [words(text) for text in texts]
    mean = sum(map(len, split)) / len(split)

    def score(row: list[str]) -> float:
        total = 0.0
        for word in words(query):
            holding = sum(word in other for other in split)
            idf = math.log(1 + (len(split) - holding + 0.5) / (holding + 0.5))
            count = row.count(word)
            total += idf * count / (count + 1.5 * (1 - 0.75 + 0.75 * len(row) / mean))
        return total

    scores = LexicalIndex.of(texts).scores(query)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [score(row) for row in split], rtol=1e-6)


@pytest.mark.parametrize("texts", [["mug", "vase"], ["", "..."]])
def test_a_query_of_unknown_words_scores_nothing(texts: list[str]) -> None:
    index = LexicalIndex.of(texts)
    assert len(index) == 2
    np.testing.assert_array_equal(index.scores("shirt"), [0, 0])
    np.testing.assert_array_equal(index.scores(""), [0, 0])
