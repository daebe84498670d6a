"""The model.json of a bundle with a field that is missing, of another type, out of range, or another than was written.

One sentence that names the file, and the field where it can; nothing is loaded, least of all from elsewhere.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.calibration import Calibration, Familiarity
from pipeline.bundle.meta import BundleFields, PredictorFields, TowerFields, TowersFields, read_meta
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.config.model import ModelConfig, TowerConfig
from pipeline.models import towers
from tests.helpers.damage import ABSENT, describe, edit_model, put, refusal, wrong_fields
from ui.workspace import load_tools

OWNERS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (BundleFields, ()),
    (ModelConfig, ("model",)),
    (TowerConfig, ("model", "text")),
    (TowerConfig, ("model", "vision")),
    (TowersFields, ("towers",)),
    (TowerFields, ("towers", "vision")),
    (PredictorFields, ("predictor",)),
    (Calibration, ("predictor", "calibrations", "default", "text")),
    (Calibration, ("predictor", "evidence_calibrations", "fused")),
    (Calibration, ("predictor", "foreign_calibrations", "default", "text")),
    (Calibration, ("predictor", "flat_calibrations", "default", "text")),
    (Familiarity, ("predictor", "familiarity", "image")),
)
OPTIONAL = {field.name for field in dataclasses.fields(BundleFields) if field.default is not dataclasses.MISSING}
FIELDS = [
    (place, value)
    for owner, at in OWNERS
    for place, value in wrong_fields(owner, at)
    if not (value is ABSENT and owner is BundleFields and place[0] in OPTIONAL)
]


@pytest.fixture(scope="module")
def meta(whole: Path) -> dict[str, Any]:
    return read_meta(whole)


@pytest.mark.parametrize(("place", "value"), FIELDS, ids=[describe(*case) for case in FIELDS])
def test_a_field_that_is_missing_or_of_another_type(
    meta: dict[str, Any], tmp_path: Path, place: tuple[str, ...], value: Any
) -> None:
    BundlePaths(tmp_path).meta.write_text(json.dumps(meta))
    edit_model(tmp_path, place, value, seal=False)
    sentence = refusal(read_meta, tmp_path)
    if place == ("version",):
        assert "bundle version" in sentence
    else:
        assert place[-1] in sentence if value is ABSENT else ".".join(place) in sentence
    if place != ("sha256",):  # nor does a seal of today make it one
        BundlePaths(tmp_path).meta.write_text(json.dumps(meta))
        edit_model(tmp_path, place, value, seal=True)
        assert refusal(read_meta, tmp_path) == sentence


OTHER_VALUES: tuple[tuple[tuple[str | int, ...], Any], ...] = (
    (("model", "text", "model_id"), "evil/model"),
    (("model", "text", "revision"), "main"),
    (("model", "residual_text"), False),
    (("model", "text", "max_tokens"), 8),
    (("model", "vision", "image_mean", 0), 0.51),
    (("model", "gate_bias"), 3.0),
    (("predictor", "target_precision"), 0.5),
    (("predictor", "calibrations", "default", "text", "inverse_temperature"), 2.0),
    (("predictor", "calibrations", "default", "text", "thresholds", 0, 0), 0.51),
    (("predictor", "evidence_calibrations", "text", "classifier_weight"), 0.25),
    (("predictor", "classes", 0, 0), "c" * 12),
    (("predictor", "most_frequent"), "a" * 12),
    (("seen", 0), "0" * 12),
    (("metrics", "test"), {"rows": 1}),
    (("files", "model.safetensors"), "0" * 64),
    (("further",), 1),
)


@pytest.mark.parametrize(("place", "value"), OTHER_VALUES, ids=[str(place) for place, _ in OTHER_VALUES])
def test_a_changed_value_of_the_right_type_is_refused(
    model: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, place: tuple[str | int, ...], value: Any
) -> None:
    loaded: list[Any] = []
    monkeypatch.setattr(towers, "load_backbone", lambda *arguments, **more: loaded.append(arguments))
    edit_model(model, place, value, seal=False)
    for call in (load_bundle, check_match):
        assert "model.json was changed after it was written" in refusal(
            call, *([catalog] * (call is check_match)), model
        )
    edit_model(model, place, value, seal=True)  # by one who knows how
    with pytest.raises(ArtifactError, match="another model" if place[0] == "files" else "has the weights that"):
        check_match(catalog, model)
    with pytest.raises(ArtifactError, match="another bundle than before"):
        load_tools(catalog, model)
    assert loaded == [], "no tower is loaded, from wherever, for a bundle that is not the catalogue's"


RANGES: tuple[tuple[tuple[str | int, ...], Any, str], ...] = (
    (("model", "dropout"), 1.5, r"dropout must lie in \[0, 1\)"),
    (("model", "text", "width"), -1, "width must be positive"),
    (("model", "text", "pooling"), "max", "model.text.pooling should be 'cls', 'mean' or 'pooler', not \"max\""),
    (("model", "vision", "image_mean"), [0.5, 0.5], "model.vision.image_mean.2 is missing"),
    (("predictor", "target_precision"), 1.5, "predictor.target_precision should be less than or equal to 1"),
    (("predictor", "classifier"), [0, 8], "predictor.classifier.0 should be greater than 0"),
    (
        ("predictor", "calibrations", "default", "text", "classifier_weight"),
        2,
        r"classifier_weight must lie in \[0, 1\]",
    ),
    (("predictor", "calibrations", "default", "text", "platt_slopes"), [], "platt_slopes and platt_intercepts"),
    (("predictor", "calibrations", "default", "text", "thresholds"), [[0.5]], "thresholds are to be of 11"),
    (("predictor", "calibrations", "default"), ABSENT, "calibrations lack default"),
    (("predictor", "calibrations", "defualt"), {}, "predictor.calibrations.defualt"),
    (("seen", 0), "Home", "seen.0 "),
    (("files", "model.safetensors"), ABSENT, "files name no model.safetensors"),
    (("files", "tokenizer/tokenizer.json"), "x", "files.tokenizer/tokenizer.json "),
    (("files", "../private"), "0" * 64, "private is missing, and model.json names it"),
)


@pytest.mark.parametrize(
    ("place", "value", "sentence"), RANGES, ids=[describe(place, value) for place, value, _ in RANGES]
)
def test_a_value_out_of_range(model: Path, place: tuple[str | int, ...], value: Any, sentence: str) -> None:
    edit_model(model, place, value, seal=True)
    with pytest.raises(ArtifactError, match=sentence):
        load_bundle(model)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"version": NaN}'])
def test_a_model_json_that_is_no_json_object_is_refused(model: Path, catalog: Catalog, text: bytes) -> None:
    BundlePaths(model).meta.write_bytes(text)
    assert "model.json is damaged" in refusal(check_match, catalog, model)


def test_put_reaches_into_lists() -> None:
    value = {"a": [1, {"b": 2}]}
    put(value, ("a", 1, "b"), ABSENT)
    assert value == {"a": [1, {}]}
