"""Files that programs read a part at a time are read once."""

import zipfile
from pathlib import Path

import pytest

from pipeline.config.stages import ANY_SOURCE
from pipeline.data.sources.photos import PhotoFinder
from tests.helpers.sources import disc_photo
from ui.tabs.catalog import readings as module
from ui.tabs.catalog.jobs import Jobs

ROWS = 12


@pytest.fixture
def upload(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    folder = tmp_path / "uploads" / ("a" * 64)
    folder.mkdir(parents=True)
    lines = [f"{number},mug {number},{number}.jpg" for number in range(ROWS)]
    (folder / "shop.csv").write_text("\n".join(["product_id,title,image", *lines]) + "\n", encoding="utf-8")
    with zipfile.ZipFile(folder / "photos.zip", "w") as photos:
        for number in range(ROWS):
            photos.writestr(f"{number}.jpg", disc_photo())
    return str(folder / "shop.csv"), str(folder / "photos.zip")


@pytest.fixture
def jobs(workspace):
    return Jobs(workspace)


@pytest.fixture
def looked_up(monkeypatch):
    """Names of the photos that were looked for."""
    names = []
    find = PhotoFinder.find
    monkeypatch.setattr(PhotoFinder, "find", lambda self, name: names.append(name) or find(self, name))
    return names


def _part(jobs, upload, start, count):
    with jobs.readings.reading(*upload) as reading:
        return [item.product_id for item in reading.rows(start, count)]


def _folders(upload):
    return [path for path in Path(upload[0]).parents[1].iterdir() if path != Path(upload[0]).parent]


def test_parts_in_their_order_are_one_pass_over_the_file(jobs, upload, looked_up, monkeypatch):
    recognized = []
    recognize = jobs.readings._recognize
    monkeypatch.setattr(jobs.readings, "_recognize", lambda *files: recognized.append(files) or recognize(*files))
    assert _part(jobs, upload, 0, 5) == list(map(str, range(5)))
    sample = len(looked_up) - 5
    [reading] = jobs.readings._open.values()
    monkeypatch.setattr(type(reading.recognized.source), "whole", None)  # nothing begins anew
    assert _part(jobs, upload, 5, 5) == list(map(str, range(5, 10)))
    assert _part(jobs, upload, 10, 5) == ["10", "11"]
    assert len(recognized) == 1
    assert looked_up[sample:] == [f"{number}.jpg" for number in range(ROWS)], "each photo once"
    assert (_folders(upload), len(jobs.readings._open)) == ([], 0), "the last part closes it"


def test_any_part_can_be_asked_for_and_no_photo_before_it_is_read(jobs, upload, looked_up):
    assert _part(jobs, upload, 8, 2) == ["8", "9"]
    assert {"8.jpg", "9.jpg"} <= set(looked_up)
    assert "7.jpg" not in looked_up
    assert _part(jobs, upload, 2, 3) == ["2", "3", "4"]
    assert _part(jobs, upload, 2, 1) == ["2"]
    assert "7.jpg" not in looked_up


def test_files_that_nobody_reads_are_closed(jobs, upload, monkeypatch):
    _part(jobs, upload, 0, 1)
    assert len(_folders(upload)) == 1
    monkeypatch.setattr(module, "SECONDS_UNWATCHED", -1)
    other = Path(upload[0]).with_name("other.csv")
    other.write_text("title\nmug\nvase\n", encoding="utf-8")
    with jobs.readings.reading(str(other), None) as reading:
        assert len(list(reading.rows(0, 1))) == 1
    assert list(jobs.readings._open) == [(str(other), None)]
    assert len(_folders(upload)) == 1


def test_only_so_many_files_stay_open(jobs, upload, monkeypatch):
    monkeypatch.setattr(module, "MAX_READINGS", 2)
    tables = [Path(upload[0]).with_name(f"{number}.csv") for number in range(4)]
    for table in tables:
        table.write_text("title\nmug\nvase\n", encoding="utf-8")
        with jobs.readings.reading(str(table), None) as reading:
            assert len(list(reading.rows(0, 1))) == 1
    assert [Path(file).name for file, _ in jobs.readings._open] == ["2.csv", "3.csv"]
    assert len(_folders(upload)) == 2


def test_a_file_whose_names_were_deleted_is_opened_again(jobs, upload):
    assert _part(jobs, upload, 0, 2) == ["0", "1"]
    [folder] = _folders(upload)
    next(folder.glob("file/*")).unlink()
    assert _part(jobs, upload, 2, 2) == ["2", "3"]
    assert len(_folders(upload)) == 1


@pytest.mark.parametrize("start", [0, 3, ROWS, ROWS + 4])
def test_a_source_begins_at_any_row(jobs, upload, start, tmp_path):
    table, photos = map(Path, upload)
    source = jobs.recognize(tmp_path, table, photos, ANY_SOURCE).source
    assert list(source.whole(start)) == list(source.whole())[start:]
