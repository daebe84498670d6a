"""Errors left in sources that training did not have, against decisions made: our order and learning, and without them.

    python -m experiments.review --run runs/real [--seeds 3] [--figure errors.webp]

The run folder has rows of held-out sources (`--set ingest.heldout_sources=...`); their labels decide in place of a
person. Nothing is trained on them; their confidences are those of the run's bundle. A line of the table has the
accuracy of the rows that are not reviewed, and the errors of all rows that are left, after so many decisions: of one
row each, or (groups) of all open rows of a group where they are one category, which a person sees at a glance. The
intervals are those of the mean over the sources (bootstrap over sources and seeds).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pipeline.artifacts import RunPaths, write_json
from pipeline.bundle.bundle import load_bundle
from pipeline.data.schema import read_products
from pipeline.data.vectors import read_vectors
from pipeline.prediction.predictor import CategoryPredictor, modalities_of
from pipeline.review.groups import group, worth
from pipeline.review.learning import EVERY, RUNNERS, Learner

POINTS = (0, 50, 100, 200, 400)
SHARES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)
"""Decisions over the rows of a source, where all sources are put together."""
FEWEST_ROWS = 300
_AT_A_TIME = 256


@dataclass(frozen=True)
class Way:
    """A way of reviewing: its order, whether it learns, and whether groups are settled at once."""

    name: str
    in_order: bool
    learns: bool
    groups: bool = False


WAYS = (
    Way("random order, no learning", in_order=False, learns=False),
    Way("our order, no learning", in_order=True, learns=False),
    Way("random order, learning", in_order=False, learns=True),
    Way("our order, learning", in_order=True, learns=True),
    Way("our order, learning, groups", in_order=True, learns=True, groups=True),
)


@dataclass(frozen=True)
class Source:
    """Rows of a source; all sequences have n entries.

    Attributes:
        name: Of it.
        truths: Category paths.
        paths: Predicted.
        confidences: float64 [n], of the last level of each.
        runners: Likeliest paths with leaf probabilities.
        vectors: float32 [n, d].
    """

    name: str
    truths: np.ndarray
    paths: np.ndarray
    confidences: np.ndarray
    runners: Sequence[Sequence[tuple[str, float]]]
    vectors: np.ndarray

    @property
    def errors(self) -> int:
        """Rows that are predicted wrong."""
        return int((self.truths != self.paths).sum())


@dataclass(frozen=True)
class Left:
    """What is left after some decisions: the accuracy of the rows not reviewed, and the share of the errors."""

    accuracy: float
    errors: float


def read_sources(run: Path) -> list[Source]:
    """The held-out sources of a run that have enough rows, classified by its bundle."""
    paths = RunPaths(run)
    products = read_products(paths.products)
    products = products[(products["split"] == "heldout-source") & products["category_path"].notna()]
    counts = products["source"].value_counts()
    predictor = CategoryPredictor(load_bundle(paths.calibrated))
    sources = []
    for name in tqdm([name for name, count in counts.items() if count >= FEWEST_ROWS], desc="sources", disable=None):
        rows = products[products["source"] == name]
        vectors = read_vectors(paths.embeddings, rows["product_id"].tolist())
        modalities = modalities_of(vectors.has_text, vectors.has_image)
        predicted, confidences, runners = [], [], []
        for start in range(0, len(rows), _AT_A_TIME):
            part = slice(start, start + _AT_A_TIME)
            scores = predictor.score(vectors.fused[part], modalities[part])
            decoded = scores.decode()
            predicted += [one.path for one in decoded]
            confidences += [one.probabilities[-1] for one in decoded]
            runners += [[(one.path, one.score) for one in top] for top in scores.top(RUNNERS)]
        truths = rows["category_path"].to_numpy(dtype=object)
        known = np.array(predicted, dtype=object), np.array(confidences)
        sources.append(Source(str(name), truths, *known, runners, vectors.fused))
    return sources


def simulate(source: Source, way: Way, seed: int, points: Sequence[int]) -> dict[int, Left]:
    """Review a source by its labels.

    Args:
        source: Its rows.
        way: How.
        seed: Of the random order.
        points: Numbers of decisions after which to look, rising.
    """
    rng, count = np.random.default_rng(seed), len(source.truths)
    learner = Learner(source.vectors, source.runners, source.paths.tolist(), source.confidences)
    clusters, shuffled = group(source.vectors), rng.permutation(count)
    is_open = np.ones(count, dtype=bool)
    decided: dict[int, str] = {}
    left: dict[int, Left] = {}
    for number in range(points[-1] + 1):
        if number in points:
            left[number] = _left(source, learner.paths, is_open)
        if not is_open.any():
            continue
        if way.in_order:
            product = int(np.argmax(worth(is_open, learner.confidences, clusters)))
        else:
            product = next(one for one in shuffled.tolist() if is_open[one])
        alike = np.flatnonzero(is_open & (clusters == clusters[product]))
        whole = way.groups and len(set(source.truths[alike])) == 1
        for one in alike.tolist() if whole else [product]:
            decided[one], is_open[one] = source.truths[one], False
            if way.learns:
                learner.hear(one, source.truths[one])
        if way.learns and (number + 1) % EVERY == 0:
            learner = learner.fit(decided)
    return left


def _left(source: Source, paths: Sequence[str], is_open: np.ndarray) -> Left:
    wrong = (np.array(paths, dtype=object) != source.truths) & is_open
    return Left(1 - float(wrong.sum()) / max(1, int(is_open.sum())), float(wrong.sum()) / source.errors)


def interval(values: np.ndarray, draws: int = 2000) -> tuple[float, float]:
    """Ends of the 95 % interval of a mean over sources and seeds, by a bootstrap of both.

    Args:
        values: float [sources, seeds].
        draws: Of the bootstrap.
    """
    rng = np.random.default_rng(0)
    means = [
        np.mean([rng.choice(row, len(row)).mean() for row in values[rng.integers(0, len(values), len(values))]])
        for _ in range(draws)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _table(sources: Sequence[Source], measured: Mapping[tuple[str, str], list[dict[int, Left]]]) -> None:
    print("| source | rows | way | " + " | ".join(f"after {point}" for point in POINTS) + " |")
    print("|---|---|---|" + "---|" * len(POINTS))
    for source in sources:
        for way in WAYS:
            trials = measured[way.name, source.name]
            cells = [
                "-"
                if point >= len(source.truths)
                else f"{100 * np.mean([one[point].accuracy for one in trials]):.0f} "
                f"({100 * np.mean([one[point].errors for one in trials]):.0f})"
                for point in POINTS
            ]
            print(f"| {source.name} | {len(source.truths):,} | {way.name} | {' | '.join(cells)} |")


def main(argv: list[str] | None = None) -> None:
    """Print the tables, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="run folder with held-out sources")
    parser.add_argument("--seeds", type=int, default=3, help="of the random orders")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--figure", type=Path, help="also draw errors left against decisions (.svg, .webp)")
    arguments = parser.parse_args(argv)
    sources = read_sources(arguments.run)
    if not sources:
        parser.error(f"{arguments.run} has no held-out source of {FEWEST_ROWS} rows.")
    measured: dict[tuple[str, str], list[dict[int, Left]]] = {}
    for source in tqdm(sources, desc="reviewed", disable=None):
        shares = [round(share * len(source.truths)) for share in SHARES]
        points = sorted({*shares, *(point for point in POINTS if point < len(source.truths))})
        for way in WAYS:
            seeds = range(1 if way.in_order else arguments.seeds)
            measured[way.name, source.name] = [simulate(source, way, seed, points) for seed in seeds]
    _table(sources, measured)
    curves: dict[str, list[tuple[float, float, float]]] = {}
    print(
        "\n| errors left, in %, mean of the sources | " + " | ".join(f"{share:.0%} decided" for share in SHARES) + " |"
    )
    print("|---|" + "---|" * len(SHARES))
    for way in WAYS:
        rows = []
        for share in SHARES:
            values = [
                [one[round(share * len(source.truths))].errors for one in measured[way.name, source.name]]
                for source in sources
            ]
            rows.append((float(np.mean(values)), *interval(np.array(values))))
        curves[way.name] = rows
        cells = [f"{100 * mean:.0f} ({100 * low:.0f} to {100 * high:.0f})" for mean, low, high in rows]
        print(f"| {way.name} | {' | '.join(cells)} |")
    if arguments.json is not None:
        write_json(arguments.json, {"shares": SHARES, "errors_left": curves, "sources": [one.name for one in sources]})
    if arguments.figure is not None:
        draw(curves, arguments.figure)


def draw(curves: Mapping[str, Sequence[tuple[float, float, float]]], path: Path) -> None:
    """Draw errors left against the share of rows that were decided."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, rows in curves.items():
        means, low, high = np.array(rows).T * 100
        [line] = axes.plot(np.array(SHARES) * 100, means, marker="o", markersize=3, label=name)
        axes.fill_between(np.array(SHARES) * 100, low, high, alpha=0.12, color=line.get_color(), linewidth=0)
    axes.axhline(50, color="gray", linewidth=0.8, linestyle=":")
    axes.set(xlabel="decisions, in % of the rows", ylabel="errors left, in %", ylim=(0, 105), xlim=(0, 20))
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path)


if __name__ == "__main__":
    main()
