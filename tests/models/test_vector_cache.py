"""Vectors of categories are encoded once, and never taken from a file that does not fit."""

import os

import numpy as np
import pytest

from pipeline.artifacts import CACHE_VARIABLE, cache_folder
from pipeline.models.vector_cache import LEAST_TEXTS, MOST_FILES, VectorCache
from tests.helpers.fakes import word_vector

TEXTS = [f"Home > Thing {number}" for number in range(LEAST_TEXTS)]


class Encoder:
    """Counts what it is asked; another `word` stands for another model."""

    def __init__(self, word=""):
        self.word = word
        self.asked = []

    def __call__(self, texts):
        self.asked += texts
        return np.stack([word_vector(f"{self.word} {text}") for text in texts])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def _cold():
    encoder = Encoder()
    return encoder, VectorCache("key", encoder)


def test_what_one_process_encoded_the_next_one_reads(folder):
    encoder, cache = _cold()
    first = cache.vectors(TEXTS)
    np.testing.assert_array_equal(first, Encoder()(TEXTS))
    assert encoder.asked == TEXTS
    again, warm = _cold()
    np.testing.assert_array_equal(warm.vectors(TEXTS[::-1]), first[::-1])
    assert len(again.asked) <= 4  # compared with what was remembered
    warm.vectors(TEXTS)
    assert len(again.asked) <= 4


def test_a_longer_taxonomy_encodes_only_what_is_new(folder):
    _cold()[1].vectors(TEXTS)
    encoder, cache = _cold()
    longer = [*TEXTS, "Home > New", "Home > Thing 3"]
    np.testing.assert_array_equal(cache.vectors(longer), Encoder()(longer))
    assert encoder.asked.count("Home > New") == 1
    assert len(encoder.asked) <= 5
    third, kept = _cold()
    kept.vectors(longer)
    assert "Home > New" not in third.asked or len(third.asked) <= 4


def test_an_encoder_that_answers_otherwise_under_the_same_name_is_noticed(folder, caplog):
    _cold()[1].vectors(TEXTS)
    other = Encoder("other")
    np.testing.assert_array_equal(VectorCache("key", other).vectors(TEXTS), Encoder("other")(TEXTS))
    assert "not those of this encoder; they are made again" in caplog.text
    np.testing.assert_array_equal(_cold()[1].vectors(TEXTS), Encoder()(TEXTS))


@pytest.mark.parametrize("damage", [lambda content: content[:-40], lambda content: b"", lambda content: content[::-1]])
def test_a_damaged_file_is_made_again_with_a_line_in_the_log(folder, caplog, damage):
    _cold()[1].vectors(TEXTS)
    [file] = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    np.testing.assert_array_equal(_cold()[1].vectors(TEXTS), Encoder()(TEXTS))
    assert "cannot be used" in caplog.text
    assert file.read_bytes() == whole


def test_few_texts_and_no_folder_leave_no_file(folder, monkeypatch):
    _cold()[1].vectors(TEXTS[:-1])
    monkeypatch.setenv(CACHE_VARIABLE, "")
    assert cache_folder() is None
    _cold()[1].vectors(TEXTS)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_said_and_no_reason_to_stop(folder, caplog):
    folder.write_text("a file where the folder should be")
    np.testing.assert_array_equal(_cold()[1].vectors(TEXTS), Encoder()(TEXTS))
    assert "cannot be remembered" in caplog.text


def test_the_last_encoders_alone_are_kept(folder):
    for number in range(MOST_FILES + 2):
        VectorCache(f"{number:032x}", Encoder()).vectors(TEXTS)
        os.utime(folder / f"{number:032x}.parquet", (number, number))
    VectorCache("f" * 32, Encoder()).vectors(TEXTS)
    assert len(list(folder.iterdir())) == MOST_FILES
    assert (folder / f"{'f' * 32}.parquet").exists()
    assert not (folder / f"{0:032x}.parquet").exists()
