"""The model bundle, written: a new one, one with another category table, with a category predictor, with figures.

Each is made in a folder beside its place and renamed, so that a bundle is there whole or not at all.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save

from pipeline.artifacts import BundlePaths
from pipeline.bundle.aliases import NameVectors
from pipeline.bundle.bundle import load_bundle, stored_weights
from pipeline.bundle.files import check_files, write_meta
from pipeline.bundle.meta import read_meta
from pipeline.bundle.predictor_state import PredictorParts, write_parts
from pipeline.bundle.quantization import quantise
from pipeline.data.schema import write_table
from pipeline.models.encoding import TokenCache
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
    names: NameVectors | None = None,
) -> None:
    """Write a bundle; the folder appears whole or not at all.

    Args:
        folder: Replaced if it exists.
        model: Trained model.
        tokens: Its tokeniser.
        categories: Paths of the category table.
        category_vectors: [m, d] unit vectors of them.
        seen: Paths that training had as truths, in the table or not; kept as hashes, so that a bundle can be shipped
            with another taxonomy than that of the data it learnt from.
        meta: Goes into model.json beside what is written here.
        names: What the categories are called in other languages.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    paths = BundlePaths(temporary)
    temporary.mkdir(parents=True)
    paths.weights.write_bytes(save(stored_weights(model)))  # `save_file` makes a file that only its owner may read
    tokens.tokenizer.save_pretrained(paths.tokenizer)
    _write_categories(paths, categories, category_vectors, names)
    towers = {
        name: {"id": tower.config.model_id or tower.config.model_class, "revision": tower.revision}
        for name, tower in (("text", model.text_tower), ("vision", model.vision_tower))
    }
    own = {
        "seen": sorted(hash_path(path) for path in seen),
        "model": asdict(model.config),
        "towers": towers,
        "predictor": None,
    }
    _finish(temporary, folder, {**meta, **own})


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
    names = bundle.encode_names(taxonomy.paths, taxonomy.names)
    temporary = _copy(source, target, bundle.meta)
    _write_categories(BundlePaths(temporary), taxonomy.paths, vectors, names)
    _finish(temporary, target, bundle.meta)


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
    temporary = _copy(source, target, meta)
    if parts is not None:
        meta = {**meta, "predictor": write_parts(temporary, parts)}
    _finish(temporary, target, meta)


def add_metrics(source: Path, target: Path, metrics: dict[str, Any]) -> None:
    """Copy a bundle and give it the figures that an evaluation measured with it.

    Args:
        source: Any bundle.
        target: Replaced if it exists.
        metrics: As `evaluate` writes them.

    Raises:
        ArtifactError: If `source` is no bundle.
    """
    meta = read_meta(source)
    _finish(_copy(source, target, meta), target, {**meta, "metrics": metrics})


def _copy(source: Path, target: Path, meta: dict[str, Any]) -> Path:
    """A copy of a bundle in a folder beside `target`, every file of it as its model.json `meta` names it."""
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(source, temporary)
    check_files(temporary, meta, at_most=sys.maxsize)
    return temporary


def _finish(temporary: Path, target: Path, meta: dict[str, Any]) -> None:
    """Write model.json, which names all that lies in `temporary`, and put that in the place of `target`."""
    write_meta(temporary, meta)
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)


def _write_categories(
    paths: BundlePaths, categories: Sequence[str], vectors: np.ndarray, names: NameVectors | None
) -> None:
    write_table(paths.categories, quantise(categories, vectors))
    paths.names.unlink(missing_ok=True)
    if names is not None:
        write_table(paths.names, quantise([categories[row] for row in names.owners], names.vectors))
