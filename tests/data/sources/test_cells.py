"""Values that a cell of the input schema may hold, and the notes on others."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.config.stages import IngestConfig, SourceConfig
from pipeline.data.rows import Reject, clean_row
from pipeline.data.sources import BadRow, open_source


def _rows(path):
    return list(open_source(SourceConfig(location=str(path))))


def _parquet(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


FLAGS = [
    *[(word, False) for word in ("no", "No", " NO ", "false", "FALSE", "0", "0.0", "n")],
    *[(word, True) for word in ("yes", "YES", " true ", "1", "True")],
    *[(word, None) for word in ("", "  ", None)],
]


@pytest.mark.parametrize(("value", "meant"), FLAGS)
def test_second_hand_as_text(tmp_path, value, meant):
    kind = pa.schema([("product_title", pa.string()), ("ground_truth_is_secondhand", pa.string())])
    row = {"product_title": "a", "ground_truth_is_secondhand": value}
    pq.write_table(pa.Table.from_pylist([row], schema=kind), tmp_path / "p.parquet")
    (read,) = _rows(tmp_path / "p.parquet")
    assert (read.is_secondhand, read.notes) == (meant, ())
    (tmp_path / "t.csv").write_text(f'product_title,ground_truth_is_secondhand\na,"{value or ""}"\n', "utf-8")
    (read,) = _rows(tmp_path / "t.csv")
    assert (read.is_secondhand, read.notes) == (meant, ())


@pytest.mark.parametrize(
    ("value", "meant"), [(True, True), (False, False), (0, False), (1, True), (0.0, False), (1.0, True)]
)
def test_second_hand_as_number(tmp_path, value, meant):
    (row,) = _rows(_parquet(tmp_path / "p.parquet", product_title=["a"], ground_truth_is_secondhand=[value]))
    assert row.is_secondhand is meant


def test_second_hand_as_nan_is_unknown_and_as_anything_else_a_note(tmp_path):
    values = pa.array([float("nan"), 2.0, 0.5])
    path = _parquet(tmp_path / "p.parquet", product_title=["a", "b", "c"], ground_truth_is_secondhand=values)
    nothing, two, half = _rows(path)
    assert (nothing.is_secondhand, nothing.notes) == (None, ())
    for row in (two, half):
        assert (row.is_secondhand, row.notes) == (None, ("ground_truth_is_secondhand is neither yes nor no",))
    assert two.notes[0] in clean_row(two, IngestConfig()).notes


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("potential_product_categories", "A > B", "potential_product_categories holds a text, not a list of paths"),
        ("potential_product_categories", b"A > B", "potential_product_categories holds bytes, not a list of paths"),
        ("potential_product_categories", 3, "potential_product_categories holds an integer, not a list"),
        ("potential_product_categories", {"a": "b"}, "potential_product_categories holds a struct, not a list"),
        ("potential_product_categories", [b"A"], "potential_product_categories lists bytes among its paths"),
        ("potential_product_categories", [["A"]], "potential_product_categories lists a list among its paths"),
        ("potential_product_categories", [1], "potential_product_categories lists an integer among its paths"),
        ("product_title", b"a", "product_title holds bytes, not a text"),
        ("product_title", {"a": 1}, "product_title holds a struct, not a text"),
        ("product_title", ["a"], "product_title holds a list, not a text"),
        ("product_title", True, "product_title holds a truth value, not a text"),
        ("product_description", b"a", "product_description holds bytes, not a text"),
        ("ground_truth_brand", {"a": 1}, "ground_truth_brand holds a struct, not a text"),
        ("ground_truth_category", [1], "ground_truth_category holds a list, not a text"),
        ("ground_truth_is_secondhand", b"no", "ground_truth_is_secondhand holds bytes, not yes or no"),
        ("ground_truth_is_secondhand", [True], "ground_truth_is_secondhand holds a list, not yes or no"),
        ("product_image", "a.jpg", "product_image holds a text, not the bytes of a photo"),
    ],
)
def test_a_cell_of_another_kind_is_rejected_by_column_and_kind(tmp_path, column, value, reason):
    columns = {"product_title": ["fine"], "product_description": ["fine"], column: [value]}
    (row,) = _rows(_parquet(tmp_path / "p.parquet", **columns))
    assert isinstance(row, BadRow)
    assert reason in row.reason
    rejected = clean_row(row, IngestConfig())
    assert isinstance(rejected, Reject)
    assert reason in rejected.reason
    assert "fine" in rejected.raw


def test_numbers_are_texts_and_nan_is_none(tmp_path):
    titles, brands = [1984.0, float("nan"), 0.5], [7, None, 9]
    path = _parquet(
        tmp_path / "p.parquet", product_title=titles, product_description=["d"] * 3, ground_truth_brand=brands
    )
    assert [(row.title, row.brand) for row in _rows(path)] == [("1984", "7"), ("", ""), ("0.5", "9")]


def test_words_like_none_and_nan_stay_texts(tmp_path):
    (tmp_path / "t.csv").write_text("product_title,ground_truth_brand\nNaN,None\nNone,NaN\n", "utf-8")
    assert [(row.title, row.brand) for row in _rows(tmp_path / "t.csv")] == [("NaN", "None"), ("None", "NaN")]


def test_a_text_that_is_not_utf8_costs_its_row(tmp_path):
    data = pa.array([b"caf\xe9", b"fine"])
    titles = pa.Array.from_buffers(pa.string(), 2, data.buffers())
    pq.write_table(pa.table({"product_title": titles}), tmp_path / "p.parquet")
    bad, good = _rows(tmp_path / "p.parquet")
    assert "product_title is not UTF-8 text" in bad.reason
    assert good.title == "fine"
