from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.bundle.calibration import Calibration
from pipeline.bundle.prototypes import Prototypes
from pipeline.prediction.margins import MARGINS, margins
from pipeline.prediction.rerank import PHOTO_ALONE, beside_untrained, fade, moves, rerank, text_weight
from pipeline.search.query import Query
from pipeline.types import MODALITIES
from tests.helpers.fakes import CATEGORIES, FakeBundle, unit, word_vector


def test_the_fitting_candidate_comes_first() -> None:
    vector = word_vector("home vases")
    table = rerank(FakeBundle(), Query(vector, None, vector), [*CATEGORIES, "Home > Vases", "Never > Seen"])
    assert table.category_path[0] == "Home > Vases"
    assert len(table) == len(CATEGORIES) + 1
    assert table.fused.is_monotonic_decreasing
    assert table.image.isna().all()
    np.testing.assert_allclose(table.text, table.fused)


def test_a_candidate_that_training_had_must_fit_better_than_one_it_had_not() -> None:
    vector = word_vector("home vases")
    bundle = FakeBundle(["Home > Vases"])
    table = rerank(bundle, Query(vector, None, vector), ["Home > Vases", "Vases > Home"]).set_index("category_path")
    cosines = bundle.encode_categories(["Home > Vases", "Vases > Home"]) @ vector
    np.testing.assert_allclose(table.loc["Home > Vases", "score"], cosines[0] - MARGINS["text"], atol=1e-6)
    np.testing.assert_allclose(table.loc["Vases > Home", "score"], cosines[1], atol=1e-6)
    assert margins(bundle, ["Home > Vases", "Vases > Home"], "image").tolist() == [np.float32(MARGINS["image"]), 0]


def test_a_photo_alone_is_compared_with_prototypes() -> None:
    photo, text = word_vector("a picture"), word_vector("clothing shirts")
    bundle = _Gated()
    names = bundle.encode_categories(CATEGORIES)
    by_name = rerank(bundle, Query(None, photo, photo), CATEGORIES).set_index("category_path")
    setting = {kind: Calibration(prototype_weight=0.5) for kind in MODALITIES}
    prototypes = Prototypes.of(["Home > Vases"], photo[None])
    bundle.predictor = replace(bundle.predictor, calibrations={"default": setting}, prototypes=prototypes)
    leant = unit(names[CATEGORIES.index("Home > Vases")] + 0.5 * photo) @ photo
    by_photos = rerank(bundle, Query(None, photo, photo), CATEGORIES).set_index("category_path")
    for column in ("image", "fused", "score"):
        assert by_photos.loc["Home > Vases", column] == pytest.approx(leant - MARGINS["image"], abs=1e-5)
        assert by_photos.loc["Clothing", column] == pytest.approx(by_name.loc["Clothing", column])
    both = Query(text, photo, unit(text + photo))
    by_both = rerank(bundle, both, CATEGORIES).set_index("category_path")
    assert by_both.loc["Home > Vases", "image"] == pytest.approx(leant - MARGINS["image"], abs=1e-5)
    assert by_both.loc["Home > Vases", "score"] < leant - 0.1
    faded = rerank(bundle, both, CATEGORIES, PHOTO_ALONE).set_index("category_path")
    assert faded.loc["Home > Vases", "score"] == pytest.approx(leant - MARGINS["image"], abs=1e-5)


def test_no_candidates_is_an_error() -> None:
    vector = word_vector("home vases")
    with pytest.raises(ValueError, match="at least one"):
        rerank(FakeBundle(), Query(vector, None, vector), [])


class _Gated(FakeBundle):
    def gate(self, text: np.ndarray, image: np.ndarray) -> np.ndarray:
        return np.linspace(0.1, 0.9, text.shape[1], dtype=np.float32)[None].repeat(len(text), axis=0)


def test_one_modality_fades_into_the_other() -> None:
    text, image = word_vector("tall vase"), word_vector("oak clock")
    gate = np.linspace(0.1, 0.9, len(text))
    query = Query(text, image, unit(gate * text + (1 - gate) * image))
    bundle = _Gated()
    assert text_weight(bundle, query) == pytest.approx(0.5)
    np.testing.assert_allclose(fade(bundle, query, 0), text, atol=1e-6)
    np.testing.assert_allclose(fade(bundle, query, 1), image, atol=1e-6)
    assert fade(bundle, query, 0.5) is query.fused_vector
    for near in (0.4999, 0.5001):  # no step in the middle
        np.testing.assert_allclose(fade(bundle, query, near), query.fused_vector, atol=1e-3)
    likeness = [float(fade(bundle, query, step) @ text) for step in np.linspace(0, 1, 9)]
    assert likeness == sorted(likeness, reverse=True)
    alone = Query(text, None, text)
    assert fade(bundle, alone, 1) is text
    assert text_weight(bundle, alone) is None
    with pytest.raises(ValueError, match="between 0"):
        fade(bundle, query, 1.1)


def _ordered(*untrained: float) -> pd.DataFrame:
    return beside_untrained(pd.DataFrame({"category_path": ["A", "B", "C"]}), np.array(untrained))


@pytest.mark.parametrize(
    ("untrained", "truth", "sentence"),
    [
        ((0.9, 0.8, 0.7), "A", "A was first before training and is first now. The true category stayed in place 1:"),
        (
            (0.7, 0.8, 0.9),
            "A",
            "C was first, now A is. The true category moved up from place 3 to 1: wrong before, right",
        ),
        ((0.7, 0.8, 0.9), "C", "moved down from place 1 to 3: right before, wrong now"),
        ((0.7, 0.8, 0.9), "B", "stayed in place 2: wrong before and now"),
        ((0.7, 0.8, 0.9), "D", "The true category, D, is not among the candidates"),
        ((0.7, 0.8, 0.9), None, "is not known"),
    ],
)
def test_the_sentence_names_what_moved_and_whether_it_was_right(
    untrained: tuple[float, ...], truth: str | None, sentence: str
) -> None:
    assert sentence in moves(_ordered(*untrained), truth)


def test_without_a_text_there_is_no_order_before_training() -> None:
    table = beside_untrained(pd.DataFrame({"category_path": ["A"]}), None)
    assert "no order before training" in moves(table, "A")
