"""Behavior of all sources: joining, photos, refusals."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import SourceError, open_source
from tests.helpers.factories import make_row, write_dataset, write_rows
from tests.helpers.sources import check_dataset, open_location


def test_several_sources_are_read_as_one(tmp_path):
    first, second = write_dataset(tmp_path / "a", 60), write_dataset(tmp_path / "b", 60, seed=1)
    source = open_source(SourceConfig(location=str(first), others=(str(second),)))
    rows = check_dataset(source, 120)
    titles = [row.title for part in (first, second) for row in open_location(part) if row.split == "train"]
    assert [row.title for row in rows if row.split == "train"] == titles
    limited = open_source(SourceConfig(location=str(first), others=(str(second),), limit=3))
    assert limited.total == len(list(limited)) == 12


EXPORT = "Handle,Title,Vendor,Image Src\na,A,N,a.jpg\na,,,b.jpg\nb,B,N,\n,no handle,N,\nc,C,N,\n"


@pytest.mark.parametrize("kind", ["folder", "file", "joined", "table", "export"])
def test_a_source_is_read_from_any_row_on(tmp_path, kind):
    folder = write_dataset(tmp_path / "a", 24)
    (tmp_path / "t.csv").write_text("title,split\nA,test\nB,\nC,train\nD,test\n", encoding="utf-8")
    (tmp_path / "e.csv").write_text(EXPORT, encoding="utf-8")
    parquet = next((folder / "data").glob("train*"))
    location = {"folder": folder, "file": parquet, "table": tmp_path / "t.csv", "export": tmp_path / "e.csv"}
    others = (str(tmp_path / "t.csv"),) if kind == "joined" else ()
    source = open_source(SourceConfig(location=str(location.get(kind, folder)), others=others))
    rows = list(source)
    assert len(rows) >= 4
    for start in (0, 1, 2, len(rows) - 1, len(rows), len(rows) + 9):
        assert list(source.whole(start)) == rows[start:]


def test_some_of_the_splits_can_be_read_alone(tmp_path):
    first, second = write_dataset(tmp_path / "a", 60), write_dataset(tmp_path / "b", 60, seed=1)
    one = open_source(SourceConfig(location=str(first), splits=("test",)))
    assert {row.split for row in one} == {"test"}
    both = open_source(SourceConfig(location=str(first), others=(str(second),), splits=("test",)))
    assert both.total == len(list(both)) == 2 * one.total
    with pytest.raises(SourceError, match="has no split 'validation'; it has train, test"):
        open_source(SourceConfig(location=str(first), splits=("validation",)))


def test_a_row_knows_its_source(tmp_path):
    table = "product_title,source,language\nmug,shop a,ro\ncup,,\n"
    (tmp_path / "named.csv").write_text(table, encoding="utf-8")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "other.csv").write_text("product_title\nplate\n", encoding="utf-8")
    locations = str(tmp_path / "named.csv"), str(tmp_path / "plain" / "other.csv")
    rows = list(open_source(SourceConfig(location=locations[0], others=locations[1:])))
    assert [(row.title, row.source, row.language) for row in rows] == [
        ("mug", "shop a", "ro"),
        ("cup", "named.csv", ""),
        ("plate", "other.csv", ""),
    ]
    (alone, _) = open_location(locations[0])
    assert alone.source == "shop a"


def test_a_source_or_language_that_is_no_text_costs_nothing_but_itself(tmp_path):
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"product_title": ["mug"], "source": [["a"]], "language": ["x" * 201]}), path)
    (row,) = open_location(path)
    assert (row.title, row.source, row.language) == ("mug", "odd.parquet", "")
    assert [note.split(" ")[0] for note in row.notes] == ["source", "language"]


def _with_splits(folder, **counts):
    rng = np.random.default_rng(len(counts))
    for split, count in counts.items():
        write_rows(
            folder / "data" / f"{split}-0.parquet", [make_row(number, rng, dirt=False) for number in range(count)]
        )
    return folder


def test_a_validation_split_of_some_sources_is_none_of_all(tmp_path):
    plain = _with_splits(tmp_path / "plain", train=10, test=3)
    cut = _with_splits(tmp_path / "cut", train=8, validation=4, heldout=2)
    joined = open_source(SourceConfig(location=str(cut), others=(str(plain),)))
    assert joined.splits == ("train", "test")
    rows = list(joined)
    assert [(row.split, row.row) for row in rows] == [
        *(("train", number) for number in range(8 + 4 + 2 + 10)),
        *(("test", number) for number in range(3)),
    ]
    of_cut = [row.title for row in open_location(cut)]
    assert sorted(row.title for row in rows[:14]) == sorted(of_cut)
    other = _with_splits(tmp_path / "other", train=5, validation=2)
    both = open_source(SourceConfig(location=str(cut), others=(str(other),)))
    assert both.splits == ("train", "validation")
    assert sum(row.split == "validation" for row in both) == 4 + 2


@pytest.mark.parametrize(
    ("location", "content", "options", "message"),
    [
        ("", None, {}, "No source is given"),
        ("nowhere", None, {}, "neither an existing folder"),
        ("nowhere.csv", None, {}, "does not exist"),
        ("nowhere.parquet", None, {}, "does not exist"),
        ("bad.parquet", b"PAR1 no", {}, "not a readable parquet file"),
        ("empty.csv", b"", {}, "is empty"),
        ("blank.csv", b"\n\n\n", {}, "is empty"),
        ("bom.csv", b"\xef\xbb\xbf", {}, "is empty"),
        ("latin.csv", "name\ncaf\u00e9\n".encode("latin-1"), {"encoding": "ascii"}, "name it with --encoding"),
        ("latin.csv", b"name\nlamp\n", {"encoding": "utf-9"}, "There is no encoding 'utf-9'"),
        ("typo.csv", b"name\nlamp\n", {"columns": (("title", "name"),)}, "did you mean product_title"),
        ("lamps.xls", b"\xd0\xcf\x11\xe0 workbook", {}, "an old Excel file"),
        ("photo.csv", bytes(range(256)) * 20, {}, "is no table"),
        ("torn.csv.gz", b"\x1f\x8b\x08\x00 no gzip", {}, "cannot be read"),
        ("lamps.json", b'{"products": 3', {}, "not readable JSON"),
        ("lamps.json", b"[1, 2]", {}, "no list of objects"),
        ("lamps.xml", b"<rss><channel><item><title>a</title></rss>", {}, "not readable XML"),
        ("other.csv", b"a,b\n1,2\n", {}, "it has a, b"),
        ("map.csv", b"a,b\n1,2\n", {"columns": (("product_title", "c"),)}, "has no column c"),
        ("plain.csv", b"product_title\nx\n", {"kind": "shopify-export"}, "no Shopify product export"),
        ("photos.csv", b"product_title\nx\n", {"images": "/nowhere/at/all"}, "folder of photos"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_sentence(tmp_path, location, content, options, message):
    path = tmp_path / location if location else ""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        list(open_location(path, **options))
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_an_empty_folder_and_a_folder_as_a_table(tmp_path):
    with pytest.raises(SourceError, match="holds no parquet file"):
        open_location(tmp_path)
    with pytest.raises(SourceError, match="is a folder"):
        open_location(tmp_path, kind="table")
