"""Training examples, and the rank of the truth among the candidates."""

import numpy as np
import pandas as pd
import pytest

from pipeline.training.dataset import (
    candidate_ranks,
    evenly,
    make_examples,
    modality_mrr,
    named_paths,
    open_hf1,
    selection_score,
)

PATHS = ("A", "A > B", "A > C", "D")


def _products():
    return pd.DataFrame(
        {
            "text": ["mug", "", "unlabeled", "odd"],
            "image_row": [0, 1, 2, -1],
            "category_path": ["A > B", "D", None, "A > C"],
            "candidates": [["A", "A > B", "D"], ["D", "A"], ["A"], ["A", "D"]],
        }
    )


def test_examples_hold_labeled_products_only():
    examples = make_examples(_products(), PATHS)
    assert examples.texts == ["mug", "", "odd"]
    assert examples.truth.tolist() == [1, 3, 2]
    assert examples.candidates.tolist() == [[0, 1, 3], [3, 0, -1], [2, -1, -1]]
    assert examples.target.tolist() == [1, 0, 0]
    assert examples.has_text.tolist() == [True, False, True]
    assert examples.has_image.tolist() == [True, True, False]


def test_sample_is_seeded_and_keeps_rows_together():
    examples = make_examples(_products(), PATHS)
    first, second = examples.sample(2, seed=1), examples.sample(2, seed=1)
    assert first.texts == second.texts
    assert len(first) == 2
    for row, truth in enumerate(first.truth):
        assert first.candidates[row, first.target[row]] == truth


def test_ranks_count_ties_against_the_truth():
    examples = make_examples(_products(), PATHS)
    products = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    paths = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    # "A > B" ties with "A"; "D" is ahead of "A"; "A > C" is the only candidate
    assert candidate_ranks(products, paths, examples, np.array([True, True, True])).tolist() == [2, 1, 1]
    assert candidate_ranks(products, paths, examples, np.array([True, False, True])).tolist() == [2, 1]


def test_unknown_candidate_is_an_error():
    products = _products()
    with pytest.raises(KeyError):
        make_examples(products, PATHS[:1])


def test_products_without_candidates_are_scored_by_open_hf1_and_the_others_by_mrr():
    examples = make_examples(_products(), PATHS)
    assert examples.listed.tolist() == [True, True, False]
    paths = np.eye(4)
    products = np.array([[0.9, 0.5, 0.0, 0.1], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.5, 0.0]])
    every = np.ones(3, dtype=bool)
    # "A > B" comes second of three, "D" first; "A > C" is taken for "A"
    assert open_hf1(products, paths, examples, ~examples.listed) == pytest.approx(2 * 1 / (1 + 2))
    assert selection_score(products, paths, examples, every) == pytest.approx((2 * 0.75 + 2 / 3) / 3)
    assert selection_score(products, paths, examples, examples.listed) == pytest.approx(0.75)
    assert selection_score(products, paths, examples, ~every) == 0.0
    vectors = {"text": products, "image": products, "fused": products, "categories": paths}
    assert modality_mrr(vectors, examples) == pytest.approx({"text": 0.5, "image": 0.75, "fused": 0.75})
    assert modality_mrr(vectors, examples.of_rows(np.array([2]))) == {}


def test_open_hf1_chooses_among_named_paths():
    examples = make_examples(_products(), PATHS).of_rows(np.array([2]))
    assert named_paths([examples]).tolist() == [2]
    products, every = np.array([[1.0, 0.0, 0.5, 0.0]]), np.ones(1, dtype=bool)
    assert open_hf1(products, np.eye(4), examples, every, named_paths([examples])) == 1.0


def test_sources_give_as_many_rows_each_as_they_can():
    names = ["large"] * 50 + ["middle"] * 6 + ["small"] * 2
    products = pd.DataFrame({"source": names, "category_path": ["A"] * 57 + [None]})
    drawn = evenly(products, 13, seed=0)
    assert drawn["source"].value_counts().to_dict() == {"large": 6, "middle": 6, "small": 1}
    assert drawn.index.is_monotonic_increasing
    assert drawn.index.is_unique
    assert evenly(products, 13, seed=0).index.equals(drawn.index)
    assert not evenly(products, 13, seed=1).index.equals(drawn.index)
    assert len(evenly(products, 100, seed=0)) == 57
    assert len(evenly(products[:0], 5, seed=0)) == 0
