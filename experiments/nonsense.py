"""Share of nonsense of which a bundle accepts some level, beside that of products, with and without its limits.

    python -m experiments.nonsense --model assets/model --catalog catalog.parquet [--rows 200]

Texts are random letters and random nouns; photos are noise, one color and blurred blots. The limits are
the least cosine with any category (`Calibration.in_distribution_cosine`) and the check of a photo's pixels
(`images.photo_flaw`).
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from tqdm import tqdm

from benchmarks.products import NOUNS
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.catalog.catalog import Catalog
from pipeline.data.images import to_photo
from pipeline.prediction.answer import ask
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.query import QueryEncoder

SIDE = 200
NonsenseQuery = tuple[str, Image.Image | None]
"""A text and a photo."""


def letters(rng: np.random.Generator) -> NonsenseQuery:
    """Words of letters drawn at random."""
    lengths = rng.integers(3, 10, size=rng.integers(2, 9))
    return " ".join("".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), size=size)) for size in lengths), None


def words(rng: np.random.Generator) -> NonsenseQuery:
    """Nouns that have nothing to do with each other."""
    return " ".join(rng.choice(NOUNS, size=rng.integers(4, 9))), None


def noise(rng: np.random.Generator) -> NonsenseQuery:
    """Every pixel drawn at random."""
    return "", Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8))


def plain(rng: np.random.Generator) -> NonsenseQuery:
    """One color."""
    return "", Image.new("RGB", (SIDE, SIDE), tuple(rng.integers(0, 256, 3).tolist()))


def blots(rng: np.random.Generator) -> NonsenseQuery:
    """Large blurred spots."""
    coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), np.uint8)).resize((SIDE, SIDE))
    return "", coarse.filter(ImageFilter.GaussianBlur(12))


NONSENSE: dict[str, Callable[[np.random.Generator], NonsenseQuery]] = {
    "text of random letters": letters,
    "text of random nouns": words,
    "photo of noise": noise,
    "photo of one color": plain,
    "photo of blurred blots": blots,
}


def products(catalog: Catalog, rows: np.ndarray) -> Iterator[tuple[str, list[NonsenseQuery]]]:
    """The same products by text alone and by photo alone."""
    yield "text of a product", [(str(catalog.products["title"].iloc[row]), None) for row in rows]
    photos = [catalog.thumbnail(catalog.products["product_id"].iloc[row]) for row in rows]
    opened = [Image.open(io.BytesIO(photo)).convert("RGB") for photo in photos if photo is not None]
    yield "photo of a product", [("", photo) for photo in opened]


def without_limit(parts: PredictorParts) -> PredictorParts:
    """The same predictor, to which every product is in distribution."""
    calibrations = {
        name: {kind: replace(calibration, in_distribution_cosine=None) for kind, calibration in by_modality.items()}
        for name, by_modality in parts.calibrations.items()
    }
    return replace(parts, calibrations=calibrations)


def accepted_share(
    predictor: CategoryPredictor, encoder: QueryEncoder, queries: list[NonsenseQuery], limits: bool
) -> float:
    """Share of queries with an accepted level.

    Args:
        predictor: With or without the limit of the distribution.
        encoder: Of the same bundle.
        queries: Texts or photos.
        limits: Whether photos are checked as well.
    """
    accepted = 0
    for text, image in queries:
        photo = None if image is None else to_photo(image, encoder.bundle.image_size)
        if limits:
            accepted += ask(predictor, encoder, text, photo).prediction.accepted_depth > 0
        else:
            query = encoder.encode(text, photo)
            accepted += predictor.decode(query.fused_vector[None], query.modality)[0].accepted_depth > 0
    return accepted / len(queries)


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=200, help="queries of each sort")
    arguments = parser.parse_args(argv)
    bundle, catalog = load_bundle(arguments.model), Catalog.open(arguments.catalog)
    if bundle.predictor is None:
        parser.error(f"{arguments.model} has no category predictor.")
    encoder, limited = QueryEncoder(bundle), CategoryPredictor(bundle)
    free = CategoryPredictor(bundle, parts=without_limit(bundle.predictor))
    rng = np.random.default_rng(0)
    rows = rng.choice(len(catalog.products), size=min(arguments.rows, len(catalog.products)), replace=False)
    sorts = [(name, [make(rng) for _ in range(arguments.rows)]) for name, make in NONSENSE.items()]
    print("| some level accepted, in % | without limits | as shown |\n|---|---|---|")
    for name, queries in tqdm([*sorts, *products(catalog, rows)], desc="sorts", disable=None):
        before, after = accepted_share(free, encoder, queries, False), accepted_share(limited, encoder, queries, True)
        print(f"| {name} | {100 * before:.0f} | {100 * after:.0f} |", flush=True)


if __name__ == "__main__":
    main()
