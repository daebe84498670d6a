"""Atomic writes and provenance."""

import json

import pytest

from pipeline.artifacts import (
    ArtifactError,
    Provenance,
    atomic_path,
    hash_ids,
    is_complete,
    provenance_path,
    read_provenance,
    require,
    write_json,
    write_provenance,
)
from pipeline.presets import tiny


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})

    def fail():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert json.loads(path.read_text()) == {"old": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_ids_hash_in_any_order_but_not_any_content():
    assert hash_ids(["b", "a"]) == hash_ids(["a", "b"])
    assert hash_ids(["a", "b"]) != hash_ids(["ab"])


def test_provenance_says_complete_and_refuses_others(tmp_path):
    path, config = tmp_path / "a.parquet", tiny()
    assert not is_complete([path], config, "ingest")
    path.write_text("x")
    with pytest.raises(ArtifactError, match="no readable provenance"):
        read_provenance(path)
    write_provenance(path, Provenance.of(config, "ingest", ["a", "b"]))
    assert is_complete([path], config, "ingest")
    assert require(path, config, "ingest", ["b", "a"]).rows == 2
    with pytest.raises(ArtifactError, match="another configuration"):
        require(path, config, "train")
    provenance_path(path).write_text("{")
    assert not is_complete([path], config, "ingest")


def test_no_nan_in_json(tmp_path):
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", float("nan"))
    assert not list(tmp_path.iterdir())
