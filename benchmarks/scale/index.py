"""The tiers of the index at size: recall@10, queries per second, memory and time to build, over the exact scan.

    python -m benchmarks.scale.index [--vectors 50000 1000000] [--folder DIR] [--small]

The vectors are made up: 384 dimensions in 20 x 20 x 20 nested clusters, with a spectrum that falls as that of real
ones. Queries are drawn likewise, and asked one at a time. Each size is measured in a process of its own. Resident is
what opening and all queries added to its memory, mapped files included. The scan is that of small catalogues.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np

from benchmarks.memory import resident
from pipeline.catalog.vectors import StoredVectors
from pipeline.search.large import index as large_index
from pipeline.search.large.index import LargeIndex
from pipeline.search.vector_index import VectorIndex

DIMENSION, BRANCHES, QUERIES, SCANS, K = 384, 20, 200, 20, 10
_SPREADS = (1.0, 0.8, 0.7, 0.6)  # of the three levels of clusters, and of vectors in the last
_BLOCK, SMALL = 65_536, 20_000


def spectrum() -> np.ndarray:
    """Standard deviation of each dimension, float32 [d], of length 1."""
    falling = np.arange(1, DIMENSION + 1, dtype=np.float32) ** -0.5
    scaled: np.ndarray = falling / np.linalg.norm(falling)
    return scaled


def clusters() -> np.ndarray:
    """Centers of 8,000 nested clusters, float32 [8000, d]."""
    rng, centers = np.random.default_rng(0), np.zeros((1, DIMENSION), dtype=np.float32)
    for spread in _SPREADS[:-1]:
        centers = np.repeat(centers, BRANCHES, axis=0)
        centers += spread * rng.standard_normal(centers.shape, dtype=np.float32) * spectrum()
    return centers


def draw(centers: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Unit vectors float32 [count, d] around centers drawn at random."""
    vectors = centers[rng.integers(len(centers), size=count)]
    vectors += _SPREADS[-1] * rng.standard_normal(vectors.shape, dtype=np.float32) * spectrum()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def build(folder: Path, n: int) -> float:
    """Write n made vectors and their index; returns the seconds that the index took."""
    centers, rng = clusters(), np.random.default_rng(1)
    halves = np.empty((n, DIMENSION), dtype=np.float16)
    for start in range(0, n, _BLOCK):
        halves[start : start + _BLOCK] = draw(centers, min(_BLOCK, n - start), rng)
    vectors = StoredVectors(halves)
    del halves
    vectors.write(folder / "vectors", folder / "lengths.npy")
    started = time.perf_counter()
    LargeIndex.build(vectors, folder / "index")
    return time.perf_counter() - started


def measure(folder: Path) -> dict[str, float]:
    """Recall@10, milliseconds of a query by scan and by index, and the megabytes that the index added."""
    large_index.EXACT_MOST = 0  # the lists are asked at every size
    queries = draw(clusters(), QUERIES, np.random.default_rng(2))
    before = resident(os.getpid())
    vectors = StoredVectors.mapped(folder / "vectors", folder / "lengths.npy")
    large = LargeIndex.open(vectors, folder / "index")
    _each(large, queries[:5])
    found, indexed = _each(large, queries)
    added = resident(os.getpid()) - before
    expected, scanned = _each(VectorIndex(vectors), queries[:SCANS])
    _, expected_all = VectorIndex(vectors).search(queries, K)
    assert [row.tolist() for row in expected] == expected_all[:SCANS].tolist()
    hits = [len(np.intersect1d(one, other)) / K for one, other in zip(found, expected_all, strict=True)]
    return {
        "recall": float(np.mean(hits)),
        "scan_ms": 1e3 * scanned,
        "index_ms": 1e3 * indexed,
        "megabytes": added / 1e6,
    }


def _each(index: VectorIndex, queries: np.ndarray) -> tuple[list[np.ndarray], float]:
    """The rows of each query, asked alone, and the mean seconds of one."""
    started = time.perf_counter()
    rows = [index.search(query[None], K)[1][0] for query in queries]
    return rows, (time.perf_counter() - started) / len(queries)


def in_process(step: str, folder: Path, n: int) -> dict[str, float]:
    """What a step prints that runs in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale.index", "--step", step, "--folder", str(folder)]
    done = subprocess.run([*command, "--vectors", str(n)], check=True, stdout=subprocess.PIPE, text=True)
    values: dict[str, float] = json.loads(done.stdout)
    return values


def report(folder: Path, n: int) -> None:
    """Build, measure and print."""
    inside = folder / str(n)
    if not (inside / "index").exists():
        inside.mkdir(parents=True, exist_ok=True)
        built = in_process("build", inside, n)
        print(f"{n:>10,} vectors: built in {built['seconds']:.0f} s with a peak of {built['peak_megabytes']:,.0f} MB")
    values = in_process("measure", inside, n)
    size, speed = (inside / "index").stat().st_size / 1e6, values["scan_ms"] / values["index_ms"]
    print(f"{n:>10,} vectors: recall@10 {values['recall']:.4f}, {speed:.1f} x as fast as the scan")
    print(f"{'':>19} {values['index_ms']:.2f} ms a query over {values['scan_ms']:.1f} ms on one core")
    print(f"{'':>19} an index of {size:,.0f} MB; {values['megabytes']:,.0f} MB resident")


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--vectors", type=int, nargs="+", default=[50_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="where vectors and indexes go, and stay")
    parser.add_argument("--step", choices=["build", "measure"], help=argparse.SUPPRESS)
    parser.add_argument("--small", action="store_true", help="few vectors: a smoke test")
    options = parser.parse_args(arguments)
    faiss.omp_set_num_threads(1)
    steps: dict[str, Callable[[], dict[str, float]]] = {
        "build": lambda: {"seconds": build(options.folder, options.vectors[0]), "peak_megabytes": _peak()},
        "measure": lambda: measure(options.folder),
    }
    if options.step:
        print(json.dumps(steps[options.step]()))
        return
    with tempfile.TemporaryDirectory() as temporary:
        for n in [SMALL] if options.small else options.vectors:
            report(options.folder or Path(temporary), n)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
