"""How tables are written: every kind of column comes back, vectors and photos are not sent through dictionaries."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.schema import read_table, vectors_to_arrow, write_table


def test_every_kind_of_column_comes_back(tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    table = pa.table(
        {
            "name": [f"n{row % 7}" for row in range(300)],
            "photo": [rng.bytes(50) for _ in range(300)],
            "embedding": vectors_to_arrow(vectors, rng.random(300) < 0.9),
            "scores": pa.array([[0.5, 0.25]] * 299 + [None], pa.list_(pa.float32())),
            "codes": pa.array([[1, 2, 3]] * 300, pa.list_(pa.int8(), 3)),
            "paths": pa.array([["A", "A > B"]] * 300),
        }
    )
    write_table(tmp_path / "t.parquet", table, row_group_size=100)
    assert read_table(tmp_path / "t.parquet").equals(table)
    group = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0)
    used = {group.column(n).path_in_schema.split(".")[0]: group.column(n).encodings for n in range(group.num_columns)}
    assert {name for name, encodings in used.items() if "BYTE_STREAM_SPLIT" in encodings} == {"embedding", "scores"}
    assert {name for name, encodings in used.items() if "RLE_DICTIONARY" in encodings} == {"name", "codes", "paths"}
