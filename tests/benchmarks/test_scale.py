"""The index's benchmark at a small size: it measures what it says."""

from benchmarks.scale import index
from pipeline.search.large import index as large_index


def test_the_index_is_built_and_compared_with_the_scan(tmp_path, monkeypatch):
    monkeypatch.setattr(large_index, "EXACT_MOST", large_index.EXACT_MOST)  # which measuring sets
    monkeypatch.setattr(index, "QUERIES", 20)
    assert index.build(tmp_path, 5_000) > 0
    values = index.measure(tmp_path)
    assert 0.9 < values["recall"] <= 1
    assert values["scan_ms"] > 0
    assert values["index_ms"] > 0
