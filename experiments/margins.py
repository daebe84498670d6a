"""What a margin between learned and other candidates costs and brings, on validation rows and held-out categories.

Run: python -m experiments.margins --run runs/choices

A Markdown table of Acc@1 over the rows' own candidates, for each modality and each margin in cosine
(`pipeline.prediction.margins`), and the margin to choose: the smallest with which held-out categories are ranked as
well as by the zero-shot tower (the text tower without its head), or else the largest that costs at most three quarters
of a point where training had the true category. The test split is not touched.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.protocol import Encoder
from pipeline.data.schema import read_products
from pipeline.data.vectors import read_vectors
from pipeline.types import MODALITIES, Modality

STEPS = tuple(round(0.01 * step, 2) for step in range(16))
COST = 0.0075
SPLITS = {"validation": "training had it", "heldout": "training had no product of it"}


def accuracies(
    products: pd.DataFrame, queries: np.ndarray, categories: dict[str, np.ndarray], seen: dict[str, bool]
) -> list[float]:
    """Acc@1 in [0, 1] of the candidates for each of `STEPS`.

    Args:
        products: n rows with columns category_path and candidates.
        queries: Unit vectors float32 [n, d].
        categories: Unit vector of each candidate.
        seen: Whether training had products of it.
    """
    hits = np.zeros((len(STEPS), len(products)), dtype=bool)
    for row, (truth, candidates) in enumerate(zip(products["category_path"], products["candidates"], strict=True)):
        cosines = np.array([categories[path] @ queries[row] for path in candidates])
        taken = np.array([seen[path] for path in candidates])
        for number, margin in enumerate(STEPS):
            hits[number, row] = candidates[int((cosines - margin * taken).argmax())] == truth
    return hits.mean(axis=1).tolist()


def choose(had: Sequence[float], never: Sequence[float], floor: float) -> float:
    """The smallest margin of `STEPS` at which never-seen categories reach the floor; the largest affordable, if none.

    Args:
        had: Acc@1 by margin where training had the true category.
        never: The same where it had no product of it.
        floor: Acc@1 of the zero-shot tower there.
    """
    affordable = [number for number, accuracy in enumerate(had) if accuracy >= had[0] - COST]
    reaching = [number for number in affordable if never[number] >= floor]
    return STEPS[min(reaching, default=max(affordable))]


def _of_split(bundle: Bundle, paths: RunPaths, products: pd.DataFrame) -> dict[str, list[float]]:
    """Acc@1 by modality and margin over some products, and of the tower without its head."""
    vectors = read_vectors(paths.embeddings, products["product_id"].tolist())
    candidates = list(dict.fromkeys(path for row in products["candidates"] for path in row))
    seen = {path: bundle.was_seen(path) for path in candidates}
    trained = bundle.encode_categories(candidates)
    figures = {}
    for modality in MODALITIES:
        has, rows = vectors.has(modality), vectors.of(modality)
        table = _for_photos(bundle, candidates, trained) if modality == "image" else trained
        by_path = dict(zip(candidates, table, strict=True))
        figures[str(modality)] = accuracies(products[has], rows[has], by_path, seen)
    untrained = dict(zip(candidates, bundle.encode_categories_untrained(candidates), strict=True))
    text = vectors.has_text
    queries = bundle.encode_texts_untrained(products.loc[text, "text"].tolist())
    figures["zero-shot"] = accuracies(products[text], queries, untrained, dict.fromkeys(candidates, False))
    return figures


def _for_photos(bundle: Encoder, paths: list[str], names: np.ndarray) -> np.ndarray:
    return names if bundle.predictor is None else bundle.predictor.vectors_for_photos(paths, names)


def measure(run: Path) -> dict[str, dict[str, list[float]]]:
    """Acc@1 by split, then modality, then margin, of the rows of a run folder that have a photo and candidates."""
    paths = RunPaths(run)
    bundle = load_bundle(paths.calibrated)
    products = read_products(paths.products)
    lists = products["candidates"].map(lambda row: row is not None and len(row) > 1)
    products = products[lists & products["category_path"].notna() & (products["image_row"] >= 0)]
    listed = [truth in row for truth, row in zip(products["category_path"], products["candidates"], strict=True)]
    products = products[listed]
    return {split: _of_split(bundle, paths, products[products["split"] == split]) for split in SPLITS}


def report(figures: dict[str, dict[str, list[float]]]) -> str:
    """The table, and the margins to choose."""
    lines = ["| margin | " + " | ".join(f"{m}, {SPLITS[s]}" for m in MODALITIES for s in SPLITS) + " |"]
    lines.append("|---" * (1 + len(MODALITIES) * len(SPLITS)) + "|")
    for number, step in enumerate(STEPS):
        cells = [f"{100 * figures[split][str(m)][number]:.1f}" for m in MODALITIES for split in SPLITS]
        lines.append(f"| {step:.2f} | " + " | ".join(cells) + " |")
    floors = ", ".join(f"{100 * figures[split]['zero-shot'][0]:.1f} where {words}" for split, words in SPLITS.items())
    had, never = figures["validation"], figures["heldout"]
    floor = never["zero-shot"][0]
    chosen: dict[Modality, float] = {m: choose(had[str(m)], never[str(m)], floor) for m in MODALITIES}
    return "\n".join([*lines, "", f"Zero-shot: {floors}.", f"To choose: {chosen}."])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="folder of a build that held out categories")
    print(report(measure(parser.parse_args(arguments).run)))


if __name__ == "__main__":
    main()
