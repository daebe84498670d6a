"""Sources made to end a run, to fill the memory, or to be read as something else: each costs itself at most."""

import logging
import os
import socket
import sys
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.artifacts import RunPaths
from pipeline.config.presets import PRESETS
from pipeline.config.stages import IngestConfig, SourceConfig
from pipeline.data.rows import AHEAD_BYTES, clean_row, in_threads
from pipeline.data.schema import read_table
from pipeline.data.sources import RawRow, SourceError, cells, open_source
from pipeline.data.sources.files import delimited
from pipeline.data.sources.photos import PhotoFinder
from pipeline.stages import ingest
from tests.helpers.factories import COLORS, draw, encode
from tests.helpers.hostile import ingest_measured, repeated, write_bomb

GIGABYTE = 1_000_000  # kB


@pytest.fixture(scope="module")
def photo():
    import numpy as np

    return encode(draw("disc", COLORS[0][1], np.random.default_rng(0)))


def _rows(path, **options):
    return list(open_source(SourceConfig(location=str(path), **options)))


def _parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


ODD_NAMES = {
    "x" * 300 + ".jpg": "cannot be looked up",
    "a/" * 3000 + "b.jpg": "cannot be looked up",
    "a\0b.jpg": "cannot be looked up",
    "http://[::1": "cannot be looked up",
    "http://[::1/a.jpg": "cannot be looked up",
    "http://h/%00": "cannot be looked up",
    "http://h/%ff%fe.jpg": "not fetched",
    "http://h/" + "%41" * 300: "cannot be looked up",
    "%zz.jpg": "not found",
    "..": "outside the folder",
    "../secret.jpg": "outside the folder",
    "/dev/zero": "outside the folder",
    "/etc/passwd": "outside the folder",
    "link.jpg": "outside the folder",
    "zero.jpg": "outside the folder",
    "round.jpg": "cannot be looked up",
    "sub": "no regular file",
    ".": "no regular file",
    "fifo.jpg": "no regular file",
    "socket.jpg": "cannot be looked up",
    "huge.jpg": "has 53,687,091,200 bytes; at most 20,000,000 are allowed",
    "good.jpg/more.jpg": "not found",
}


@pytest.fixture
def odd(tmp_path, photo):
    """A table that names odd photos, and a good one at the end."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(photo)
    (folder / "good.jpg").write_bytes(photo)
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "round.jpg").symlink_to("round.jpg")
    os.mkfifo(folder / "fifo.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        where = os.getcwd()
        os.chdir(folder)
        server.bind("socket.jpg")
        os.chdir(where)
    (folder / "huge.jpg").touch()
    os.truncate(folder / "huge.jpg", 50 * 2**30)
    table = tmp_path / "odd.csv"
    lines = [f'{number},Lamp {number},"{name}",Home > Lamps' for number, name in enumerate([*ODD_NAMES, "good.jpg"])]
    table.write_text("\n".join(["product_id,product_title,product_image,ground_truth_category", *lines]), "utf-8")
    return table


def test_an_odd_photo_name_costs_its_row_the_photo_and_nothing_else(odd, photo):
    rows = _rows(odd, images=str(odd.parent / "photos"))
    assert [row.title for row in rows] == [f"Lamp {number}" for number in range(len(ODD_NAMES) + 1)]
    for row, (name, reason) in zip(rows, ODD_NAMES.items(), strict=False):
        assert row.image is None, name
        assert reason in row.note, name
        assert "\0" not in row.note
        assert "\n" not in row.note
        assert len(row.note) < 400
    assert rows[-1].image == photo


def test_the_log_names_the_row_of_every_photo_that_is_missing(odd, tmp_path, caplog):
    source = SourceConfig(location=str(odd), images=str(odd.parent / "photos"))
    with caplog.at_level(logging.INFO, logger="pipeline"):
        ingest.run(replace(PRESETS["tiny"](), source=source), tmp_path / "run")
    products = read_table(RunPaths(tmp_path / "run").products)
    assert products.num_rows == len(ODD_NAMES) + 1
    assert "ingest: row 0 of train has no photo: the photo 'xxx" in caplog.text
    named = caplog.text.count(" has no photo: ")
    assert 0 < named < len(ODD_NAMES)
    assert f"{len(ODD_NAMES) - named} more rows have no photo although the source names one" in caplog.text


def test_a_photo_is_read_to_one_byte_beyond_the_limit(tmp_path):
    (tmp_path / "just.jpg").write_bytes(bytes(1000))
    (tmp_path / "over.jpg").write_bytes(bytes(1001))
    finder = PhotoFinder(tmp_path, max_bytes=1000)
    assert finder.find("just.jpg").data == bytes(1000)
    assert finder.find("over.jpg").note == "the photo 'over.jpg' has 1,001 bytes; at most 1,000 are allowed"


def test_the_limit_is_that_of_the_configuration(tmp_path, photo):
    path = _parquet(tmp_path / "p.parquet", product_title=["a"], product_image=[photo])
    (row,) = open_source(SourceConfig(location=str(path)), max_photo_bytes=len(photo) - 1)
    assert row.image is None
    assert f"has {len(photo):,} bytes; at most {len(photo) - 1:,} are allowed" in row.note
    assert IngestConfig().max_image_bytes == cells.MAX_PHOTO_BYTES


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Messages of `ingest` on bombs, and the memory it takes, by name."""
    folder = tmp_path_factory.mktemp("bombs")
    titles = pa.array(["a lamp"])
    list_array = pa.ListArray.from_arrays
    bombs = {
        "photos": {"product_title": repeated("lamp", 128), "product_image": repeated(bytes(8_000_000), 128)},
        "texts": {"product_title": repeated("a " * 20_000_000, 20)},
        "text": {"product_title": titles, "product_description": repeated("a" * 200_000_000, 1)},
        "list": {
            "product_title": titles,
            "potential_product_categories": list_array([0, 4_000_000], repeated("A > B", 4_000_000)),
        },
        "lists": {
            "product_title": titles,
            "potential_product_categories": list_array([0, 40_000_000], repeated("A > B", 40_000_000)),
        },
    }
    sources = [write_bomb(folder / f"{name}.parquet", columns) for name, columns in bombs.items()]
    plain = {"product_title": titles, "product_image": pa.array([bytes(150_000_000)])}
    sources.append(write_bomb(folder / "plain.parquet", plain, packed=False))
    assert all(source.stat().st_size < 10_000 for source in sources)
    (folder / "open.csv").write_text('product_title\nlamp\n"' + "x" * 17_000_000, "utf-8")
    (folder / "line.csv").write_text('product_title\nlamp\n"' + "x\n" * 8_500_000, "utf-8")
    return ingest_measured(folder / "runs", *sources, folder / "open.csv", folder / "line.csv")


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from /proc")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("photos", ""),
        ("texts", ""),
        ("text", "in column product_description of row group 0, a row unpacks to 200,000,0"),
        ("list", "most of them since: potential_product_categories lists 4,000,000 values"),
        ("lists", "in column potential_product_categories.list.element of row group 0, the lists unpack to"),
        ("plain", "in column product_image of row group 0, a row unpacks to 150,000,0"),
        ("open", "the row that begins in line 3 has more than 16,000,000 characters"),
        ("line", "the row that begins in line 3 has more than 16,000,000 characters"),
    ],
)
def test_sources_that_unpack_to_gigabytes_take_less_than_one(measured, name, expected):
    sentence, peak = measured[name]
    assert peak < GIGABYTE
    assert (expected in sentence) if expected else (sentence == "")


def test_a_long_text_is_cut_with_a_note(tmp_path):
    title = "é" * (cells.MAX_TEXT_CHARACTERS + 5)
    path = _parquet(tmp_path / "p.parquet", product_title=[title], product_description=["fine"])
    (row,) = _rows(path)
    assert row.title == "é" * cells.MAX_TEXT_CHARACTERS
    assert row.notes == ("product_title cut at 1,000,000 characters",)
    clean = clean_row(row, IngestConfig())
    assert row.notes[0] in clean.notes
    assert len(clean.raw.title) < 21_000, "what is held of it"


def test_rows_in_work_are_bounded_by_their_bytes():
    data = bytes(40_000_000)
    read = []

    def items():
        for number in range(50):
            read.append(number)
            yield RawRow("train", number, "", "", data, [], None, "", None)

    results = in_threads(items(), lambda item: item.row)
    assert next(results) == 0
    assert len(read) <= 1 + AHEAD_BYTES // len(data)
    assert list(results) == list(range(1, 50))


def test_an_unclosed_quote_says_where_it_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_MAX_ROW_CHARACTERS", 1000)
    (tmp_path / "t.csv").write_text('product_title\nA\n"B\n' + "word\n" * 300, "utf-8")
    with pytest.raises(SourceError, match=r"t\.csv: the row that begins in line 3 has more than 1,000 characters"):
        _rows(tmp_path / "t.csv")
    (tmp_path / "h.csv").write_text("a," * 600, "utf-8")
    with pytest.raises(SourceError, match="the row that begins in line 1 has more than"):
        _rows(tmp_path / "h.csv")


def test_a_photo_that_is_named_but_not_in_the_file_is_a_note(tmp_path):
    image = pa.array([{"bytes": None, "path": "a.jpg"}], pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    (row,) = _rows(_parquet(tmp_path / "p.parquet", product_title=["a"], product_image=image))
    assert (row.image, row.note) == (None, "the photo 'a.jpg' is named, but its file is not in the source")


@pytest.mark.parametrize("name", ["p.parquet", "t.csv"])
def test_a_fifo_as_a_source_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        _rows(tmp_path / name)


def test_damaged_page_headers_are_one_sentence(tmp_path):
    path = _parquet(tmp_path / "p.parquet", product_title=["lamp", "chair"])
    content = path.read_bytes()
    sentences = set()
    for place in range(4, 60):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            rows = _rows(path)
        except SourceError as error:
            sentences.add(str(error).split(" (")[0])
        else:
            assert len(rows) == 2
    assert f"{path} is damaged" in sentences
