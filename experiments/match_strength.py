"""Curves and cut-offs of `pipeline.search.strength`, and how often each of its words is right.

    python -m experiments.match_strength --model assets/model --queries ../shared/data/search --run RUN

Texts: the judged queries, once on all products and once without those that were judged relevant, as if the shop had
nothing of the kind. Photos, and products like a product: held-out products of RUN, a folder whose embed is done, among
its others; what has the same category is right. A curve is fitted to the first products of each list; the words are
counted on queries that it was not fitted on. "none" is what is cut off.
"""

from __future__ import annotations

import argparse
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.data.schema import read_products
from pipeline.data.vectors import read_vectors
from pipeline.evaluation.search_eval import FOLDS, RELEVANT, JudgedSearch, likeliest_categories, read_judged
from pipeline.search import strength
from pipeline.search.evidence import is_same
from pipeline.search.fusion import hybrid
from pipeline.search.strength import FAIR, WEAK
from pipeline.search.words.bm25 import LexicalIndex, Names
from pipeline.search.words.senses import CategorySenses
from pipeline.types import Modality

SHOWN = 12
_QUERIES = 1_000
_SPLITS = ("validation", "heldout", "heldout-source")
_SEED = 11


@dataclass(frozen=True)
class Pairs:
    """What lists of products showed: the list, the cosine, the shortfall and whether the product was right; all [m]."""

    query: np.ndarray
    cosine: np.ndarray
    shortfall: np.ndarray
    right: np.ndarray

    def at(self, rows: np.ndarray) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.query[rows], self.cosine[rows], self.shortfall[rows], self.right[rows])


def judged_pairs(
    search: JudgedSearch, queries: np.ndarray, products: np.ndarray, senses: CategorySenses, *, without: bool
) -> Pairs:
    """The first `SHOWN` products of every judged query, as the Space ranks them.

    Args:
        search: q queries and n products.
        queries: Their vectors, float32 [q, d].
        products: The same, [n, d].
        senses: The products' likeliest categories.
        without: Leave out the products that were judged relevant to the query.
    """
    lexical, names = LexicalIndex.of(search.words), Names(search.names)
    found = []
    for number, text in enumerate(search.queries):
        cosines, relevant = products @ queries[number], search.gains[number] >= RELEVANT
        own, shortfall = senses.of(queries[number])
        scores = hybrid(cosines, lexical.scores(text), names.with_all(text), own)
        rows = np.argsort(-np.where(relevant & without, -np.inf, scores), kind="stable")[:SHOWN]
        found.append((np.full(SHOWN, number), cosines[rows], shortfall[rows], relevant[rows]))
    return Pairs(*map(np.concatenate, zip(*found, strict=True)))


def category_pairs(run: Path, modality: Modality) -> Pairs:
    """The `SHOWN` products most similar to each of some held-out ones, by their photos or by both."""
    products = read_products(RunPaths(run).products)
    vectors = read_vectors(RunPaths(run).embeddings, products["product_id"].tolist())
    usable = vectors.has_both & products["category_path"].notna().to_numpy()
    paths = products["category_path"].to_numpy()[usable]
    asked = np.flatnonzero(products["split"].isin(_SPLITS).to_numpy()[usable])
    asked = np.random.default_rng(_SEED).permutation(asked)[:_QUERIES]
    known = vectors.of(modality)[usable]
    found = []
    for number, row in enumerate(asked):
        cosines = known @ known[row]
        cosines[is_same([cosines])] = -np.inf  # the product itself, and copies
        rows = np.argsort(-cosines, kind="stable")[:SHOWN]
        found.append((np.full(SHOWN, number), cosines[rows], np.zeros(SHOWN), paths[rows] == paths[row]))
    return Pairs(*map(np.concatenate, zip(*found, strict=True)))


def fit(pairs: Pairs) -> tuple[float, float, float]:
    """Slopes and constant of the logistic curve of the pairs, as `strength` has them."""
    model = LogisticRegression(C=1e6).fit(np.stack([pairs.cosine, pairs.shortfall], axis=1), pairs.right)
    by_cosine, by_shortfall = model.coef_[0].tolist()
    return by_cosine, -by_shortfall, float(model.intercept_[0])


def held_out_words(pairs: Pairs) -> dict[str, tuple[int, float]]:
    """For each word, the number of products and the share of right ones, by curves of the other folds."""
    fold = pairs.query % FOLDS
    probability = np.empty(len(fold))
    for number in range(FOLDS):
        by_cosine, by_shortfall, constant = fit(pairs.at(fold != number))
        here = pairs.at(fold == number)
        powers = by_cosine * here.cosine - by_shortfall * here.shortfall + constant
        probability[fold == number] = 1 / (1 + np.exp(-powers))
    words = np.array([strength.strength(share) or "none" for share in probability])
    return {
        word: (int((words == word).sum()), float(pairs.right[words == word].mean()) if (words == word).any() else 0.0)
        for word in ("strong", "fair", "weak", "none")
    }


def shows(pairs: Pairs, least: float) -> float:
    """Share of lists whose best product has at least a probability."""
    best = strength.match(pairs.cosine, "text", pairs.shortfall).reshape(-1, SHOWN).max(axis=1)
    return float((best >= least).mean())


def main(argv: list[str] | None = None) -> None:
    """Print the curves and a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    arguments = parser.parse_args(argv)
    bundle, search = load_bundle(arguments.model), read_judged(arguments.queries)
    queries, products = bundle.encode_texts(search.queries), bundle.encode_texts(search.texts, progress=True)
    report(bundle, search, queries, products, arguments.run)


def report(bundle: Bundle, search: JudgedSearch, queries: np.ndarray, products: np.ndarray, run: Path) -> None:
    """Print the curves, how often each word is right, and how often something is shown."""
    senses = CategorySenses(bundle, likeliest_categories(bundle, products))
    there, missing = (judged_pairs(search, queries, products, senses, without=one) for one in (False, True))
    pairs: dict[Modality, Pairs] = {
        "text": Pairs(*map(np.concatenate, zip(astuple(there), astuple(missing), strict=True))),
        "image": category_pairs(run, "image"),
        "fused": category_pairs(run, "fused"),
    }
    print("| right, in % (products) | curve | strong | fair | weak | none |\n|---|---|---|---|---|---|")
    for name, shown in pairs.items():
        curve = ", ".join(f"{number:.2f}" for number in fit(shown))
        cells = " | ".join(f"{100 * share:.0f} ({number:,})" for number, share in held_out_words(shown).values())
        print(f"| {name} | {curve} | {cells} |")
    kept, lost, fair = (100 * share for share in (shows(there, WEAK), shows(missing, WEAK), shows(missing, FAIR)))
    print(f"\nJudged queries that show a product: {kept:.0f} %, without the relevant ones {lost:.0f} %;")
    print(f"then one that is at least fair: {fair:.0f} %.")


if __name__ == "__main__":
    main()
