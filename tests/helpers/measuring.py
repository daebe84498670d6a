"""Subjects of evaluation tests: an encoder of random vectors, and random products."""

import zlib
from dataclasses import replace

import numpy as np

from pipeline.data.vectors import ProductVectors, unit
from pipeline.evaluation.dataset import EvaluationRows
from pipeline.taxonomy.paths import hash_path
from tests.helpers.fakes import uncalibrated

PATHS = tuple(
    " > ".join(names)
    for names in (
        ("Home",),
        ("Home", "Decor"),
        ("Home", "Decor", "Vases"),
        ("Home", "Decor", "Clocks"),
        ("Home", "Kitchen"),
        ("Toys",),
        ("Toys", "Puzzles"),
        ("Toys", "Kites"),
        ("Audio", "Speakers"),
        ("Audio",),
    )
)


class RandomEncoder:
    """Every text and every photo has a random vector of its own; counts what it is asked."""

    dimension = 6
    image_size = 32

    logit_scale = 5.0

    def __init__(self):
        self.categories = PATHS
        self.category_ids = {}
        self.predictor = replace(uncalibrated(), most_frequent=hash_path(PATHS[2]))
        self.seen = np.arange(len(PATHS)) % 2 == 0
        self.was_seen = {path for path, is_seen in zip(PATHS, self.seen, strict=True) if is_seen}.__contains__
        self.asked = []

    def _vectors(self, keys, width):
        seeds = [zlib.crc32(repr(key).encode()) for key in keys]
        vectors = [np.random.default_rng(seed).normal(size=width) for seed in seeds]
        return unit(np.array(vectors, dtype=np.float32).reshape(len(keys), width))

    def encode_texts(self, texts, progress=False):
        self.asked += texts
        return self._vectors(texts, self.dimension)

    def encode_categories(self, paths):
        self.asked += paths
        return self._vectors(paths, self.dimension)

    def encode_aliases(self, paths, aliases):
        return None

    def encode_texts_untrained(self, texts):
        return self._vectors([(text, "untrained") for text in texts], 9)

    def encode_categories_untrained(self, paths):
        return self.encode_texts_untrained(paths)

    def encode_images(self, images, progress=False):
        return self._vectors([image.tobytes() for image in images], self.dimension)

    def fuse(self, text, image, has_text, has_image):
        return unit(text * has_text[:, None] + image * has_image[:, None])


def with_photo_vectors(encoder, texts, image, has_image):
    """Products whose photos' vectors are given; their texts are encoded."""
    has_text = np.array([bool(text) for text in texts])
    text = np.zeros((len(texts), encoder.dimension), dtype=np.float32)
    if has_text.any():
        text[has_text] = encoder.encode_texts([one for one in texts if one])
    return ProductVectors(encoder.fuse(text, image, has_text, has_image), text, image, has_text, has_image)


def make_rows(encoder, n=80, seed=0):
    """Random products: some without text, photo, truth or candidates; lists of different lengths."""
    rng = np.random.default_rng(seed)
    texts = [f"product {number % 50}" if rng.random() < 0.8 else "" for number in range(n)]
    truths = [str(rng.choice(PATHS)) if rng.random() < 0.9 else None for _ in range(n)]
    candidates = []
    for truth in truths:
        row = [str(path) for path in rng.permutation(PATHS)[: rng.integers(0, 6)] if path != truth]
        if truth is not None and rng.random() < 0.8:
            row.insert(int(rng.integers(len(row) + 1)), truth)
        candidates.append(tuple(row))
    has_image = np.array([not text or rng.random() < 0.7 for text in texts])
    image = unit(rng.normal(size=(n, encoder.dimension)).astype(np.float32)) * has_image[:, None]
    return EvaluationRows(texts, truths, candidates, with_photo_vectors(encoder, texts, image, has_image))
