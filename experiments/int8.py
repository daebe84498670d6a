"""The text tower in 8 bits: how much faster, and what it costs in right categories.

    python -m experiments.int8 --run RUN --model BUNDLE [--rows 1000]

RUN is a folder whose ingest is done. The linear layers of BUNDLE's text tower are quantized as torch does it while it
runs (`quantize_dynamic`): all of them, or all but the wide ones, whose inputs have outliers. Printed for rows of the
validation and the held-out-source split that have a text: hierarchical F1 of the nearest path, with its difference from
the float tower's and the 95 % bootstrap interval of that; and the time of one text and of a batch, over the float
tower's.
"""

from __future__ import annotations

import argparse
import copy
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

from benchmarks.timing import interleaved
from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.data.schema import read_products
from pipeline.metrics.ratios import path_overlap
from pipeline.models.encoding import encode_texts
from pipeline.models.towers import TextTower
from pipeline.taxonomy.paths import levels

SPLITS = ("validation", "heldout-source")
RESAMPLES, SEED, ROUNDS = 1000, 17, 20
FLOAT = "float32"


def all_layers(name: str) -> bool:
    """Every linear layer."""
    return True


def all_but_wide(name: str) -> bool:
    """All linear layers but those whose inputs are the wide states of the feed-forward blocks."""
    return not name.endswith("output.dense") or "attention" in name


QUANTIZED: dict[str, Callable[[str], bool]] = {"int8": all_layers, "int8 but for the wide layers": all_but_wide}


def quantized(tower: TextTower, chosen: Callable[[str], bool]) -> TextTower:
    """A copy of a tower whose `chosen` linear layers have weights of 8 bits, a scale for each output."""
    names = [name for name, module in tower.named_modules() if isinstance(module, nn.Linear) and chosen(name)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        settings = dict.fromkeys(names, per_channel_dynamic_qconfig)
        copied: TextTower = quantize_dynamic(copy.deepcopy(tower), settings, dtype=torch.qint8)
    return copied


def hf1_of(bundle: Bundle, tower: TextTower, texts: Sequence[str], truths: Sequence[str]) -> Callable[..., float]:
    """Hierarchical F1 of the nearest paths, as a function of the rows that count."""
    vectors = bundle.project_texts(encode_texts(tower, bundle.tokens, texts))
    nearest = [bundle.categories[row] for row in (vectors @ bundle.category_vectors.T).argmax(axis=1)]
    f1 = path_overlap([levels(path) for path in nearest], [levels(path) for path in truths]).f1
    return lambda rows: f1.at(rows).value


def report(bundle: Bundle, towers: dict[str, TextTower], split: str, texts: list[str], truths: list[str]) -> None:
    """Print a line for each tower."""
    scores = {name: hf1_of(bundle, tower, texts, truths) for name, tower in towers.items()}
    every = np.arange(len(texts))
    draws = np.random.default_rng(SEED).integers(0, len(texts), (RESAMPLES, len(texts)))
    for name, score in scores.items():
        lost = [score(rows) - scores[FLOAT](rows) for rows in draws]
        low, high = np.quantile(lost, [0.025, 0.975])
        difference = score(every) - scores[FLOAT](every)
        print(f"| {split} | {name} | {score(every):.3f} | {difference:+.3f} [{low:+.3f} {high:+.3f}] |", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1000, help="of each split")
    given = parser.parse_args(arguments)
    bundle = load_bundle(given.model)
    products = read_products(RunPaths(given.run).products)
    products = products[products["category_path"].isin(bundle.categories) & (products["text"] != "")]
    towers = {FLOAT: bundle.model.text_tower}
    towers |= {name: quantized(bundle.model.text_tower, chosen) for name, chosen in QUANTIZED.items()}
    print("| split | text tower | hF1 | difference |\n|---|---|---|---|")
    for split in SPLITS:
        rows = products[products["split"] == split]
        rows = rows.sample(min(given.rows, len(rows)), random_state=SEED)
        if len(rows):
            report(bundle, towers, split, rows["text"].tolist(), rows["category_path"].tolist())
    texts = products["text"].tolist()[:64]
    for what, some in (("one text", texts[:1]), (f"{len(texts)} texts", texts)):
        tokens = bundle.tokens.pad(bundle.tokens(some))
        with torch.inference_mode():
            seconds = interleaved({name: partial(tower, *tokens) for name, tower in towers.items()}, ROUNDS)
        print(what, *(f"{name}: {seconds[name] / seconds[FLOAT]:.2f} x" for name in QUANTIZED), sep="; ")


if __name__ == "__main__":
    main()
