"""The predictor of a final fit, and texts of categories among the classifier's rows."""

from dataclasses import replace
from itertools import chain
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.writer import add_predictor
from pipeline.config.presets import tiny
from pipeline.data.schema import read_products
from pipeline.data.vectors import ProductVectors, read_vectors, unit
from pipeline.models.classifier import ClassTable
from pipeline.prediction.fitting.described import Described, as_typed, describe
from pipeline.prediction.fitting.final import final_fit
from pipeline.prediction.fitting.fit import train_parts
from pipeline.taxonomy.paths import read_taxonomy


@pytest.fixture(scope="module")
def run(tiny_run):
    """A finished run: its folder, its trained bundle, its labeled products and their vectors."""
    paths = RunPaths(tiny_run)
    products = read_products(paths.products)
    products = products[products["category_path"].notna()].reset_index(drop=True)
    return paths, load_bundle(paths.trained), products, read_vectors(paths.embeddings, products["product_id"].tolist())


def _config(**train):
    """Preset tiny without texts of categories."""
    return replace(tiny(), train=replace(tiny().train, **train))


def test_confidences_that_were_measured_on_held_out_sources_stay(run, tmp_path):
    paths, bundle, products, vectors = run
    parts = load_bundle(paths.calibrated).predictor
    strange = {
        name: {kind: replace(calibration, sources=2, rows=77) for kind, calibration in kinds.items()}
        for name, kinds in parts.calibrations.items()
    }
    add_predictor(paths.trained, tmp_path / "earlier", replace(parts, calibrations=strange))
    released = products.assign(split=products["split"].replace({"heldout": "train"}))
    config = _config(final_fit=str(tmp_path / "earlier"))
    described = describe(config, bundle, paths)
    assert described.truths == []
    images = np.load(paths.images, mmap_mode="r")
    fitted = final_fit(config, bundle, released, vectors, described, images, {})
    assert fitted.parts.calibrations == strange
    assert fitted.parts.foreign_calibrations == parts.foreign_calibrations
    assert fitted.predictions == {}, "nothing was measured again"
    assert {*chain(*fitted.parts.classes)} > {*chain(*parts.classes)}, "held-out categories"
    assert fitted.parts.familiarity.keys() == parts.familiarity.keys()


def test_texts_of_categories_are_read_like_products_without_a_photo(run, tmp_path):
    paths, bundle, products, _ = run
    taxonomy = read_taxonomy(paths.taxonomy)
    known = sorted(set(products.loc[products["split"] == "train", "category_path"]))
    ids = {f"c-{number}": path for number, path in enumerate(taxonomy.paths)}
    lines = [f"{name}\tde\tTitel {name}" for name in ids]
    (tmp_path / "texts.tsv").write_text("\n".join(lines))
    (tmp_path / "tree.csv").write_text("id,path\n" + "\n".join(f"{name},{path}" for name, path in ids.items()))

    places = SimpleNamespace(taxonomy=tmp_path / "tree.csv", features=tmp_path / "features")
    config = _config(category_texts=(str(tmp_path / "texts.tsv"),))
    described = describe(config, bundle, places)
    assert described.truths == list(taxonomy.paths)
    assert described.vectors.has_text.all()
    assert not described.vectors.has_image.any()
    assert np.allclose(described.vectors.text, bundle.encode_texts([f"Titel {name}" for name in ids]), atol=1e-5)
    names = [path.rpartition(" > ")[2].lower() for path in taxonomy.paths]
    short = as_typed([f"Titel {name}" for name in ids], taxonomy.paths, config.seed)
    assert set(names) < set(short)
    assert np.allclose(described.typed, bundle.encode_texts(short), atol=1e-5)
    among = described.among(frozenset(known))
    assert among.truths == [path for path in taxonomy.paths if path in set(known)]


def test_a_classifier_that_learned_texts_knows_their_kind(run):
    _, bundle, products, vectors = run
    known = sorted(set(products.loc[products["split"] == "train", "category_path"]))
    rng = np.random.default_rng(3)
    text = np.repeat(unit(rng.normal(size=(len(known), bundle.dimension)).astype(np.float32)), 20, axis=0)
    flags = np.ones(len(text), dtype=bool)
    texts = Described(
        [path for path in known for _ in range(20)], ProductVectors(text, text, 0 * text, flags, ~flags), text[:0]
    )
    settings = replace(tiny().predictor, epochs=40)
    nothing = texts.among(frozenset())
    assert nothing.truths == []
    taught, plain = (train_parts(products, vectors, each, [0.0], settings, seed=1)[0.0] for each in (texts, nothing))
    assert taught.classes == plain.classes
    assert taught.most_frequent == plain.most_frequent, "of the products"
    labels = ClassTable.of(known).labels(texts.truths)[:, 0]
    right = [
        (parts.classifier(torch.from_numpy(text))[0].numpy().argmax(axis=1) == labels).mean()
        for parts in (taught, plain)
    ]
    assert right[0] > 0.9 > right[1]


def test_a_title_is_typed_as_the_clause_that_names_the_product():
    titles = [
        "Ceramic mug with handle, blue, 300 ml",
        "Gonflable 3 m, avec pompe",
        "ドッグフード、12kg",
        "A b c d e f",
        "|",
        "Mug",
    ]
    typed = as_typed(titles, ["Home > Mugs", "Home"], seed=0)
    assert sorted(typed) == sorted(["Ceramic mug", "Gonflable 3 m", "ドッグフード", "A b c d", "Mug", "mugs", "home"])
    many = as_typed([f"mug {number}" for number in range(5_000)], [], seed=0)
    assert len(set(many)) == len(many) == 1_500
    assert as_typed([], [], seed=0) == []
