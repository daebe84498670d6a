"""Share of nonsense that passes for products, by the nearest cosine and by the discriminant of `fitting.familiarity`.

    python -m experiments.unseen_nonsense --model assets/model --catalog catalog.parquet

In the last column each sort of nonsense is judged by a discriminant that was fitted without it: how sorts fare that
nobody thought of. Products are those of the catalogue; half of them are fitted on, the other half is to be kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pipeline.bundle.bundle import load_bundle
from pipeline.catalog.catalog import Catalog
from pipeline.prediction.fitting.familiarity import (
    OUTLIER_QUANTILES,
    PHOTOS_OF_A_SORT,
    TEXTS_OF_A_SORT,
    encode_nonsense,
    fit_likeness,
)
from pipeline.prediction.nonsense.photos import NONSENSE_PHOTOS
from pipeline.prediction.nonsense.texts import NONSENSE_TEXTS

_FIT_SEED, _TEST_SEED = 1, 1_000_003


def passing(
    products: np.ndarray, fitted: np.ndarray, tested: np.ndarray, sorts: np.ndarray, categories: np.ndarray
) -> list[tuple[float, float, float]]:
    """Shares of each sort that pass by the nearest cosine, by the discriminant, and by one fitted without the sort.

    Args:
        products: float32 [n, d].
        fitted: float32 [m, d], nonsense to fit on.
        tested: float32 [m, d], other nonsense.
        sorts: int [m], the sort of each of either.
        categories: float32 [k, d].
    """
    everyone = [np.arange(len(products))]
    least = np.quantile((products @ categories.T).max(axis=1), OUTLIER_QUANTILES[0])
    near = (tested @ categories.T).max(axis=1) >= least
    whole = fit_likeness(products, fitted, everyone, 0).is_product(tested)
    shares = []
    for number in range(int(sorts.max()) + 1):
        part = sorts == number
        without = fit_likeness(products, fitted[~part], everyone, 0).is_product(tested[part])
        shares.append((float(near[part].mean()), float(whole[part].mean()), float(without.mean())))
    return shares


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    arguments = parser.parse_args(argv)
    bundle, catalog = load_bundle(arguments.model), Catalog.open(arguments.catalog)
    first, second = encode_nonsense(bundle, _FIT_SEED), encode_nonsense(bundle, _TEST_SEED)
    print("| passes for a product, in % | nearest cosine | discriminant | fitted without the sort |\n|---|---|---|---|")
    for modality, names, each in (
        ("text", NONSENSE_TEXTS, TEXTS_OF_A_SORT),
        ("image", NONSENSE_PHOTOS, PHOTOS_OF_A_SORT),
    ):
        vectors, present = catalog.vectors("text" if modality == "text" else "image")
        known = vectors[present]
        alone = (first.has_text if modality == "text" else first.has_image) & ~first.has_both
        fitted, tested = (one.text[alone] if modality == "text" else one.image[alone] for one in (first, second))
        sorts = np.repeat(np.arange(len(names)), each)
        shares = passing(known[::2], fitted, tested, sorts, bundle.category_vectors)
        mean = tuple(np.mean(shares, axis=0).tolist())
        for name, row in zip([*names, "mean of the sorts"], [*shares, mean], strict=True):
            print(f"| {modality}: {name} | {' | '.join(f'{100 * share:.0f}' for share in row)} |")
        half = known[::2]
        kept = fit_likeness(half, fitted, [np.arange(len(half))], 0).is_product(known[1::2])
        print(f"| {modality}: other products | | {100 * kept.mean():.0f} | |")


if __name__ == "__main__":
    main()
