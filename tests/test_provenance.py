"""Provenance: what it says, and whom it refuses."""

import pytest

from pipeline.artifacts import ArtifactError, provenance_path
from pipeline.config.presets import tiny
from pipeline.provenance import Provenance, hash_ids, is_complete, read_provenance, require, write_provenance


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
