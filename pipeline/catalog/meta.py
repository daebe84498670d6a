"""The key-value metadata of catalog.parquet: made when the file is written, checked when it is read.

They hold the hash of everything in the file (`data.contents`), a hash of themselves, and which bundle made the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field, TypeAdapter

from pipeline.artifacts import ArtifactError
from pipeline.data.contents import content_hash
from pipeline.data.json_checks import Sha256, check_fields, check_seal, read_object, require_whole, sealed
from pipeline.data.schema import SCHEMA_VERSION, catalog_schema, write_table
from pipeline.data.text.listing import FIELD_COLUMNS
from pipeline.provenance import Provenance
from pipeline.types import MODALITIES, Modality

Count = Annotated[int, Field(gt=0)]

METADATA_KEY = b"product_galaxy"
ANALYSIS_KEY = b"product_galaxy_analysis"
PUBLISH_AGAIN = "copy the file again, or publish it again"


@dataclass(frozen=True)
class Contents:
    """Hashes of what is read at a time, and how the rows are divided.

    Attributes:
        rows: Number of products.
        group_rows: Of a row group; the last may have fewer.
        products: Of all columns that are read at once.
        vectors: Of the column of each kind.
        thumbnails: Of the thumbnails of each row group.
        analysis: Of the analysis beside the metadata, None where there is none.
    """

    rows: Count
    group_rows: Count
    products: Sha256
    vectors: dict[Modality, Sha256]
    thumbnails: tuple[Sha256, ...]
    analysis: Sha256 | None

    def __post_init__(self) -> None:
        groups = -(-self.rows // self.group_rows)
        if len(self.thumbnails) != groups or self.vectors.keys() != set(MODALITIES):
            raise ValueError(f"{self.rows} rows need {groups} hashes of thumbnails, and one for each kind of vectors")


@dataclass(frozen=True)
class CatalogFields:
    """The metadata.

    Attributes:
        schema_version: `schema.SCHEMA_VERSION`.
        provenance: Of the file.
        model: SHA-256 of the weights of the bundle that made it.
        bundle: That of the whole bundle, `sha256` in its model.json.
        dimension: Of its vectors.
        demo: Whether its products are made up.
        contents: Hashes of all else in the file.
        sha256: Of all this.
    """

    schema_version: int
    provenance: Provenance
    model: Sha256
    bundle: Sha256
    dimension: Count
    demo: bool
    contents: Contents
    sha256: Sha256


_FIELDS = TypeAdapter(CatalogFields)


def product_columns(dimension: int, present: Sequence[str]) -> list[str]:
    """Names of the columns that are read at once: all but thumbnails and vectors, and fields that are not present."""
    return [
        name
        for name in catalog_schema(dimension).names
        if name != "thumbnail" and not name.endswith("_embedding") and (name in present or name not in FIELD_COLUMNS)
    ]


def read_catalog_meta(path: Path, metadata: Mapping[bytes, bytes] | None) -> tuple[dict[str, Any], Contents]:
    """The metadata of the file at `path`, checked, and their `contents`.

    Args:
        path: For the sentences.
        metadata: The file's key-value metadata.

    Raises:
        ArtifactError: In one sentence, if the file is no catalogue, of another version, or a field is missing, wrong,
            or changed after it was written.
    """
    raw, what = (metadata or {}).get(METADATA_KEY), f"The metadata of {path}"
    if raw is None:
        raise ArtifactError(f"{path} is a parquet file, but not a catalogue that this program published.")
    meta = read_object(raw, what, PUBLISH_AGAIN)
    if meta.get("schema_version") != SCHEMA_VERSION:
        raise ArtifactError(
            f"{path} has schema version {meta.get('schema_version')}, this program reads version {SCHEMA_VERSION}; "
            "publish it again."
        )
    fields = check_fields(_FIELDS, meta, what, PUBLISH_AGAIN)
    require_whole(fields.provenance, meta["provenance"], "provenance", what, PUBLISH_AGAIN)
    check_seal(meta, what, PUBLISH_AGAIN)
    analysis = (metadata or {}).get(ANALYSIS_KEY)
    if (None if analysis is None else _text_hash(analysis)) != fields.contents.analysis:
        raise ArtifactError(f"The analysis in {path} is damaged; {PUBLISH_AGAIN}.")
    return meta, fields.contents


def write_catalog(
    path: Path, table: pa.Table, meta: Mapping[str, Any], analysis: str | None, *, row_group_size: int
) -> None:
    """Write catalog.parquet with its metadata, atomically.

    Args:
        path: Replaced if it exists.
        table: Of `schema.catalog_schema`, at least one row; its own metadata are left out.
        meta: The fields of `CatalogFields` but the version and the hashes of what the file holds.
        analysis: JSON of an `Analysis`.
        row_group_size: Rows of a row group.
    """
    contents = contents_of(table, analysis, row_group_size)
    whole = sealed({**meta, "schema_version": SCHEMA_VERSION, "contents": asdict(contents)})
    texts = {METADATA_KEY: json.dumps(whole)} | ({} if analysis is None else {ANALYSIS_KEY: analysis})
    write_table(path, table.replace_schema_metadata(texts), row_group_size=row_group_size)


def contents_of(table: pa.Table, analysis: str | None, row_group_size: int) -> Contents:
    """The hashes of a table of `schema.catalog_schema`, its columns in any order, and of its analysis."""
    schema, photos = table.schema, table.select(["thumbnail"])
    dimension = schema.field("fused_embedding").type.list_size
    return Contents(
        rows=len(table),
        group_rows=row_group_size,
        products=content_hash(table.select(product_columns(dimension, schema.names))),
        vectors={modality: content_hash(table.select([f"{modality}_embedding"])) for modality in MODALITIES},
        thumbnails=tuple(
            content_hash(photos.slice(start, row_group_size)) for start in range(0, len(table), row_group_size)
        ),
        analysis=None if analysis is None else _text_hash(analysis.encode()),
    )


def _text_hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def check_columns(path: Path, schema: pa.Schema, dimension: int) -> None:
    """Check that a file has the columns of a catalogue, of the right types; further ones are not read.

    Fields of the listing may be missing: catalogues had none before.

    Raises:
        ArtifactError: Names the first that is not as it should be.
    """
    for field in catalog_schema(dimension):
        if field.name not in schema.names:
            if field.name in FIELD_COLUMNS:
                continue
            raise ArtifactError(f"{path} lacks the column {field.name}; {PUBLISH_AGAIN}.")
        if schema.names.count(field.name) > 1:
            raise ArtifactError(f"{path} has two columns {field.name}; {PUBLISH_AGAIN}.")
        kind = schema.field(field.name).type
        if kind != field.type:
            raise ArtifactError(f"{path}: the column {field.name} holds {kind}, not {field.type}; {PUBLISH_AGAIN}.")
