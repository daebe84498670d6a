"""Time of a query: end to end over the bare tower forward, the vector index over a NumPy scan, BM25 over the index.

    python -m benchmarks.query [--small]

The model has the compact preset's towers and untrained heads, the index random unit vectors: neither changes the
time. BM25 has made-up texts, words as often as in real ones (Zipf), and queries of such. Every
query is a new text or photo, so that no cache answers it.
"""

from __future__ import annotations

import argparse
import io
import itertools
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.timing import interleaved, line
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.writer import save_bundle
from pipeline.catalog.vectors import StoredVectors
from pipeline.config.build import Config
from pipeline.config.presets import compact, tiny
from pipeline.data.images import read_photo
from pipeline.models.encoding import make_tokens, to_pixels
from pipeline.models.two_tower import TwoTower
from pipeline.search.fusion import COSINE_WEIGHT, convex_combination
from pipeline.search.query import QueryEncoder
from pipeline.search.vector_index import VectorIndex, best_of, exact_scan
from pipeline.search.words.bm25 import LexicalIndex

K = 24
TEXT = "red ceramic travel mug with a lid, hand made for the kitchen, dishwasher safe, a gift for two"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    config: Config
    products: int
    photo_side: int
    rounds: int


FULL = Size(compact(), products=48_289, photo_side=1000, rounds=30)
SMALL = Size(tiny(), products=2_000, photo_side=200, rounds=3)


def unit_vectors(n: int, dimension: int, seed: int) -> np.ndarray:
    """Random unit vectors, float32 [n, dimension]."""
    vectors = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def untrained_bundle(config: Config) -> Bundle:
    """A bundle of this shape as training would leave it, saved and loaded like a real one."""
    torch.manual_seed(0)
    model = TwoTower(config.model)
    if model.class_names is not None:
        model.class_names.features.normal_()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        save_bundle(
            path,
            model,
            make_tokens(config.model.text),
            categories=["A", "A > B"],
            category_vectors=unit_vectors(2, config.model.dimension, 1),
            seen=(),
            meta={"preset": config.preset},
        )
        return load_bundle(path)


def photos(count: int, side: int) -> list[bytes]:
    """JPEG files of smooth random pictures, as a visitor would upload them."""
    rng = np.random.default_rng(2)
    files = []
    for _ in range(count):
        small = Image.fromarray(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8))
        buffer = io.BytesIO()
        small.resize((side, side), Image.Resampling.BICUBIC).save(buffer, format="JPEG", quality=90)
        files.append(buffer.getvalue())
    return files


def zipf_texts(count: int, length: int, seed: int) -> list[str]:
    """Texts of `length` words each, out of 50,000, the r-th most frequent drawn with a weight of 1 / (r + 2.7)."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum(1 / (np.arange(1, 50_001) + 2.7))
    drawn = np.searchsorted(ends, rng.uniform(0, ends[-1], (count, length)))
    return [" ".join(f"word{number}" for number in row) for row in drawn.tolist()]


def text_query(size: Size, bundle: Bundle, index: VectorIndex, lexical: LexicalIndex) -> list[str]:
    """A text, encoded and looked up by vector and as the Space does with words too, over the tower's forward."""
    encoder = QueryEncoder(bundle)
    numbers = itertools.count()
    texts = itertools.cycle(zipf_texts(64, 6, seed=5))
    tower = bundle.model.text_tower
    cache = make_tokens(size.config.model.text)
    tokens = cache.pad(cache([TEXT]))

    def end_to_end() -> None:
        query = encoder.encode(f"{TEXT} {next(numbers)}", None)
        index.search(query.fused_vector[None], K)

    def hybrid() -> None:
        query = encoder.encode(f"{TEXT} {next(numbers)}", None)
        cosines = index.vectors.cosines(query.fused_vector)
        best_of(convex_combination(cosines, lexical.scores(next(texts)), COSINE_WEIGHT), K)

    ways = {"query": end_to_end, "hybrid": hybrid, "tower": lambda: tower(*tokens)}
    with torch.inference_mode():
        times = interleaved(ways, size.rounds, warmup=3)
    return [
        line("text query, end to end", times["query"], times["tower"], "the bare text tower"),
        line("the same with BM25, fused", times["hybrid"], times["tower"], "the bare text tower"),
    ]


def photo_query(size: Size, config: Config, bundle: Bundle, index: VectorIndex) -> str:
    """A photo's file, decoded, encoded and looked up, over the tower's forward on its pixels."""
    encoder = QueryEncoder(bundle)
    limits = replace(config.ingest, image_size=bundle.image_size)
    files = itertools.cycle(photos(8, size.photo_side))
    tower = bundle.model.vision_tower
    pixels = to_pixels(read_photo(next(files), limits).square[None])

    def end_to_end() -> None:
        query = encoder.encode(None, read_photo(next(files), limits))
        index.search(query.fused_vector[None], K)

    with torch.inference_mode():
        times = interleaved({"query": end_to_end, "tower": lambda: tower(pixels)}, size.rounds, warmup=3)
    return line(f"photo query ({size.photo_side} px JPEG)", times["query"], times["tower"], "the bare vision tower")


def best_by_partition(vectors: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The NumPy scan done well: only the k best are sorted. Rows int64 [q, k]."""
    scores = queries @ vectors.T
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def index_lookup(size: Size, vectors: np.ndarray, index: VectorIndex, lexical: LexicalIndex) -> list[str]:
    """The index over the scan, and how far they agree; BM25 over the index."""
    texts = itertools.cycle(zipf_texts(64, 6, seed=6))
    queries = unit_vectors(32, vectors.shape[1], 3)
    turn = itertools.cycle(range(len(queries)))
    ways = {
        "index": lambda: index.search(queries[[next(turn)]], K),
        "sort": lambda: exact_scan(vectors, queries[[next(turn)]], K),
        "partition": lambda: best_by_partition(vectors, queries[[next(turn)]], K),
        "words": lambda: best_of(lexical.scores(next(texts)), K),
    }
    times = interleaved(ways, size.rounds)
    scores, rows = index.search(queries, K)
    exact_scores, exact_rows = exact_scan(vectors, queries, K)
    what = f"index of {len(vectors):,} x {vectors.shape[1]}"
    return [
        line(what, times["index"], times["sort"], "a NumPy scan, sorted"),
        line(what, times["index"], times["partition"], "a NumPy scan, partitioned"),
        line(f"BM25 of {len(lexical):,} texts", times["words"], times["index"], "the index"),
        f"{'agreement of the results':<34} {(rows == exact_rows).mean():7.2%} same row at the same rank; "
        f"scores within {np.abs(scores - exact_scores).max():.1e}",
    ]


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="the tiny preset and few products: a smoke test")
    size = SMALL if parser.parse_args(arguments).small else FULL
    bundle = untrained_bundle(size.config)
    vectors = unit_vectors(size.products, size.config.model.dimension, 0)
    index = VectorIndex(StoredVectors(vectors))
    lexical = LexicalIndex.of(zipf_texts(size.products, 60, seed=4))
    print(f"preset {size.config.preset}, {torch.get_num_threads()} threads, {size.rounds} rounds, medians")
    print("\n".join(text_query(size, bundle, index, lexical)))
    print(photo_query(size, size.config, bundle, index))
    print("\n".join(index_lookup(size, vectors, index, lexical)))


if __name__ == "__main__":
    main()
