"""The published catalogue, opened for reading: product rows at once, vectors and thumbnails when they are asked for.

Reads catalog.parquet (`schema.catalog_schema`); its key-value metadata say which model bundle it belongs to. Nothing of
it is used before it has the hash that the metadata name, so damage is a sentence and never another answer.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.files import check_files
from pipeline.bundle.meta import read_meta
from pipeline.catalog.analysis import ANALYSIS_VERSION, Analysis
from pipeline.catalog.index_files import IndexFiles, read_mask
from pipeline.catalog.meta import (
    ANALYSIS_KEY,
    PUBLISH_AGAIN,
    Contents,
    check_columns,
    product_columns,
    read_catalog_meta,
)
from pipeline.catalog.vectors import StoredVectors
from pipeline.data.contents import content_hash
from pipeline.data.json_checks import check_fields, read_object
from pipeline.data.schema import UNREADABLE, arrow_to_vectors, with_fields
from pipeline.types import MODALITIES, Modality

_GROUPS = 4  # row groups of thumbnails kept in memory: about 1 MB each
_THUMBNAILS = 1_024  # thumbnails beside them: about 4 KB each
_ANALYSIS = TypeAdapter(Analysis)


class Catalog:
    """One catalog.parquet.

    Attributes:
        path: The file.
        meta: What publishing wrote into it (`meta.CatalogFields`).
        products: One row a product in the order of the file, without thumbnails, embeddings and scores of candidates;
            fields that the file lacks are "".
        index_files: Its vectors as files, and the index of them; None where it has none.
    """

    def __init__(
        self, path: Path, file: pq.FileMetaData, meta: dict[str, Any], contents: Contents, products: pd.DataFrame
    ) -> None:
        self.path = path
        self.meta = meta
        self.products = products
        self._file = file
        self._contents = contents
        files = IndexFiles.beside(path)
        self.index_files = files if files.belongs_to(meta["sha256"]) else None
        self._rows = {product_id: row for row, product_id in enumerate(products["product_id"])}
        self._vectors: dict[Modality, tuple[StoredVectors, np.ndarray]] = {}
        self._lock = threading.RLock()
        self._group = functools.lru_cache(maxsize=_GROUPS)(self._read_thumbnails)
        self._thumbnail = functools.lru_cache(maxsize=_THUMBNAILS)(self._find_thumbnail)

    @classmethod
    def open(cls, path: Path) -> Catalog:
        """Open a catalogue.

        Raises:
            ArtifactError: In one sentence, if the file is missing, damaged, or not such a catalogue.
        """
        if not path.is_file():
            raise ArtifactError(f"There is no catalogue at {path}.")
        with _readable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not file.metadata.num_rows:
                raise ArtifactError(f"{path} holds no products; build it again from a source that has some.")
            meta, contents = read_catalog_meta(path, file.metadata.metadata)
            check_columns(path, file.schema_arrow, meta["dimension"])
            names = product_columns(meta["dimension"], file.schema_arrow.names)
            table = file.read(columns=names).select(names)
        _require(path, table, contents.products)
        products = _frame(table)
        if not products["product_id"].is_unique:
            raise ArtifactError(f"{path} names the same product twice.")
        return cls(path, file.metadata, meta, contents, products)

    def __len__(self) -> int:
        return len(self.products)

    @property
    def dimension(self) -> int:
        """Size d of the vectors."""
        return int(self.meta["dimension"])

    @functools.cached_property
    def analysis(self) -> Analysis | None:
        """Facts about the products that stage analyze counted; None in a catalogue that was published without.

        Raises:
            ArtifactError: If it cannot be read.
        """
        raw, what = (self._file.metadata or {}).get(ANALYSIS_KEY), f"The analysis in {self.path}"
        if raw is None:
            return None
        analysis = read_object(raw, what, PUBLISH_AGAIN)
        if analysis.get("version") != ANALYSIS_VERSION:
            raise ArtifactError(f"{self.path} has an analysis of another version; run stage 'analyze' again.")
        return check_fields(_ANALYSIS, analysis, what, PUBLISH_AGAIN)

    def row(self, product_id: str) -> int:
        """Position of a product in `products`.

        Raises:
            KeyError: If the catalogue has no such product.
        """
        return self._rows[product_id]

    def vectors(self, modality: Modality) -> tuple[StoredVectors, np.ndarray]:
        """Vectors of all products that a query of a modality is compared with; read once.

        Returns:
            n vectors, the fused one where a product lacks that modality, and bool [n], True where it has one.
        """
        with self._lock:
            if modality not in self._vectors and self.index_files is not None:
                files = self.index_files
                stored = StoredVectors.mapped(files.vectors(modality), files.lengths(modality))
                self._vectors[modality] = (stored, read_mask(files.present(modality)))
            if modality not in self._vectors:
                halves, present = arrow_to_vectors(self._column(modality), np.float16)
                if not present.all() and modality != "fused":
                    halves[~present] = self.vectors("fused")[0].halves[~present]
                self._vectors[modality] = (StoredVectors(halves), present)
            return self._vectors[modality]

    def thumbnail(self, product_id: str) -> bytes | None:
        """WebP bytes of a product's thumbnail, None without a photo; reads only the product's row group.

        Raises:
            KeyError: If the catalogue has no such product.
        """
        return self._thumbnail(self.row(product_id))

    def verify(self) -> None:
        """Read all that is not read by opening, and check it.

        Raises:
            ArtifactError: In one sentence, if some of it is damaged.
        """
        _ = self.analysis
        if self.index_files is not None:
            self.index_files.verify()
        for modality in MODALITIES:
            self.vectors(modality)
            self._column(modality)
        for group in range(len(self._contents.thumbnails)):
            self._read_thumbnails(group)

    def _find_thumbnail(self, row: int) -> bytes | None:
        group, place = divmod(row, self._contents.group_rows)
        return self._group(group)[place]

    def _column(self, modality: Modality) -> pa.ChunkedArray:
        groups = list(range(self._file.num_row_groups))
        return self._read(f"{modality}_embedding", groups, self._contents.vectors[modality])

    def _read_thumbnails(self, group: int) -> list[bytes | None]:
        return self._read("thumbnail", [group], self._contents.thumbnails[group]).to_pylist()

    def _read(self, column: str, groups: list[int], sha256: str) -> pa.ChunkedArray:
        """One column of some row groups, through a reader of its own: readers are not safe to share among threads."""
        with (
            _readable(self.path),
            pq.ParquetFile(self.path, metadata=self._file, page_checksum_verification=True) as file,
        ):
            table = file.read_row_groups(groups, columns=[column])
        _require(self.path, table, sha256)
        return table.column(column)


def check_match(catalog: Catalog, model: Path) -> None:
    """Check that a catalogue was made with the bundle in the folder `model`, without loading the bundle.

    The bundle has all its files; those of up to `files.AT_ONCE` bytes are as they were written. Larger ones are
    checked when the bundle is loaded.

    Raises:
        ArtifactError: In one sentence, if there is no bundle, it is damaged, or the two do not belong together.
    """
    meta = read_meta(model)
    if meta["files"][BundlePaths(model).weights.name] != catalog.meta["model"]:
        raise ArtifactError(f"{catalog.path} was made with another model than {model}; their vectors do not compare.")
    if meta["sha256"] != catalog.meta["bundle"]:
        raise ArtifactError(
            f"{model} has the weights that {catalog.path} was made with, but other categories, settings or figures "
            "than when that was published."
        )
    check_files(model, meta)


def _frame(table: pa.Table) -> pd.DataFrame:
    """The products as a frame; names of candidates, of which there are few, are shared among products."""
    column = table["candidates"].combine_chunks()
    flat = column.flatten().dictionary_encode()
    names, numbers = flat.dictionary.to_pylist(), flat.indices.to_pylist()
    ends = np.cumsum(pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False))
    candidates = [
        tuple(names[number] for number in numbers[start:end]) if present else None
        for start, end, present in zip([0, *ends[:-1]], ends, column.is_valid().to_pylist(), strict=True)
    ]
    rest = table.drop_columns(["candidates", "candidate_scores"])
    return with_fields(rest.to_pandas()).assign(candidates=pd.Series(candidates, dtype=object))


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise ArtifactError(f"{path} is damaged or no parquet file ({_first_line(error)}); {PUBLISH_AGAIN}.") from error


def _require(path: Path, table: pa.Table, sha256: str) -> None:
    if content_hash(table) != sha256:
        names = table.column_names[0] if table.num_columns == 1 else "product columns"
        raise ArtifactError(f"{path} is damaged (its {names} are not those that were published); {PUBLISH_AGAIN}.")


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".")
