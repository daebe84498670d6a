"""Provenance: what it says, whom it refuses, and how the content of files is told apart."""

import os

import pytest

from pipeline import provenance as module
from pipeline.artifacts import ArtifactError, provenance_path
from pipeline.config.presets import tiny
from pipeline.provenance import (
    MISSING,
    UNREADABLE,
    Provenance,
    content_of,
    discard_provenance,
    fingerprint,
    hash_ids,
    is_complete,
    read_provenance,
    require_artifact,
    write_provenance,
)


def test_ids_hash_in_any_order_but_not_any_content():
    assert hash_ids(["b", "a"]) == hash_ids(["a", "b"])
    assert hash_ids(["a", "b"]) != hash_ids(["ab"])


def test_artifacts_are_complete_only_with_the_provenance_of_the_same_fingerprint(tmp_path):
    path, config = tmp_path / "a.parquet", tiny()
    assert not is_complete([path], "f1")
    with pytest.raises(ArtifactError, match="does not exist; run stage 'ingest' first"):
        require_artifact(path, "ingest", "f1")
    path.write_text("x")
    with pytest.raises(ArtifactError, match="no readable provenance"):
        read_provenance(path)
    written = Provenance.of(config, "ingest", "f1", ["a", "b"])
    write_provenance(path, written, {"source 1": "3 bytes"})
    assert read_provenance(path) == written
    assert '"source 1": "3 bytes"' in provenance_path(path).read_text()
    assert is_complete([path], "f1")
    assert is_complete([path], "f1", hash_ids(["b", "a"]))
    assert not is_complete([path], "f1", hash_ids(["b"]))
    assert not is_complete([path], "f2")
    assert require_artifact(path, "ingest", "f1", hash_ids(["b", "a"])).rows == 2
    with pytest.raises(ArtifactError, match=r"other settings or from other files.*run stage 'ingest' again"):
        require_artifact(path, "ingest", "f2")
    with pytest.raises(ArtifactError, match="holds other products than this run; run stage 'ingest' again"):
        require_artifact(path, "ingest", "f1", hash_ids(["someone else's"]))
    provenance_path(path).write_text("{")
    assert not is_complete([path], "f1")
    discard_provenance([path, tmp_path / "none"])
    assert not provenance_path(path).exists()


def test_a_fingerprint_differs_with_everything_it_covers():
    base = ({"seed": 1}, {"source": "3 bytes"}, {"ingest": "f"})
    changed = [
        ({"seed": 2}, base[1], base[2]),
        (base[0], {"source": "4 bytes"}, base[2]),
        (base[0], base[1], {"ingest": "g"}),
    ]
    assert fingerprint(*base) == fingerprint(*base)
    assert len({fingerprint(*each) for each in (base, *changed)}) == 4


def test_the_content_of_a_file_is_its_bytes_and_not_its_name(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("one")
    second.write_text("one")
    assert content_of(first) == content_of(second)
    second.write_text("two")
    assert content_of(first) != content_of(second)
    os.mkfifo(tmp_path / "pipe")
    assert content_of(tmp_path / "none") == MISSING
    assert content_of(tmp_path / "pipe") == UNREADABLE


def test_the_content_of_a_folder_is_its_files_with_their_names(tmp_path):
    folder, inside = tmp_path / "photos", tmp_path / "photos" / "run"
    inside.mkdir(parents=True)
    (folder / "a.jpg").write_text("a")
    (folder / "again").symlink_to(folder)
    before = content_of(folder, inside)
    (inside / "products.parquet").write_text("p")
    assert content_of(folder, inside) == before
    assert content_of(folder) != before
    (folder / "a.jpg").rename(folder / "b.jpg")
    renamed = content_of(folder, inside)
    assert renamed != before
    (folder / "b.jpg").write_text("b")
    assert content_of(folder, inside) not in (before, renamed)


def test_a_file_is_hashed_once_until_it_changes(tmp_path, monkeypatch):
    hashed = []
    real = module.hashlib.file_digest
    monkeypatch.setattr(module.hashlib, "file_digest", lambda *rest: hashed.append(1) or real(*rest))
    path = tmp_path / "large.parquet"
    path.write_text("1")
    assert content_of(path) == content_of(path)
    assert len(hashed) == 1
    path.write_text("22")
    content_of(path)
    assert len(hashed) == 2
