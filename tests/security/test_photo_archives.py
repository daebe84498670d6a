"""Zips of strangers: photos are read from inside and bounded, nothing is unpacked, and no name leads anywhere."""

import struct
import zipfile

import pytest

from pipeline.config.stages import SourceConfig
from pipeline.data.decoding import ImageError, PhotoArchive, open_zip
from pipeline.data.decoding.archives import MAX_DIRECTORY_BYTES
from pipeline.data.sources import open_source
from pipeline.data.sources.photos import PhotoFinder
from pipeline.errors import InputError


def _zip(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_a_photo_is_found_by_its_path_its_name_and_without_the_folder_of_all(tmp_path):
    archive = PhotoArchive(_zip(tmp_path / "a.zip", [("all/x/Mug.JPG", b"mug"), ("all/cup.jpg", b"cup")]))
    for name in ("all/x/mug.jpg", "x\\MUG.jpg", "mug.jpg", " /x/Mug.JPG", "elsewhere/mug.jpg"):
        assert archive.read(name, 100) == b"mug", name
    assert archive.read("none.jpg", 100) is None
    assert archive.photos == 2


def test_names_that_several_photos_have_are_not_guessed(tmp_path):
    archive = PhotoArchive(_zip(tmp_path / "a.zip", [("1/front.jpg", b"1"), ("2/front.jpg", b"2")]))
    assert archive.read("2/front.jpg", 100) == b"2"
    with pytest.raises(ImageError, match="several photos"):
        archive.read("front.jpg", 100)


def test_a_name_that_leads_out_of_the_zip_leads_nowhere(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    members = [("../../secret.jpg", b"inside"), ("/etc/passwd", b"mine"), ("C:\\x.jpg", b"c")]
    finder = PhotoFinder(_zip(tmp_path / "in.zip", members))
    before = sorted(tmp_path.iterdir())
    assert finder.find("../../secret.jpg").data == b"inside"
    assert finder.find("/etc/passwd").data == b"mine"
    assert finder.find(str(tmp_path / "nothing.jpg")).data is None
    assert sorted(tmp_path.iterdir()) == before, "nothing is unpacked"


def test_a_bomb_costs_no_more_than_a_photo(tmp_path):
    finder = PhotoFinder(_zip(tmp_path / "bomb.zip", [("a.jpg", bytes(50_000_000))]), max_bytes=1000)
    found = finder.find("a.jpg")
    assert found.data is None
    assert "at most 1,000 are allowed" in found.note
    assert len(PhotoArchive(tmp_path / "bomb.zip").read("a.jpg", 1000)) == 1001


def test_a_locked_odd_or_damaged_photo_costs_that_photo(tmp_path):
    path = _zip(tmp_path / "a.zip", [("a.jpg", b"a" * 50)])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # locked, says the directory
    (tmp_path / "locked.zip").write_bytes(data)
    assert "locked" in PhotoFinder(tmp_path / "locked.zip").find("a.jpg").note
    odd = _zip(tmp_path / "odd.zip", [("a.jpg", b"a" * 50)], zipfile.ZIP_LZMA)
    assert "packed in a way" in PhotoFinder(odd).find("a.jpg").note
    damaged = bytearray(_zip(tmp_path / "b.zip", [("a.jpg", bytes(range(256)) * 9)], zipfile.ZIP_STORED).read_bytes())
    damaged[60] ^= 0xFF
    (tmp_path / "b.zip").write_bytes(damaged)
    assert "cannot be unpacked" in PhotoFinder(tmp_path / "b.zip").find("a.jpg").note


@pytest.mark.parametrize("kind", ["long", "zip64"])
def test_a_table_of_contents_without_end_is_not_read(tmp_path, kind):
    path = _zip(tmp_path / "a.zip", [("a.jpg", b"a")])
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    if kind == "long":
        data[end + 12 : end + 16] = struct.pack("<I", MAX_DIRECTORY_BYTES + 1)
    else:
        data[end:end] = struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
    path.write_bytes(data)
    with pytest.raises(InputError, match="too many files"):
        open_zip(path)
    (tmp_path / "t.csv").write_text("title,image\nMug,a.jpg\n")
    with pytest.raises(InputError, match="too many files"):
        open_source(SourceConfig(location=str(tmp_path / "t.csv"), images=str(path)))
    with pytest.raises(InputError, match="too many files"):
        open_source(SourceConfig(location=str(path)))  # as a table too


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all", b"PK\x05\x06" + bytes(10)])
def test_what_is_no_zip_is_one_sentence(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="no zip file that can be read"):
        PhotoArchive(tmp_path / "a.zip")


def test_a_table_finds_its_photos_in_a_zip(tmp_path):
    path = _zip(tmp_path / "photos.zip", [("__MACOSX/._mug.jpg", b"no"), ("mug.jpg", b"photo"), (".DS_Store", b"")])
    (tmp_path / "t.csv").write_text("title,image\nMug,MUG.jpg\nCup,cup.jpg\nJug,https://cdn.example/x/mug.jpg?v=1\n")
    rows = list(open_source(SourceConfig(location=str(tmp_path / "t.csv"), images=str(path))))
    assert [row.image for row in rows] == [b"photo", None, b"photo"]
    assert "not found" in rows[1].note
