import http.server
import ipaddress
import threading
from functools import partial

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetInfo, HfApi, constants

from pipeline.config.stages import SourceConfig
from pipeline.data.schema import PRODUCTS
from pipeline.data.sources import BadRow, RawRow, SourceError, content_of_source, open_source
from pipeline.data.sources.fetching import PhotoFetcher
from pipeline.data.sources.hub import UNKNOWN_COMMIT
from tests.helpers.factories import CATEGORIES, COLOURS, draw, encode, make_row, write_dataset, write_rows


def _photo():
    import numpy as np

    return encode(draw("disc", COLOURS[0][1], np.random.default_rng(0)))


def _open(location, **options):
    return open_source(SourceConfig(location=str(location), **options))


def _check_dataset(source, n):
    rows = list(source)
    assert len(rows) == source.total == n
    assert source.splits == ("train", "test")
    assert all(isinstance(row, RawRow) for row in rows)
    assert [row.row for row in rows if row.split == "train"] == list(range(sum(row.split == "train" for row in rows)))
    assert {row.category for row in rows} == {path for path, _, _ in CATEGORIES}
    assert all(row.category in row.candidates for row in rows)
    assert any(row.image is None for row in rows)
    assert sum((row.image or b"")[:2] == b"\xff\xd8" for row in rows) > 0.9 * n
    return rows


def test_a_data_set_folder(tmp_path):
    source = _open(write_dataset(tmp_path, 60))
    assert source.kind == "dataset"
    rows = _check_dataset(source, 60)
    assert list(source) == rows, "a source can be read again"


def test_several_sources_are_read_as_one(tmp_path):
    first, second = write_dataset(tmp_path / "a", 60), write_dataset(tmp_path / "b", 60, seed=1)
    source = open_source(SourceConfig(location=str(first), others=(str(second),)))
    rows = _check_dataset(source, 120)
    titles = [row.title for part in (first, second) for row in _open(part) if row.split == "train"]
    assert [row.title for row in rows if row.split == "train"] == titles
    limited = open_source(SourceConfig(location=str(first), others=(str(second),), limit=3))
    assert limited.total == len(list(limited)) == 12


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
    of_cut = [row.title for row in _open(cut)]
    assert sorted(row.title for row in rows[:14]) == sorted(of_cut)
    other = _with_splits(tmp_path / "other", train=5, validation=2)
    both = open_source(SourceConfig(location=str(cut), others=(str(other),)))
    assert both.splits == ("train", "validation")
    assert sum(row.split == "validation" for row in both) == 4 + 2


def test_a_hub_data_set_by_id(tmp_path, monkeypatch):
    write_dataset(tmp_path / "hub", 60)
    real, asked = datasets.load_dataset, []

    def from_the_folder(name, revision=None):
        asked.append((name, revision))
        return real(str(tmp_path / "hub"), cache_dir=str(tmp_path / "cache"))

    monkeypatch.setattr(datasets, "load_dataset", from_the_folder)
    source = _open("someone/catalogue", revision="abc123")
    assert (source.kind, source.name) == ("hub", "someone/catalogue")
    assert asked == [("someone/catalogue", "abc123")]
    assert _check_dataset(source, 60) == list(_open(tmp_path / "hub"))


def test_the_content_of_a_hub_data_set_is_its_commit(tmp_path, monkeypatch):
    here, there = "a" * 40, "b" * 40
    heads = {None: here, "next": there}
    monkeypatch.setattr(
        HfApi, "dataset_info", lambda self, name, revision, timeout: DatasetInfo(id=name, sha=heads[revision])
    )
    read = partial(SourceConfig, location="someone/catalogue")
    assert content_of_source(read()) == {"source 1": here}
    assert content_of_source(read(revision="next")) == {"source 1": there}
    monkeypatch.setattr(HfApi, "dataset_info", _no_route)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert content_of_source(read(revision=there)) == {"source 1": there}  # pinned: nobody is asked
    assert content_of_source(read()) == {"source 1": UNKNOWN_COMMIT}
    kept = tmp_path / "datasets--someone--catalogue" / "refs"
    kept.mkdir(parents=True)
    (kept / "main").write_text(here)
    assert content_of_source(read()) == {"source 1": here}  # the cache is what is read without a connection


def _no_route(*arguments, **options):
    raise ConnectionError("no route")


def test_a_hub_data_set_that_cannot_be_loaded_is_one_sentence(monkeypatch):
    def offline(name, revision=None):
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    with pytest.raises(SourceError, match=r"'someone/none' could not be loaded \(ConnectionError: no route\); check"):
        _open("someone/none")


def test_a_hub_data_set_without_our_columns_says_which_it_has(monkeypatch):
    table = datasets.DatasetDict({"train": datasets.Dataset.from_dict({"name": ["a"]})})
    monkeypatch.setattr(datasets, "load_dataset", lambda name, revision=None: table)
    with pytest.raises(SourceError, match="it has name"):
        _open("someone/other")
    assert [row.title for row in _open("someone/other", columns=(("product_title", "name"),))] == ["a"]


def test_splits_by_file_and_by_folder_name(tmp_path):
    rows = pq.read_table(write_dataset(tmp_path / "a", 24) / "data" / "train-00000-of-00001.parquet").to_pylist()
    for name in ("train/0000", "valid/0000", "test/0000", "more"):
        write_rows(tmp_path / "b" / f"{name}.parquet", rows[:3])
    source = _open(tmp_path / "b")
    assert source.splits == ("train", "validation", "test")
    assert [row.split for row in source] == ["train"] * 6 + ["validation"] * 3 + ["test"] * 3
    assert [row.row for row in source][:6] == list(range(6))


def test_a_single_parquet_with_other_headings_and_a_limit(tmp_path):
    path = tmp_path / "mine.parquet"
    pq.write_table(pa.table({"name": ["a", "b", "c"], "product_image": [_photo(), None, b""]}), path)
    source = _open(path, columns=(("product_title", "name"),), limit=2)
    assert source.total == 2
    rows = list(source)
    assert [(row.title, row.image is not None, row.category) for row in rows] == [("a", True, None), ("b", False, None)]


def test_our_own_catalogue_with_its_ids_and_splits(tmp_path):
    path = tmp_path / "catalog.parquet"
    products = [
        {"product_id": f"p{i}", "split": split, "title": f"T{i}", "description": "d", "thumbnail": _photo()}
        | {"category_path": "A > B", "candidates": ["A > B", "A"], "brand": "x", "is_secondhand": None}
        for i, split in enumerate(["test", "train", "heldout", "train"])
    ]
    pq.write_table(pa.Table.from_pylist(products, schema=PRODUCTS), path)
    rows = list(_open(path))
    assert [(row.product_id, row.split, row.row) for row in rows] == [
        ("p1", "train", 0),
        ("p3", "train", 1),
        ("p2", "heldout", 0),
        ("p0", "test", 0),
    ]
    assert rows[0].candidates == ["A > B", "A"]
    assert rows[0].image == _photo()


def test_a_cell_of_another_kind_is_a_bad_row_that_keeps_the_raw_one(tmp_path):
    path = tmp_path / "bad.parquet"
    table = {"product_title": ["a"], "product_image": [3], "potential_product_categories": ["A > B"]}
    pq.write_table(pa.table(table), path)
    (row,) = _open(path)
    assert isinstance(row, BadRow)
    assert "product_image holds an integer" in row.reason
    assert row.raw["product_title"] == "a"


TABLE = """sku,split,name,text,picture,options,cat,maker,used
1,train,Red Disc,<b>round</b>,disc.jpg,A > B|A > C,A > B,Norvik,yes
2,test,Blue Disc,,missing.jpg,,A > C,,no
3,train,"Disc, big",x,../secret.jpg,,,,
4,train,Too,many,,,,,,cells
"""
TABLE_COLUMNS = (
    ("product_id", "sku"),
    ("product_title", "name"),
    ("product_description", "text"),
    ("product_image", "picture"),
    ("potential_product_categories", "options"),
    ("ground_truth_category", "cat"),
    ("ground_truth_brand", "maker"),
    ("ground_truth_is_secondhand", "used"),
)


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_with_a_column_map_and_a_folder_of_photos(tmp_path, suffix):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "disc.jpg").write_bytes(_photo())
    (tmp_path / "secret.jpg").write_bytes(_photo())
    path = tmp_path / f"table{suffix}"
    lines = TABLE if suffix == ".csv" else TABLE.replace('"Disc, big"', "Disc; big").replace(",", "\t")
    path.write_text(lines, encoding="utf-8-sig")
    source = _open(path, columns=TABLE_COLUMNS, images=str(tmp_path / "photos"))
    assert (source.kind, source.total, source.splits) == ("table", 4, ("train", "test"))
    first, third, bad, second = source
    assert (first.product_id, first.title, first.description) == ("1", "Red Disc", "<b>round</b>")
    assert (first.candidates, first.category, first.is_secondhand) == (["A > B", "A > C"], "A > B", True)
    assert first.image == _photo()
    assert (second.split, second.category, second.is_secondhand, second.image) == ("test", "A > C", False, None)
    assert "missing.jpg' was not found" in second.note
    assert third.image is None
    assert "outside the folder" in third.note
    assert isinstance(bad, BadRow)
    assert "1 more cells than there are headings" in bad.reason


SHOPIFY = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Option1 Value,Image Src,Variant Image
vase,Blue Vase,<p>Tall</p>,Norvik,Home & Garden > Decor > Vases,Vase,"new, pre-owned",S,{base}/vase.jpg?v=3,
vase,,,,,,,M,{base}/vase-2.jpg,
boot,Boot,,Alemba,,,,40,,{base}/boot.jpg
vase,,,,,,,L,,
,Orphan,,,,,,,,
boot,,,,,,,41,{base}/gone.jpg,
"""


def test_a_shopify_export_is_folded_into_products(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "vase.jpg").write_bytes(_photo())
    path = tmp_path / "products_export.csv"
    path.write_text(SHOPIFY.format(base="https://cdn.example/files"), encoding="utf-8")
    source = _open(path, images=str(tmp_path / "photos"))
    assert (source.kind, source.total) == ("shopify-export", 3)
    vase, boot, orphan = source
    assert (vase.product_id, vase.title, vase.brand) == ("vase", "Blue Vase", "Norvik")
    assert vase.category == "Home & Garden > Decor > Vases"
    assert (vase.description, vase.is_secondhand) == ("<p>Tall</p> Vase, new, pre-owned", True)
    assert vase.image == _photo()
    assert (boot.row, boot.category, boot.image) == (1, None, None)
    assert "not fetched (fetch_images is off)" in boot.note
    assert isinstance(orphan, BadRow)
    assert orphan.raw["line"] == 6
    assert orphan.raw["Title"] == "Orphan"


@pytest.fixture
def shop():
    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.path.startswith("/vase.jpg")
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(_photo() if found else b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_photos_are_fetched_where_that_is_allowed(tmp_path, shop):
    path = tmp_path / "export.csv"
    path.write_text(SHOPIFY.format(base=shop), encoding="utf-8")
    fetcher = PhotoFetcher(20_000_000, allowed=[ipaddress.ip_network("127.0.0.0/8")])
    vase, boot, _ = open_source(SourceConfig(location=str(path), fetch_images=True), fetcher=fetcher)
    assert vase.image == _photo()
    assert boot.image is None
    assert "could not be fetched: the answer was 404" in boot.note


@pytest.mark.parametrize(
    ("location", "content", "options", "message"),
    [
        ("", None, {}, "No source is given"),
        ("nowhere", None, {}, "neither an existing folder"),
        ("nowhere.csv", None, {}, "does not exist"),
        ("nowhere.parquet", None, {}, "does not exist"),
        ("bad.parquet", b"PAR1 no", {}, "not a readable parquet file"),
        ("empty.csv", b"", {}, "is empty"),
        (
            "latin.csv",
            "name\ncaf\u00e9\n".encode("latin-1"),
            {"columns": (("product_title", "name"),)},
            "save it as UTF-8",
        ),
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
        list(_open(path, **options))
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_an_empty_folder_and_a_folder_as_a_table(tmp_path):
    with pytest.raises(SourceError, match="holds no parquet file"):
        _open(tmp_path)
    with pytest.raises(SourceError, match="is a folder"):
        _open(tmp_path, kind="table")
