"""Facts about products, their space and their predicted categories: counts that a page draws as they are.

Stage `analyze` makes the first two parts of an `Analysis`, `publish` adds the third and puts the whole, as JSON, into
the metadata of catalog.parquet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from typing_extensions import TypedDict  # pydantic reads no other in Python 3.11

from pipeline.metrics.hierarchical import coverage_curve, level_hits, reliability
from pipeline.taxonomy.paths import SEPARATOR, levels, truncate

ANALYSIS_VERSION = 1
_BINS = 40
_REACH = 0.99  # share of the values that a histogram shows one by one; the others are in its last bin
_CURVE = 60  # points of a curve
_LISTED = 24  # brands and sizes of photos that are named
_PAIRS = 60  # confused pairs that are named


class Histogram(TypedDict):
    """Counts between edges, one edge more than counts; the last bin also holds all that lies above it."""

    edges: list[float]
    counts: list[int]


class Brands(TypedDict):
    """The long tail of brands: the largest with their products, and (rank, products) of some along the tail."""

    distinct: int
    without: int
    largest: list[tuple[str, int]]
    curve: list[tuple[int, int]]


class Images(TypedDict):
    """Photos: the commonest (width, height, photos), longer side in pixels, brightness (mean luma, 0 to 1)."""

    with_photo: int
    sizes: list[tuple[int, int, int]]
    longer_side: Histogram
    brightness: Histogram


class DataFacts(TypedDict):
    """The products; `typical` are products near their category's center, one a category, largest category first."""

    products: int
    splits: dict[str, int]
    tops: list[tuple[str, int]]
    depths: list[int]
    category_sizes: list[tuple[int, int]]
    categories: int
    brands: Brands
    title_length: Histogram
    description_length: Histogram
    languages: list[tuple[str, int]]
    images: Images
    typical: list[str]


class SpaceFacts(TypedDict):
    """The space: `nearest` are product ids, and `shared` numbers of products [cluster][top-level category]."""

    silhouette: list[tuple[int, float, bool]]
    k_distances: list[tuple[float, float]]
    reach: float | None
    min_samples: int
    regions: int
    in_none: int
    tops: list[str]
    shared: list[list[int]]
    nearest: list[list[str]]


class LevelTrust(TypedDict):
    """One level of predicted paths: (confidence, share right, share of rows) and (coverage, precision)."""

    reliability: list[tuple[float, float, float]]
    coverage: list[tuple[float, float]]


class PredictionFacts(TypedDict):
    """Predicted paths against true ones.

    `levels` and `rows` are of products that training did not learn from. Of all with a category are `confused`, numbers
    of products [true][predicted] top-level category, and `pairs`, (true path, predicted path, products), of the `wrong`
    ones, whose prediction leaves the true path; one that only stops above its end is neither right nor wrong.
    """

    rows: int
    known: int
    right: int
    wrong: int
    top_right: int
    levels: list[LevelTrust]
    tops: list[str]
    confused: list[list[int]]
    pairs: list[tuple[str, str, int]]


class Analysis(TypedDict):
    """All of it."""

    version: int
    data: DataFacts
    space: SpaceFacts
    predictions: PredictionFacts


def histogram(values: Sequence[float] | np.ndarray, edges: np.ndarray | None = None) -> Histogram:
    """Counts of values; of none, no bins.

    Args:
        values: Numbers that are not negative.
        edges: Rising; 40 equal bins from 0 to where 99 % of the values lie, at least 1 wide, by default.
    """
    sizes = np.asarray(values, dtype=np.float64)
    if not len(sizes):
        return {"edges": [], "counts": []}
    if edges is None:
        width = max(1.0, np.ceil(np.quantile(sizes, _REACH) / _BINS))
        edges = width * np.arange(_BINS + 1)
    counts, _ = np.histogram(np.minimum(sizes, edges[-1]), edges)
    return {"edges": edges.round(4).tolist(), "counts": counts.tolist()}


def tail(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """(rank, size) of sizes, the largest first: all where they are few, else some at log-spaced ranks."""
    falling = sorted(sizes, reverse=True)
    if not falling:
        return []
    ranks = np.unique(np.geomspace(1, len(falling), _CURVE).round().astype(int))
    return [(int(rank), int(falling[rank - 1])) for rank in ranks]


def largest(names: Iterable[str], count: int | None = None) -> list[tuple[str, int]]:
    """Names with how often they occur, the commonest first, ties by name; at most `count`."""
    return sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))[:count]


def data_facts(products: pd.DataFrame, brightness: np.ndarray, typical: Sequence[str]) -> DataFacts:
    """Facts of products.

    Args:
        products: n rows with the columns of `schema.PRODUCTS` but for the thumbnail.
        brightness: float [photos], mean luma of every photo, 0 to 1.
        typical: Product ids, as in `DataFacts`.
    """
    paths = products["category_path"].dropna().tolist()
    brands = largest(brand for brand in products["brand"].fillna("") if brand)
    depths = np.bincount([len(levels(path)) for path in paths] or [0])[1:]
    photos = products[products["image_row"] >= 0]
    sides = list(zip(photos["image_width"].tolist(), photos["image_height"].tolist(), strict=True))
    sizes = sorted(Counter(sides).items(), key=lambda item: (-item[1], item[0]))[:_LISTED]
    categories = largest(paths)
    return {
        "products": len(products),
        "splits": dict(largest(products["split"])),
        "tops": largest(truncate(path, 1) for path in paths),
        "depths": depths.tolist(),
        "category_sizes": tail([n for _, n in categories]),
        "categories": len(categories),
        "brands": {
            "distinct": len(brands),
            "without": int(len(products) - sum(n for _, n in brands)),
            "largest": brands[:_LISTED],
            "curve": tail([n for _, n in brands]),
        },
        "title_length": histogram(products["title"].fillna("").str.len().to_numpy()),
        "description_length": histogram(products["description"].fillna("").str.len().to_numpy()),
        "languages": largest(products["language"].fillna("")),
        "images": {
            "with_photo": len(photos),
            "sizes": [(width, height, n) for (width, height), n in sizes],
            "longer_side": histogram([max(side) for side in sides]),
            "brightness": histogram(brightness, np.linspace(0, 1, _BINS + 1)),
        },
        "typical": list(typical),
    }


def prediction_facts(
    true: Sequence[str | None],
    predicted: Sequence[str | None],
    confidences: Sequence[Sequence[float]],
    held_back: np.ndarray,
) -> PredictionFacts:
    """Facts of predicted paths; products without a true or a predicted one are left out.

    Args:
        true: n category paths, None where unknown.
        predicted: n paths, None where there was none to predict.
        confidences: For each, one a level.
        held_back: bool [n], which products training did not learn from.
    """
    known = [row for row, path in enumerate(true) if path is not None and predicted[row] is not None]
    truths = [str(true[row]) for row in known]
    given = [str(predicted[row]) for row in known]
    tops = [(truncate(truth, 1), truncate(guess, 1)) for truth, guess in zip(truths, given, strict=True)]
    names = [name for name, _ in largest(top for pair in tops for top in pair)]
    place = {name: number for number, name in enumerate(names)}
    confused = np.zeros((len(names), len(names)), dtype=np.int64)
    for top, guess in tops:
        confused[place[top], place[guess]] += 1
    wrong = Counter((truth, guess) for truth, guess in zip(truths, given, strict=True) if leaves(truth, guess))
    pairs = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:_PAIRS]
    judged = [row for row in known if held_back[row]]
    return {
        "rows": len(judged),
        "known": len(known),
        "right": sum(truth == guess for truth, guess in zip(truths, given, strict=True)),
        "wrong": sum(wrong.values()),
        "top_right": int(np.trace(confused)),
        "levels": _trust(
            [levels(str(true[row])) for row in judged],
            [levels(str(predicted[row])) for row in judged],
            [confidences[row] for row in judged],
        ),
        "tops": names,
        "confused": confused.tolist(),
        "pairs": [(truth, guess, n) for (truth, guess), n in pairs],
    }


def leaves(truth: str, guess: str) -> bool:
    """Whether a predicted path leads elsewhere than the true one; one that stops above its end does not."""
    return truth != guess and not truth.startswith(guess + SEPARATOR)


def _trust(
    true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], confidences: Sequence[Sequence[float]]
) -> list[LevelTrust]:
    """How far confidences can be trusted, from the top level down."""
    depth = max(map(len, predicted), default=0)
    if not depth:
        return []
    present, right = level_hits(predicted, true, depth)
    levels_trusted: list[LevelTrust] = []
    for level in range(depth):
        rows = np.flatnonzero(present[:, level])
        sure = np.array([confidences[row][level] for row in rows.tolist()], dtype=np.float64)
        weights = np.ones(len(rows))
        _, coverage, precision = coverage_curve(sure, right[rows, level], weights)
        shown = np.unique(np.linspace(0, len(coverage) - 1, min(len(coverage), _CURVE)).round().astype(int))
        bins = reliability(sure, right[rows, level], weights)
        levels_trusted.append(
            {
                "reliability": [(round(one, 4), round(two, 4), round(three, 4)) for one, two, three in bins],
                "coverage": [(round(float(coverage[at]), 4), round(float(precision[at]), 4)) for at in shown],
            }
        )
    return levels_trusted
