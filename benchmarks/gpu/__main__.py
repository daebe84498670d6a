"""Speed and memory of the preset siglip2-bge on a GPU: training, encoding and exact search, in under eight minutes.

    python -m benchmarks.gpu [--small] [--only PART ...] [--limit SECONDS] [--json FILE]

Prints a Markdown table, each row as soon as it is measured. Weights are random, at the preset's real size; products are
made up. Each part runs in a process of its own, which is ended where it runs past its time; rows that it had by then
stay, and the exit code is 1. Without a GPU it runs all the same, but at real size no part would be done in its time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from benchmarks.gpu.scan import DeviceScan, float32_scan, made_vectors, recall
from benchmarks.isolated import UnfinishedError, peak_resident, stream
from benchmarks.products import make_photos, make_texts
from benchmarks.real_size import (
    REAL_TEXT,
    REAL_VISION,
    ROWS,
    SMALL_TEXT,
    SMALL_VISION,
    device_peak,
    machine,
    measure_stage,
    reset_device_peak,
    synchronize,
    write_checkpoints,
)
from benchmarks.timing import interleaved
from pipeline.config.build import Config
from pipeline.config.presets import siglip2_bge
from pipeline.models import encoding
from pipeline.models.checkpoints import load_tokenizer
from pipeline.models.encoding import TokenCache, encode_images, encode_texts
from pipeline.models.towers import TextTower, VisionTower

LIMIT = 440  # seconds of all parts together: with what comes before and after them, below eight minutes
K = 10
BATCH = 64
PRECISIONS = ("float32", "float32, matrices in TF32", "bf16 autocast")
HEAD = "| what | rate | ratio | on the GPU | resident | and |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Size:
    """Amount of work that is measured.

    Attributes:
        steps: Of each training stage.
        warm: Steps, rounds or batches before what is measured.
        rows: Photos, and texts, that are encoded.
        vectors: That are searched.
        dimension: Of these.
        rounds: Times that a query, and a batch of them, is searched.
    """

    steps: int
    warm: int
    rows: int
    vectors: int
    dimension: int
    rounds: int


REAL = Size(steps=100, warm=10, rows=20_000, vectors=1_000_000, dimension=512, rounds=200)
SMALL = Size(steps=2, warm=1, rows=48, vectors=5_000, dimension=64, rounds=3)


@dataclass(frozen=True)
class Figure:
    """A row of the table.

    Attributes:
        what: Was measured.
        rate: A second.
        unit: Of the rate.
        ratio: "" or this rate over another, with the name of that.
        device: Peak bytes that tensors had on the GPU; 0 without one.
        resident: Peak resident bytes of the process so far.
        remark: What else is to say.
    """

    what: str
    rate: float
    unit: str
    ratio: str
    device: int
    resident: int
    remark: str

    def row(self) -> str:
        """A line of the table."""
        cells = (
            self.what,
            f"{self.rate:,.{1 if self.rate < 100 else 0}f} {self.unit}",
            self.ratio,
            f"{self.device / 1e9:.1f} GB" if self.device else "",
            f"{self.resident / 1e9:.1f} GB",
            self.remark,
        )
        return f"| {' | '.join(cells)} |"


def train(config: Config, number: int, size: Size) -> Iterator[Figure]:
    """Steps of one stage."""
    stage = config.train.stages[number]
    measured = measure_stage(config, number, size.steps, size.warm)
    hours = measured.seconds * ROWS / stage.batch_size / 3600
    precision = {"no": "float32"}.get(measured.precision, measured.precision)
    yield Figure(
        f"{stage.name}, steps of {stage.batch_size} in {precision}",
        1 / measured.seconds,
        "steps/s",
        "",
        measured.device,
        measured.resident,
        f"{60 * hours:.1f} min an epoch of {ROWS:,}, {60 * hours * stage.epochs:.1f} min the stage's {stage.epochs}",
    )


def photos(config: Config, size: Size) -> Iterator[Figure]:
    """Photos through the vision tower in every precision; `embed` takes bf16 where that is fast."""
    tower = VisionTower(config.model.vision).to(_device())
    tower.merge_adapters()
    images = make_photos(size.rows, config.model.vision.image_size, np.random.default_rng(0))

    def encode(rows: slice) -> tuple[np.ndarray, str]:
        return encode_images(tower, images[rows]), f"{len(images[rows]):,} of {images.shape[1]} px"

    yield from _precisions("photos", encode, size)


def texts(config: Config, size: Size) -> Iterator[Figure]:
    """Texts, with their tokenization, through the text tower in every precision, as `photos`."""
    tower = TextTower(config.model.text).to(_device())
    tower.merge_adapters()
    tokenizer = load_tokenizer(config.model.text)
    made = make_texts(size.rows, np.random.default_rng(0))

    def encode(rows: slice) -> tuple[np.ndarray, str]:
        tokens = TokenCache(tokenizer, config.model.text.max_tokens, config.model.text.prefix)
        start = time.perf_counter()
        mean = np.mean([len(ids) for ids in tokens(made[rows])])
        tokenizing = time.perf_counter() - start
        features = encode_texts(tower, tokens, made[rows])
        return features, f"{len(features):,} of {mean:.0f} tokens in the mean, {tokenizing:.1f} s of it tokenizing"

    yield from _precisions("texts", encode, size)


def _precisions(name: str, encode: Callable[[slice], tuple[np.ndarray, str]], size: Size) -> Iterator[Figure]:
    """The same rows in every precision; the first, float32, is the baseline of the others."""
    first, before = np.zeros((0, 0), np.float32), 0.0
    for precision in PRECISIONS:
        with _in_precision(precision):
            encode(slice(64 * size.warm))
            reset_device_peak()
            start = time.perf_counter()
            features, remark = encode(slice(None))
            synchronize()
            rate = size.rows / (time.perf_counter() - start)
        if precision == PRECISIONS[0]:
            first, before = features, rate
            ratio = ""
        else:
            ratio = f"{rate / before:.2f} x {PRECISIONS[0]}"
            remark += f"; cosine to {PRECISIONS[0]} at least {_least_cosine(features, first):.4f}"
        yield Figure(f"{name}, {precision}", rate, "rows/s", ratio, device_peak(), peak_resident(), remark)


@contextmanager
def _in_precision(precision: str) -> Iterator[None]:
    """Precision of matrix products, whatever `encoding.bulk_precision` would take here."""
    torch.set_float32_matmul_precision("high" if "TF32" in precision else "highest")
    with (
        mock.patch.object(encoding, "fast_in_bfloat16", return_value=False),
        torch.autocast(_device(), dtype=torch.bfloat16, enabled="bf16" in precision),
    ):
        yield


def _least_cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float((np.einsum("nd,nd->n", a, b) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def search(config: Config, size: Size) -> Iterator[Figure]:
    """Exact search, from queries in memory to rows and scores in memory, over the same in float32 on the CPU."""
    vectors = made_vectors(size.vectors, size.dimension, _device())
    noise = np.random.default_rng(1).normal(size=(BATCH, size.dimension)) / size.dimension**0.5
    near = vectors[:: size.vectors // BATCH][:BATCH].cpu() + 0.5 * torch.from_numpy(noise).float()
    queries = torch.nn.functional.normalize(near, dim=1)
    true = float32_scan(vectors, queries.to(_device()), K)
    scan, at_hand = DeviceScan(vectors), vectors.cpu()
    del vectors
    batches = {"one query": queries[:1], f"batches of {BATCH}": queries}
    reset_device_peak()
    rows = scan.search(queries.numpy(), K)[1]
    seconds = interleaved(
        {way: partial(scan.search, some.numpy(), K) for way, some in batches.items()}, size.rounds, warmup=size.warm
    )
    on_cpu = interleaved({way: partial(float32_scan, at_hand, some, K) for way, some in batches.items()}, 3)
    for way, some in batches.items():
        yield Figure(
            f"exact search of {size.vectors:,} x {size.dimension} in float16, {way}",
            len(some) / seconds[way],
            "queries/s",
            f"{on_cpu[way] / seconds[way]:.3g} x float32 on the CPU ({torch.get_num_threads()} threads)",
            device_peak(),
            peak_resident(),
            f"{1e3 * seconds[way]:.2f} ms; recall@{K} {recall(rows, true):.4f}",
        )


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


Work = tuple[Callable[..., Iterator[Figure]], tuple[object, ...], float]


def parts(config: Config, size: Size) -> dict[str, Work]:
    """Name -> the work, its arguments and its seconds at most."""
    stages = {stage.name: (train, (config, number, size), 70.0) for number, stage in enumerate(config.train.stages)}
    others = {"search": (search, 60.0), "texts": (texts, 60.0), "photos": (photos, 100.0)}
    return {**stages, **{name: (work, (config, size), seconds) for name, (work, seconds) in others.items()}}


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="small towers, few rows: a smoke test")
    names = list(parts(siglip2_bge(), SMALL))
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="some parts; the default is all")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds of all parts together")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures, written anew after each")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    kind = "small" if options.small else "real size"
    print(f"siglip2-bge, {kind}, random weights, made-up products; {machine()}\n\n{HEAD}", flush=True)
    shapes, size = ((SMALL_TEXT, SMALL_VISION), SMALL) if options.small else ((REAL_TEXT, REAL_VISION), REAL)
    figures: list[Figure] = []
    missing: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        todo = parts(write_checkpoints(Path(folder), *shapes), size)
        for name in options.only:
            work, given, seconds = todo[name]
            try:
                for figure in stream(work, given, min(seconds, start + options.limit - time.monotonic())):
                    figures.append(figure)
                    print(figure.row(), flush=True)
                    if options.json:
                        write_json(options.json, figures)
            except UnfinishedError as error:
                missing.append(f"Not all of '{name}' was measured: {error}.")
    print("\n" + "\n".join([*missing, f"{time.monotonic() - start:.0f} s in all."]), flush=True)
    if missing:
        raise SystemExit(1)


def write_json(path: Path, figures: list[Figure]) -> None:
    """Write the figures, and what they were measured on."""
    report = {"machine": machine(), "figures": [asdict(figure) for figure in figures]}
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
