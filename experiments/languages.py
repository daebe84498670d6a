"""The same 300 products titled in nine languages: does each land where the English one lands?

    python -m experiments.languages --model BUNDLE [BUNDLE...]

Printed for every language, by text alone: the share of products whose predicted top-level category, and whose whole
predicted path, is that of the English title; and the hierarchical F1 of the predicted path. The titles were written for
this test and no training reads them. "Zero-shot" is the category that is nearest by the pretrained text tower.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.metrics.ratios import path_overlap
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import levels

TITLES = Path(__file__).with_suffix(".tsv")
ENGLISH = "en"


def read_titles() -> tuple[list[str], dict[str, list[str]]]:
    """True category paths, and the titles by language."""
    with TITLES.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    languages = [name for name in rows[0] if name != "category"]
    return [row["category"] for row in rows], {name: [row[name] for row in rows] for name in languages}


def predicted(bundle: Bundle, predictor: CategoryPredictor, titles: Sequence[str]) -> list[str]:
    """The path of each title by the default predictor, however sure it is."""
    decoded = predictor.decode(bundle.encode_texts(titles), "text")
    return [prediction.path for prediction in decoded]


def nearest_untrained(bundle: Bundle, titles: Sequence[str]) -> list[str]:
    """The category of each title whose vector is nearest by the pretrained text tower."""
    paths = bundle.categories
    cosines = bundle.encode_texts_untrained(titles) @ bundle.encode_categories_untrained(paths).T
    return [paths[row] for row in cosines.argmax(axis=1)]


def report(name: str, paths: dict[str, list[str]], truths: Sequence[str]) -> None:
    """Print a table of the predicted paths by language."""
    print(f"\n{name}\n\n| language | top level as in English | path as in English | hF1 |\n|---|---|---|---|")
    english = paths[ENGLISH]
    for language, predictions in paths.items():
        pairs = list(zip(predictions, english, strict=True))
        top = np.mean([levels(path)[0] == levels(other)[0] for path, other in pairs])
        same = np.mean([path == other for path, other in pairs])
        overlap = path_overlap([levels(path) for path in predictions], [levels(path) for path in truths])
        print(f"| {language} | {100 * top:.0f} | {100 * same:.0f} | {100 * overlap.f1.value:.1f} |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, nargs="+", required=True)
    given = parser.parse_args(arguments)
    truths, titles = read_titles()
    for folder in given.model:
        bundle = load_bundle(folder)
        predictor = CategoryPredictor(bundle)
        report(f"{folder}, zero-shot", {name: nearest_untrained(bundle, each) for name, each in titles.items()}, truths)
        report(str(folder), {name: predicted(bundle, predictor, each) for name, each in titles.items()}, truths)


if __name__ == "__main__":
    main()
