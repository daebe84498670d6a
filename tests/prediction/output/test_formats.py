"""The format of a result: by the ending of its name, by --format, or the one that came in."""

import gzip

import pytest

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import layout_of
from pipeline.errors import InputError
from pipeline.prediction.output.formats import FORMATS, choose_format

TABLE = "title;color\nMug;red\n"


def _choose(folder, out, wanted=None, source="in.csv"):
    path = folder / source
    if not path.exists():
        path.write_text('{"title": "Mug"}\n' if source.endswith("jsonl") else TABLE, encoding="utf-8")
    return choose_format(folder / out, wanted, str(path), layout_of(SourceConfig(location=str(path))))


@pytest.mark.parametrize(
    ("source", "out", "wanted", "form"),
    [
        ("in.csv", "out.csv", None, "same"),
        ("in.csv", "out.CSV", None, "same"),
        ("in.txt", "out.txt", None, "same"),
        ("in.csv", "out.csv", "csv", "csv"),
        ("in.csv", "out.tsv", None, "tsv"),
        ("in.tsv", "out.csv", None, "csv"),
        ("in.csv", "out.parquet", None, "parquet"),
        ("in.csv", "out.xlsx", None, "xlsx"),
        ("in.csv", "out", "jsonl", "jsonl"),
        ("in.jsonl", "out.jsonl", None, "jsonl"),
        ("in.jsonl", "out.jsonl", "same", "same"),
        ("in.csv", "out.jsonl", "shopify-bulk", "shopify-bulk"),
        ("in.tsv", "out.tsv", "google-feed", "google-feed"),
    ],
)
def test_the_ending_or_the_option_says_the_format(tmp_path, source, out, wanted, form):
    assert _choose(tmp_path, out, wanted, source) == form
    assert form in FORMATS


@pytest.mark.parametrize(
    ("source", "out", "wanted", "message"),
    [
        ("in.csv", "out.doc", None, r"ends in \.doc, which is no format of results; end it in \.csv, .*--format"),
        ("in.csv", "out", None, "ends in nothing, which is no format"),
        ("in.csv", "out.txt", None, r"ends in \.txt"),
        ("in.csv", "out.csv.gz", None, r"ends in \.gz"),
        ("in.csv", "out.parquet", "csv", r"ends in \.parquet, but --format csv ends in \.csv"),
        ("in.csv", "out.tsv", "same", r"does not end in \.csv, as --format same asks"),
        ("in.jsonl", "out.json", "same", r"does not end in \.jsonl, as --format same asks"),
        ("in.csv", "in.csv", None, "is the file that is read"),
    ],
)
def test_an_ending_that_cannot_be_meant_is_one_sentence(tmp_path, source, out, wanted, message):
    with pytest.raises(InputError, match=message):
        _choose(tmp_path, out, wanted, source)


def test_a_packed_table_comes_back_packed_where_the_result_ends_like_it(tmp_path):
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    assert _choose(tmp_path, "out.csv.gz", None, "in.csv.gz") == "same"
    assert _choose(tmp_path, "out.csv", None, "in.csv.gz") == "csv"


def test_parquet_is_no_table_that_comes_back(tmp_path):
    with pytest.raises(InputError, match="is no table that can be written back as it came"):
        choose_format(tmp_path / "out.parquet", "same", str(tmp_path / "in.parquet"), None)
