"""Features of frozen towers: nothing is encoded twice, and nothing is lost when a run is killed."""

import contextlib
import dataclasses

import numpy as np
import pytest
import torch

from pipeline.config.presets import compact, tiny
from pipeline.data.vectors import unit
from pipeline.models import feature_store
from pipeline.models.encoding import encode_categories, encode_images, encode_texts, make_tokens
from pipeline.models.feature_store import FeatureStore, RecentFeatures
from pipeline.models.towers import TextTower, VisionTower

TEXT = tiny().model.text
VISION = dataclasses.replace(compact().model.vision, image_size=32)
TEXTS = [f"thing number {number}" for number in range(10)]
PHOTOS = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
ROWS = np.arange(6)


@pytest.fixture(scope="module")
def text_tower() -> TextTower:
    torch.manual_seed(0)
    return TextTower(TEXT)


@pytest.fixture(scope="module")
def vision_tower() -> VisionTower:
    return VisionTower(VISION)


@pytest.fixture(scope="module")
def tokens():
    return make_tokens(TEXT)


@pytest.fixture
def encoded(monkeypatch):
    """What is encoded: the texts of each call, and the number of photos of each."""
    calls = {"texts": [], "photos": []}

    def texts(tower, tokens, wanted, **options):
        calls["texts"].append(list(wanted))
        return encode_texts(tower, tokens, wanted, **options)

    def photos(tower, images, **options):
        calls["photos"].append(len(images))
        return encode_images(tower, images, **options)

    monkeypatch.setattr(feature_store, "encode_texts", texts)
    monkeypatch.setattr(feature_store, "encode_images", photos)
    return calls


def _store(folder, seed=17):
    return FeatureStore(folder / "features", seed)


def test_features_are_those_of_the_tower_in_half_precision(tmp_path, text_tower, vision_tower, tokens):
    store = _store(tmp_path)
    texts = store.texts(text_tower, tokens, TEXTS)
    assert texts.dtype == np.float32
    expected = encode_texts(text_tower, tokens, TEXTS).astype(np.float16).astype(np.float32)
    assert np.allclose(texts, expected, atol=2e-3)
    photos = store.photos(vision_tower, PHOTOS, ROWS)
    assert photos == pytest.approx(encode_images(vision_tower, PHOTOS), rel=1e-3, abs=1e-3)
    assert np.array_equal(_store(tmp_path).texts(text_tower, tokens, TEXTS), texts)
    assert np.array_equal(_store(tmp_path).photos(vision_tower, PHOTOS, ROWS), photos)


def test_texts_are_encoded_once_whatever_their_order_and_company(tmp_path, text_tower, tokens, encoded):
    store = _store(tmp_path)
    first = store.texts(text_tower, tokens, [*TEXTS[:6], TEXTS[2]])
    assert encoded["texts"] == [TEXTS[:6]]
    assert np.array_equal(first[2], first[6])
    assert np.array_equal(store.texts(text_tower, tokens, [TEXTS[4], TEXTS[0], TEXTS[4]]), first[[4, 0, 4]])
    other = _store(tmp_path)
    assert np.array_equal(other.texts(text_tower, tokens, TEXTS[5:1:-1]), first[5:1:-1])
    assert encoded["texts"] == [TEXTS[:6]], "nothing is new, in this store or another"
    mixed = other.texts(text_tower, tokens, [TEXTS[8], TEXTS[1], TEXTS[8], TEXTS[7]])
    assert encoded["texts"][1:] == [[TEXTS[8], TEXTS[7]]]
    assert np.array_equal(mixed[1], first[1])
    third = _store(tmp_path).texts(text_tower, tokens, [TEXTS[7], TEXTS[8], TEXTS[5]])
    assert np.array_equal(third, np.stack([mixed[3], mixed[0], first[5]]))
    assert len(encoded["texts"]) == 2


def test_photos_are_known_by_their_pixels(tmp_path, vision_tower, encoded):
    store = _store(tmp_path)
    first = store.photos(vision_tower, PHOTOS, ROWS)
    assert encoded["photos"] == [6]
    elsewhere = np.concatenate([PHOTOS[::-1], PHOTOS[:2] // 2])
    again = _store(tmp_path).photos(vision_tower, elsewhere, np.array([5, 6, 0, 6, 7]))
    assert encoded["photos"] == [6, 2]
    assert np.array_equal(again[[0, 2]], first[[0, 5]])
    assert np.array_equal(again[1], again[3])
    assert not np.allclose(again[1], first[0])


def test_what_is_not_there_has_zeros(tmp_path, text_tower, vision_tower, tokens, encoded):
    store = _store(tmp_path)
    texts = store.texts(text_tower, tokens, ["", TEXTS[0], ""])
    assert texts.any(axis=1).tolist() == [False, True, False]
    photos = store.photos(vision_tower, PHOTOS, np.array([-1, 3, -1]))
    assert photos.any(axis=1).tolist() == [False, True, False]
    assert encoded == {"texts": [[TEXTS[0]]], "photos": [1]}
    before = sorted((tmp_path / "features").iterdir())
    assert not store.texts(text_tower, tokens, ["", ""]).any()
    assert not store.photos(vision_tower, PHOTOS[:0], np.array([-1])).any()
    assert store.texts(text_tower, tokens, []).shape == (0, TEXT.width)
    assert store.photos(vision_tower, PHOTOS, ROWS[:0]).shape == (0, VISION.width)
    assert sorted((tmp_path / "features").iterdir()) == before


def test_a_killed_run_goes_on_behind_the_last_file(tmp_path, text_tower, tokens, monkeypatch):
    monkeypatch.setattr(feature_store, "AT_A_TIME", 4)
    calls = []

    def killed(tower, tokens, texts, **options):
        calls.append(list(texts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return encode_texts(tower, tokens, texts, **options)

    monkeypatch.setattr(feature_store, "encode_texts", killed)
    with pytest.raises(KeyboardInterrupt):
        _store(tmp_path).texts(text_tower, tokens, TEXTS)
    assert calls == [TEXTS[:4], TEXTS[4:8], TEXTS[8:]]
    assert len(list((tmp_path / "features").iterdir())) == 2, "no half of a file either"
    features = _store(tmp_path).texts(text_tower, tokens, TEXTS)
    assert calls[3:] == [TEXTS[8:]]
    assert np.allclose(features, encode_texts(text_tower, tokens, TEXTS), atol=2e-3)


DAMAGES = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "other": lambda content: b"not what it was",
    "reversed": lambda content: content[::-1],
    "one number": lambda content: _with_other_byte(content, content.index(b"features.npy") + 300),
}


def _with_other_byte(content, place):
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_again_with_a_warning(
    tmp_path, text_tower, tokens, encoded, monkeypatch, caplog, damage
):
    monkeypatch.setattr(feature_store, "AT_A_TIME", 5)
    whole = _store(tmp_path).texts(text_tower, tokens, TEXTS)
    path = sorted((tmp_path / "features").iterdir())[0]
    content = path.read_bytes()
    path.write_bytes(DAMAGES[damage](content))
    encoded["texts"].clear()
    assert np.allclose(_store(tmp_path).texts(text_tower, tokens, TEXTS), whole, atol=2e-3)
    assert encoded["texts"] in ([TEXTS[:5]], [TEXTS[5:]])
    assert f"the remembered features in {path} cannot be used" in caplog.text
    caplog.clear()
    assert np.allclose(_store(tmp_path).texts(text_tower, tokens, TEXTS), whole, atol=2e-3)
    assert len(encoded["texts"]) == 1
    assert caplog.text == ""


def _groups(folder):
    return {path.name.rsplit("-", 1)[0] for path in (folder / "features").iterdir()}


def test_each_tower_state_and_seed_has_files_of_its_own(tmp_path, text_tower, tokens, vision_tower, encoded):
    _store(tmp_path).texts(text_tower, tokens, TEXTS)
    _store(tmp_path).texts(text_tower, tokens, TEXTS, state="after stage heads")
    _store(tmp_path, seed=3).texts(text_tower, tokens, TEXTS)
    longer = TextTower(dataclasses.replace(TEXT, max_tokens=16))
    _store(tmp_path).texts(longer, make_tokens(longer.config), TEXTS)
    assert len(encoded["texts"]) == len(_groups(tmp_path)) == 4
    _store(tmp_path).photos(vision_tower, PHOTOS, ROWS)
    _store(tmp_path).photos(vision_tower, PHOTOS, ROWS, state="after stage vision")
    assert len(encoded["photos"]) == 2
    assert len(_groups(tmp_path)) == 6


def test_adapters_and_the_seed_do_not_change_a_pretrained_tower():
    store, other = FeatureStore(None, 1), FeatureStore(None, 2)
    packaged = dataclasses.replace(TEXT, model_id="package:some/tower")
    plain = dataclasses.replace(packaged, lora_targets=(), lora_rank=0, lora_alpha=0)
    assert store._name(packaged, "") == store._name(plain, "") == other._name(plain, "")
    assert store._name(plain, "") != store._name(dataclasses.replace(plain, prefix="query: "), "")


@pytest.mark.parametrize("names", [False, True])
def test_categories_are_those_of_encoding(tmp_path, text_tower, tokens, names, encoded):
    paths = ["Home > Mugs", "Home", "Toys > Mugs"]
    store = _store(tmp_path)
    features = store.categories(text_tower, tokens, paths, names=names)
    expected = encode_categories(text_tower, tokens, paths, names=names)
    assert unit(features) == pytest.approx(unit(expected), abs=2e-3)
    assert encoded["texts"] == [paths, ["Mugs"]] if names else [paths]
    assert np.array_equal(store.categories(text_tower, tokens, paths, names=names), features)
    assert sum(map(len, encoded["texts"])) == (4 if names else 3), '"Home" is a path and a name'


def test_only_the_first_process_encodes(tmp_path, text_tower, tokens, encoded):
    inside = []

    @contextlib.contextmanager
    def first():
        inside.append(len(encoded["texts"]))
        yield
        inside.append(len(encoded["texts"]))

    store = FeatureStore(tmp_path / "features", 17, first)
    store.texts(text_tower, tokens, TEXTS)
    assert inside == [0, 1]


def test_the_last_texts_are_in_memory():
    encoded = []

    def encode(texts):
        encoded.append(list(texts))
        return np.array([[float(len(text))] for text in texts], dtype=np.float32)

    recent = RecentFeatures(2)
    assert recent.of(["a", "bb", "a"], encode).ravel().tolist() == [1, 2, 1]
    assert recent.of(["bb", "ccc"], encode).ravel().tolist() == [2, 3]
    assert recent.of(["a", "ccc", "dddd", "eeeee"], encode).ravel().tolist() == [1, 3, 4, 5]  # more than are kept
    assert encoded == [["a", "bb"], ["ccc"], ["a", "dddd", "eeeee"]]
