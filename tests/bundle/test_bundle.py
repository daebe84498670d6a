"""A bundle saved and loaded again gives the same vectors; a wrong or damaged one says so."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.files import bundle_hash
from pipeline.bundle.meta import BUNDLE_VERSION, model_config
from pipeline.bundle.predictor_state import PREDICTORS, PredictorParts
from pipeline.bundle.prototypes import Prototypes
from pipeline.bundle.writer import add_predictor, adopt_bundle, save_bundle
from pipeline.config.model import TowerConfig
from pipeline.config.presets import compact, siglip2_bge, tiny
from pipeline.models.checkpoints import load_tokenizer
from pipeline.models.classifier import HierarchicalClassifier
from pipeline.models.encoding import TokenCache
from pipeline.models.two_tower import TwoTower
from pipeline.taxonomy.paths import Taxonomy
from pipeline.types import MODALITIES
from tests.helpers.damage import edit_model

PATHS = ("Home", "Home > Mugs", "Clothing")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "model"
    torch.manual_seed(0)
    config = tiny().model
    model = TwoTower(config)
    for name, value in model.named_parameters():
        if "lora_B" in name or "contract" in name:
            torch.nn.init.normal_(value, std=0.2)
    tokens = TokenCache(load_tokenizer(config.text), config.text.max_tokens)
    vectors = np.random.default_rng(0).standard_normal((3, config.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    save_bundle(
        folder,
        model,
        tokens,
        categories=PATHS,
        category_vectors=vectors,
        seen=[*PATHS[1:], "Not in the table"],
        meta={"preset": "tiny"},
    )
    return folder, model, vectors


def test_round_trip(saved):
    folder, model, vectors = saved
    bundle = load_bundle(folder)
    assert bundle.categories == PATHS
    assert bundle.seen.tolist() == [False, True, True]
    assert bundle.was_seen("Not in the table")
    assert not bundle.was_seen("Nor this")
    assert bundle.category_vectors == pytest.approx(vectors, abs=2e-3)
    assert (bundle.category_vectors * vectors).sum(1) == pytest.approx(np.ones(3), abs=1e-4)
    model.eval()
    ids = torch.tensor(TokenCache(load_tokenizer(model.config.text), model.config.text.max_tokens)(["a red mug"]))
    with torch.no_grad():
        expected = model.text_head(model.text_tower(ids, torch.ones_like(ids))).numpy()
    assert bundle.encode_texts(["a red mug"]) == pytest.approx(expected, abs=5e-3)


def test_all_files_have_the_same_permissions(saved):
    files = [path for path in saved[0].rglob("*") if path.is_file()]
    assert len({path.stat().st_mode for path in files}) == 1


def test_texts_are_encoded_once_and_in_order(saved):
    bundle = load_bundle(saved[0])
    texts = ["mug", "a much longer text about a pair of shoes", "mug", ""]
    together = bundle.encode_texts(texts)
    assert np.array_equal(together[0], together[2])
    for text, vector in zip(texts, together, strict=True):
        assert bundle.encode_texts([text])[0] == pytest.approx(vector, abs=1e-5)


def test_images_and_fusion_shapes(saved):
    bundle = load_bundle(saved[0])
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    image, text = bundle.encode_images(images), bundle.encode_texts(["a", "b", "c"])
    assert np.linalg.norm(image, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    fused = bundle.fuse(text, image, np.array([True, True, False]), np.array([True, False, False]))
    assert fused[1] == pytest.approx(text[1], abs=1e-6)
    assert not fused[2].any()
    assert bundle.gate(text, image).shape == text.shape


def test_unknown_categories_are_encoded_known_ones_reused(saved):
    bundle = load_bundle(saved[0])
    vectors = bundle.encode_categories(["Home > Mugs", "Toys", "Toys"])
    assert np.array_equal(vectors[0], bundle.category_vectors[1])
    assert vectors[1] == pytest.approx(bundle.encode_texts(["Toys"])[0], abs=1e-6)
    assert bundle.encode_categories([]).shape == (0, bundle.dimension)


def test_an_adopted_bundle_has_another_table_and_the_same_weights(saved, tmp_path):
    adopt_bundle(saved[0], tmp_path / "model", Taxonomy(("Home > Mugs", "Toys")))
    old, new = load_bundle(saved[0]), load_bundle(tmp_path / "model")
    assert new.categories == ("Home > Mugs", "Toys")
    assert new.seen.tolist() == [True, False]
    assert new.category_vectors[0] == pytest.approx(old.category_vectors[1], abs=1e-3)
    assert bundle_hash(tmp_path / "model") == bundle_hash(saved[0])


def test_an_adopted_bundle_has_the_aliases_of_its_categories(saved, tmp_path):
    taxonomy = Taxonomy(("Home > Mugs", "Toys"), {"Toys": ("Spielzeug", "Jouets"), "Not there": ("Nirgends",)})
    adopt_bundle(saved[0], tmp_path / "model", taxonomy)
    bundle = load_bundle(tmp_path / "model")
    assert bundle.aliases.owners.tolist() == [1, 1]
    assert bundle.aliases.vectors == pytest.approx(bundle.encode_texts(["Spielzeug", "Jouets"]), abs=1e-2)
    adopt_bundle(tmp_path / "model", tmp_path / "plain", Taxonomy(("Toys",)))
    assert load_bundle(tmp_path / "plain").aliases is None


def _copy(folder, target):
    import shutil

    shutil.copytree(folder, target)
    return BundlePaths(target)


def test_categories_written_again_stay_the_same_bit_for_bit(saved, tmp_path):
    adopt_bundle(saved[0], tmp_path / "again", Taxonomy(PATHS))
    files = [BundlePaths(folder).categories.read_bytes() for folder in (saved[0], tmp_path / "again")]
    assert files[0] == files[1]


def test_missing_bundle(tmp_path):
    with pytest.raises(ArtifactError, match="no model bundle"):
        load_bundle(tmp_path / "none")


def test_changed_weights_are_refused(saved, tmp_path):
    paths = _copy(saved[0], tmp_path / "model")
    paths.weights.write_bytes(paths.weights.read_bytes() + b"0")
    with pytest.raises(ArtifactError, match="damaged or was changed"):
        load_bundle(paths.root)


def test_damaged_meta_and_other_version(saved, tmp_path):
    paths = _copy(saved[0], tmp_path / "model")
    meta = json.loads(paths.meta.read_text())
    paths.meta.write_text(json.dumps({**meta, "version": 99}))
    with pytest.raises(ArtifactError, match="version 99"):
        load_bundle(paths.root)
    paths.meta.write_text(json.dumps({key: value for key, value in meta.items() if key != "seen"}))
    with pytest.raises(ArtifactError, match="seen is missing"):
        load_bundle(paths.root)
    paths.meta.write_text("{")
    with pytest.raises(ArtifactError, match="damaged"):
        load_bundle(paths.root)


def test_weights_of_another_architecture(saved, tmp_path):
    paths = _copy(saved[0], tmp_path / "model")
    edit_model(paths.root, ("model", "hidden"), 7, seal=True)
    with pytest.raises(ArtifactError, match=r"does not fit the architecture in model.json \(first: "):
        load_bundle(paths.root)


@pytest.mark.parametrize("config", [tiny().model, siglip2_bge().model, compact().model])
def test_model_config_survives_json(config):
    from dataclasses import asdict

    assert model_config(json.loads(json.dumps(asdict(config)))) == config


def test_a_tower_without_source_is_refused():
    with pytest.raises(ValueError, match="model_id or an architecture"):
        TowerConfig(model_id="", model_class="BertModel", pooling="cls", width=4)


def test_a_predictor_is_added_and_read_back(saved, tmp_path):
    torch.manual_seed(1)
    classes = (("a" * 12, "b" * 12), ("c" * 12,))
    classifier = HierarchicalClassifier(32, 8, (2, 1)).eval()
    calibrations = {name: dict.fromkeys(MODALITIES, Calibration(classifier_weight=0.5)) for name in PREDICTORS}
    evidence = {"text": Calibration(agreement_coefficients=(0.5,))}
    parts = PredictorParts(classes, classifier, calibrations, 0.95, "a" * 12, {"tried": []}, evidence)
    prototypes = Prototypes(("a" * 12,), np.eye(1, 32, dtype=np.float32))
    parts = replace(parts, prototypes=prototypes)
    assert load_bundle(saved[0]).predictor is None
    add_predictor(saved[0], tmp_path / "model", parts)
    predictor = load_bundle(tmp_path / "model").predictor
    assert bundle_hash(tmp_path / "model") == bundle_hash(saved[0])
    assert (predictor.classes, predictor.calibrations, predictor.target_precision) == (classes, calibrations, 0.95)
    assert (predictor.evidence_calibrations, predictor.most_frequent, predictor.notes) == (
        evidence,
        "a" * 12,
        {"tried": []},
    )
    vectors = np.eye(3, 32, dtype=np.float32)
    pairs = zip(predictor.classifier.probabilities(vectors), classifier.probabilities(vectors), strict=True)
    assert all(one == pytest.approx(other, abs=2e-3) for one, other in pairs)
    add_predictor(tmp_path / "model", tmp_path / "again", None)
    again = load_bundle(tmp_path / "again").predictor
    assert again.classes == classes
    assert again.prototypes.categories == prototypes.categories
    np.testing.assert_allclose(again.prototypes.vectors, prototypes.vectors)
    BundlePaths(tmp_path / "model").classifier.unlink()
    with pytest.raises(ArtifactError, match=r"classifier\.safetensors is missing"):
        load_bundle(tmp_path / "model")


def test_a_bundle_of_an_earlier_version_is_refused(saved, tmp_path):
    add_predictor(saved[0], tmp_path / "old", None)
    meta = BundlePaths(tmp_path / "old").meta
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "version": 1}))
    with pytest.raises(ArtifactError, match=f"bundle version 1, this code reads {BUNDLE_VERSION}; build it again"):
        load_bundle(tmp_path / "old")
