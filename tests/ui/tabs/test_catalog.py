"""Tab "Catalog" without a browser: files are taken, classified, shown, written and forgotten."""

import base64
import os
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from pipeline.prediction.bulk.job import Progress
from pipeline.prediction.bulk.table import Choice, Page, Row
from tests.helpers.factories import draw, encode
from tests.helpers.space.hostile_text import HOSTILE
from ui.tabs.catalog import handlers, view
from ui.tabs.catalog import jobs as module
from ui.tabs.catalog.endpoint import classify_file
from ui.tabs.catalog.jobs import Jobs
from ui.tabs.catalog.screen import Screen

TITLES = ("red shirt", "blue shirt", "tall vase", HOSTILE, "=1+1")
TABLE = "\n".join(
    [
        "title,category",
        *(f'"{title} {number}",Home > Vases' for number in range(8) for title in TITLES),
        ",Home > Vases",
    ]
)
PATIENCE = 120


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


@pytest.fixture
def jobs(workspace, folder):
    return Jobs(workspace)


@pytest.fixture
def table(folder):
    path = folder / ("a" * 64) / "shop.csv"
    path.parent.mkdir(parents=True)
    path.write_text(TABLE + "\n", encoding="utf-8")
    return str(path)


def _photo():
    return encode(draw("hourglass", (40, 70, 200), np.random.default_rng(5), size=64), "WEBP")


def _screen(updates):
    return Screen(*updates)


def _take(jobs, table, **more):
    fields = {"photos": None, "columns": "", "encoding": "", "delimiter": ""} | more
    return _screen(handlers.take(jobs, "", table, *fields.values()))


def _start(jobs, key):
    return _screen(handlers.start(jobs, key, Choice(), 0.9, "", "", "", ""))


def _classified(jobs, key):
    _start(jobs, key)
    job = jobs.find(key)
    deadline = time.monotonic() + PATIENCE
    while job.state == "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return job


def test_a_file_is_recognized_classified_and_written(jobs, table):
    taken = _take(jobs, table)
    assert "41 products" in taken.seen
    assert "separated by commas" in taken.seen
    job = _classified(jobs, taken.key)
    assert (job.state, job.sentence) == ("done", "")
    drawn, *updates = handlers.watch(jobs, taken.key, True, Choice(), 0.5, "", "", "", "")
    shown = _screen(updates)
    assert drawn is True
    assert shown.timer.active is False
    assert "of 41 accepted at 50%" in shown.head
    assert "<b>1</b> not read" in shown.head
    links, address = handlers.download(jobs, taken.key, "same", 0.5)
    path = Path(address.partition("file=")[2])
    assert path.parents[1] == job.folder
    assert path.read_text("utf-8").startswith("title,category,predicted_category,")
    assert "shop.categories.rejects.csv" in links.value
    with pytest.raises(gr.Error, match="no such format"):
        handlers.download(jobs, taken.key, "../x", 0.5)


def test_titles_are_text_whatever_they_hold(jobs, table):
    job = _classified(jobs, _take(jobs, table).key)
    head, rows, _ = handlers.filter_rows(jobs, job.key, Choice(), 0.9, "", "", "", "{{7*7}}")
    for html in (head, rows, view.recognized(job.recognized, is_too_large=False, precision=0.9)):
        assert "<script" not in html
        assert "<b>bold" not in html
    assert "{{7*7}}" in rows
    row = Row(1, HOSTILE, HOSTILE, 0, 0.5, 0.9, HOSTILE, "other", "review", HOSTILE)
    html = view.table(Page([row], 1, 1, 1), Choice(), job.work.results.counts(0.9))
    assert html.count("&lt;script&gt;") == 4
    assert "<script" not in html
    assert "=1+1 0" in handlers.filter_rows(jobs, job.key, Choice(), 0.9, "", "", "", "=1+")[1]


def test_parts_of_the_table_are_picked(jobs, table):
    job = _classified(jobs, _take(jobs, table).key)

    def pick(value, choice):
        event = SimpleNamespace(_data={"picked": value})
        return handlers.pick(jobs, job.key, choice, 0.9, "", "", "", "", event)

    _, rows, choice = pick("sort:title", Choice())
    assert 'aria-sort="ascending"' in rows
    _, _, choice = pick("sort:title", choice)
    assert choice.descending
    _, rows, choice = pick("page:2", choice)
    assert "Page 2 of 2" in rows
    _, rows, choice = pick("show:rejected", choice)
    assert (choice.status, choice.page) == ("rejected", 1)
    assert "neither text nor a usable photo" in rows
    for nonsense in ("", "page:-1", "sort:__class__", "show:nobody", "page:99999999999"):
        assert pick(nonsense, choice)[2] == choice
    _, rows, _ = handlers.filter_rows(jobs, job.key, Choice(), 0.9, "no such", "", "", "")
    assert "No product is like this" in rows


def test_a_file_that_is_too_large_gets_its_command(jobs, table, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 40)
    taken = _take(jobs, table)
    assert "python -m pipeline classify-file --model assets/model --input shop.csv" in taken.seen
    assert taken.start.interactive is False
    _start(jobs, taken.key)
    assert jobs.find(taken.key).work is None


def test_a_file_is_read_as_the_visitor_says(jobs, folder):
    path = folder / ("b" * 64) / "x.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes("Ware|Nr\nBecher grün|1\n".encode("cp1252"))
    taken = _take(jobs, str(path), columns="product_title=Ware\nproduct_id=Nr", encoding="cp1252", delimiter="|")
    assert "Ware" in taken.seen
    assert "Becher grün" in taken.seen
    for wrong in ({"columns": "Ware"}, {"encoding": "no-such"}, {"delimiter": "||"}, {"columns": "product_title=None"}):
        with pytest.raises(gr.Error) as caught:
            _take(jobs, str(path), **wrong)
        assert str(folder) not in caught.value.message


def test_photos_come_out_of_a_zip(jobs, folder):
    path = folder / ("c" * 64) / "x.csv"
    path.parent.mkdir(parents=True)
    path.write_text("title,image\nvase,1.webp\nshirt,2.webp\n")
    with zipfile.ZipFile(path.with_name("photos.zip"), "w") as archive:
        archive.writestr("1.webp", _photo())
    taken = _take(jobs, str(path), photos=str(path.with_name("photos.zip")))
    assert "photo found" in taken.seen
    rows = _classified(jobs, taken.key).work.results
    assert len(rows) == 2


def test_what_was_stopped_goes_on(jobs, table, monkeypatch):
    taken = _take(jobs, table)
    monkeypatch.setattr(Jobs, "_submit", lambda self, job: None)  # the thread never gets its turn
    _start(jobs, taken.key)
    stopped = _screen(handlers.stop(jobs, taken.key, Choice(), 0.9, "", "", "", ""))
    assert (stopped.start.value, stopped.start.visible, stopped.stop.visible) == ("Go on", True, False)
    monkeypatch.undo()
    job = jobs.find(taken.key)
    job.at_work = False
    assert _classified(jobs, taken.key).progress.is_whole


def test_nobody_looks_so_nothing_goes_on(jobs, table, monkeypatch):
    taken = _take(jobs, table)
    monkeypatch.setattr(Jobs, "_submit", lambda self, job: None)
    _start(jobs, taken.key)
    job = jobs.find(taken.key)
    monkeypatch.setattr(module, "SECONDS_UNWATCHED", -1)
    job.step()
    assert (job.state, job.progress.done) == ("stopped", 0)


def test_only_so_many_files_are_at_work_and_remembered(jobs, table, monkeypatch):
    monkeypatch.setattr(Jobs, "_submit", lambda self, job: None)
    monkeypatch.setattr(module, "MAX_JOBS_AT_WORK", 1)
    monkeypatch.setattr(module, "MAX_JOBS", 2)
    first, second = _take(jobs, table).key, _take(jobs, table).key
    _start(jobs, first)
    with pytest.raises(gr.Error, match="Too many files"):
        _start(jobs, second)
    third = _take(jobs, table).key
    assert jobs.find(first).state == "running", "what is at work stays"
    assert jobs.find(third)
    with pytest.raises(gr.Error, match="no longer here"):
        jobs.find(second)


def test_a_file_is_found_by_its_key_alone_and_deleted_with_it(jobs, table):
    key = _take(jobs, table).key
    job = jobs.find(key)
    assert len(key) == 64
    for other in ("", "a" * 64, key[:-1]):
        with pytest.raises(gr.Error, match="no longer here"):
            jobs.find(other)
    handlers.close(jobs, key)
    assert not job.folder.exists()
    with pytest.raises(gr.Error, match="no longer here"):
        jobs.find(key)


def test_a_reload_finds_the_file_or_starts_anew(jobs, table):
    key = _classified(jobs, _take(jobs, table).key).key
    tabs, *updates = handlers.restore(jobs, SimpleNamespace(_data={"picked": f"open:{key}"}))
    assert tabs.selected == "catalog"
    assert "of 41 accepted" in _screen(updates).head
    jobs.forget(key)
    assert _screen(handlers.restore(jobs, SimpleNamespace(_data={"picked": f":{key}"}))[1:]).key == ""


def test_a_file_that_was_deleted_meanwhile_is_a_sentence(jobs, table):
    key = _take(jobs, table).key
    Path(jobs.find(key).recognized.path).unlink()
    with pytest.raises(gr.Error, match="no longer here"):
        _start(jobs, key)


def test_looking_at_a_file_keeps_it(jobs, table):
    job = jobs.find(_take(jobs, table).key)
    before = job.recognized.path.lstat().st_ctime_ns
    time.sleep(0.02)
    jobs.find(job.key)
    assert job.recognized.path.lstat().st_ctime_ns > before
    assert os.stat(table).st_nlink == 2, "a second name, no copy"


def test_programs_get_what_the_tab_shows(jobs, table):
    job = _classified(jobs, _take(jobs, table).key)
    answer = classify_file(jobs, file=table, precision=0.5, count=30)
    rest = classify_file(jobs, file=table, precision=0.5, start=answer["next_start"])
    assert (answer["total"], answer["next_start"], rest["next_start"]) == (41, 30, None)
    rows = [*answer["rows"], *rest["rows"]]
    shown = [row for number in (1, 2) for row in job.work.results.page(Choice(page=number), 0.5).rows]
    by_line = {row.number: row for row in shown if row.status != "rejected"}
    assert {row["line"]: (row["category_path"], row["reason"]) for row in rows} == {
        line: (row.path, row.reason) for line, row in by_line.items()
    }
    assert [row["reason"] for row in rest["rejected"]] == ["neither text nor a usable photo: no photo"]
    assert len(list(Path(table).parents[1].iterdir())) == 2, "a call leaves nothing behind"


def test_rows_of_programs_have_photos(jobs, folder):
    photo = folder / ("d" * 64) / "x.webp"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(_photo())
    uri = f"data:image/webp;base64,{base64.b64encode(photo.read_bytes()).decode()}"
    images = ({"path": str(photo)}, f"http://127.0.0.1/gradio_api/file={photo}", uri, None)
    rows = [{"product_id": number, "title": "vase", "image": image} for number, image in enumerate(images)]
    answer = classify_file(jobs, rows=rows)
    assert [row["read"] for row in answer["rows"]] == ["photo and text"] * 3 + ["text"]
    assert [row["product_id"] for row in answer["rows"]] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "either rows or an uploaded file"),
        ({"rows": []}, "no rows"),
        ({"rows": [{"title": "x"}], "count": 257}, "between 1 and 256"),
        ({"rows": [{"title": "x"}], "precision": 0}, "precision must be above 0"),
        ({"rows": [{"title": "x", "image": "data:image/png;base64,***"}]}, "damaged"),
        ({"rows": [{"price": 3}]}, "has none of the columns"),
        ({"rows": [{"title": "x", "image": "http://x/gradio_api/file=/etc/passwd"}]}, "no such upload"),
    ],
)
def test_a_call_that_cannot_be_answered_is_one_sentence(jobs, folder, arguments, sentence):
    with pytest.raises(gr.Error, match=sentence) as caught:
        classify_file(jobs, **arguments)
    assert str(folder) not in caught.value.message
    assert not folder.exists() or not list(folder.iterdir())


def test_progress_is_told_with_an_estimate():
    html = view.progress(Progress(50, 200, fresh=50, seconds=60.0), is_running=True)
    assert 'aria-valuenow="50"' in html
    assert "about 3 min left" in html
    assert "<b>" not in view.progress(Progress(1, 2), is_running=False, sentence="<b>")
    assert view.progress(Progress(2, 2), is_running=False) == ""
