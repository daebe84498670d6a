"""Vectors of category texts, encoded once: a file for each encoder, in the user's cache folder.

The file is named after everything that makes the encoder, and before its first use in a process some of its vectors
are compared with new ones, so that nothing stale is used silently. A file that is damaged or stale is made again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.artifacts import ArtifactError, cache_folder
from pipeline.data.schema import read_table, write_table

Encode = Callable[[Sequence[str]], np.ndarray]

LEAST_TEXTS = 256
"""Fewer are encoded faster than a file of a whole taxonomy is read."""
MOST_TEXTS = 250_000
"""In a file, 15 languages of a taxonomy; one that would grow larger begins anew with what is asked for."""
MOST_FILES = 8
"""Encoders that are remembered, the last ones: 20 MB each for Shopify's taxonomy and 512 dimensions."""

_OURS = re.compile(r"[0-9a-f]{32}\.parquet")
_LOG = logging.getLogger(__name__)
_PROBES = 4
_SAME_COSINE = 0.999
"""Vectors of the same encoder differ by less, whatever else is in the batch."""


class VectorCache:
    """Vectors of texts by one encoder, remembered from call to call and from process to process."""

    def __init__(self, key: str, encode: Encode) -> None:
        """Nothing is read before it is needed.

        Args:
            key: Names the encoder: weights, tokenizer, architecture (`files.encoder_key`).
            encode: Unit vectors float32 [n, d] of n texts.
        """
        self._key, self._encode = key, encode
        self._rows: dict[str, int] | None = None
        self._vectors = np.empty((0, 0), dtype=np.float32)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, d] of n texts; those that are not remembered are encoded."""
        folder = cache_folder()
        distinct = list(dict.fromkeys(texts))
        if folder is None or len(distinct) < LEAST_TEXTS:
            return self._encode(texts)
        path = folder / f"{self._key}.parquet"
        rows = self._known(path)
        missing = [text for text in distinct if text not in rows]
        if missing:
            _LOG.info("%d categories are encoded, once: they are remembered in %s", len(missing), path)
            self._add(missing, distinct)
            self._write(path)
        rows = self._rows or {}
        return self._vectors[[rows[text] for text in texts]]

    def _known(self, path: Path) -> dict[str, int]:
        """Row of each remembered text; read and compared with what the encoder gives now at the first call."""
        if self._rows is not None:
            return self._rows
        self._rows = {}
        try:
            table = read_table(path, ["text", "vector"]) if path.exists() else None
            if table is None:
                return self._rows
            column = table["vector"].combine_chunks()
            vectors = column.flatten().to_numpy(zero_copy_only=False).reshape(len(table), -1).astype(np.float32)
            rows = {text: row for row, text in enumerate(table["text"].to_pylist())}
        except (ArtifactError, pa.ArrowException, ValueError, KeyError) as error:
            _LOG.warning("the remembered vectors in %s cannot be used (%s); they are made again", path, error)
            return self._rows
        if not self._agrees(rows, vectors):
            _LOG.warning("the remembered vectors in %s are not those of this encoder; they are made again", path)
            return self._rows
        self._rows, self._vectors = rows, vectors
        _LOG.info("%d vectors of categories remembered from %s", len(rows), path)
        return self._rows

    def _agrees(self, rows: Mapping[str, int], vectors: np.ndarray) -> bool:
        """Whether the encoder gives for some of the texts what is remembered of them."""
        texts = list(rows)
        probes = [texts[place] for place in np.linspace(0, len(texts) - 1, _PROBES).astype(int)] if texts else []
        if not probes:
            return True
        fresh = self._encode(probes)
        kept = vectors[[rows[text] for text in probes]]
        return fresh.shape == kept.shape and bool(((fresh * kept).sum(axis=1) > _SAME_COSINE).all())

    def _add(self, missing: Sequence[str], wanted: Sequence[str]) -> None:
        """Encode and remember further texts; where there would be too many, all others but `wanted` are forgotten."""
        rows = self._rows or {}
        fresh = self._encode(missing)
        if len(rows) + len(missing) > MOST_TEXTS:
            kept = [text for text in wanted if text in rows]
            self._vectors = self._vectors[[rows[text] for text in kept]]
            rows = {text: row for row, text in enumerate(kept)}
        self._vectors = np.concatenate([self._vectors, fresh]) if rows else fresh
        self._rows = {**rows, **{text: len(rows) + place for place, text in enumerate(missing)}}

    def _write(self, path: Path) -> None:
        """Keep all that is remembered for other processes; a folder that cannot be written is no reason to stop."""
        flat = pa.array(np.ascontiguousarray(self._vectors, dtype=np.float32).ravel())
        vectors = pa.FixedSizeListArray.from_arrays(flat, self._vectors.shape[1])
        try:
            write_table(path, pa.table({"text": pa.array(list(self._rows or {}), pa.string()), "vector": vectors}))
            ours = [file for file in path.parent.iterdir() if _OURS.fullmatch(file.name)]
            for file in sorted(ours, key=lambda one: one.stat().st_mtime)[:-MOST_FILES]:
                file.unlink(missing_ok=True)
        except OSError as error:
            _LOG.warning("vectors of categories cannot be remembered in %s (%s)", path, error)
