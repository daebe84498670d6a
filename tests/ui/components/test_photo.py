from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from pipeline.config.stages import IngestConfig
from pipeline.data.photos import photos_of
from pipeline.data.sources import RawRow
from tests.helpers.factories import encode, raw_png
from ui.components.photo import photo_input, read_photo


def test_a_photo_is_read_as_ingest_reads_it(photo: str) -> None:
    read, limits = read_photo(photo, 32), IngestConfig(image_size=32)
    row = RawRow("train", 0, "", "", Path(photo).read_bytes(), [], None, "", None)
    ingested = photos_of(row, limits).first
    assert read is not None
    assert ingested is not None
    assert (read.square.shape, read.square.dtype) == ((32, 32, 3), np.uint8)
    np.testing.assert_array_equal(read.square, ingested.square)
    assert read.flaw == ingested.flaw
    assert read_photo(None, 32) is None


def test_a_broken_photo_is_an_error_message(broken_photo: str) -> None:
    with pytest.raises(gr.Error, match=r"JPEG|PNG|WebP|read"):
        read_photo(broken_photo, 32)


RED = Image.new("RGB", (64, 48), (200, 30, 30))
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
TURNED = Image.Exif()
TURNED[0x0112] = 6  # by a quarter
FRAMES: dict[str, Any] = {"save_all": True, "append_images": [Image.new("RGB", (64, 48), (0, 200, 0))]}


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.jpg", b"", "no bytes"),
        ("cut.jpg", encode(NOISE, "JPEG")[:2000], "damaged"),
        ("cut.png", encode(NOISE, "PNG")[:2000], "damaged"),
        ("cut.webp", encode(NOISE, "WEBP")[:1000], "damaged|not a readable"),
        ("drawing.png", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        ("moving.gif", encode(RED, "GIF", **FRAMES), "a GIF picture; save it as JPEG"),
        ("moving.jpg", encode(RED, "GIF", **FRAMES), "a GIF picture"),
        ("photo.avif.jpg", b"\0\0\0 ftypavif" + bytes(100), "damaged AVIF"),
        ("wide.png", raw_png(20_000, 3_000, bytes(9)), "at most 40,000,000"),
        ("bomb.png", raw_png(30_000, 20_000, bytes(9)), "far more pixels than the 40,000,000"),
        ("large.jpg", bytes(20_000_001), "at most 20,000,000"),
    ],
)
def test_an_unusable_photo_is_an_error_message(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(gr.Error, match=sentence) as refused:
        read_photo(str(path), 32)
    assert str(tmp_path) not in refused.value.message
    assert refused.value.print_exception is False


@pytest.mark.parametrize(
    ("name", "data", "size"),
    [
        ("cmyk.jpg", encode(Image.new("CMYK", (64, 48), (30, 240, 240, 20)), "JPEG"), (64, 48)),
        ("turned.jpg", encode(RED, "JPEG", exif=TURNED), (48, 64)),
        ("moving.webp", encode(RED, "WEBP", **FRAMES), (64, 48)),
        ("moving.png", encode(RED, "PNG", **FRAMES), (64, 48)),
        ("photo.avif", encode(RED, "AVIF"), (64, 48)),
        ("photo.heic", encode(RED, "HEIF"), (64, 48)),
        ("turned.heic", encode(RED, "HEIF", exif=TURNED.tobytes()), (48, 64)),
        ("named-wrongly.png", encode(RED, "JPEG"), (64, 48)),
    ],
)
def test_an_unusual_photo_is_read_right(tmp_path: Path, name: str, data: bytes, size: tuple[int, int]) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    photo = read_photo(str(path), 64)
    assert photo is not None
    rows, columns = ((photo.square < 250).any(axis=2).any(axis=axis).sum() for axis in (1, 0))
    assert (columns, rows) == size
    red, green, blue = photo.square[32, 32]
    assert red > 150
    assert max(green, blue) < 80


def test_the_photo_field_does_not_open_the_file(broken_photo: str) -> None:
    with gr.Blocks():
        field = photo_input()
    assert field.preprocess(gr.data_classes.ImageData(path=broken_photo)) == broken_photo
    assert field.preprocess(None) is None
    with pytest.raises(gr.Error, match="upload"):
        field.preprocess(gr.data_classes.ImageData(url="data:image/png;base64,AAAA"))
