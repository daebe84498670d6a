"""A bundle without towers and a small catalogue made by hand: all that prediction and the Space need, in milliseconds.

A text's vector is made of its words and a category's of the words of its path, so that likeness can be foreseen.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from pipeline.artifacts import write_json
from pipeline.bundle.aliases import AliasVectors, alias_vectors
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.meta import BUNDLE_VERSION
from pipeline.bundle.predictor_state import PREDICTORS, PredictorParts, hashed_classes
from pipeline.catalog import meta as catalog_meta
from pipeline.config.presets import tiny
from pipeline.data.json_checks import sealed
from pipeline.data.schema import catalog_schema, vectors_to_arrow
from pipeline.data.text.listing import FIELD_COLUMNS
from pipeline.data.vectors import unit
from pipeline.provenance import Provenance
from pipeline.types import MODALITIES

DIMENSION = 32
CATEGORIES = (
    "Clothing",
    "Clothing > Shirts",
    "Clothing > Shirts > Polos",
    "Clothing > Dresses",
    "Home",
    "Home > Vases",
    "Home > Clocks",
)
FAKE_FILES = {
    "model.safetensors": b"weights of the fake bundle",
    "categories.parquet": b"",
    "tokenizer/tokenizer.json": b"{}",
}
"""Files beside the model.json of the fake bundle."""

PRODUCTS = [
    ("red shirt", "Clothing > Shirts"),
    ("blue shirt", "Clothing > Shirts"),
    ("blue polo shirt", "Clothing > Shirts > Polos"),
    ("green dress", "Clothing > Dresses"),
    ("tall vase", "Home > Vases"),
    ("oak clock", "Home > Clocks"),
    ("red shirt", "Clothing > Shirts"),
]


def word_vector(text: str) -> np.ndarray:
    words = [word.rstrip("s") for word in re.findall(r"\w+", text.lower()) or [text]]
    seeds = [int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little") for word in words]
    total = np.sum([np.random.default_rng(seed).normal(size=DIMENSION) for seed in seeds], axis=0)
    return unit(total).astype(np.float32)


def uncalibrated() -> PredictorParts:
    """The retrieval as it is, its probabilities taken for confidences."""
    plain = dict.fromkeys(MODALITIES, Calibration())
    return PredictorParts((), None, {"retrieval": plain, "default": plain})


class FakeBundle:
    """The methods of `pipeline.bundle.bundle.Bundle` that prediction calls."""

    dimension = DIMENSION
    image_size = 16
    logit_scale = 20.0

    def __init__(self, categories: Sequence[str] = CATEGORIES, temperature: float = 1.0) -> None:
        self.meta = {}
        plain = uncalibrated()
        setting = dict.fromkeys(MODALITIES, Calibration(inverse_temperature=1 / temperature))
        self.predictor = replace(plain, calibrations=dict.fromkeys(plain.calibrations, setting))
        self.config = SimpleNamespace()
        self.categories = tuple(categories)
        self.category_vectors = np.stack([word_vector(path) for path in categories])
        self.category_ids: dict[str, str] = {}
        self.aliases: AliasVectors | None = None
        self.texts_encoded: list[str] = []

    def encode_texts(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        self.texts_encoded.extend(texts)
        return np.stack([word_vector(text) for text in texts])

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        assert images.dtype == np.uint8
        assert images.shape[1:] == (16, 16, 3)
        return unit(images.reshape(len(images), -1)[:, : DIMENSION * 3 : 3].astype(np.float32) - 100)

    def encode_categories(self, paths: Sequence[str]) -> np.ndarray:
        return np.stack([word_vector(path) for path in paths])

    def was_seen(self, path: str) -> bool:
        return path in self.categories

    def encode_aliases(self, paths: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> AliasVectors | None:
        return alias_vectors(self.encode_texts, paths, aliases)

    def encode_texts_untrained(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([word_vector(text[::-1]) for text in texts])  # another order than after training

    def encode_categories_untrained(self, paths: Sequence[str]) -> np.ndarray:
        return self.encode_texts_untrained(paths)

    def gate(self, text: np.ndarray, image: np.ndarray) -> np.ndarray:
        return np.full(text.shape, 0.5, dtype=np.float32)

    def fuse(self, text: np.ndarray, image: np.ndarray, has_text: np.ndarray, has_image: np.ndarray) -> np.ndarray:
        return unit(text * has_text[:, None] + image * has_image[:, None])


def bundle_with_classifier(
    paths: Sequence[str], weight: float = 0.5, seed: int = 0, truths: Sequence[str] | None = None
) -> FakeBundle:
    """A bundle whose classifier has random weights and knows every path, or only the truths."""
    import torch  # only for tests that ask for a classifier

    from pipeline.models.classifier import ClassTable, HierarchicalClassifier

    bundle = FakeBundle(paths)
    torch.manual_seed(seed)
    table = ClassTable.of(list(truths or paths))
    classifier = HierarchicalClassifier(DIMENSION, 8, table.sizes).eval().requires_grad_(False)
    for value in classifier.state_dict().values():
        value.mul_(3)
    weights = {"retrieval": 0.0, "classifier": 1.0, "default": weight}
    calibrations = {
        name: dict.fromkeys(MODALITIES, Calibration(classifier_weight=weights[name])) for name in PREDICTORS
    }
    bundle.predictor = PredictorParts(hashed_classes(table.paths), classifier, calibrations)
    return bundle


def webp(color: tuple[int, int, int] = (200, 30, 30), size: int = 24) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), color).save(buffer, "WEBP")
    return buffer.getvalue()


def write_catalog(
    path: Path,
    products: Sequence[tuple[str, str]],
    *,
    row_group_size: int = 2,
    demo: bool = False,
    weights: str | None = None,
    bundle: str | None = None,
    analysis: Mapping[str, Any] | None = None,
    lacking: Sequence[str] = (),
) -> Path:
    """Write products, pairs of title and category path; every third has no photo, vectors come from the titles.

    Columns that are `lacking` are left out.
    """
    n = len(products)
    text = np.stack([word_vector(title) for title, _ in products])
    image = np.stack([word_vector("photo of " + title) for title, _ in products])
    has_image = np.arange(n) % 3 != 2
    fused = unit(text + image * has_image[:, None])
    paths = [category for _, category in products]
    position = {name: np.arange(n, dtype=np.float32) for name in ("x", "y", "z", "umap2_x", "umap2_y")}
    columns = {
        "product_id": [f"p{i}" for i in range(n)],
        "split": ["train"] * n,
        "title": [title for title, _ in products],
        "description": ["" for _ in products],
        "brand": ["Norvik"] * n,
        **{name: [""] * n for name in FIELD_COLUMNS if name not in lacking},
        "language": ["en"] * n,
        "is_secondhand": [False] * n,
        "category_path": paths,
        "category_top": [category.split(" > ")[0] for category in paths],
        "category_depth2": [" > ".join(category.split(" > ")[:2]) for category in paths],
        "predicted_path": paths,
        "predicted_confidences": [[0.9] * len(category.split(" > ")) for category in paths],
        "candidates": [list(CATEGORIES) for _ in products],
        "candidate_scores": [[0.5] * len(CATEGORIES) for _ in products],
        "thumbnail": [webp((i, 0, 0)) if has_image[i] else None for i in range(n)],
        "fused_embedding": vectors_to_arrow(fused),
        "text_embedding": vectors_to_arrow(text),
        "image_embedding": vectors_to_arrow(image, has_image),
        **position,
        **{name: np.zeros(n, dtype=np.float32) for name in ("pca_x", "pca_y", "pca_z", "tsne_x", "tsne_y")},
        **{name: np.zeros(n, dtype=np.int32) for name in ("cluster", "dbscan")},
    }
    schema = pa.schema([field for field in catalog_schema(DIMENSION) if field.name not in lacking])
    fake = fake_meta()
    meta = {
        "model": weights or fake["files"]["model.safetensors"],
        "bundle": bundle or fake["sha256"],
        "dimension": DIMENSION,
        "demo": demo,
        "provenance": asdict(Provenance("publish", "tiny", "0" * 16, n, "0" * 16)),
    }
    analysis_text = None if analysis is None else json.dumps(analysis)
    catalog_meta.write_catalog(
        path, pa.table(columns, schema=schema), meta, analysis_text, row_group_size=row_group_size
    )
    return path


def fake_meta() -> dict[str, Any]:
    """model.json of the fake bundle."""
    source = {"id": "none", "revision": "none"}
    return sealed(
        {
            "version": BUNDLE_VERSION,
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in FAKE_FILES.items()},
            "model": asdict(tiny().model),
            "seen": [],
            "towers": {"text": source, "vision": source},
            "predictor": None,
        }
    )


def write_fake_model(folder: Path) -> Path:
    """The files by which a bundle is recognized; nothing that could be loaded."""
    for name, content in FAKE_FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    write_json(folder / "model.json", fake_meta())
    return folder


def write_small_model(folder: Path) -> Path:
    """A bundle of untrained small towers that does load; its space has `DIMENSION` dimensions, like the catalogue's."""
    import torch  # and what follows brings it: only for tests that ask for it

    from pipeline.bundle.writer import add_predictor, save_bundle
    from pipeline.models.encoding import make_tokens
    from pipeline.models.two_tower import TwoTower

    config = tiny().model
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = TwoTower(config)
    vectors = np.stack([word_vector(path) for path in CATEGORIES])
    save_bundle(
        folder,
        model,
        make_tokens(config.text),
        categories=CATEGORIES,
        category_vectors=vectors,
        seen=CATEGORIES[:2],
        meta={"preset": "tiny"},
    )
    add_predictor(folder, folder, uncalibrated())
    return folder
