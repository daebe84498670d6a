"""Products to vectors: one rule for texts, photos and photos that show nothing."""

import numpy as np

from pipeline.bundle.encode import encode_products
from pipeline.data.images import Photo
from pipeline.data.vectors import ProductVectors
from tests.helpers.fakes import FakeBundle, word_vector

SQUARE = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
PHOTO, FLAWED = Photo(SQUARE, ""), Photo(SQUARE[::-1], "noise")


def test_every_product_has_the_vectors_of_its_modalities():
    bundle = FakeBundle()
    vectors = encode_products(bundle, ["vase", "clock", "", ""], [PHOTO, None, PHOTO, None])
    assert vectors.has_text.tolist() == [True, True, False, False]
    assert vectors.has_image.tolist() == [True, False, True, False]
    assert vectors.has("fused").tolist() == [True, True, True, False]
    assert vectors.has_both.tolist() == [True, False, False, False]
    np.testing.assert_allclose(vectors.text[1], word_vector("clock"), atol=1e-6)
    np.testing.assert_allclose(vectors.fused[1], vectors.text[1], atol=1e-6)
    np.testing.assert_allclose(vectors.fused[2], bundle.encode_images(SQUARE[None])[0], atol=1e-6)
    assert not vectors.fused[3].any()


def test_a_photo_that_shows_nothing_is_left_out_beside_a_text_and_counts_alone():
    vectors = encode_products(FakeBundle(), ["vase", ""], [FLAWED, FLAWED])
    assert vectors.has_image.tolist() == [False, True]
    np.testing.assert_allclose(vectors.fused[0], word_vector("vase"), atol=1e-6)
    assert vectors.image[1].any()


def test_no_photo_or_no_text_at_all_or_no_product():
    bundle = FakeBundle()
    assert not encode_products(bundle, ["vase"], [None]).has_image.any()
    assert not encode_products(bundle, [""], [PHOTO]).has_text.any()
    assert encode_products(bundle, [], []).fused.shape == (0, bundle.dimension)


def test_photos_are_read_in_batches_in_order():
    squares = [np.full((16, 16, 3), number % 251, dtype=np.uint8) for number in range(1100)]
    bundle, sizes = FakeBundle(), []
    encode = bundle.encode_images

    def counted(images):
        sizes.append(len(images))
        return encode(images)

    bundle.encode_images = counted
    vectors = encode_products(bundle, [""] * 1100, [Photo(square, "") for square in squares])
    assert sizes == [1024, 76]
    np.testing.assert_allclose(vectors.image, encode(np.stack(squares)), atol=1e-6)


def test_parts_are_joined_in_order():
    bundle = FakeBundle()
    parts = [encode_products(bundle, [text], [None]) for text in ("vase", "clock")]
    joined = ProductVectors.concatenate(parts)
    np.testing.assert_allclose(joined.text, encode_products(bundle, ["vase", "clock"], [None, None]).text)
