from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from pipeline.data.images import to_photo
from pipeline.search.query import QueryEncoder
from tests.helpers.fakes import FakeBundle, word_vector


def test_text_alone_photo_alone_and_both() -> None:
    encoder = QueryEncoder(FakeBundle())
    photo = Image.new("RGB", (40, 30), (200, 10, 10))
    photo.paste((255, 255, 255), (10, 8, 25, 20))
    photo = to_photo(photo, FakeBundle.image_size)
    text = encoder.encode("red shirt", None)
    np.testing.assert_allclose(text.fused_vector, word_vector("red shirt"), atol=1e-6)
    assert text.image_vector is None
    image = encoder.encode(" ", photo)
    assert image.text_vector is None
    np.testing.assert_allclose(image.fused_vector, image.image_vector, atol=1e-6)
    both = encoder.encode("red shirt", photo)
    assert both.text_vector is not None
    assert both.image_vector is not None
    assert both.photo_flaw == ""


def test_a_photo_that_shows_nothing_is_left_out_beside_a_text_alone_it_counts() -> None:
    encoder = QueryEncoder(FakeBundle())
    plain = to_photo(Image.new("RGB", (40, 30), (200, 10, 10)), FakeBundle.image_size)
    beside = encoder.encode("red shirt", plain)
    assert (beside.image_vector, beside.photo_flaw, beside.modality) == (None, "one color", "text")
    alone = encoder.encode("", plain)
    assert alone.image_vector is not None
    assert (alone.photo_flaw, alone.modality) == ("one color", "image")


def test_a_text_is_encoded_once() -> None:
    bundle = FakeBundle()
    encoder = QueryEncoder(bundle)
    encoder.encode("red shirt", None)
    encoder.encode(" red shirt ", None)
    assert bundle.texts_encoded == ["red shirt"]


def test_paths_are_read_by_the_untrained_tower_at_once_and_remembered() -> None:
    calls: list[list[str]] = []

    class Counting(FakeBundle):
        def encode_texts_untrained(self, texts: Sequence[str]) -> np.ndarray:
            calls.append(list(texts))
            return super().encode_texts_untrained(texts)

    encoder = QueryEncoder(Counting())
    paths = ["Home > Vases", "Home > Clocks", "Home > Vases"]
    cosines = encoder.untrained_cosines("tall vase", paths)
    expected = Counting().encode_texts_untrained(paths) @ Counting().encode_texts_untrained(["tall vase"])[0]
    np.testing.assert_allclose(cosines, expected, atol=1e-6)
    assert calls[:2] == [["Home > Vases", "Home > Clocks"], ["tall vase"]]
    calls.clear()
    encoder.untrained_cosines("tall vase", ["Home > Clocks", "Clothing"])
    assert calls == [["Clothing"]]


def test_an_empty_query_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="text or a photo"):
        QueryEncoder(FakeBundle()).encode("  ", None)
