"""The published catalogue, opened for reading: product rows at once, vectors and thumbnails when they are asked for.

Reads catalog.parquet (`schema.catalog_schema`); its key-value metadata say which model bundle it belongs to.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.data.analysis import ANALYSIS_VERSION, Analysis
from pipeline.data.schema import LATER_COLUMNS, SCHEMA_VERSION, arrow_to_vectors, catalog_schema

VectorKind = Literal["fused", "text", "image"]

METADATA_KEY = b"product_galaxy"
ANALYSIS_KEY = b"product_galaxy_analysis"
_THUMBNAIL_GROUPS = 32  # row groups of thumbnails kept in memory: about 1 MB each
_LAZY = ("thumbnail", "fused_embedding", "text_embedding", "image_embedding")


class Catalog:
    """One catalog.parquet.

    Attributes:
        path: The file.
        meta: What publishing wrote into it: schema_version, provenance, model (SHA-256 of the bundle's weights),
            dimension, demo.
        products: One row a product in the order of the file, without thumbnails and embeddings; of
            `schema.LATER_COLUMNS` what the file has.
    """

    def __init__(self, path: Path, file: pq.FileMetaData, meta: dict[str, Any], products: pd.DataFrame) -> None:
        self.path = path
        self.meta = meta
        self.products = products
        self._file = file
        sizes = [file.row_group(group).num_rows for group in range(file.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._rows = {product_id: row for row, product_id in enumerate(products["product_id"])}
        self._vectors: dict[VectorKind, tuple[np.ndarray, np.ndarray]] = {}
        self._lock = threading.Lock()
        self._thumbnails = functools.lru_cache(maxsize=_THUMBNAIL_GROUPS)(self._read_thumbnails)

    @classmethod
    def open(cls, path: Path) -> Catalog:
        """Open a catalogue.

        Raises:
            ArtifactError: In one sentence, if the file is missing, damaged, or not such a catalogue.
        """
        if not path.is_file():
            raise ArtifactError(f"There is no catalogue at {path}.")
        try:
            file = pq.ParquetFile(path)
            meta = _read_meta(path, file)
            _check_columns(path, file, meta)
            names = [name for name in file.schema_arrow.names if name not in _LAZY]
            products = file.read(columns=names).to_pandas()
        except (pa.ArrowException, OSError) as error:
            raise ArtifactError(f"{path} is damaged or no parquet file ({_first_line(error)}).") from error
        if not products["product_id"].is_unique:
            raise ArtifactError(f"{path} names the same product twice.")
        return cls(path, file.metadata, meta, products)

    def __len__(self) -> int:
        return len(self.products)

    @property
    def dimension(self) -> int:
        """Size d of the vectors."""
        return int(self.meta["dimension"])

    @functools.cached_property
    def analysis(self) -> Analysis | None:
        """What the pipeline found about the products, None in a catalogue that was published without.

        Raises:
            ArtifactError: If it cannot be read.
        """
        raw = (self._file.metadata or {}).get(ANALYSIS_KEY)
        if raw is None:
            return None
        try:
            found: Analysis = json.loads(raw)
        except ValueError as error:
            raise ArtifactError(f"{self.path} has an unreadable analysis ({error}).") from error
        if not isinstance(found, dict) or found.get("version") != ANALYSIS_VERSION:
            raise ArtifactError(f"{self.path} has an analysis of another version; run stage 'analyse' again.")
        return found

    def row(self, product_id: str) -> int:
        """Position of a product in `products`.

        Raises:
            KeyError: If the catalogue has no such product.
        """
        return self._rows[product_id]

    def vectors(self, kind: VectorKind) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of all products, read once.

        Returns:
            float32 [n, d], L2-normalised (zeros where a product lacks that modality), and bool [n], True where it
            has one.
        """
        with self._lock:
            if kind not in self._vectors:
                column = self._read(f"{kind}_embedding", list(range(self._file.num_row_groups)))
                vectors, present = arrow_to_vectors(column)
                # float16 storage leaves lengths up to 1e-3 off
                lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
                vectors /= np.where(lengths > 0, lengths, 1)
                self._vectors[kind] = (vectors, present)
            return self._vectors[kind]

    def thumbnail(self, product_id: str) -> bytes | None:
        """WebP bytes of a product's thumbnail, None without a photo; reads only the product's row group.

        Raises:
            KeyError: If the catalogue has no such product.
        """
        row = self.row(product_id)
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._thumbnails(group)[row - int(self._starts[group])]

    def _read_thumbnails(self, group: int) -> list[bytes | None]:
        return self._read("thumbnail", [group]).to_pylist()

    def _read(self, column: str, groups: list[int]) -> pa.ChunkedArray:
        """One column of some row groups, through a reader of its own: readers are not safe to share among threads."""
        try:
            with pq.ParquetFile(self.path, metadata=self._file) as file:
                return file.read_row_groups(groups, columns=[column]).column(column)
        except (pa.ArrowException, OSError) as error:
            raise ArtifactError(f"{self.path} is damaged ({_first_line(error)}).") from error


def check_match(catalog: Catalog, model: Path) -> None:
    """Check that a catalogue was made with the bundle in the folder `model`, without loading the bundle.

    Raises:
        ArtifactError: In one sentence, if there is no bundle or the two do not belong together.
    """
    paths = BundlePaths(model)
    missing = [path.name for path in (paths.meta, paths.weights, paths.categories) if not path.is_file()]
    if missing:
        raise ArtifactError(f"There is no model bundle at {model} ({', '.join(missing)} missing).")
    with paths.weights.open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != catalog.meta["model"]:
        raise ArtifactError(f"{catalog.path} was made with another model than {model}; their vectors do not compare.")


def _read_meta(path: Path, file: pq.ParquetFile) -> dict[str, Any]:
    raw = (file.metadata.metadata or {}).get(METADATA_KEY)
    if raw is None:
        raise ArtifactError(f"{path} is a parquet file, but not a catalogue that this program published.")
    try:
        meta = json.loads(raw)
    except ValueError as error:
        raise ArtifactError(f"{path} has unreadable metadata ({error}).") from error
    missing = [key for key in ("schema_version", "model", "dimension") if key not in meta]
    if missing:
        raise ArtifactError(f"{path} has incomplete metadata ({', '.join(missing)} missing).")
    if meta["schema_version"] != SCHEMA_VERSION:
        raise ArtifactError(
            f"{path} has schema version {meta['schema_version']}, this program reads version {SCHEMA_VERSION}."
        )
    return meta


def _check_columns(path: Path, file: pq.ParquetFile, meta: dict[str, Any]) -> None:
    found = file.schema_arrow
    for field in catalog_schema(int(meta["dimension"])):
        if field.name not in found.names and field.name in LATER_COLUMNS:
            continue
        if field.name not in found.names:
            raise ArtifactError(f"{path} lacks the column {field.name}.")
        if field.name.endswith("_embedding") and getattr(found.field(field.name).type, "list_size", 0) != int(
            meta["dimension"]
        ):
            raise ArtifactError(f"{path}: {field.name} does not have the {meta['dimension']} dimensions it should.")


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".")
