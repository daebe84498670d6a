"""Decisions are written at once, by several at a time, and nothing of them is lost."""

import json
import sqlite3
import subprocess
import sys

import pytest

from pipeline.errors import InputError
from pipeline.review.database import Database, copy_of
from pipeline.review.records import Choice, ConflictError, Decider, ReviewError
from pipeline.review.store import Store
from tests.helpers.space.reviews import small_review

ME, YOU = Decider("me"), Decider("you")
WRITER = """
import sys
from pathlib import Path
from pipeline.review.records import Choice, ConflictError, Decider
from pipeline.review.store import Store
store, name = Store.open(Path(sys.argv[1])), sys.argv[2]
print("open", flush=True)
sys.stdin.readline()
for product in range(24):
    try:
        store.decide([Choice(product, 0, "Home")], "choose", Decider(name))
        print(product, flush=True)
    except ConflictError:
        pass
sys.stdin.readline()
"""


@pytest.fixture
def store(tmp_path):
    return small_review(tmp_path / "reviews.sqlite")


def _writer(path, name):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _fill(store):
    for product in range(1, 24):
        store.decide([Choice(product, 0, "Home")], "choose", ME, why="x" * 500)


def test_products_and_decisions_are_read_as_they_were_written(store):
    store.decide([Choice(3, 0, "Home > Clocks")], "choose", ME, why="it ticks", at=5.0)
    store.close()
    again = Store.open(store.path)
    products = again.products()
    assert (products.ids[3], products.titles[3], products.paths[3]) == ("p3", "clock 3", "Clothing > Shirts")
    assert products.vectors.shape == (24, 32)
    assert again.runners()[0][0] == ("Clothing > Shirts", 0.5)
    assert again.details(1).photo[:4] == b"RIFF"
    assert again.details(0).photo is None
    [one] = again.decisions()
    assert (one.product, one.version, one.at, one.decider, one.action) == (3, 1, 5.0, ME, "choose")
    assert (one.before, one.after, one.why) == (None, "Home > Clocks", "it ticks")


def test_a_decision_over_one_that_was_not_seen_is_a_conflict_and_changes_nothing(store):
    other = Store.open(store.path)
    store.decide([Choice(0, 0, "Home > Vases")], "choose", ME)
    with pytest.raises(ConflictError, match="In the meantime me decided it to be 'Home > Vases'"):
        other.decide([Choice(1, 0, "Home"), Choice(0, 0, "Home")], "group", YOU)
    assert [one.product for one in other.decisions()] == [0]
    [second] = other.decide([Choice(0, 1, "Home")], "choose", YOU)
    assert (second.version, second.before) == (2, "Home > Vases")


def test_two_processes_that_decide_the_same_lose_nothing(store):
    writers = [_writer(store.path, name) for name in ("one", "two")]
    for writer in writers:
        assert writer.stdout.readline() == "open\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    answered = {}
    for name, writer in zip(("one", "two"), writers, strict=True):
        out, _ = writer.communicate("end\n", timeout=60)
        answered |= {int(product): name for product in out.split()}
    assert {one.product: one.decider.name for one in store.decisions()} == answered
    assert set(answered) == set(range(24))


def test_what_was_answered_survives_a_kill(store):
    writer = _writer(store.path, "one")
    assert writer.stdout.readline() == "open\n"
    writer.stdin.write("go\n")
    writer.stdin.flush()
    answered = [int(writer.stdout.readline()) for _ in range(10)]
    writer.kill()
    answered += [int(line) for line in writer.stdout.read().split()]
    kept = [one.product for one in Store.open(store.path).decisions()]
    assert kept[: len(answered)] == answered
    assert len(kept) <= len(answered) + 1, "at most the one that was not answered yet"


def test_a_full_disk_is_a_sentence_and_loses_nothing(store):
    store.decide([Choice(0, 0, "Home")], "choose", ME)
    connection = store._database._connection
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ReviewError, match=r"There is no room for .*: nothing was saved; make room"):
        _fill(store)
    known = len(store.decisions())
    connection.execute(f"PRAGMA max_page_count = {pages + 100}")
    store.decide([Choice(known, 0, "Home")], "choose", ME)
    assert [one.product for one in Store.open(store.path).decisions()] == list(range(known + 1))


def test_a_locked_file_is_a_sentence(store, monkeypatch):
    store.close()
    monkeypatch.setattr("pipeline.review.database.SECONDS_LOCKED", 0.05)
    opened = Store.open(store.path)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ReviewError, match="is being written by another program: nothing was saved; do it again"):
        opened.decide([Choice(0, 0, "Home")], "choose", ME)
    other.execute("ROLLBACK")
    assert opened.decide([Choice(0, 0, "Home")], "choose", ME)


@pytest.mark.parametrize("damage", ["head", "middle"])
def test_a_damaged_file_is_a_sentence_that_names_the_last_good_copy(store, damage):
    store.decide([Choice(0, 0, "Home")], "choose", ME)
    store.back_up()
    store.decide([Choice(1, 0, "Home")], "choose", ME)
    store.close()
    content = bytearray(store.path.read_bytes())
    start, length = {"head": (0, 100), "middle": (8192, len(content) - 8192)}[damage]
    content[start : start + length] = b"\xa5" * length
    store.path.write_bytes(content)
    with pytest.raises(ReviewError, match=r"is damaged; its last good copy of .* is .*reviews\.sqlite\.backup"):
        Store.open(store.path)
    copy_of(store.path).rename(store.path)
    assert [one.product for one in Store.open(store.path).decisions()] == [0]


def test_a_damaged_file_without_a_copy_is_a_sentence(tmp_path):
    path = tmp_path / "reviews.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(ReviewError, match="is damaged, and there is no copy of it"):
        Store.open(path)


def test_other_files_are_refused(tmp_path, store):
    with pytest.raises(ReviewError, match="There is no review"):
        Store.open(tmp_path / "nothing.sqlite")
    with pytest.raises(ReviewError, match="is there already"):
        Store.create(store.path, {})
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(ReviewError, match="is no review of this program"):
        Store.open(tmp_path / "other.sqlite")


def test_every_commit_is_synced(store):
    connection = store._database._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_backup_is_the_whole_review_while_others_write(store):
    store.decide([Choice(0, 0, "Home")], "choose", ME)
    copy = Database(store.back_up())
    assert copy.read("SELECT count(*) FROM products") == [(24,)]
    assert copy.read("SELECT after FROM decisions") == [("Home",)]


def test_what_cannot_be_decided_is_a_sentence(store):
    with pytest.raises(InputError, match="no such product"):
        store.decide([Choice(99, 0, "Home")], "choose", ME)
    with pytest.raises(InputError, match="501 characters"):
        store.decide([Choice(0, 0, "Home")], "choose", ME, why="x" * 501)
    with pytest.raises(InputError, match="no product 99"):
        store.details(99)
    assert store.decisions() == []


def test_second_looks_are_kept(store):
    store.add_look([1, 2, 5], 40)
    assert store.looks() == [(1, [1, 2, 5], 40)]
    assert json.dumps(store.about()["precision"]) == "0.9"
