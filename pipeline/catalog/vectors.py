"""Vectors as they are stored, in half precision, which FAISS scans: read as float32 of length 1 where needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from pipeline.artifacts import ArtifactError

_BLOCK = 1_024
"""Rows that are float32 at a time: 1.5 MB of them for 384 dimensions, which a core's cache holds."""


class StoredVectors:
    """n vectors of d numbers in half precision; each is given with length 1, and zeros stay zeros.

    Attributes:
        scan: FAISS's index of them, which holds the only copy.
        halves: float16 [n, d], a view of that copy.
        shape: (n, d).
    """

    def __init__(self, vectors: np.ndarray) -> None:
        """Take vectors, [n, d] floats, which are copied and rounded to half precision."""
        n, dimension = vectors.shape
        scan = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        scan.codes.resize(2 * vectors.size)
        scan.ntotal = n
        self._take(scan, np.ones(n, dtype=np.float32))
        self.halves[:] = vectors
        for start in range(0, n, _BLOCK):
            rows = slice(start, start + _BLOCK)
            lengths = np.linalg.norm(self.halves[rows].astype(np.float32), axis=1)
            self._lengths[rows] = np.where(lengths > 0, lengths, 1)

    @classmethod
    def mapped(cls, vectors: Path, lengths: Path) -> StoredVectors:
        """Open what `write` wrote: of the vectors, what is used is in memory, as long as the system has room for it.

        Raises:
            ArtifactError: If a file cannot be read.
        """
        stored = cls.__new__(cls)
        try:
            stored._take(
                faiss.read_index(str(vectors), faiss.IO_FLAG_MMAP_IFC), np.load(lengths, "r", allow_pickle=False)
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise ArtifactError(f"{vectors} cannot be read; publish the catalogue again.") from error
        return stored

    def write(self, vectors: Path, lengths: Path) -> None:
        """Write them, and their lengths, for `mapped`."""
        faiss.write_index(self.scan, str(vectors))
        np.save(lengths, self._lengths, allow_pickle=False)

    def _take(self, scan: Any, lengths: np.ndarray) -> None:
        self.scan, self._lengths, self.shape = scan, lengths, (scan.ntotal, scan.d)
        codes = (
            faiss.rev_swig_ptr(scan.codes.data(), 2 * scan.ntotal * scan.d) if scan.ntotal else np.zeros(0, np.uint8)
        )
        self.halves = codes.view(np.float16).reshape(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | slice | list[int] | np.ndarray) -> np.ndarray:
        """Vectors of some rows, float32 [m, d] (positions, a mask, a slice), or of one row [d]."""
        vectors: np.ndarray = self.halves[rows].astype(np.float32)
        vectors /= self._lengths[rows][..., None]
        return vectors

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)

    def cosines(self, query: np.ndarray) -> np.ndarray:
        """Inner products float32 [n] of all vectors with one, float32 [d]; those of equal vectors are equal.

        A product of matrices adds up in an order that depends on a row's place.
        """
        import torch  # its conversion is six times as fast as NumPy's; whoever opens a catalogue alone needs no torch

        cosines, vector = torch.empty(len(self)), torch.from_numpy(np.ascontiguousarray(query, dtype=np.float32))
        for start in range(0, len(self), _BLOCK):
            block = torch.from_numpy(self.halves[start : start + _BLOCK]).float()
            torch.sum(block.mul_(vector), 1, out=cosines[start : start + _BLOCK])
        found: np.ndarray = cosines.numpy()
        found /= self._lengths
        return found
