import io

import numpy as np
import pytest
from PIL import Image

from pipeline.config.stages import IngestConfig
from pipeline.data.decoding import ImageError
from pipeline.data.decoding.decode import decode_image
from pipeline.data.images import brightness, perceptual_hash, photo_flaw, read_photo, signature, square, thumbnail
from tests.helpers.factories import CATEGORIES, COLORS, draw, encode


def _plain(color=(200, 40, 40), size=(60, 40), mode="RGB"):
    return Image.new(mode, size, color)


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (1, 500), (300, 1), (1000, 1000), (7, 7)])
def test_square_holds_the_whole_photo_on_white(size):
    pixels = square(_plain(size=size), 32)
    assert (pixels.shape, pixels.dtype) == ((32, 32, 3), np.uint8)
    assert tuple(pixels[16, 16]) in ((200, 40, 40), (255, 255, 255))
    if size == (60, 40):
        assert tuple(pixels[0, 16]) == (255, 255, 255)
        assert tuple(pixels[16, 0]) == (200, 40, 40)


def test_thumbnail_is_a_webp_no_larger_than_the_photo():
    small = Image.open(io.BytesIO(thumbnail(_plain(size=(300, 200)), 128, 75)))
    assert (small.format, small.size) == ("WEBP", (128, 85))
    assert Image.open(io.BytesIO(thumbnail(_plain(), 128, 75))).size == (60, 40)


def test_hashes_and_signatures_survive_compression_and_tell_products_apart():
    rng = np.random.default_rng(3)
    photos = [draw(shape, COLORS[n % 6][1], rng, size=160) for n, (_, _, shape) in enumerate(CATEGORIES)]
    hashes = [perceptual_hash(photo) for photo in photos]
    for photo, original in zip(photos, hashes, strict=True):
        again = decode_image(encode(photo.resize((100, 100)), quality=60), max_bytes=10**6, max_pixels=10**6).image
        assert (perceptual_hash(again) ^ original).bit_count() <= 8
        assert np.abs(signature(again).astype(int) - signature(photo)).mean() < 4
    assert len(set(hashes)) == len(hashes)
    assert all(0 <= value < 2**64 for value in hashes)


def _dct_by_definition(gray):
    frequency, sample = np.arange(1, 9)[:, None], np.arange(32)[None, :]
    basis = np.cos(np.pi * frequency * (2 * sample + 1) / 64)
    return basis @ gray @ basis.T


def test_the_hash_is_the_signs_of_the_lowest_frequencies_about_their_median():
    rng = np.random.default_rng(5)
    for number, (_, _, shape) in enumerate(CATEGORIES):
        photo = draw(shape, COLORS[number % 6][1], rng, size=160)
        gray = np.asarray(photo.convert("L").resize((32, 32), Image.Resampling.BOX, reducing_gap=3.0), dtype=float)
        frequencies = _dct_by_definition(gray).ravel()
        bits = "".join("1" if value > np.median(frequencies) else "0" for value in frequencies)
        assert f"{perceptual_hash(photo):064b}" == bits


def test_reading_a_photo_decodes_squares_and_judges_it():
    rng = np.random.default_rng(4)
    drawing = draw("disc", COLORS[0][1], rng, size=160)
    photo = read_photo(encode(drawing, "PNG"), IngestConfig(image_size=48))
    np.testing.assert_array_equal(photo.square, square(drawing, 48))
    assert photo.flaw == photo_flaw(drawing) == ""
    assert read_photo(encode(_plain(), "PNG"), IngestConfig()).flaw == "one color"
    with pytest.raises(ImageError, match="at most 100"):
        read_photo(encode(_plain(), "PNG"), IngestConfig(max_image_pixels=100))


@pytest.mark.parametrize(("gray", "luma"), [(0, 0.0), (51, 0.2), (255, 1.0)])
def test_brightness_runs_from_black_to_white(gray, luma):
    assert brightness(_plain((gray, gray, gray))) == pytest.approx(luma)
