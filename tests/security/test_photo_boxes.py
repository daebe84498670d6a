"""HEIC and AVIF files made to keep a decoder busy: boxes, items, frames and pixels are counted before decoding."""

import pytest
from PIL import Image

from pipeline.data.decoding.boxes import MAX_BOXES, MAX_FRAMES, MAX_ITEMS
from pipeline.data.decoding.refusal import StructureError
from pipeline.data.decoding.structure import check_structure
from tests.helpers.factories import encode

PIXELS = 40_000_000
RED = Image.new("RGB", (64, 48), (200, 30, 30))


def box(kind, *parts):
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def heif_with(*boxes, brand=b"heic"):
    return box(b"ftyp", brand, bytes(4), b"mif1") + b"".join(boxes)


def number(value, size=4):
    return value.to_bytes(size, "big")


def nested(*kinds, body):
    for kind in reversed(kinds):
        body = box(kind, bytes(4) if kind == b"meta" else b"", body)
    return body


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (heif_with(box(b"free") * (MAX_BOXES + 1)), "boxes"),
        (heif_with(nested(b"meta", body=box(b"iinf", bytes(4), number(MAX_ITEMS + 1, 2)))), "items"),
        (heif_with(nested(b"meta", body=box(b"iinf", b"\1" + bytes(3), number(MAX_ITEMS + 1)))), "items"),
        (heif_with(nested(b"meta", body=box(b"iloc", b"\2" + bytes(5), number(MAX_ITEMS + 1)))), "items"),
        (
            heif_with(
                nested(*(b"moov trak mdia minf stbl".split()), body=box(b"stsz", bytes(8), number(MAX_FRAMES + 1))),
                brand=b"avis",
            ),
            "frames",
        ),
    ],
)
def test_more_parts_than_honest_photos_have_are_refused_before_decoding(data, what):
    with pytest.raises(StructureError, match=f"more than [0-9,]+ {what}"):
        check_structure(data, PIXELS)


@pytest.mark.parametrize("brand", [b"heic", b"avif"])
def test_a_picture_of_too_many_pixels_is_refused_before_decoding(brand):
    size = box(b"ispe", bytes(4), number(100_000), number(100_000))
    data = heif_with(nested(b"meta", b"iprp", b"ipco", body=size), brand=brand)
    with pytest.raises(StructureError, match="100000 x 100000 pixels; at most 40,000,000"):
        check_structure(data, PIXELS)


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
def test_honest_photos_of_phones_have_fewer_parts(format):
    check_structure(encode(RED, format), PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xffftypheic",
        heif_with(b"\0\0\0\1meta\xff\xff\xff\xff"),
        heif_with(b"\0\0\0\1meta" + bytes(8)),
        heif_with(nested(b"meta", body=box(b"iinf")), box(b"ispe", bytes(5))),
    ],
)
def test_truncated_files_are_left_to_the_decoder(data):
    check_structure(data, PIXELS)
