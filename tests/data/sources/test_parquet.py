"""Data-set folders, parquet files and our own catalogue as sources."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.data.schema import PRODUCTS
from pipeline.data.sources import BadRow, SourceError
from tests.helpers.factories import write_dataset, write_rows
from tests.helpers.sources import check_dataset, disc_photo, open_location


def test_a_data_set_folder(tmp_path):
    source = open_location(write_dataset(tmp_path, 60))
    assert source.kind == "dataset"
    rows = check_dataset(source, 60)
    assert list(source) == rows, "a source can be read again"


def test_splits_by_file_and_by_folder_name(tmp_path):
    rows = pq.read_table(write_dataset(tmp_path / "a", 24) / "data" / "train-00000-of-00001.parquet").to_pylist()
    for name in ("train/0000", "valid/0000", "test/0000", "more"):
        write_rows(tmp_path / "b" / f"{name}.parquet", rows[:3])
    source = open_location(tmp_path / "b")
    assert source.splits == ("train", "validation", "test")
    assert [row.split for row in source] == ["train"] * 6 + ["validation"] * 3 + ["test"] * 3
    assert [row.row for row in source][:6] == list(range(6))


def test_a_single_parquet_with_other_headings_and_a_limit(tmp_path):
    path = tmp_path / "mine.parquet"
    pq.write_table(pa.table({"name": ["a", "b", "c"], "product_image": [disc_photo(), None, b""]}), path)
    source = open_location(path, columns=(("product_title", "name"),), limit=2)
    assert source.total == 2
    rows = list(source)
    assert [(row.title, row.image is not None, row.category) for row in rows] == [("a", True, None), ("b", False, None)]


SHOP = {"sku": ["A-1", "A-2"], "product_id": ["P1", "P2"], "name": ["Mug", "Lamp"], "path": ["Home > Mugs", None]}


def test_ids_are_those_that_the_column_map_names(tmp_path):
    path = tmp_path / "shop.parquet"
    pq.write_table(pa.table(SHOP), path)
    columns = (("product_title", "name"), ("product_id", "sku"), ("ground_truth_category", "path"))
    rows = list(open_location(path, columns=columns))
    assert [(row.product_id, row.title) for row in rows] == [("A-1", "Mug"), ("A-2", "Lamp")]
    assert [row.product_id for row in open_location(path, columns=columns[:1])] == ["P1", "P2"]


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((("product_title", "nmae"),), "has no column nmae; it has sku, product_id, name, path"),
        ((("title", "name"),), "names title, which is no column of ours; did you mean product_title"),
    ],
)
def test_a_column_map_with_a_typo_is_refused(tmp_path, columns, message, folder):
    path = tmp_path / "shop.parquet"
    pq.write_table(pa.table(SHOP), path)
    with pytest.raises(SourceError, match=message):
        open_location(tmp_path if folder else path, columns=columns)


def test_our_own_catalogue_with_its_ids_and_splits(tmp_path):
    path = tmp_path / "catalog.parquet"
    products = [
        {"product_id": f"p{i}", "split": split, "title": f"T{i}", "description": "d", "thumbnail": disc_photo()}
        | {"category_path": "A > B", "candidates": ["A > B", "A"], "brand": "x", "is_secondhand": None}
        for i, split in enumerate(["test", "train", "heldout", "train"])
    ]
    pq.write_table(pa.Table.from_pylist(products, schema=PRODUCTS), path)
    rows = list(open_location(path))
    assert [item for part in open_location(path).parts for item in part.read(1)] == [row for row in rows if row.row]
    assert [(row.product_id, row.split, row.row) for row in rows] == [
        ("p1", "train", 0),
        ("p3", "train", 1),
        ("p2", "heldout", 0),
        ("p0", "test", 0),
    ]
    assert rows[0].candidates == ["A > B", "A"]
    assert rows[0].image == disc_photo()


def test_a_cell_of_another_kind_is_a_bad_row_that_keeps_the_raw_one(tmp_path):
    path = tmp_path / "bad.parquet"
    table = {"product_title": ["a"], "product_image": [3], "potential_product_categories": ["A > B"]}
    pq.write_table(pa.table(table), path)
    (row,) = open_location(path)
    assert isinstance(row, BadRow)
    assert "product_image holds an integer" in row.reason
    assert row.raw["product_title"] == "a"
