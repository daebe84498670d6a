"""Ablation of the ideas of the category predictor, on validation rows and held-out categories of a run folder.

Run: python -m experiments.categories --run runs/real --source SOURCE [--taxonomy FILE] [--names FILE]

Ideas that need no training of the towers: the text of a category, its mean photo beside that, the temperature of the
retrieval, the classifier with several class weights, their mixture, votes of the nearest training products. Printed
as a Markdown table of hF1 over all paths, decoded from the top, of at most 1,000 rows of each split. What the ideas of
the text head bring is in `experiments.ablations`. The test split is not touched.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.artifacts import RunPaths
from pipeline.bundle.aliases import alias_vectors
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.calibration import Calibration
from pipeline.bundle.predictor_state import PredictorParts, hashed_classes
from pipeline.bundle.prototypes import Prototypes
from pipeline.config.build import Config
from pipeline.config.presets import PRESETS
from pipeline.config.stages import SourceConfig
from pipeline.data.schema import read_products
from pipeline.data.vectors import ProductVectors, read_vectors
from pipeline.metrics import ratios
from pipeline.models.classifier import ClassTable
from pipeline.models.encoding import encode_texts
from pipeline.prediction.fitting.predictions import TuningRows
from pipeline.prediction.fitting.rows import tuning_rows
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.taxonomy.paths import SEPARATOR, levels, read_taxonomy
from pipeline.training.classifier import train_classifier
from pipeline.types import MODALITIES, Modality

INVERSE_TEMPERATURE = 2.0
PROTOTYPE_WEIGHTS = (0.1, 0.3, 0.5)
NEIGHBORS = 16
WORDINGS: dict[str, Callable[[str], str]] = {
    "the last level's name alone": lambda path: levels(path)[-1],
    "levels from the last to the first": lambda path: ", ".join(reversed(levels(path))),
    "'a product of the category ...'": lambda path: f"a product of the category {path.replace(SEPARATOR, ', ')}",
}
Leaf = Callable[[np.ndarray, Modality], np.ndarray]
"""Leaf probabilities [n, nodes] of vectors of a modality."""
PLAIN = PredictorParts((), None, {name: dict.fromkeys(MODALITIES, Calibration()) for name in ("retrieval", "default")})
"""The retrieval as it is."""


def hf1(predictor: CategoryPredictor, leaf_scores: Leaf, rows: TuningRows, modality: Modality) -> tuple[float, float]:
    """Micro hF1 on seen and on unseen categories."""
    paths: list[str] = []
    for start in range(0, len(rows.truths), 256):
        table = leaf_scores(rows.vectors[start : start + 256], modality)
        total = predictor.tree.sum_up(table)
        ends = [nodes[-1] for nodes in predictor.tree.descend(table, total, predictor.scorer.listed)]
        paths += [predictor.tree.taxonomy.paths[node] for node in ends]
    overlap = ratios.path_overlap([levels(path) for path in paths], [levels(path) for path in rows.truths]).f1
    return overlap.at(~rows.unseen).value, overlap.at(rows.unseen).value


def votes(predictor: CategoryPredictor, train: ProductVectors, truths: list[str]) -> Leaf:
    """Shares of the categories of the nearest training products, each weighing exp(20 x cosine)."""
    nodes = np.array([predictor.tree.node(path) for path in truths])

    def leaf_scores(vectors: np.ndarray, modality: Modality) -> np.ndarray:
        scores = vectors @ train.of(modality).T
        nearest = np.argpartition(-scores, NEIGHBORS, axis=1)[:, :NEIGHBORS]
        weights = np.exp(20 * np.take_along_axis(scores, nearest, axis=1))
        table = np.zeros((len(vectors), len(predictor.tree)), dtype=np.float32)
        np.add.at(table, (np.arange(len(vectors))[:, None], nodes[nearest]), weights)
        return table / table.sum(axis=1, keepdims=True)

    return leaf_scores


def variants(
    bundle: Bundle, config: Config, train: ProductVectors, truths: list[str], wordings: bool, names: Path | None
) -> Iterator[tuple[str, CategoryPredictor, Leaf]]:
    """Name, predictor and leaf probabilities of every idea."""
    plain = CategoryPredictor(bundle, parts=PLAIN)

    def retrieved(inverse_temperature: float, predictor: CategoryPredictor = plain) -> Leaf:
        return lambda vectors, _: predictor.scorer.retrieved(vectors, Calibration(inverse_temperature))

    def mixed(first: Leaf, second: Leaf, share: float) -> Leaf:
        return lambda vectors, modality: (1 - share) * first(vectors, modality) + share * second(vectors, modality)

    for inverse_temperature in (1.0, INVERSE_TEMPERATURE, 4.0):
        yield f"retrieval, inverse_temperature {inverse_temperature:g}", plain, retrieved(inverse_temperature)
    looks = _looks(train, truths)
    for weight in PROTOTYPE_WEIGHTS:
        interpolated = looks.interpolate(bundle.categories, bundle.category_vectors, weight)
        other = CategoryPredictor(bundle, bundle.categories, vectors=interpolated, parts=PLAIN)
        yield f"retrieval interpolated {weight:g} to the mean photos", other, retrieved(INVERSE_TEMPERATURE, other)
    voted = votes(plain, train, truths)
    yield f"votes of {NEIGHBORS} neighbors", plain, voted
    yield "retrieval with 0.3 of the votes", plain, mixed(retrieved(INVERSE_TEMPERATURE), voted, 0.3)
    table = ClassTable.of(truths)
    for exponent in (0.0, 0.5, 1.0):
        views = (train.text, train.image, train.fused)
        present = (train.has_text, train.has_image, train.has_text | train.has_image)
        labels, sizes = table.labels(truths), table.sizes
        model = train_classifier(
            views, present, labels, sizes, exponent=exponent, config=config.predictor, seed=config.seed
        )
        parts = PredictorParts(hashed_classes(table.paths), model, PLAIN.calibrations)
        known = CategoryPredictor(bundle, parts=parts)

        def classified(vectors: np.ndarray, _: Modality, known: CategoryPredictor = known) -> np.ndarray:
            return known.scorer.classifier.leaf_alone(vectors)

        yield f"classifier, class weights n^-{exponent:g}", known, classified
        yield "  0.3 of it with retrieval", known, mixed(retrieved(INVERSE_TEMPERATURE, known), classified, 0.3)
        if exponent == 0.5:
            both = mixed(retrieved(INVERSE_TEMPERATURE, known), classified, 0.3)
            yield "  and 0.2 of the votes", known, mixed(both, voted, 0.2)
    for name, wording in WORDINGS.items() if wordings else ():
        vectors = read_as_categories(bundle, [wording(path) for path in bundle.categories])
        other = CategoryPredictor(bundle, bundle.categories, vectors=vectors, parts=PLAIN)
        yield f"retrieval by {name}", other, retrieved(INVERSE_TEMPERATURE, other)
    if names is not None:
        called = alias_vectors(bundle.encode_categories, bundle.categories, read_taxonomy(names).names)
        other = CategoryPredictor(
            bundle, bundle.categories, vectors=bundle.category_vectors, aliases=called, parts=PLAIN
        )
        yield "retrieval by the nearest name in any language", other, partial(_by_name, other)


@torch.inference_mode()
def read_as_categories(bundle: Bundle, texts: list[str]) -> np.ndarray:
    """Unit vectors float32 [n, d] of texts in the place of category paths, each read as it is."""
    model = bundle.model
    features = torch.from_numpy(encode_texts(model.text_tower, bundle.tokens, texts))
    return model.category_vectors(features.to(model.category_center.device)).cpu().numpy()


def first_right(
    categories: np.ndarray, index: dict[str, int], products: pd.DataFrame, photos: np.ndarray
) -> tuple[float, int]:
    """Share of products whose own category is, of all their candidates, alone nearest to their photo; and how many.

    Args:
        categories: float32 [m, d].
        index: Row of each path there.
        products: n products with a category, their candidates known to `index`.
        photos: float32 [n, d]; those of zeros are left out.
    """
    right = []
    for truth, listed, photo in zip(products["category_path"], products["candidates"], photos, strict=True):
        if len(listed) > 1 and photo.any():
            scores = categories[[index[path] for path in listed]] @ photo
            right.append(ratios.ranks(scores[None], np.array([list(listed).index(truth)]))[0] == 1)
    return float(np.mean(right)), len(right)


def _looks(train: ProductVectors, truths: list[str]) -> Prototypes:
    shown = np.flatnonzero(train.has_image)
    return Prototypes.of([truths[row] for row in shown], train.image[shown])


def _print_prototypes(
    bundle: Bundle, products: pd.DataFrame, vectors: ProductVectors, learned: np.ndarray, truths: list[str]
) -> None:
    """Photos alone: their candidates, each by its name or interpolated towards its mean photo."""
    looks = _looks(vectors.at(learned), truths)
    index = {path: row for row, path in enumerate(bundle.categories)}
    sets = {name: np.flatnonzero(products["split"] == name) for name in ("validation", "heldout")}
    print("\n| first candidate right, photo alone | validation | held-out categories |\n|---|---|---|")
    for weight in (0.0, *PROTOTYPE_WEIGHTS):
        interpolated = looks.interpolate(bundle.categories, bundle.category_vectors, weight)
        shares = [first_right(interpolated, index, products.iloc[rows], vectors.image[rows]) for rows in sets.values()]
        cells = " | ".join(f"{share:.3f} of {count:,}" for share, count in shares)
        print(f"| categories interpolated {weight:g} towards their mean photos | {cells} |")


def _by_name(predictor: CategoryPredictor, vectors: np.ndarray, _: Modality) -> np.ndarray:
    return predictor.scorer.retrieved(vectors, Calibration(INVERSE_TEMPERATURE, aliases=True))


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--taxonomy")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    parser.add_argument("--no-wordings", action="store_true", help="leave out what encodes all paths again")
    parser.add_argument("--names", type=Path, help="taxonomy with names in other languages, also to be read")
    arguments = parser.parse_args(argv)
    paths = RunPaths(arguments.run)
    source = SourceConfig(location=arguments.source, taxonomy=arguments.taxonomy)
    config = Config(**{**vars(PRESETS[arguments.preset]()), "source": source})
    bundle = load_bundle(paths.calibrated)
    products = read_products(paths.products)
    products = products[products["category_path"].notna()].reset_index(drop=True)
    vectors = read_vectors(paths.embeddings, products["product_id"].tolist())
    rows = tuning_rows(config, bundle, products, vectors)
    learned = (products["split"] == "train").to_numpy()
    truths = products.loc[learned, "category_path"].tolist()
    print("| log loss of the confidence | without agreement | with the neighbors' agreement |\n|---|---|---|")
    losses = bundle.predictor.notes["log_loss_without_and_with_agreement"] if bundle.predictor else {}
    for kind, (without, together) in losses.items():
        print(f"| {kind} | {without:.4f} | {together:.4f} |")
    _print_prototypes(bundle, products, vectors, learned, truths)
    print(
        "\n| idea | "
        + " | ".join(f"{modality}, {name}" for modality in MODALITIES for name in ("seen", "unseen"))
        + " |"
    )
    print("|---" * 7 + "|")
    ideas = variants(bundle, config, vectors.at(learned), truths, not arguments.no_wordings, arguments.names)
    for name, predictor, leaf_scores in ideas:
        figures = [value for modality in MODALITIES for value in hf1(predictor, leaf_scores, rows[modality], modality)]
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in figures) + " |", flush=True)


if __name__ == "__main__":
    main()
