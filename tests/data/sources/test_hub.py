"""Data sets of the hub."""

import dataclasses
from functools import partial

import datasets
import pytest
from huggingface_hub import DatasetInfo, HfApi, constants

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import SourceError, content_of_source
from pipeline.data.sources.hub import UNKNOWN_COMMIT
from tests.helpers.factories import write_dataset
from tests.helpers.sources import check_dataset, open_location


def test_a_hub_data_set_by_id(tmp_path, monkeypatch):
    write_dataset(tmp_path / "hub", 60)
    real, loaded = datasets.load_dataset, []

    def from_the_folder(name, revision=None):
        loaded.append((name, revision))
        return real(str(tmp_path / "hub"), cache_dir=str(tmp_path / "cache"))

    monkeypatch.setattr(datasets, "load_dataset", from_the_folder)
    source = open_location("someone/catalogue", revision="abc123")
    assert (source.kind, source.name) == ("hub", "someone/catalogue")
    assert loaded == [("someone/catalogue", "abc123")]
    rows = check_dataset(source, 60)
    assert {row.source for row in rows} == {"catalogue"}
    assert [dataclasses.replace(row, source="hub") for row in rows] == list(open_location(tmp_path / "hub"))
    assert list(source.whole(7)) == rows[7:]


def test_a_hub_data_set_that_cannot_be_loaded_is_one_sentence(monkeypatch):
    def offline(name, revision=None):
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    with pytest.raises(SourceError, match=r"'someone/none' could not be loaded \(ConnectionError: no route\); check"):
        open_location("someone/none")


def test_a_hub_data_set_without_our_columns_says_which_it_has(monkeypatch):
    table = datasets.DatasetDict({"train": datasets.Dataset.from_dict({"name": ["a"]})})
    monkeypatch.setattr(datasets, "load_dataset", lambda name, revision=None: table)
    with pytest.raises(SourceError, match="it has name"):
        open_location("someone/other")
    assert [row.title for row in open_location("someone/other", columns=(("product_title", "name"),))] == ["a"]


def test_the_content_of_a_hub_data_set_is_its_commit(tmp_path, monkeypatch):
    main_commit, next_commit = "a" * 40, "b" * 40
    heads = {None: main_commit, "next": next_commit}
    monkeypatch.setattr(
        HfApi, "dataset_info", lambda self, name, revision, timeout: DatasetInfo(id=name, sha=heads[revision])
    )
    read = partial(SourceConfig, location="someone/catalogue")
    assert content_of_source(read()) == {"source 1": main_commit}
    assert content_of_source(read(revision="next")) == {"source 1": next_commit}
    monkeypatch.setattr(HfApi, "dataset_info", _no_route)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert content_of_source(read(revision=next_commit)) == {"source 1": next_commit}  # pinned: nobody is asked
    assert content_of_source(read()) == {"source 1": UNKNOWN_COMMIT}
    refs = tmp_path / "datasets--someone--catalogue" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text(main_commit)
    assert content_of_source(read()) == {"source 1": main_commit}  # the cache is what is read without a connection


def _no_route(*arguments, **options):
    raise ConnectionError("no route")
