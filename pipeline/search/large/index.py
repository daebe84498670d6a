"""The index of a catalogue that is too large to scan for every query: FAISS's inverted lists of one bit a dimension.

RaBitQ (Gao & Long 2024) keeps the sign of each dimension of a vector, rotated and relative to the center of its list;
the best by that are scored again with the vectors themselves, which are read from the mapped file. Some 64 bytes
a vector of 384 dimensions are in memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pandas as pd

from pipeline.artifacts import ArtifactError, atomic_folder
from pipeline.catalog.catalog import Catalog
from pipeline.catalog.index_files import IndexFiles
from pipeline.catalog.vectors import StoredVectors
from pipeline.search.vector_index import VectorIndex
from pipeline.search.words.bm25 import LexicalIndex, product_words
from pipeline.types import MODALITIES, Modality

EXACT_MOST = 200_000
"""Vectors that are scanned: on one core in some 10 ms."""
_LISTS_PER_ROOT = 4  # lists for each square root of n: 4,000 of a million, some 250 vectors each
_SAMPLES = 64  # training vectors of a list
_ROUNDS = 8  # of k-means
_PROBED = 48  # lists that a query looks into, more where it asks for many results or few rows are allowed
_REFINED = 256  # best rows that are scored again, more where more are asked for
_SEED = 17
_AT_A_TIME = 16_384


class LargeIndex(VectorIndex):
    """An index that looks into the lists nearest to a query; where few rows are allowed, all of these are scanned."""

    def __init__(self, vectors: StoredVectors, lists: faiss.IndexIVF) -> None:
        """Take vectors and the index of them, which `build` made."""
        super().__init__(vectors)
        self._lists = lists

    @classmethod
    def build(cls, vectors: StoredVectors, path: Path) -> None:
        """Make the index of vectors and write it; the same vectors give the same index.

        Args:
            vectors: At least one. Zeros are in it too.
            path: Where to.
        """
        n, dimension = vectors.shape
        count = max(1, min(n, int(_LISTS_PER_ROOT * n**0.5)))
        lists: Any = faiss.index_factory(dimension, f"IVF{count},RaBitQ", faiss.METRIC_INNER_PRODUCT)
        lists.cp.niter, lists.cp.seed = _ROUNDS, _SEED
        lists.cp.max_points_per_centroid, lists.cp.min_points_per_centroid = _SAMPLES, 1
        sample = np.random.default_rng(_SEED).permutation(n)[: _SAMPLES * count]
        lists.train(vectors[np.sort(sample)])
        for start in range(0, n, _AT_A_TIME):
            lists.add(vectors[start : start + _AT_A_TIME])
        faiss.write_index(lists, str(path))

    @classmethod
    def open(cls, vectors: StoredVectors, path: Path) -> LargeIndex:
        """Open the index of vectors that `build` wrote.

        Raises:
            ArtifactError: If it cannot be read, or is of other vectors.
        """
        try:
            lists: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise ArtifactError(f"{path} cannot be read; publish the catalogue again.") from error
        if (lists.ntotal, lists.d) != vectors.shape:
            raise ArtifactError(f"{path} is the index of other vectors; publish the catalogue again.")
        return cls(vectors, lists)

    def _nearest(self, queries: np.ndarray, width: int, allowed: np.ndarray | None) -> np.ndarray:
        n = len(self)
        searched = n if allowed is None else int(allowed.sum())
        wide = max(width, _REFINED)
        probed = int(_PROBED * max(1.0, n / searched, wide / _REFINED)) if searched else 0
        if searched <= EXACT_MOST or probed >= self._lists.nlist:
            return super()._nearest(queries, width, allowed)
        options: dict[str, Any] = {"nprobe": probed}
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            options["sel"] = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
        parameters = faiss.SearchParametersIVF(**options)
        _, rows = self._lists.search(queries, wide, params=parameters)
        return rows if (rows >= 0).all() else super()._nearest(queries, width, allowed)


def index_of(catalog: Catalog, modality: Modality) -> VectorIndex:
    """The index of a catalogue's vectors: the one that was published with it, else one that scans."""
    vectors, _ = catalog.vectors(modality)
    if catalog.index_files is None or len(vectors) <= EXACT_MOST:
        return VectorIndex(vectors)
    return LargeIndex.open(vectors, catalog.index_files.index(modality))


def write_index(catalog: Catalog) -> None:
    """Write the folder of vectors and indexes beside a catalogue; it appears whole or not at all.

    Args:
        catalog: Opened without such a folder.
    """
    with atomic_folder(IndexFiles.beside(catalog.path).root) as folder:
        files = IndexFiles(folder)
        for modality in MODALITIES:
            vectors, present = catalog.vectors(modality)
            vectors.write(files.vectors(modality), files.lengths(modality))
            np.save(files.present(modality), present, allow_pickle=False)
            if modality != "fused":
                LargeIndex.build(vectors, files.index(modality))
        lexical_index(catalog).write(files)
        files.seal(catalog.meta["sha256"])


def lexical_index(catalog: Catalog) -> LexicalIndex:
    """The words of a catalogue's products: those that were published with it, else indexed here (seconds)."""
    if catalog.index_files is not None:
        return LexicalIndex.mapped(catalog.index_files, len(catalog))
    columns = (catalog.products[name].fillna("") for name in ("title", "brand", "description"))
    return LexicalIndex.of(map(product_words, *columns, categories_of(catalog)))


def categories_of(catalog: Catalog) -> pd.Series:
    """Category of each product, the predicted one where none is known, "" for none."""
    return catalog.products["category_path"].fillna(catalog.products["predicted_path"]).fillna("")
