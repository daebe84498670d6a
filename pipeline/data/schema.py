"""Arrow schemas of the tables of a build; writing and reading them.

Everything is joined by `product_id`; nothing relies on the order of rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.artifacts import ArtifactError, atomic_path
from pipeline.data.text.listing import FIELD_COLUMNS
from pipeline.types import Split

SCHEMA_VERSION = 2
UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)
"""Errors of reading a damaged parquet file; a column's name may have lost its UTF-8."""

ROW_GROUP = 4096
"""Rows of a row group."""

SPLITS: tuple[Split, ...] = get_args(Split)

PRODUCTS = pa.schema(
    [
        ("product_id", pa.string()),
        ("source", pa.string()),  # what is held out as a whole: the row's own, else the name of what was read
        ("source_row", pa.int64()),
        ("split", pa.string()),
        ("group", pa.string()),  # products of one group (duplicates, variants) never part across splits
        ("title", pa.string()),
        ("description", pa.string()),
        ("text", pa.string()),  # input of the text tower; "" = no text
        ("brand", pa.string()),
        *((name, pa.string()) for name in FIELD_COLUMNS),  # as the shop has them, "" = missing
        ("language", pa.string()),  # ISO 639-1, the source's or a guess, "" = unknown
        ("is_secondhand", pa.bool_()),
        ("category_path", pa.string()),  # null = unknown
        ("candidates", pa.list_(pa.string())),
        ("image_row", pa.int32()),  # row of the image cache, -1 = no photo
        ("more_photos", pa.int32()),  # further photos, whose rows are behind image_row
        ("image_width", pa.int32()),  # of the source photo, 0 = none
        ("image_height", pa.int32()),
        ("photo_flaw", pa.string()),  # why the photo shows nothing, "" = it may show something, or there is none
        ("brightness", pa.float32()),  # mean luma of the photo, 0 to 1, null = no photo
        ("thumbnail", pa.binary()),  # WebP, null = no photo
    ]
)

REJECTS = pa.schema([("source_row", pa.int64()), ("split", pa.string()), ("reason", pa.string()), ("raw", pa.string())])

HEAPS = ("heap_x", "heap_y", "heap_z")
"""UMAP's own places in space, before they are spread over the sky: what DBSCAN reads, and no catalogue holds."""

LAYOUT = pa.schema(
    [("product_id", pa.string())]
    + [(name, pa.float32()) for name in ("x", "y", "z", "umap2_x", "umap2_y", *HEAPS, "pca_x", "pca_y", "pca_z")]
    + [(name, pa.float32()) for name in ("tsne_x", "tsne_y")]  # null = not placed by t-SNE
)

CLUSTERS = pa.schema(
    [
        ("product_id", pa.string()),
        ("cluster", pa.int32()),
        ("dbscan", pa.int32()),  # dense region of UMAP in space, -1 = in none
    ]
)


PREDICTED = pa.schema(
    [
        ("product_id", pa.string()),
        ("predicted_path", pa.string()),  # null = there are no categories to choose from
        ("predicted_confidences", pa.list_(pa.float32())),  # one a level of predicted_path, falling
        ("candidate_scores", pa.list_(pa.float32())),  # cosine of the fused vector, in the order of candidates
    ]
)


def vector_type(dimension: int) -> pa.DataType:
    """Arrow type of one stored vector: float16, fixed size, L2-normalized."""
    return pa.list_(pa.float16(), dimension)


def embeddings_schema(dimension: int) -> pa.Schema:
    """Vectors of products; null where the product lacks the modality."""
    return pa.schema([("product_id", pa.string()), *((k, vector_type(dimension)) for k in ("fused", "text", "image"))])


def catalog_schema(dimension: int) -> pa.Schema:
    """catalog.parquet: one row a product. A file may lack `text.listing.FIELD_COLUMNS`, as older ones do."""
    return pa.schema(
        [
            *(PRODUCTS.field(k) for k in ("product_id", "split", "title", "description", "brand", "language")),
            *(PRODUCTS.field(k) for k in FIELD_COLUMNS),
            PRODUCTS.field("is_secondhand"),
            PRODUCTS.field("category_path"),
            ("category_top", pa.string()),
            ("category_depth2", pa.string()),
            *(PREDICTED.field(k) for k in ("predicted_path", "predicted_confidences")),
            ("candidates", pa.list_(pa.string())),
            PREDICTED.field("candidate_scores"),
            ("thumbnail", pa.binary()),
            *((f"{k}_embedding", vector_type(dimension)) for k in ("fused", "text", "image")),
            *(field for field in LAYOUT if field.name not in ("product_id", *HEAPS)),
            *(field for field in CLUSTERS if field.name != "product_id"),
        ]
    )


def vectors_to_arrow(vectors: np.ndarray, present: np.ndarray | None = None) -> pa.FixedSizeListArray:
    """Column of vectors.

    Args:
        vectors: [n, d] floats.
        present: [n] bool; where False the value is null.
    """
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float16).ravel(), type=pa.float16())
    mask = None if present is None else pa.array(~present)
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1], mask=mask)


def arrow_to_vectors(
    column: pa.ChunkedArray | pa.Array, dtype: type[np.floating] = np.float32
) -> tuple[np.ndarray, np.ndarray]:
    """Inverse of `vectors_to_arrow`.

    Returns:
        [n, d] of `dtype` (zeros where null) and bool [n], True where there is a vector.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    dimension = column.type.list_size
    vectors = np.zeros((len(column), dimension), dtype=dtype)
    present = np.zeros(len(column), dtype=bool)
    start = 0
    for chunk in chunks:
        rows = slice(start, start + len(chunk))
        valid = np.asarray(chunk.is_valid())
        present[rows] = valid
        vectors[rows][valid] = chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, dimension)
        start += len(chunk)
    return vectors, present


def write_table(path: Path, table: pa.Table, *, row_group_size: int = ROW_GROUP) -> None:
    """Write a table atomically, with a checksum of every page.

    Vectors are split into byte streams and photos stored as they are: smaller and faster to read than by dictionaries.
    """
    with _writer(path, table.schema) as writer:
        writer.write_table(table, row_group_size)


def write_parts(path: Path, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
    """Write a table that comes in parts, as `write_table` does; at most a row group of it is in memory."""
    with _writer(path, schema) as writer:
        waiting: list[pa.Table] = []
        for part in parts:
            waiting.append(part)
            if sum(map(len, waiting)) >= ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        writer.write_table(pa.concat_tables([schema.empty_table(), *waiting]))


@contextlib.contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    leaves = {(f"{field.name}.list.element" if _is_list(field.type) else field.name): field.type for field in schema}
    vectors = [name for name, kind in leaves.items() if _is_list(kind) and pa.types.is_floating(kind.value_type)]
    coded = [name for name, kind in leaves.items() if name not in vectors and not pa.types.is_binary(kind)]
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            use_dictionary=coded,
            use_byte_stream_split=vectors,
            write_page_checksum=True,
        ) as writer,
    ):
        yield writer


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a table.

    Raises:
        ArtifactError: If it is missing or damaged.
    """
    if not path.exists():
        raise ArtifactError(f"{path} does not exist; run the stage that writes it, or the whole build.")
    with _readable(path):
        return pq.read_table(path, columns=columns, page_checksum_verification=True)


def count_rows(path: Path) -> int:
    """Number of rows of a table.

    Raises:
        ArtifactError: If it is missing or damaged.
    """
    if not path.exists():
        raise ArtifactError(f"{path} does not exist; run the stage that writes it, or the whole build.")
    with _readable(path):
        return int(pq.read_metadata(path).num_rows)


def read_schema(path: Path) -> pa.Schema:
    """The columns of a table.

    Raises:
        ArtifactError: If it is missing or damaged.
    """
    if not path.exists():
        raise ArtifactError(f"{path} does not exist; run the stage that writes it, or the whole build.")
    with _readable(path):
        return pq.read_schema(path)


def parse_table(content: bytes, path: Path) -> pa.Table:
    """A table from the content of the file at `path`, which has been read.

    Raises:
        ArtifactError: If it is damaged.
    """
    with _readable(path):
        return pq.read_table(pa.BufferReader(content), page_checksum_verification=True)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise ArtifactError(f"{path} is not a readable parquet file ({error}); build it again.") from error


def read_products(path: Path) -> pd.DataFrame:
    """The products of a run, without thumbnails, indexed by position; join on `product_id`.

    Fields that an older table lacks are empty, and no product of it has several photos.
    """
    present = read_schema(path).names
    later = (*FIELD_COLUMNS, "more_photos")
    names = [name for name in PRODUCTS.names if name != "thumbnail" and (name in present or name not in later)]
    products = with_fields(read_table(path, names).to_pandas())
    return products if "more_photos" in products else products.assign(more_photos=0)


def with_fields(products: pd.DataFrame) -> pd.DataFrame:
    """The products with every column of `text.listing.FIELD_COLUMNS`, "" where it is missing."""
    return products.assign(**{name: "" for name in FIELD_COLUMNS if name not in products})
