"""Photos made to keep a decoder busy, or to fill its memory: each costs a bounded time and memory, and one sentence."""

import contextlib
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.config.stages import IngestConfig
from pipeline.data.decoding import DecoderBusyError, ImageError, PhotoDecoder, read_photo_file
from pipeline.data.decoding.refusal import StructureError
from pipeline.data.decoding.structure import (
    MAX_CHUNKS,
    MAX_FRAMES,
    MAX_SCANS,
    MAX_SEGMENTS,
    check_structure,
)
from pipeline.data.decoding.worker import MAX_MEMORY_BYTES
from pipeline.data.rows import CleanRow, Reject, clean_row
from pipeline.data.sources import RawRow
from tests.helpers.factories import encode, png_chunk

LIMITS = {"max_bytes": 20_000_000, "max_pixels": 40_000_000}
PIXELS = 40_000_000
RED = Image.new("RGB", (64, 48), (200, 30, 30))
EOI = b"\xff\xd9"


def with_scans(image, copies):
    """A progressive JPEG whose last scan is repeated."""
    data = encode(image, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * copies + EOI


def png_with(*chunks):
    data = encode(RED, "PNG")
    head = 8 + 25  # signature, IHDR
    return data[:head] + b"".join(chunks) + data[head:]


def webp_with(chunk, copies):
    body = encode(RED, "WEBP")[12:] + chunk * copies
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


@pytest.fixture
def decoder():
    decoder = PhotoDecoder(workers=1)
    yield decoder
    decoder.close()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (with_scans(RED, MAX_SCANS), "scans"),
        (encode(RED, "JPEG")[:2] + b"\xff\xfe\x00\x02" * (MAX_SEGMENTS + 1) + encode(RED, "JPEG")[2:], "segments"),
        (png_with(png_chunk(b"teXt", b"") * (MAX_CHUNKS + 1)), "chunks"),
        (png_with(png_chunk(b"fcTL", bytes(26)) * (MAX_FRAMES + 1)), "frames"),
        (webp_with(b"XXXX" + bytes(4), MAX_CHUNKS + 1), "chunks"),
        (webp_with(b"ANMF" + bytes(4), MAX_FRAMES + 1), "frames"),
    ],
)
def test_more_parts_than_honest_photos_have_are_refused_before_decoding(decoder, data, what):
    with pytest.raises(ImageError, match=f"more than [0-9,]+ {what}"):
        decoder.decode(data, **LIMITS)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"subsampling": 0}])
def test_honest_jpegs_have_fewer_parts(options):
    noise = np.random.default_rng(0).integers(0, 255, (400, 300, 3), dtype=np.uint8)
    check_structure(encode(Image.fromarray(noise), "JPEG", quality=95, **options), PIXELS)


def test_scans_of_a_later_picture_of_a_phone_do_not_count():
    check_structure(with_scans(RED, 20) + with_scans(RED, 30), PIXELS)


def test_a_progressive_jpeg_with_more_coefficients_than_memory_is_refused():
    wide = Image.new("CMYK", (6300, 6300))
    with pytest.raises(StructureError, match="progressive JPEG of 6300 x 6300"):
        check_structure(encode(wide, "JPEG", progressive=True, subsampling=0), PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xc2\x00",
        b"\xff\xd8\xff\xc2\x00\x11\x08\xff\xff\xff\xff\x03" + bytes(9),
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xff",
        b"RIFF\xff\xff\xff\xffWEBP\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
)
def test_truncated_files_are_left_to_the_decoder(data):
    check_structure(data, PIXELS)


def test_a_photo_that_takes_too_long_ends_its_worker_and_the_next_one_is_read():
    hasty = PhotoDecoder(workers=1, cpu_seconds=0.05)
    slow = with_scans(Image.new("RGB", (3000, 3000), (9, 99, 9)), MAX_SCANS - 12)  # within the limits of structure
    try:
        with pytest.raises(ImageError, match=r"more than 0\.05 seconds"):
            hasty.decode(slow, **LIMITS)
        assert hasty.decode(encode(RED), **LIMITS).image.size == RED.size
    finally:
        hasty.close()


def test_a_worker_that_never_answers_is_ended():
    stuck = PhotoDecoder(workers=1, wall_seconds=2.0)
    try:
        stuck.decode(encode(RED), **LIMITS)
        os.kill(*stuck.processes(), signal.SIGSTOP)
        with pytest.raises(ImageError, match="could not be decoded in time"):
            stuck.decode(encode(RED), **LIMITS)
        assert stuck.decode(encode(RED), **LIMITS).image.size == RED.size
    finally:
        stuck.close()


def crash(process):
    os.kill(process, signal.SIGSEGV)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGCONT)


def test_a_worker_that_crashes_costs_one_photo(decoder):
    decoder.decode(encode(RED), **LIMITS)
    [process] = decoder.processes()
    os.kill(process, signal.SIGSTOP)  # so that it crashes with the photo in its hands
    threading.Timer(1.0, crash, [process]).start()
    with pytest.raises(ImageError, match=f"ended with code -{signal.SIGSEGV.value}"):
        decoder.decode(encode(RED), **LIMITS)
    assert decoder.decode(encode(RED), **LIMITS).image.size == RED.size


def test_a_worker_ended_while_idle_costs_nothing(decoder):
    decoder.decode(encode(RED), **LIMITS)
    [process] = decoder.processes()
    os.kill(process, signal.SIGKILL)
    while decoder.processes():
        pass
    assert decoder.decode(encode(RED), **LIMITS).image.size == RED.size


def test_a_caller_that_cannot_wait_gets_a_busy_error(decoder):
    decoder.decode(encode(RED), **LIMITS)
    [process] = decoder.processes()
    os.kill(process, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(decoder.decode, encode(RED), **LIMITS)
        while decoder.processes():  # until the one worker is taken
            pass
        with pytest.raises(DecoderBusyError, match="try again"):
            decoder.decode(encode(RED), **LIMITS, wait=0.01)
        os.kill(process, signal.SIGCONT)
        assert held.result().image.size == RED.size


def test_photos_of_many_threads_are_not_mixed_up(decoder):
    colors = [(level, 255 - level, level // 2) for level in range(0, 250, 10)]
    photos = [encode(Image.new("RGB", (40 + number, 30), color), "PNG") for number, color in enumerate(colors)]
    with ThreadPoolExecutor(8) as pool:
        decoded = list(pool.map(lambda data: decoder.decode(data, **LIMITS).image, photos))
    assert [(image.width - 40, image.getpixel((3, 3))) for image in decoded] == list(enumerate(colors))


SIDE = 6300
LARGEST = {
    "palette with alpha": lambda: encode(Image.new("P", (SIDE, SIDE)), "PNG", transparency=0),
    "RGBA": lambda: encode(Image.new("RGBA", (SIDE, SIDE), (9, 99, 9, 99)), "PNG", compress_level=1),
    "16 bit": lambda: encode(Image.fromarray(np.full((SIDE, SIDE), 700, np.uint16)), "PNG", compress_level=1),
    "progressive": lambda: encode(Image.new("RGB", (SIDE, SIDE)), "JPEG", progressive=True, subsampling=0),
    "WebP": lambda: encode(Image.new("RGB", (4000, 4000), (9, 9, 9)), "WEBP", method=0),
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts mapped memory")
@pytest.mark.parametrize("kind", LARGEST)
def test_the_largest_photos_stay_within_the_memory_of_a_worker(decoder, kind):
    decoder.decode(encode(RED), **LIMITS)
    [process] = decoder.processes()
    status = Path(f"/proc/{process}/status")
    before, _ = resident(status)
    photo = decoder.decode(LARGEST[kind](), **LIMITS)
    assert max(photo.image.size) < 1100
    _, peak = resident(status)
    assert peak - before < MAX_MEMORY_BYTES


def resident(status):
    """Resident memory of a process in bytes: now, and at its peak."""
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts mapped memory")
def test_a_photo_that_takes_more_memory_is_a_sentence_and_the_next_one_is_read(decoder):
    wide = encode(Image.new("RGBA", (10_000, 9_000)), "PNG", compress_level=1)  # 360 MB
    with pytest.raises(ImageError, match="too much memory"):
        decoder.decode(wide, max_bytes=20_000_000, max_pixels=100_000_000)
    assert decoder.decode(encode(RED), **LIMITS).image.size == RED.size


def test_workers_see_no_token(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    decoder = PhotoDecoder(workers=1)
    try:
        decoder.decode(encode(RED), **LIMITS)
        [process] = decoder.processes()
        assert b"hf_secret" not in Path(f"/proc/{process}/environ").read_bytes()
    finally:
        decoder.close()


def test_ingest_keeps_the_row_of_a_photo_with_too_many_scans():
    row = RawRow("train", 7, "Red mug", "", with_scans(RED, MAX_SCANS), [], None, "", None)
    cleaned = clean_row(row, IngestConfig())
    assert isinstance(cleaned, CleanRow)
    assert cleaned.photo is None
    assert "photo unusable" in cleaned.notes
    rejected = clean_row(RawRow("train", 7, "", "", with_scans(RED, MAX_SCANS), [], None, "", None), IngestConfig())
    assert isinstance(rejected, Reject)
    assert "scans" in rejected.reason


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/tty", "/"])
def test_devices_and_folders_are_no_photos(path):
    if not Path(path).exists():
        pytest.skip(f"there is no {path} here")
    with pytest.raises((ImageError, OSError)):
        read_photo_file(Path(path), 1000)


def test_a_pipe_that_nobody_writes_to_is_no_photo(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageError, match="not a regular file"):
        read_photo_file(tmp_path / "pipe", 1000)


def test_no_more_of_a_file_is_read_than_may_be_decoded(tmp_path):
    sparse = tmp_path / "sparse.jpg"
    with sparse.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ImageError, match="at most 1,000 are allowed"):
        read_photo_file(sparse, 1000)
