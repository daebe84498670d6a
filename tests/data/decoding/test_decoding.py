import contextlib
import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pipeline.data.decoding.decode import MIN_SIDE_PIXELS, ImageError, decode_image, to_rgb
from tests.helpers.factories import encode, png_chunk, raw_png

LIMITS = {"max_bytes": 1_000_000, "max_pixels": 4_000_000}


def _decoded(data):
    return decode_image(data, **LIMITS).image


def _plain(color=(200, 40, 40), size=(60, 40), mode="RGB"):
    return Image.new(mode, size, color)


FORMATS = ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"]


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_read(format):
    image = _decoded(encode(_plain(), format))
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert np.abs(np.asarray(image).mean(axis=(0, 1)) - (200, 40, 40)).max() < 6


def test_cmyk_becomes_rgb():
    image = _decoded(encode(_plain((0, 255, 255, 0), mode="CMYK"), "JPEG"))
    assert image.mode == "RGB"
    red, green, blue = image.getpixel((5, 5))
    assert red > 180
    assert max(green, blue) < 90


def test_sixteen_bit_grays_keep_their_brightness():
    deep = Image.fromarray(np.full((20, 30), 128 * 256, dtype=np.uint16))
    assert _decoded(encode(deep, "PNG")).getpixel((3, 3)) == (128, 128, 128)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_white(mode):
    clear = Image.new(mode, (10, 10), (0,) * len(mode))
    assert _decoded(encode(clear, "PNG")).getpixel((3, 3)) == (255, 255, 255)


def test_a_palette_with_a_transparent_color_is_white_there():
    image = Image.new("P", (10, 10), 0)
    image.putpalette([9, 9, 9, 200, 40, 40])
    image.putpixel((5, 5), 1)
    decoded = _decoded(encode(image, "PNG", transparency=0))
    assert decoded.getpixel((0, 0)) == (255, 255, 255)
    assert decoded.getpixel((5, 5)) == (200, 40, 40)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_other_modes_become_rgb(mode):
    assert _decoded(encode(_plain().convert(mode), "PNG")).mode == "RGB"


def test_exif_rotation_is_applied():
    image = _plain((255, 255, 255))
    image.paste((0, 0, 0), (0, 0, 60, 10))  # dark at the top of the stored photo
    exif = Image.Exif()
    exif[0x0112] = 6  # show turned by 90 degrees clockwise: the top goes to the right
    decoded = _decoded(encode(image, "JPEG", exif=exif, quality=95))
    assert decoded.size == (40, 60)
    assert decoded.getpixel((37, 30))[0] < 60
    assert decoded.getpixel((3, 30))[0] > 200


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", FORMATS)
def test_every_orientation_is_turned_as_pillow_turns_it(format, orientation):
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (3, 5, 3), dtype=np.uint8)).resize((40, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(image, format, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    assert np.array_equal(np.asarray(_decoded(data)), np.asarray(expected))


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_photo_with_damaged_exif_data_is_still_read(data):
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010F: "Maker", 0x011A: (72, 1), 0x8769: {0x9003: "2020:01:01 00:00:00"}})
    noisy = bytearray(exif.tobytes())
    for _ in range(data.draw(st.integers(1, 6))):
        noisy[data.draw(st.integers(6, len(noisy) - 1))] = data.draw(st.integers(0, 255))
    image = _decoded(encode(_plain(), data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"])), exif=bytes(noisy)))
    assert image.size in ((60, 40), (40, 60))


def test_only_the_first_picture_of_a_multi_picture_jpeg_is_read():
    buffer = io.BytesIO()
    _plain().save(buffer, "MPO", save_all=True, append_images=[_plain((0, 200, 0), (30, 20))])
    decoded = _decoded(buffer.getvalue())
    assert decoded.size == (60, 40)
    assert decoded.getpixel((5, 5))[0] > 180


@pytest.mark.parametrize("format", ["WEBP", "PNG"])
def test_only_the_first_frame_of_an_animation_is_read(format):
    frames = [_plain((200, 0, 0)), _plain((0, 200, 0))]
    data = encode(frames[0], format, save_all=True, append_images=frames[1:], duration=50)
    red, green, _ = _decoded(data).getpixel((10, 10))
    assert red > 150 > green


@pytest.mark.parametrize("format", FORMATS)
def test_a_cut_short_file_is_refused(format):
    noisy = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    data = encode(noisy, format)
    with pytest.raises(ImageError, match=r"damaged|not a readable"):
        _decoded(data[: len(data) // 2])


def test_sixteen_bit_colors_keep_their_hue():
    row = b"\0" + struct.pack(">3H", 200 * 257, 40 * 257, 40 * 257) * 6
    assert _decoded(raw_png(6, 4, row * 4, depth=16)).getpixel((3, 2)) == (200, 40, 40)


def test_a_bomb_in_the_metadata_is_not_unpacked():
    text = b"Comment\0\0" + zlib.compress(bytes(80_000_000))
    with contextlib.suppress(ImageError):
        assert _decoded(raw_png(2, 2, (b"\0" + bytes(6)) * 2, extra=png_chunk(b"zTXt", text))).size == (2, 2)


@pytest.mark.parametrize("side", [3_000, 12_000, 60_000])
def test_a_bomb_is_refused_before_it_is_decoded(side):
    with pytest.raises(ImageError, match="pixels"):
        _decoded(raw_png(side, side, b"\0" * 1000))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "an SVG drawing"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "a GIF picture"),
        (b"%PDF-1.4", "a PDF"),
        (encode(_plain(), "BMP"), "a BMP picture"),
        (encode(_plain(), "GIF"), "a GIF picture"),
        (encode(_plain(), "TIFF"), "a TIFF photo"),
        (encode(_plain(), "JPEG2000"), "a JPEG 2000 photo"),
        (b"\0\0\0 ftypisom" + bytes(100), "a video"),
        (b"<!DOCTYPE html><html>", "a web page"),
    ],
)
def test_other_formats_are_refused_by_name_whatever_they_are_called(data, what):
    with pytest.raises(ImageError, match=f"This is {what}; save it as JPEG"):
        _decoded(data)


@pytest.mark.parametrize("data", [b"\xff\xd8\xff", b"\0" * 100, b"photo"])
def test_a_file_of_no_known_format_is_refused(data):
    with pytest.raises(ImageError, match="not a readable JPEG, PNG, WebP, HEIC or AVIF file"):
        _decoded(data)


@pytest.mark.parametrize(("brand", "kind"), [(b"heic", "HEIC"), (b"avif", "AVIF")])
def test_a_file_that_is_heic_by_name_alone_is_damaged(brand, kind):
    with pytest.raises(ImageError, match=f"a damaged {kind} file"):
        _decoded(b"\0\0\0\x18ftyp" + brand + bytes(4) + b"mif1" + brand + bytes(600))


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_transparent_pixels_of_the_new_formats_are_white(format):
    clear = Image.new("RGBA", (64, 64), (200, 40, 40, 0))
    assert min(_decoded(encode(clear, format)).getpixel((30, 30))) > 250


def test_heic_of_ten_bits_keeps_its_colors():
    deep = np.full((64, 64, 3), (200 * 257, 40 * 257, 40 * 257), dtype=np.uint16)
    buffer = io.BytesIO()
    pillow_heif.encode("RGB;16", (64, 64), deep.tobytes(), buffer, quality=90)
    assert np.abs(np.asarray(_decoded(buffer.getvalue())).mean(axis=(0, 1)) - (200, 40, 40)).max() < 8


def test_an_empty_and_a_too_large_file_are_refused():
    with pytest.raises(ImageError, match="no bytes"):
        _decoded(b"")
    with pytest.raises(ImageError, match="at most 10 are"):
        decode_image(encode(_plain()), max_bytes=10, max_pixels=10**6)


_ONE_OF_EACH = [encode(_plain(), format) for format in FORMATS]


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_damage_is_an_image_error_and_nothing_else(noise, position):
    data = bytearray(_ONE_OF_EACH[position % len(_ONE_OF_EACH)])
    data[position : position + len(noise)] = noise
    with contextlib.suppress(ImageError):
        assert _decoded(bytes(data)).mode == "RGB"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_large_photo_is_decoded_at_a_reduced_scale(format):
    photo = decode_image(encode(_plain(size=(2400, 1600)), format), **LIMITS)
    assert MIN_SIDE_PIXELS <= min(photo.image.size) < 2 * MIN_SIDE_PIXELS
    assert (photo.width, photo.height) == (2400, 1600)


def test_a_long_photo_is_reduced_by_its_longer_side():
    assert _decoded(encode(_plain(size=(16_000, 40)), "PNG")).size == (5334, 14)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_reducing_strip_by_strip_is_reducing_the_whole(mode):
    noise = np.random.default_rng(2).integers(0, 255, (1100, 1900), dtype=np.uint8)
    image = Image.fromarray(noise.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(noise).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(noise.T.copy()).resize(image.size))
    data = encode(image, "PNG")
    decoded = decode_image(data, max_bytes=10_000_000, max_pixels=4_000_000).image
    assert np.array_equal(decoded, to_rgb(Image.open(io.BytesIO(data))).reduce(2))
