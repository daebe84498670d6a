"""A bundle of the compact preset: what it holds, what it borrows from packages, what it gives when it is opened."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.writer import save_bundle
from pipeline.config.presets import E5, E5_SHA256, EFFICIENTNET_SHA256, compact
from pipeline.data.vectors import unit
from pipeline.models.encoding import encode_texts, make_tokens
from pipeline.models.two_tower import TwoTower
from tests.helpers import ROOT
from tests.helpers.damage import edit_model
from tests.helpers.space.commands import QUIET

PATHS = ("Home", "Home > Mugs", "Clothing")
PHOTOS = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
SELECTION = {"alpha": 0.5, "image_alpha": 0.7, "gate_shift": 1.0}


@pytest.fixture(scope="module")
def model() -> TwoTower:
    """Heads, centers and names as if they were trained."""
    torch.manual_seed(0)
    model = TwoTower(compact().model).eval()
    with torch.no_grad():
        for head in (model.text_head, model.image_head):
            head.contract.weight.normal_(std=0.05)
        model.class_names.features.normal_()
        model.product_center.normal_(std=0.02)
        model.category_center.normal_(std=0.02)
        model.image_head.alpha.fill_(0.5)
    return model


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "model"
    vectors = unit(np.random.default_rng(0).normal(size=(3, 384))).astype(np.float32)
    save_bundle(
        folder,
        model,
        make_tokens(model.config.text),
        categories=PATHS,
        category_vectors=vectors,
        seen=PATHS[:1],
        meta={"preset": "compact", "selection": SELECTION},
    )
    return folder


@pytest.fixture(scope="module")
def bundle(folder) -> Bundle:
    return load_bundle(folder)


def test_it_holds_neither_towers_nor_a_tokenizer(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"model.json", "model.safetensors", "categories.parquet"}
    assert BundlePaths(folder).weights.stat().st_size < 8e6
    meta = json.loads(BundlePaths(folder).meta.read_text())
    assert meta["towers"]["text"] == {"id": E5, "revision": E5_SHA256}
    assert meta["towers"]["vision"]["revision"] == EFFICIENTNET_SHA256
    assert meta["selection"] == SELECTION


@torch.no_grad()
def test_texts_photos_and_categories_are_those_of_the_model(model, bundle):
    texts = ["a red mug", "Winterjacke für Kinder"]
    features = torch.from_numpy(encode_texts(model.text_tower, make_tokens(model.config.text), texts))
    assert bundle.encode_texts(texts) == pytest.approx(model.text_vectors(features).numpy(), abs=5e-3)
    photos = model.vision_tower(torch.from_numpy(PHOTOS).permute(0, 3, 1, 2))
    assert bundle.encode_images(PHOTOS) == pytest.approx(model.image_vectors(photos).numpy(), abs=5e-3)
    new = bundle.encode_categories(["Toys > Kites"])
    pair = unit(encode_texts(model.text_tower, bundle.tokens, ["Toys > Kites", "Kites"]))
    both = torch.from_numpy(unit(pair.sum(axis=0, keepdims=True)))
    assert new == pytest.approx(model.category_vectors(both).numpy(), abs=5e-3)


def test_untrained_vectors_are_centered_too(bundle):
    texts = ["a red mug", "", "Winterjacke für Kinder"]
    features = encode_texts(bundle.model.text_tower, bundle.tokens, texts)
    expected = unit(unit(features) - bundle.model.product_center.numpy())
    assert bundle.encode_texts_untrained(texts) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", SELECTION)
def test_a_selection_that_lacks_a_choice_is_refused(folder, tmp_path, name):
    copy = shutil.copytree(folder, tmp_path / "model")
    edit_model(copy, ("selection",), {key: value for key, value in SELECTION.items() if key != name}, seal=True)
    with pytest.raises(ArtifactError, match=rf"selection\.{name} is missing"):
        load_bundle(copy)


def test_a_tokenizer_that_it_does_not_name_is_refused(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "model")
    tokenizer = BundlePaths(copy).tokenizer
    tokenizer.mkdir()
    (tokenizer / "tokenizer.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is not part of the bundle"):
        load_bundle(copy)


def test_to_open_one_imports_nothing_large_that_inference_can_do_without():
    """Of the shipped model: each of these takes 60 to 130 MB."""
    script = """
import sys
from pathlib import Path
from pipeline.bundle.bundle import load_bundle
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.product_search import ProductSearch
bundle = load_bundle(Path("assets/model"))
CategoryPredictor(bundle).score(bundle.encode_texts(["red mug"]), "text").decode()
print(sorted({"peft", "numba", "sympy", "sklearn", "accelerate", "torch._dynamo", "bm25s"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=QUIET, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_a_tower_of_transformers_needs_its_tokenizer_files(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "model")
    text = {"checkpoint": "transformers", "model_class": "BertModel"}
    meta = json.loads(BundlePaths(copy).meta.read_text())
    edit_model(copy, ("model", "text"), {**meta["model"]["text"], **text}, seal=True)
    with pytest.raises(ArtifactError, match="files name nothing in tokenizer/"):
        load_bundle(copy)
