"""Words of texts and their vectors."""

import numpy as np

from experiments.horse_race.systems.bilstm import macro_f1
from experiments.horse_race.systems.words import SPLITS, Words, folded_words


def test_words_are_folded_to_ascii_or_keep_their_script():
    assert folded_words("Crème-Brûlée, 2.5 kg!") == ["creme", "brulee", "2", "5", "kg"]
    assert folded_words("咖啡杯") == []
    assert SPLITS["any script"]("咖啡杯 Straße") == ["咖啡", "啡杯", "strasse"]


def test_words_that_stand_in_the_same_places_are_near():
    rng = np.random.default_rng(0)
    sentences = [
        f"{rng.choice(['cup', 'mug'])} coffee kitchen drink" if rng.random() < 0.5 else f"{color} shirt cotton wear"
        for color in rng.choice(["red", "blue"], 5000)
    ]
    words = Words.learn(sentences, folded_words, 1)
    assert "mug" in words.nearest("cup", 4), "others of the kitchen are near, too"
    assert "shirt" not in words.nearest("cup", 4)
    assert words.nearest("unknown") == []
    numbers = words.numbers(["mug of coffee", "xyz", "mug " * 99], folded_words, 5)
    assert [words.names[number - 1] for number in numbers[0]] == ["mug", "coffee"]
    assert numbers[1] == [0]
    assert len(numbers[2]) == 5


def test_macro_f1_is_over_the_labels_that_some_row_has():
    targets = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)
    assert macro_f1(targets, np.array([[0.9, 0.1, 0.9], [0.9, 0.2, 0.0]])) == 0.5
