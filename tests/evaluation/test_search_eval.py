import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.__main__ import main
from pipeline.config.stages import EvaluationConfig
from pipeline.data.sources import SourceError
from pipeline.evaluation import search_eval
from pipeline.evaluation.search_eval import WAYS, evaluate_search, held_out_choice, ranking_figures, read_judged, render
from tests.helpers import SHARED
from tests.helpers.fakes import word_vector

REAL = SHARED / "data" / "search"
THINGS = ("red shirt", "blue vase", "oak clock", "green dress", "tall lamp", "wool scarf")


class FakeEncoder:
    """The trained tower knows words, the untrained one puts everything in the same place."""

    categories = ("Clothing", "Home")
    category_vectors = np.stack([word_vector(path) for path in categories])

    def encode_categories(self, paths):
        return np.array([word_vector(path) for path in paths], dtype=np.float32).reshape(-1, 32)

    def encode_texts(self, texts, progress=False):
        return np.stack([word_vector(text) for text in texts])

    def encode_texts_untrained(self, texts):
        return np.ones((len(texts), 4), dtype=np.float32) / 2


def _products(**changes) -> pd.DataFrame:
    frame = pd.DataFrame({"asin": [f"{i:03}" for i in range(len(THINGS))], "title": THINGS, "brand": "Norvik"})
    return frame.assign(description="", bullet_points=None).assign(**changes)


def _judgements(**changes) -> pd.DataFrame:
    """Each query asks for one product and has another judged irrelevant."""
    rows = [(thing, f"{i:03}", 100) for i, thing in enumerate(THINGS)]
    rows += [(thing, f"{(i + 1) % len(THINGS):03}", 0) for i, thing in enumerate(THINGS)]
    return pd.DataFrame(rows, columns=["query", "asin", "rating"]).assign(**changes)


def _write(folder: Path, products: pd.DataFrame, judgements: pd.DataFrame) -> Path:
    products.to_parquet(folder / "products.parquet")
    judgements.to_csv(folder / "judgements.csv", index=False)
    return folder


def test_products_and_judgements_are_read(tmp_path):
    judged = read_judged(_write(tmp_path, _products(description="<b>Soft</b>"), _judgements()))
    assert judged.queries == list(THINGS)
    assert judged.texts[0] == "red shirt | Norvik | Soft"
    assert judged.words[0] == "red shirt red shirt red shirt Norvik Soft"
    np.testing.assert_array_equal(judged.gains, np.eye(len(THINGS)))
    assert judged.judged.sum() == 2 * len(THINGS)


def test_every_way_is_measured(tmp_path):
    search = read_judged(_write(tmp_path, _products(), _judgements()))
    figures = evaluate_search(FakeEncoder(), search, config=EvaluationConfig(bootstrap=20), seed=0)
    assert set(figures["search"]) == set(WAYS)
    for way in ("bm25", "trained", "rrf", "convex", "shipped"):
        assert figures["search"][way]["ndcg10"]["value"] == pytest.approx(1)
    # the untrained tower ties everything, and ties count against it: the wanted product comes last of six
    assert figures["search"]["untrained"]["ndcg10"]["value"] == pytest.approx(1 / np.log2(7))
    assert figures["gain"]["untrained"]["ndcg10"]["low"] == pytest.approx(1 - 1 / np.log2(7))
    assert figures["search"]["bm25"]["judged10"]["value"] == pytest.approx(2 / 6)
    assert figures["n"] == {"queries": 6, "products": 6, "judgements": 12, "relevant": 6}
    assert len(figures["weights"]["convex"]) == 5
    assert "BM25 + trained, by ranks" in render(figures)


def test_a_weight_is_chosen_on_the_other_folds():
    """Option 0 is best on fold 0 alone: fold 0 must not choose it."""
    values = np.array([[9.0, 9.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    assert held_out_choice(values, np.array([0, 0, 1, 1])).tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("products", "judgements", "sentence"),
    [
        (_products().drop(columns="brand"), _judgements(), "lacks the columns brand"),
        (_products(), _judgements().drop(columns=["asin", "rating"]), "lacks the columns asin, rating"),
        (_products(asin="000"), _judgements(), "names the product 000 twice"),
        (_products(), _judgements(rating="good"), "no numbers from 0 to 100"),
        (_products(), _judgements(rating=101), "no numbers from 0 to 100"),
        (_products(), _judgements(query="lamp", asin="001"), "twice for the same query"),
        (_products()[1:], _judgements(), r"judges 2 products not in .*: 000"),
        (_products(), _judgements()[:3], "3 queries; it takes at least 5"),
        (_products(), _judgements()[:0], "has no rows"),
    ],
)
def test_unusable_judgements_are_refused_with_a_sentence(tmp_path, products, judgements, sentence):
    with pytest.raises(SourceError, match=sentence):
        read_judged(_write(tmp_path, products, judgements))


def test_a_missing_or_broken_file_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(SourceError, match="There is no"):
        read_judged(tmp_path)
    (tmp_path / "products.parquet").write_bytes(b"not parquet")
    with pytest.raises(SourceError, match="cannot be read"):
        read_judged(tmp_path)


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pipeline.cli.evaluate.load_bundle", lambda path: FakeEncoder())
    folder, out = _write(tmp_path, _products(), _judgements()), tmp_path / "out.json"
    assert main(["evaluate-search", "--model", "m", "--queries", str(folder), "--json", str(out)]) == 0
    assert "recall50" in capsys.readouterr().out
    assert set(json.loads(out.read_text())) == {"n", "search", "gain", "weights"}


@pytest.mark.skipif(not REAL.is_dir(), reason="the judged queries are not beside this checkout")
def test_words_alone_find_real_products():
    """BM25 on the real queries, far enough below its figure in the README to hold for another tokenization."""
    search = read_judged(REAL)
    index = search_eval.LexicalIndex.of(search.words)
    scores = np.stack([index.scores(query) for query in search.queries])
    assert ranking_figures(search, search.gains >= search_eval.RELEVANT, scores)["ndcg10"].value > 0.5
