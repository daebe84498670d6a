"""Which photos of a row are used: the first that shows something is the product's, the others that do go with it."""

import numpy as np
import pytest
from PIL import Image

from pipeline.config.stages import IngestConfig
from pipeline.data.photos import photos_of
from pipeline.data.sources import RawRow
from tests.helpers.factories import COLORS, draw, encode

LIMITS = IngestConfig(image_size=32)
DISC, CROSS = (encode(draw(shape, COLORS[0][1], np.random.default_rng(0))) for shape in ("disc", "cross"))
PLAIN = encode(Image.new("RGB", (60, 60), (9, 80, 200)))


def _photos(image, *more, note=""):
    row = RawRow("train", 0, "Mug", "", image, [], None, "", None, more_images=more, note=note)
    return photos_of(row, LIMITS)


def test_photos_that_show_something_are_all_used_in_their_order():
    photos = _photos(DISC, CROSS)
    assert photos.facts.digest == _photos(DISC).facts.digest
    assert len(photos.more) == 1
    assert not np.array_equal(photos.more[0].square, photos.first.square)
    assert (photos.problem, photos.notes) == ("", ())


@pytest.mark.parametrize("useless", [PLAIN, b"no photo"])
def test_the_first_that_shows_something_is_the_products(useless):
    photos = _photos(useless, DISC)
    assert (photos.first.flaw, photos.more, photos.problem) == ("", (), "")
    assert photos.facts.digest == _photos(DISC).facts.digest


def test_a_photo_counts_once():
    assert _photos(DISC, DISC).more == ()


def test_a_photo_that_shows_nothing_is_kept_where_there_is_no_other():
    photos = _photos(PLAIN)
    assert (photos.first.flaw, photos.more) == ("one color", ())


def test_without_a_usable_photo_the_reason_is_that_of_the_first():
    photos = _photos(b"no photo", b"GIF89a")
    assert (photos.first, photos.notes) == (None, ("photo unusable",))
    assert "not a readable" in photos.problem
    missing = _photos(None, note="the photo 'a.jpg' was not found")
    assert (missing.problem, missing.notes) == ("the photo 'a.jpg' was not found", ("photo missing",))


def test_of_several_one_that_is_unusable_is_noted():
    assert _photos(DISC, b"no photo").notes == ("one of several photos unusable",)
