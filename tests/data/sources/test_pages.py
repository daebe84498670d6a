"""Sizes of parquet pages, against what was written."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.data.sources.pages import largest_value, leaves, pages


def _table(rows=3000):
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 90, rows)
    texts = ["x" * length if number % 7 else None for number, length in enumerate(lengths.tolist())]
    lists = [["a" * (number % 5)] * (number % 4) for number in range(rows)]
    photos = [{"bytes": rng.bytes(length), "path": str(length)} for length in lengths.tolist()]
    return pa.table({"text": texts, "list": lists, "photo": photos, "number": lengths})


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "brotli", "lz4", "none"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_every_page_is_found_with_its_size(tmp_path, version, compression, dictionary):
    path = tmp_path / "p.parquet"
    options = {"data_page_version": version, "compression": compression, "use_dictionary": dictionary}
    pq.write_table(_table(), path, data_page_size=4000, row_group_size=1100, **options)
    metadata = pq.ParquetFile(path).metadata
    with path.open("rb") as file:
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(number)
                headers_read = list(pages(file, chunk))
                assert sum(page.values for page in headers_read) == chunk.num_values
                headers = chunk.total_uncompressed_size - sum(page.uncompressed for page in headers_read)
                assert 0 < headers < 200 * len(headers_read)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
@pytest.mark.parametrize("nullable", [True, False])
@pytest.mark.parametrize("dictionary", [True, False])
def test_the_largest_value_of_a_page(tmp_path, version, compression, nullable, dictionary):
    texts = [None if nullable and number % 3 == 0 else "x" * (number * 37 % 500) for number in range(1000)]
    schema = pa.schema([pa.field("text", pa.string(), nullable=nullable)])
    options = {"data_page_version": version, "compression": compression, "use_dictionary": dictionary}
    pq.write_table(pa.table({"text": texts}, schema=schema), tmp_path / "p.parquet", **options)
    chunk = pq.ParquetFile(tmp_path / "p.parquet").metadata.row_group(0).column(0)
    with (tmp_path / "p.parquet").open("rb") as file:
        found_pages = list(pages(file, chunk))
        first = largest_value(file, found_pages[0], chunk.compression, nullable)
    assert first == max(len(text) for text in texts if text is not None)


def test_a_page_of_another_encoding_is_as_large_as_it_is(tmp_path):
    path = tmp_path / "p.parquet"
    pq.write_table(
        pa.table({"text": ["abc", "abd"]}), path, use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"}
    )
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
    with path.open("rb") as file:
        (page,) = pages(file, chunk)
        assert largest_value(file, page, chunk.compression, nullable=True) == page.uncompressed
    assert page.decoded(byte_array=True, width=0) >= 2 * page.uncompressed


def test_leaves_of_columns_by_their_whole_name(tmp_path):
    columns = {"photo": [{"bytes": b"a", "path": "b"}], "photo2": ["c"], "list": [["d"]]}
    pq.write_table(pa.table(columns), tmp_path / "p.parquet")
    metadata = pq.ParquetFile(tmp_path / "p.parquet").metadata
    paths = [metadata.schema.column(number).path for number in leaves(metadata, {"photo", "list"})]
    assert paths == ["photo.bytes", "photo.path", "list.list.element"]
