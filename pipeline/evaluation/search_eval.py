"""Text search evaluated on judged queries: BM25, the text tower untrained and trained, and their fusions.

Reads a folder of products and graded judgements in the shape of the Amazon Shopping Queries data set (ESCI, Reddy et
al. 2022). A product that nobody judged for a query counts as irrelevant to it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from pipeline.artifacts import SearchPaths
from pipeline.config.stages import EvaluationConfig, IngestConfig
from pipeline.data.sources import SourceError
from pipeline.data.text import Fields, clean_text, listing_text
from pipeline.evaluation.evaluate import intervals
from pipeline.evaluation.report import table
from pipeline.metrics import ranking
from pipeline.metrics.ratios import Ratio
from pipeline.search.fusion import COSINE_WEIGHT, convex_combination, hybrid, reciprocal_rank_fusion
from pipeline.search.words.bm25 import LexicalIndex, Names, product_words
from pipeline.search.words.senses import CategoryEncoder, CategorySenses

RELEVANT = 0.1
"""Gain from which a product counts as relevant for recall: exact (1) and substitute (0.1)."""

FOLDS = 5
WEIGHTS = tuple(round(0.05 * step, 2) for step in range(21))
_PRODUCT_COLUMNS = ("asin", "title", "description", "bullet_points", "brand")
_JUDGEMENT_COLUMNS = ("query", "asin", "rating")
_DEEPEST = 50
WAYS = {
    "bm25": "BM25",
    "untrained": "untrained tower",
    "trained": "trained tower",
    "untrained_rrf": "BM25 + untrained, by ranks",
    "untrained_convex": "BM25 + untrained, by scores",
    "rrf": "BM25 + trained, by ranks",
    "convex": "BM25 + trained, by scores",
    "shipped": f"the same, weight {COSINE_WEIGHT}, in the vectors' sense",
}


class TextEncoder(CategoryEncoder, Protocol):
    """The part of a model bundle that evaluating search needs (`pipeline.bundle.bundle.Bundle` is one)."""

    def encode_texts(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d]."""

    def encode_texts_untrained(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, width]."""


@dataclass(frozen=True)
class JudgedSearch:
    """Queries and products with what people said of them.

    Attributes:
        texts: n product texts, as the text tower reads them.
        words: n product texts, as BM25 reads them.
        names: n titles with brands.
        queries: q query texts.
        gains: float64 [q, n], the rating over 100: 1 exact, 0.1 substitute, 0.01 complement, 0 irrelevant or unjudged.
        judged: bool [q, n].
    """

    texts: Sequence[str]
    words: Sequence[str]
    names: Sequence[str]
    queries: Sequence[str]
    gains: np.ndarray
    judged: np.ndarray


def read_judged(folder: Path) -> JudgedSearch:
    """Read and clean a folder of judged queries (`SearchPaths`).

    A product's description is followed by its bullet points; its category path is read where there is one.

    Raises:
        SourceError: In one sentence, if a file or column is missing or the two do not belong together.
    """
    paths = SearchPaths(folder)
    products = _read(paths.products, pd.read_parquet, _PRODUCT_COLUMNS)
    judgements = _read(paths.judgements, _read_csv, _JUDGEMENT_COLUMNS)
    ratings = pd.to_numeric(judgements["rating"], errors="coerce").to_numpy(dtype=np.float64)
    columns = pd.Index(products["asin"].map(str))
    if not columns.is_unique:
        raise SourceError(f"{paths.products} names the product {columns[columns.duplicated()][0]} twice.")
    if not ((ratings >= 0) & (ratings <= 100)).all():
        raise SourceError(f"{paths.judgements} has ratings that are no numbers from 0 to 100.")
    if judgements.duplicated(["query", "asin"]).any():
        raise SourceError(f"{paths.judgements} judges a product twice for the same query.")
    where = columns.get_indexer(pd.Index(judgements["asin"]))
    if (where < 0).any():
        first = judgements["asin"].iloc[int((where < 0).argmax())]
        raise SourceError(f"{paths.judgements} judges {(where < 0).sum()} products not in {paths.products}: {first}.")
    rows, queries = pd.factorize(judgements["query"])
    if len(queries) < FOLDS:
        raise SourceError(f"{paths.judgements} has {len(queries)} queries; it takes at least {FOLDS}.")
    gains = np.zeros((len(queries), len(products)))
    judged = np.zeros(gains.shape, dtype=bool)
    gains[rows, where], judged[rows, where] = ratings / 100, True
    text = {name: products[name].fillna("").map(str) for name in _PRODUCT_COLUMNS}
    categories = products.get("category_path", pd.Series("", index=products.index)).fillna("").map(str)
    descriptions, limits = text["description"] + " " + text["bullet_points"], IngestConfig()
    listings = [
        listing_text(title, description, limits, Fields(vendor=brand))
        for title, description, brand in zip(text["title"], descriptions, text["brand"], strict=True)
    ]
    return JudgedSearch(
        texts=[listing.text for listing in listings],
        words=[
            product_words(listing.title, listing.fields.vendor, listing.description, category)
            for listing, category in zip(listings, categories, strict=True)
        ],
        names=[f"{listing.title} {listing.fields.vendor}" for listing in listings],
        queries=[clean_text(query) for query in queries],
        gains=gains,
        judged=judged,
    )


def evaluate_search(
    bundle: TextEncoder, search: JudgedSearch, *, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """Figures of every way to search.

    The weight of a fusion by scores is chosen on four fifths of the queries, by nDCG@10, and used on the fifth that it
    has not seen; `shipped` is the weight that the Space uses.

    Args:
        bundle: The model.
        search: Queries and judgements.
        config: Bootstrap.
        seed: Of the bootstrap and of the folds.

    Returns:
        JSON: `n` (counts); `search`, by way: ndcg10, recall50 and judged10 (share of the first ten that was judged)
        with intervals over queries; `gain`, what `shipped` has more than each other way, query by query; `weights`,
        those that the folds chose.
    """
    scores, weights = _scores(bundle, search, seed)
    relevant = search.gains >= RELEVANT
    figures = {way: ranking_figures(search, relevant, ranked) for way, ranked in scores.items()}
    interval = functools.partial(intervals, resamples=config.bootstrap, seed=seed)
    gain = {way: _minus(figures["shipped"], values) for way, values in figures.items() if way != "shipped"}
    counts = {"queries": len(search.queries), "products": len(search.texts), "judgements": int(search.judged.sum())}
    return {
        "n": counts | {"relevant": int(relevant.sum())},
        "search": {way: interval(values) for way, values in figures.items()},
        "gain": {way: interval(values) for way, values in gain.items()},
        "weights": weights,
    }


def render(figures: dict[str, Any]) -> str:
    """Aligned tables of the figures of `evaluate_search`, in percent with 95 % intervals, and how to read them."""
    counts = ", ".join(f"{name} {number:,}" for name, number in figures["n"].items())
    gains = {way: {name: values[name] for name in ("ndcg10", "recall50")} for way, values in figures["gain"].items()}
    return "\n".join(
        [
            f"n: {counts}",
            "",
            "Text search",
            *table([(WAYS[way], values) for way, values in figures["search"].items()]),
            "",
            f"Gain of BM25 + trained with weight {COSINE_WEIGHT} in the vectors' sense, in points",
            *table([(WAYS[way], values) for way, values in gains.items()]),
            "",
            "weights of the cosine that the folds chose: "
            + "; ".join(f"{WAYS[way]} {', '.join(map(str, values))}" for way, values in figures["weights"].items()),
            "ndcg10 takes the gains as they are (1, 0.1, 0.01, 0), recall50 counts exact and substitute.",
            "Products that nobody judged count as irrelevant; judged10 says how much of the first ten was judged.",
        ]
    )


def _read(path: Path, read: Callable[[Path], pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    if not path.is_file():
        raise SourceError(f"There is no {path}.")
    try:
        frame = read(path)
    except (OSError, ValueError) as error:  # pandas and pyarrow raise ValueErrors of their own
        raise SourceError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise SourceError(f"{path} lacks the columns {', '.join(missing)}.")
    if frame.empty:
        raise SourceError(f"{path} has no rows.")
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)  # a query may be "null", an id may look like a number


def _scores(
    bundle: TextEncoder, search: JudgedSearch, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, list[float]]]:
    """Scores [q, n] of each way, and the weights that the folds chose."""
    lexical = LexicalIndex.of(search.words)
    by_words = np.stack([lexical.scores(query) for query in search.queries])
    queries, products = bundle.encode_texts(search.queries), bundle.encode_texts(search.texts)
    untrained = bundle.encode_texts_untrained(search.queries) @ bundle.encode_texts_untrained(search.texts).T
    cosines = {"untrained": untrained, "trained": queries @ products.T}
    folds = np.random.default_rng(seed).permutation(len(search.queries)) % FOLDS
    scores, weights = {"bm25": by_words, **cosines}, {}
    for name, prefix in (("untrained", "untrained_"), ("trained", "")):
        values = np.stack([_ndcg(search, _fused(cosines[name], by_words, weight)) for weight in WEIGHTS])
        chosen = held_out_choice(values, folds)
        weights[f"{prefix}convex"] = [WEIGHTS[chosen[folds == fold][0]] for fold in np.unique(folds)]
        pairs = list(zip(cosines[name], by_words, strict=True))
        scores[f"{prefix}rrf"] = np.stack([reciprocal_rank_fusion(pair) for pair in pairs])
        scores[f"{prefix}convex"] = np.stack(
            [convex_combination(*pair, WEIGHTS[best]) for pair, best in zip(pairs, chosen, strict=True)]
        )
    names, senses = Names(search.names), CategorySenses(bundle, likeliest_categories(bundle, products))
    scores["shipped"] = np.stack(
        [
            hybrid(cosines["trained"][row], by_words[row], names.with_all(text), senses.of(queries[row])[0])
            for row, text in enumerate(search.queries)
        ]
    )
    return scores, weights


def likeliest_categories(bundle: CategoryEncoder, products: np.ndarray) -> list[str]:
    """The nearest category of the model's taxonomy to each of n products, float32 [n, d]; judged ones name others."""
    parts = np.array_split(products, max(1, len(products) // 512))
    nearest = np.concatenate([(part @ bundle.category_vectors.T).argmax(axis=1) for part in parts])
    return [bundle.categories[row] for row in nearest.tolist()]


def held_out_choice(values: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """For every query the option that is best on the folds it is not in; of equals the first.

    Args:
        values: float [options, q], the figure of each option on each query.
        folds: int [q], at least two of them.

    Returns:
        int64 [q].
    """
    chosen = np.empty(len(folds), dtype=np.int64)
    for fold in np.unique(folds):
        chosen[folds == fold] = values[:, folds != fold].mean(axis=1).argmax()
    return chosen


def _fused(cosines: np.ndarray, by_words: np.ndarray, weight: float) -> np.ndarray:
    return np.stack([convex_combination(*pair, weight) for pair in zip(cosines, by_words, strict=True)])


def _ndcg(search: JudgedSearch, scores: np.ndarray) -> np.ndarray:
    return ranking.ndcg_at(search.gains, ranking.best_first(scores, search.gains, 10), 10).numerator


def ranking_figures(search: JudgedSearch, relevant: np.ndarray, scores: np.ndarray) -> dict[str, Ratio]:
    """nDCG@10, recall@50 and the judged share of the first 10, of scores [queries, products]."""
    order = ranking.best_first(scores, search.gains, _DEEPEST)
    return {
        "ndcg10": ranking.ndcg_at(search.gains, order, 10),
        "recall50": ranking.recall_at(relevant, order, _DEEPEST),
        "judged10": ranking.share_at(search.judged, order, 10),
    }


def _minus(figures: dict[str, Ratio], others: dict[str, Ratio]) -> dict[str, Ratio]:
    """Differences query by query; both divide by the same queries."""
    return {name: Ratio(ratio.numerator - others[name].numerator, ratio.denominator) for name, ratio in figures.items()}
