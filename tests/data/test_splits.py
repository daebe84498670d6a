import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.stages import ConfigError, IngestConfig
from pipeline.data.splits import assign_splits, choose_heldout, cut_split, hold_out_sources, release_sources

CONFIG = IngestConfig(heldout_category_fraction=0.2, heldout_max_share=0.5, validation_fraction=0.1)


def _world(seed, n=400, categories=20):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, n // 3, n))
    first = {int(g): int(np.flatnonzero(group == g)[0]) for g in np.unique(group)}
    groups = np.array([first[int(g)] for g in group])
    labels = [f"C{int(groups[i]) * 7919 % categories}" for i in range(n)]
    return groups, labels, [f"id{i:04d}" for i in range(n)]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([("train",), ("train", "test"), ("train", "validation", "test")]))
def test_no_group_spans_splits_and_test_stays(seed, names):
    groups, labels, ids = _world(seed)
    rng = np.random.default_rng(seed)
    given_splits = [
        names[i]
        for i in rng.choice(len(names), len(groups), p=np.array([8, 1, 1][: len(names)]) / sum([8, 1, 1][: len(names)]))
    ]
    assigned = assign_splits(given_splits, groups, labels, ids, config=CONFIG, seed=seed)
    spans = {}
    for row, split in enumerate(assigned.splits):
        assert bool(split) != bool(assigned.reasons[row])
        if split:
            spans.setdefault(int(groups[row]), set()).add(split)
        if given_splits[row] == "test":
            assert split == "test"
    assert all(len(group_splits) == 1 for group_splits in spans.values())
    train = {labels[row] for row, split in enumerate(assigned.splits) if split == "train"}
    heldout = {labels[row] for row, split in enumerate(assigned.splits) if split == "heldout"}
    assert not train & heldout
    assert {
        labels[row]
        for row, split in enumerate(assigned.splits)
        if split == "validation" and given_splits[row] == "train"
    } <= train
    assert assigned == assign_splits(given_splits, groups, labels, ids, config=CONFIG, seed=seed)


def test_a_leak_is_dropped_with_the_product_it_repeats():
    groups = np.array([0, 0, 2, 2, 4])
    given_splits = ["train", "test", "train", "validation", "train"]
    assigned = assign_splits(given_splits, groups, ["A"] * 5, list("abcde"), config=CONFIG, seed=1)
    assert assigned.splits == ["", "test", "", "validation", "train"]
    assert assigned.reasons[0] == "duplicate of a test product (b)"
    assert assigned.reasons[2] == "duplicate of a validation product (d)"


def test_cut_is_about_the_share_and_stratified():
    groups, labels, ids = _world(5, n=3000, categories=10)
    cut = cut_split(range(3000), groups, labels, ids, fraction=0.1, purpose="validation", seed=3)
    assert len(cut) == pytest.approx(300, rel=0.1)
    sizes, part = Counter(labels), Counter(labels[row] for row in cut)
    assert all(part[name] == pytest.approx(0.1 * size, abs=0.06 * size + 4) for name, size in sizes.items())
    other = cut_split(range(3000), groups, labels, ids, fraction=0.1, purpose="validation", seed=4)
    assert set(cut) != set(other)


def test_a_category_of_one_group_and_unknown_rows_are_never_cut():
    groups = np.array([0, 0, 0, 3, 4, 5, 6])
    labels = ["A", "A", "A", None, None, "B", "B"]
    cut = cut_split(range(7), groups, labels, list("abcdefg"), fraction=0.5, purpose="test", seed=0)
    assert set(cut) <= {5, 6}
    assert len(cut) < 2


def test_heldout_categories_are_small_and_unmixed():
    groups = np.array([0, 0, 2, 3, 4, 5, 6, 7, 8, 9])
    labels = ["A", "B", "C", "D", "E", "E", "E", "E", "E", "E"]
    config = {"fraction": 0.9, "max_share": 0.3, "seed": 0}
    assert choose_heldout(range(10), groups, labels, **config) == {"C", "D"}
    assert choose_heldout(range(10), groups, labels, fraction=0.0, max_share=1.0, seed=0) == frozenset()


@pytest.mark.parametrize("seed", range(3))
def test_training_on_held_out_rows_changes_no_other_row(seed):
    groups, labels, ids = _world(seed)
    parts = ["train"] * len(groups), groups, labels, ids
    before = assign_splits(*parts, config=CONFIG, seed=seed).splits
    after = assign_splits(*parts, config=dataclasses.replace(CONFIG, train_on_heldout=True), seed=seed).splits
    assert "heldout" in before
    assert after == ["train" if split == "heldout" else split for split in before]


def test_whole_sources_are_held_out_by_name_or_prefix():
    given_splits = ["train", "train", "test", "train"]
    sources = ["shop_1", "shop_2", "shop_2", "other"]
    held = hold_out_sources(given_splits, sources, ("shop_*",))
    assert held == ["heldout-source", "heldout-source", "heldout-source", "train"]
    assert hold_out_sources(given_splits, sources, ("shop_2",)) == [
        "train",
        "heldout-source",
        "heldout-source",
        "train",
    ]
    assert release_sources(held, given_splits) == given_splits
    assert hold_out_sources(given_splits, sources, ()) == given_splits


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (("shop_3",), "names 'shop_3', which no row is of; the sources are other, shop_1, shop_2."),
        (("shop",), "names 'shop', which"),
        (("x*",), "names 'x*', which"),
        (("*",), "holds out every source"),
    ],
)
def test_an_unknown_source_and_the_last_one_are_refused(chosen, sentence):
    with pytest.raises(ConfigError, match="heldout_sources") as refused:
        hold_out_sources(["train"] * 3, ["shop_1", "shop_2", "other"], chosen)
    assert sentence in str(refused.value)


def test_a_product_that_a_held_out_source_has_too_is_not_trained():
    groups = np.array([0, 0, 2, 2])
    assigned = assign_splits(
        ["train", "heldout-source", "test", "heldout-source"], groups, ["A"] * 4, list("abcd"), config=CONFIG, seed=1
    )
    assert assigned.splits == ["", "heldout-source", "test", ""]
    assert assigned.reasons[0] == "duplicate of a heldout-source product (b)"


def test_without_labels_everything_stays_in_train():
    assigned = assign_splits(["train"] * 3, np.arange(3), [None] * 3, list("abc"), config=CONFIG, seed=0)
    assert assigned.splits == ["train"] * 3
