"""Share of nonsense of which a bundle accepts a top level, and a whole path, beside that of products.

    python -m experiments.nonsense --model assets/model --catalog catalog.parquet [--rows 200]

Texts and photos are those of `pipeline.prediction.nonsense`, drawn from another seed than the bundle's fit drew them
from, and noise, one color and blurred blots. The limits are the likeness to products (`Familiarity`), the least cosine
with any category (`Calibration.in_distribution_cosine`) and the check of a photo's pixels (`images.photo_flaw`).
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from tqdm import tqdm

from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.catalog.catalog import Catalog
from pipeline.data.images import to_photo
from pipeline.prediction.answer import ask
from pipeline.prediction.nonsense.photos import NONSENSE_PHOTOS, PhotoMaker
from pipeline.prediction.nonsense.texts import NONSENSE_TEXTS, TextMaker
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.query import QueryEncoder

SIDE = 200
NonsenseQuery = tuple[str, Image.Image | None]
"""A text and a photo."""
QueryMaker = Callable[[np.random.Generator], NonsenseQuery]
_SEED = 1_000_003  # no build's


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


def _text(make: TextMaker) -> QueryMaker:
    return lambda rng: (make(rng), None)


def _photo(make: PhotoMaker) -> QueryMaker:
    return lambda rng: ("", make(rng))


NONSENSE: dict[str, QueryMaker] = {
    **{f"text: {name}": _text(text_maker) for name, text_maker in NONSENSE_TEXTS.items()},
    **{f"photo: {name}": _photo(photo_maker) for name, photo_maker in NONSENSE_PHOTOS.items()},
    "photo of noise": noise,
    "photo of one color": plain,
    "photo of blurred blots": blots,
}


def products(catalog: Catalog, rows: np.ndarray) -> Iterator[tuple[str, list[NonsenseQuery]]]:
    """The same products by text alone and by photo alone, of those that have one."""
    titles = [str(catalog.products["title"].iloc[row]) for row in rows]
    yield "text of a product", [(title, None) for title in titles if title.strip()]
    photos = [catalog.thumbnail(catalog.products["product_id"].iloc[row]) for row in rows]
    opened = [Image.open(io.BytesIO(photo)).convert("RGB") for photo in photos if photo is not None]
    yield "photo of a product", [("", photo) for photo in opened]


def without_limit(parts: PredictorParts) -> PredictorParts:
    """The same predictor, to which every product is in distribution."""
    calibrations = {
        name: {kind: replace(calibration, in_distribution_cosine=None) for kind, calibration in by_modality.items()}
        for name, by_modality in parts.calibrations.items()
    }
    return replace(parts, calibrations=calibrations, familiarity={})


@dataclass(frozen=True)
class Certain:
    """Shares of queries of which a top level, or a whole path, is accepted."""

    top: float
    path: float


def certain_share(
    predictor: CategoryPredictor, encoder: QueryEncoder, queries: list[NonsenseQuery], limits: bool
) -> Certain:
    """How often a predictor is certain.

    Args:
        predictor: With or without the limits of the distribution.
        encoder: Of the same bundle.
        queries: Texts or photos.
        limits: Whether photos are checked as well.
    """
    top, path = 0, 0
    for text, image in queries:
        photo = None if image is None else to_photo(image, encoder.bundle.image_size)
        if limits:
            prediction = ask(predictor, encoder, text, photo).prediction
        else:
            query = encoder.encode(text, photo)
            prediction = predictor.decode(query.fused_vector[None], query.modality)[0]
        top += prediction.accepted_depth > 0
        path += not prediction.needs_review
    return Certain(top / len(queries), path / len(queries))


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
    rng = np.random.default_rng(_SEED)
    rows = rng.choice(len(catalog.products), size=min(arguments.rows, len(catalog.products)), replace=False)
    sorts = [(name, [make(rng) for _ in range(arguments.rows)]) for name, make in NONSENSE.items()]
    print("| accepted, in % | top level, without limits | top level | whole path |\n|---|---|---|---|")
    for name, queries in tqdm([*sorts, *products(catalog, rows)], desc="sorts", disable=None):
        before, after = certain_share(free, encoder, queries, False), certain_share(limited, encoder, queries, True)
        print(f"| {name} | {100 * before.top:.0f} | {100 * after.top:.0f} | {100 * after.path:.0f} |", flush=True)


if __name__ == "__main__":
    main()
