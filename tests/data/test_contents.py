"""One hash for what a table holds: blind to how it is stored, and to nothing else."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.data.contents import content_hash
from pipeline.data.schema import vector_type

COLUMNS = {
    "text": pa.array(["a", "", None, "bc"]),
    "bytes": pa.array([b"\0", None, b"", b"bc"], pa.binary()),
    "number": pa.array([1, None, 0, 3], pa.int32()),
    "real": pa.array([0.5, float("nan"), None, -0.0], pa.float32()),
    "flag": pa.array([True, None, False, True]),
    "list": pa.array([["a", None], [], None, ["b"]]),
    "reals": pa.array([[0.5], None, [], [1, 2]], pa.list_(pa.float32())),
    "vector": pa.array(
        [[np.float16(1), np.float16(2)], None, [np.float16(0)] * 2, [np.float16(3)] * 2], vector_type(2)
    ),
}
TABLE = pa.table(COLUMNS)


def test_the_same_values_have_the_same_hash_however_they_are_stored(tmp_path):
    expected = content_hash(TABLE)
    assert content_hash(pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1, 0), TABLE.slice(1)])) == expected
    assert content_hash(TABLE.take([0, 1, 2, 3]).replace_schema_metadata({"a": "b"})) == expected
    for size, how in ((1, "zstd"), (3, "none"), (4, "gzip")):
        pq.write_table(TABLE, tmp_path / "t.parquet", row_group_size=size, compression=how, use_dictionary=size == 1)
        assert content_hash(pq.read_table(tmp_path / "t.parquet")) == expected


def test_bytes_behind_a_null_do_not_change_the_hash():
    hidden = pa.array(np.array([1, 7, 3]), mask=np.array([False, True, False]))
    assert content_hash(pa.table({"a": hidden})) == content_hash(pa.table({"a": pa.array([1, None, 3])}))


@pytest.mark.parametrize("name", COLUMNS)
def test_order_nulls_length_name_and_type_change_the_hash(name):
    column = TABLE.select([name])
    changed = [
        column.take([1, 0, 2, 3]),
        column.slice(1),
        column.take([0, 1, 2, None]),
        pa.concat_tables([column, column.slice(3)]),
        column.rename_columns(["other"]),
        pa.table({name: pa.array([None] * 4)}),
    ]
    assert len({content_hash(column), *map(content_hash, changed)}) == 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array(["", None]), pa.array([None, ""])),
        (pa.array([["a"], ["b", "c"]]), pa.array([["a", "b"], ["c"]])),
        (pa.array([[None], []], pa.list_(pa.string())), pa.array([[], [None]], pa.list_(pa.string()))),
        (pa.array([0.0], pa.float32()), pa.array([-0.0], pa.float32())),
        (pa.array(["a"]), pa.array([b"a"], pa.binary())),
        (pa.array([1], pa.int32()), pa.array([1], pa.int64())),
    ],
)
def test_similar_values_have_different_hashes(one, other):
    assert content_hash(pa.table({"a": one})) != content_hash(pa.table({"a": other}))


def test_an_empty_table_has_a_hash():
    assert content_hash(TABLE.slice(0, 0)) == content_hash(TABLE.schema.empty_table())
