"""What a training sets up before its first step, and training on catalogs that lack a modality."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.config.build import Config
from pipeline.config.presets import compact, tiny
from pipeline.config.stages import ConfigError, SourceConfig
from pipeline.data.schema import read_products
from pipeline.data.vectors import unit
from pipeline.models.class_names import class_names
from pipeline.models.encoding import encode_categories, encode_texts
from pipeline.stages.runner import build
from pipeline.training.dataset import load_training_data
from pipeline.training.trainer import Trainer
from tests.helpers.factories import CATEGORIES, make_row, write_rows


@pytest.mark.parametrize(
    "missing", [{"product_image": None}, {"product_title": "", "product_description": ""}], ids=["photos", "texts"]
)
def test_a_catalog_without_one_modality_can_be_trained_on(tmp_path, missing):
    rows = [make_row(number, np.random.default_rng(number), dirt=False) | missing for number in range(60)]
    source = SourceConfig(location=str(write_rows(tmp_path / "rows.parquet", rows)))
    config = replace(tiny(), source=source)
    paths = RunPaths(tmp_path / "run")
    for stage in ("ingest", "train"):
        build(config, paths.root, only=stage)
    bundle = load_bundle(paths.trained)
    assert np.isfinite(bundle.encode_texts(["a red mug"])).all()
    if "product_image" in missing:
        assert "stage vision skipped: no training row has a photo" in paths.log.read_text()


@pytest.fixture(scope="module")
def frozen(tmp_path_factory) -> tuple[Config, RunPaths]:
    """A run after its ingest, with small towers that no stage trains, centered, photos named by classes."""
    folder = tmp_path_factory.mktemp("frozen")
    rows = [make_row(number, np.random.default_rng(number), dirt=False) for number in range(60)]
    source = SourceConfig(location=str(write_rows(folder / "rows.parquet", rows)), taxonomy=str(folder / "tree.csv"))
    tree = "\n".join(f"c-{number},{path}" for number, (path, _, _) in enumerate(CATEGORIES))
    (folder / "tree.csv").write_text(f"id,path\n{tree}\n")
    (folder / "texts.tsv").write_text("c-1\ten\tLong evening gown\nc-4\tde\tGlasvase\nzz\ten\tA yacht\n")
    vision = replace(compact().model.vision, image_size=32)
    model = replace(tiny().model, vision=vision, centered=True, class_names=True, category_names=True)
    [heads] = [stage for stage in tiny().train.stages if stage.name == "heads"]
    train = replace(
        tiny().train, stages=(heads,), category_texts=(str(folder / "texts.tsv"),), image_alphas=(0.25, 1.0)
    )
    config = replace(tiny(), source=source, model=model, train=train)
    run = RunPaths(folder / "run")
    build(config, run.root, only="ingest")
    return config, run


def test_centers_are_the_means_of_products_and_of_all_paths(frozen):
    config, run = frozen
    trainer = Trainer(config, run, read_products(run.products))
    train, model = trainer.data.train, trainer.model
    assert len(train) - train.product_count == 2, "texts of the taxonomy's categories, the yacht apart"
    with torch.no_grad():
        texts = [text for text in train.texts[: train.product_count] if text]
        products = unit(encode_texts(model.text_tower, trainer.tokens, texts)).mean(axis=0)
        paths = encode_categories(model.text_tower, trainer.tokens, trainer.data.taxonomy.paths, names=True)
        names = encode_texts(model.text_tower, trainer.tokens, class_names())
    assert model.product_center.numpy() == pytest.approx(products, abs=2e-3)
    assert model.category_center.numpy() == pytest.approx(unit(paths).mean(axis=0), abs=2e-3)
    assert not np.allclose(model.product_center, model.category_center, atol=1e-2)
    assert model.class_names.features.numpy() == pytest.approx(names, abs=5e-3)
    assert {path for path, _, _ in CATEGORIES} >= set(trainer.seen), "of products, not of texts"


def test_titles_in_the_taxonomys_language_are_a_reading_of_their_category(frozen):
    config, run = frozen
    titled = replace(config, model=replace(config.model, category_titles=True))
    plain, trainer = (Trainer(each, run, read_products(run.products)) for each in (config, titled))
    assert len(trainer.data.train) - trainer.data.train.product_count == 2, "titles stay training rows"
    paths = trainer.data.taxonomy.paths
    gown = next(row for row, path in enumerate(paths) if trainer.data.taxonomy.by_id["c-1"] == path)
    with torch.no_grad():
        title = trainer.model.text_vectors(
            torch.from_numpy(encode_texts(trainer.model.text_tower, trainer.tokens, ["Long evening gown"]))
        )
        read = trainer.model.category_vectors(torch.from_numpy(trainer.category_features))
        bare = plain.model.category_vectors(torch.from_numpy(plain.category_features))
    others = np.delete(np.arange(len(paths)), gown)
    assert torch.allclose(read[others], bare[others], atol=1e-5), "a category without titles is read as before"
    assert read[gown] @ title[0] > bare[gown] @ title[0] + 0.1

    with pytest.raises(ConfigError, match="no stage adapts"):
        replace(titled, train=replace(tiny().train, stages=tiny().train.stages[-1:]))
    with pytest.raises(ConfigError, match=r"model\.centered"):
        replace(titled.model, centered=False)


def test_a_frozen_run_trains_heads_and_saves_what_was_chosen(frozen, another_precision):
    config, run = frozen
    build(config, run.root, only="train")
    meta = json.loads((run.trained / "model.json").read_text())
    assert meta["selection"]["image_alpha"] in (0.25, 1.0)
    bundle = load_bundle(run.trained)
    assert float(bundle.model.image_head.alpha) == meta["selection"]["image_alpha"]
    assert bundle.model.product_center.any()
    assert bundle.model.class_names.features.any()
    assert "1 of 3 texts in" in run.log.read_text()
    vectors = bundle.encode_images(np.random.default_rng(0).integers(0, 255, (2, 32, 32, 3), dtype=np.uint8))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_training_reads_some_products_without_their_fields_and_validation_whole(frozen):
    config, run = frozen
    products = read_products(run.products)
    whole = products["title"] + " | Mugs"
    products = products.assign(product_type="Mugs", brand="", description="", text=whole)
    data = load_training_data(replace(config, train=replace(config.train, field_dropout=0.5)), run, products)
    read = ["Mugs" in text for text in data.train.texts]
    assert 0.2 < np.mean(read) < 0.8
    assert all(text.endswith(" | Mugs") for examples in data.validation for text in examples.texts)
    every = load_training_data(config, run, products)
    assert all(text.endswith(" | Mugs") for text in every.train.texts)
