"""Products to vectors: one rule for texts, photos and photos that show nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.encode import RememberingEncoder, encode_products
from pipeline.bundle.writer import save_bundle
from pipeline.config.presets import compact, tiny
from pipeline.data.images import Photo
from pipeline.data.vectors import ProductVectors
from pipeline.models import feature_store
from pipeline.models.encoding import make_tokens
from pipeline.models.feature_store import FeatureStore
from pipeline.models.two_tower import TwoTower
from tests.helpers.fakes import CATEGORIES, FakeBundle, word_vector

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
    squares = [np.full((16, 16, 3), (number % 251, number // 251, 0), dtype=np.uint8) for number in range(1100)]
    bundle, sizes = FakeBundle(), []
    encode = bundle.encode_images

    def counted(images):
        sizes.append(len(images))
        return encode(images)

    bundle.encode_images = counted
    vectors = encode_products(bundle, [""] * 1100, [Photo(square, "") for square in squares])
    assert sizes == [1024, 76]
    np.testing.assert_allclose(vectors.image, encode(np.stack(squares)), atol=1e-6)


def test_several_photos_of_a_product_are_their_mean_of_length_one():
    other = Photo(SQUARE[:, ::-1].copy(), "")
    bundle = FakeBundle()
    vectors = encode_products(bundle, ["", "vase", ""], [PHOTO, FLAWED, PHOTO], more=[[other], [other], []])
    one, two = bundle.encode_images(np.stack([PHOTO.square, other.square]))
    np.testing.assert_allclose(vectors.image[0], (one + two) / np.linalg.norm(one + two), atol=1e-6)
    np.testing.assert_allclose(vectors.image[2], one, atol=1e-6)
    assert vectors.has_image.tolist() == [True, False, True]


def test_a_picture_that_products_share_is_encoded_once():
    bundle, sizes = FakeBundle(), []
    encode = bundle.encode_images
    bundle.encode_images = lambda images: sizes.append(len(images)) or encode(images)
    vectors = encode_products(bundle, ["", ""], [PHOTO, Photo(SQUARE.copy(), "")])
    assert sizes == [1]
    np.testing.assert_array_equal(vectors.image[0], vectors.image[1])


def test_parts_are_joined_in_order():
    bundle = FakeBundle()
    parts = [encode_products(bundle, [text], [None]) for text in ("vase", "clock")]
    joined = ProductVectors.concatenate(parts)
    np.testing.assert_allclose(joined.text, encode_products(bundle, ["vase", "clock"], [None, None]).text)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory) -> Bundle:
    """A bundle whose vision tower is packaged, and whose text tower was trained here."""
    torch.manual_seed(0)
    vision = replace(compact().model.vision, image_size=32)
    config = replace(tiny().model, vision=vision, class_names=True)
    model = TwoTower(config)
    model.class_names.features.normal_()
    folder = tmp_path_factory.mktemp("bundle") / "model"
    vectors = np.stack([word_vector(path) for path in CATEGORIES])
    save_bundle(
        folder, model, make_tokens(config.text), categories=CATEGORIES, category_vectors=vectors, seen=(), meta={}
    )
    return load_bundle(folder)


def test_a_remembering_encoder_encodes_the_photos_of_a_frozen_tower_once(frozen, tmp_path, monkeypatch):
    photos = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    encoder = RememberingEncoder(frozen, FeatureStore(tmp_path, seed=17))
    assert encoder.dimension == frozen.dimension
    vectors = encoder.encode_images(photos)
    assert vectors == pytest.approx(frozen.encode_images(photos), abs=2e-3)
    [file] = tmp_path.iterdir()
    assert file.name.startswith("photos-")
    monkeypatch.setattr(feature_store, "encode_images", None)  # nothing is encoded any more
    again = RememberingEncoder(frozen, FeatureStore(tmp_path, seed=3))
    assert np.array_equal(again.encode_images(photos[::-1]), vectors[::-1])


def test_a_remembering_encoder_leaves_a_trained_tower_as_it_is(frozen, tmp_path):
    encoder = RememberingEncoder(frozen, FeatureStore(tmp_path / "features", seed=17))
    assert np.array_equal(encoder.encode_texts(["vase", "clock"]), frozen.encode_texts(["vase", "clock"]))
    assert not (tmp_path / "features").exists()


def test_texts_of_a_frozen_tower_are_remembered_too(frozen, tmp_path, monkeypatch):
    """The text tower of another bundle: with a model id it counts as loaded from elsewhere."""
    text = replace(frozen.config.text, model_id="package:some/tower", lora_targets=(), lora_rank=0)
    monkeypatch.setattr(frozen, "config", replace(frozen.config, text=text))
    monkeypatch.setattr(frozen.model.text_tower, "config", text)
    store = FeatureStore(tmp_path, seed=17)
    vectors = RememberingEncoder(frozen, store).encode_texts(["vase", "clock", "vase"])
    assert vectors == pytest.approx(frozen.encode_texts(["vase", "clock", "vase"]), abs=2e-3)
    monkeypatch.setattr(feature_store, "encode_texts", None)
    assert np.array_equal(RememberingEncoder(frozen, store).encode_texts(["clock"]), vectors[1:2])


def test_products_by_a_remembering_encoder_are_those_of_its_bundle(frozen, tmp_path):
    square = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    texts, photos = ["vase", "", "clock"], [Photo(square, ""), Photo(square[::-1], ""), None]
    ours = encode_products(RememberingEncoder(frozen, FeatureStore(tmp_path, seed=17)), texts, photos)
    plain = encode_products(frozen, texts, photos)
    assert ours.fused == pytest.approx(plain.fused, abs=2e-3)
    assert ours.has_image.tolist() == [True, True, False]
