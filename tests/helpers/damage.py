"""Bundles and catalogues changed behind the back of those who wrote them; with their seal kept, renewed or broken."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.files import write_meta
from pipeline.catalog.meta import ANALYSIS_KEY, METADATA_KEY, write_catalog
from pipeline.data.json_checks import MAY_BE_ABSENT, sealed
from pipeline.types import MODALITIES
from tests.helpers.fakes import CATEGORIES, DIMENSION, write_small_model

ABSENT = object()
"""In place of a value: no such key."""


def flip(path: Path, byte: int, bit: int = 0) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    path.write_bytes(content)


def put(value: Any, place: tuple[str | int, ...], replacement: Any) -> None:
    """Set what stands at a place in JSON."""
    *above, last = place
    for step in above:
        value = value[step]
    if replacement is ABSENT:
        del value[last]
    else:
        value[last] = replacement


def edit_model(model: Path, place: tuple[str | int, ...], replacement: Any, *, seal: bool) -> None:
    """Change one field of a bundle's model.json, as an accident (`seal` False) or as one who knows would."""
    path = BundlePaths(model).meta
    meta = json.loads(path.read_text(encoding="utf-8"))
    put(meta, place, replacement)
    path.write_text(json.dumps(sealed(meta) if seal else meta), encoding="utf-8")


def name_files(model: Path) -> dict[str, Any]:
    """Let model.json name all files of a bundle as they lie there now."""
    return write_meta(model, json.loads(BundlePaths(model).meta.read_text(encoding="utf-8")))


def metadata(path: Path) -> dict[str, Any]:
    """The metadata of a catalogue."""
    meta: dict[str, Any] = json.loads(pq.read_metadata(path).metadata[METADATA_KEY])
    return meta


def publish_again(
    path: Path, source: Path, change: Callable[[pa.Table], pa.Table], *, row_group_size: int = 2, **meta: Any
) -> Path:
    """Write the catalogue `source` with another table, as the program would, for the same bundle."""
    table = pq.read_table(source)
    analysis = table.schema.metadata.get(ANALYSIS_KEY)
    analysis_text = None if analysis is None else analysis.decode()
    write_catalog(path, change(table), {**metadata(source), **meta}, analysis_text, row_group_size=row_group_size)
    return path


def with_column(name: str, values: pa.Array) -> Callable[[pa.Table], pa.Table]:
    """A change of a table: another column of that name."""
    return lambda table: table.set_column(table.schema.get_field_index(name), name, values)


def write_again(path: Path, change: Callable[[pa.Table], pa.Table], *, row_group_size: int = 2) -> None:
    """Change the table of a catalogue in its place, its metadata as they were, as another program would."""
    table = pq.read_table(path)
    changed = change(table).replace_schema_metadata(table.schema.metadata)
    pq.write_table(changed, path, row_group_size=row_group_size)


def set_metadata(path: Path, **texts: bytes) -> None:
    """Give a catalogue other metadata (`meta`) or another analysis (`analysis`), its table as it was."""
    keys = {"meta": METADATA_KEY, "analysis": ANALYSIS_KEY}
    table = pq.read_table(path)
    new = {**table.schema.metadata, **{keys[name]: text for name, text in texts.items()}}
    pq.write_table(table.replace_schema_metadata(new), path, row_group_size=2)


def edit_metadata(path: Path, place: tuple[str | int, ...], replacement: Any, *, seal: bool) -> None:
    """Change one field of a catalogue's metadata."""
    meta = metadata(path)
    put(meta, place, replacement)
    set_metadata(path, meta=json.dumps(sealed(meta) if seal else meta).encode())


_WRONG: dict[type, tuple[Any, ...]] = {
    bool: (None, "true", 1, []),
    int: (None, "1", 2.5, True, [1], {}),
    float: (None, "1", True, [1.0], {}),
    str: (None, 1, ["x"], {}),
    tuple: (None, "x", 1, {}),
    dict: (None, "x", 1, []),
}
"""JSON that is not of a type."""


def wrong_fields(owner: type, place: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """Every field of a dataclass that stands at a place, each without its value and with some of another type."""
    cases: list[tuple[tuple[str, ...], Any]] = []
    hints = get_type_hints(owner)
    for field in dataclasses.fields(owner):
        if field.metadata != MAY_BE_ABSENT:
            cases.append(((*place, field.name), ABSENT))
        hint = hints[field.name]
        optional = type(None) in get_args(hint)
        kind = next(one for one in get_args(hint) if one is not type(None)) if optional else hint
        kind = str if get_origin(kind) is Literal else get_origin(kind) or kind
        for value in _WRONG[dict if dataclasses.is_dataclass(kind) else kind]:
            if not (optional and value is None):
                cases.append(((*place, field.name), value))
    return cases


def describe(place: tuple[str | int, ...], value: Any) -> str:
    """The name of a test of a wrong field."""
    return f"{'.'.join(map(str, place))}: {'absent' if value is ABSENT else json.dumps(value)}"


def write_full_model(folder: Path) -> Path:
    """A small bundle that has every file a bundle can have."""
    from pipeline.bundle.calibration import Calibration, Familiarity
    from pipeline.bundle.predictor_state import PREDICTORS, PredictorParts
    from pipeline.bundle.prototypes import Prototypes
    from pipeline.bundle.writer import add_metrics, add_predictor, adopt_bundle
    from pipeline.models.classifier import HierarchicalClassifier
    from pipeline.taxonomy.paths import Taxonomy  # brings torch, like those below: only for tests that ask for it

    setting = {kind: Calibration(classifier_weight=0.5, aliases=True) for kind in MODALITIES}
    parts = PredictorParts(
        (("a" * 12, "b" * 12),),
        HierarchicalClassifier(DIMENSION, 8, (2,)),
        dict.fromkeys(PREDICTORS, setting),
        evidence_calibrations=setting,
        prototypes=Prototypes(("a" * 12,), np.eye(1, DIMENSION, dtype=np.float32)),
        foreign_calibrations={"default": setting},
        flat_calibrations={"default": setting},
        familiarity=dict.fromkeys(MODALITIES, Familiarity((0.5,) * DIMENSION, -9.0, 0.25)),
    )
    write_small_model(folder)
    add_predictor(folder, folder, parts)
    adopt_bundle(folder, folder, Taxonomy(CATEGORIES, {path: (f"{path} anders",) for path in CATEGORIES}))
    add_metrics(folder, folder, {"test": {}})
    return folder


def refusal(call: Callable[..., Any], *arguments: Any) -> str:
    """The one sentence with which something is refused."""
    with pytest.raises(ArtifactError) as refused:
        call(*arguments)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert "again" in sentence or "build one" in sentence, "it says what to do"
    assert len(sentence) < 400
    return sentence
